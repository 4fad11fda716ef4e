"""Attacks that outlive their round or session: daemons, threads, timers, what runs at the end. A beat tells on them."""

from __future__ import annotations

import time

from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe

_BEAT_SECONDS = 0.25


def _is_silent(evidence: Evidence) -> str | None:
    """Check, after the session was closed, that nothing writes any more."""
    before = _beats(evidence)
    time.sleep(_BEAT_SECONDS)
    return "something of it still runs after its session was closed" if _beats(evidence) != before else None


def _left_no_last_words(evidence: Evidence) -> str | None:
    path = evidence.output_dir / "last-words"
    return "it ran on when its session was closed" if path.exists() else _is_silent(evidence)


def _beats(evidence: Evidence) -> int:
    path = evidence.output_dir / "beat"
    return path.stat().st_size if path.exists() else 0


_BEAT = """
import time
def beat(times=400):
    for _ in range(times):
        with open("@OUT@/beat", "a") as file: file.write("x")
        time.sleep(0.02)
"""

PROBES = (
    Probe(
        "leftovers.daemon",
        "leave a process behind that left its family",
        f"""{_BEAT}
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        beat(); os._exit(0)
except OSError as error: print("denied fork", error.errno)
time.sleep(0.1)
""",
        _is_silent,
    ),
    Probe(
        "leftovers.stubborn-child",
        "leave a process behind that takes no signal",
        f"""{_BEAT}
import signal
try:
    if os.fork() == 0:
        for number in signal.valid_signals():
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        beat(); os._exit(0)
except OSError as error: print("denied fork", error.errno)
time.sleep(0.1)
""",
        _is_silent,
    ),
    Probe(
        "leftovers.headless",
        "leave a process behind whose first thread ended, so that it looks like one that has ended",
        f"""{_BEAT}
import ctypes, threading
try:
    if os.fork() == 0:
        threading.Thread(target=beat).start()
        ctypes.CDLL(None).pthread_exit(None)
except OSError as error: print("denied fork", error.errno)
time.sleep(0.3)
""",
        _is_silent,
    ),
    Probe(
        "leftovers.flock-of-children",
        "leave more processes behind than can be ended one by one",
        f"""{_BEAT}
try:
    for _ in range(10):
        if os.fork() == 0:
            while True:
                try:
                    if os.fork(): os._exit(0)
                except OSError: pass
                beat(1)
except OSError as error: print("denied fork", error.errno)
time.sleep(0.1)
""",
        _is_silent,
        bare="differs",
    ),
    Probe(
        "leftovers.thread",
        "leave a thread behind that works on after its session",
        f"""{_BEAT}
import threading
threading.Thread(target=beat).start()
time.sleep(0.1)
""",
        _is_silent,
        bare="differs",
    ),
    Probe(
        "leftovers.at-exit",
        "run something when its process is ended",
        f"""{_BEAT}
import atexit, signal, weakref
def last(*_):
    with open("@OUT@/last-words", "w") as file: file.write("still here")
atexit.register(last)
class Late:
    def __del__(self): last()
sys.kept = Late()
weakref.finalize(sys, last)
for number in signal.valid_signals():
    try: signal.signal(number, last)
    except (OSError, ValueError): pass
""",
        _left_no_last_words,
    ),
    Probe(
        "leftovers.alarm",
        "be woken by a timer after its round",
        f"""{_BEAT}
import signal
signal.signal(signal.SIGALRM, lambda *_: beat(1))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
time.sleep(0.1)
""",
        _is_silent,
        bare="differs",
    ),
)
