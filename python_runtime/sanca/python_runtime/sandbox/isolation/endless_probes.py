"""Attacks on time: what never ends, in Python, in C code and in the kernel, and what will not be interrupted."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Probe

_SECONDS = 0.8


def _endless(name: str, must_not: str, code: str) -> Probe:
    return Probe(f"endless.{name}", must_not, code, limit_seconds=_SECONDS)


PROBES = (
    _endless("sleep", "sleep for ever", "import time\ntime.sleep(10**6)"),
    _endless(
        "stubborn",
        "go on after it was interrupted",
        """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: continue
""",
    ),
    _endless("expression", "be stuck in a regular expression", "import re\nre.match('(a+)+$', 'a' * 64 + 'b')"),
    _endless("number", "be stuck in arithmetic", "n = 10 ** 6_000_000\nm = n ** 3"),
    _endless("iteration", "be stuck in an iteration that runs in C", "sum(iter(int, 1))"),
    _endless("kernel-call", "be stuck in a call of the kernel", "import ctypes\nctypes.CDLL(None).pause()"),
    _endless("reading", "wait for what never comes", "r, w = os.pipe()\nos.read(r, 1)"),
    _endless(
        "waiting",
        "wait for a lock it holds",
        "import threading\nlock = threading.Lock()\nfor _ in range(2): lock.acquire()",
    ),
    _endless(
        "ending",
        "go on in what runs when it ends",
        """
import atexit
class Late:
    def __del__(self):
        while True: pass
late = Late()
atexit.register(lambda: iter(int, 1).__next__() or [0 for _ in iter(int, 1)])
try:
    while True: pass
finally:
    while True:
        try: del late
        except BaseException: pass
""",
    ),
    _endless(
        "signals",
        "hide from its end behind a signal handler, a stopped process or a debugger's place",
        """
import signal, threading
for number in signal.valid_signals():
    try: signal.signal(number, lambda *_: None)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()
while True: pass
""",
    ),
)
