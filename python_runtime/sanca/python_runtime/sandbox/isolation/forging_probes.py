"""Attacks on the two sockets of a session: answers nobody asked for, floods, bombs, descriptors, pickles."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Probe, nothing_done

_ANSWER = "b'\\0' + msgpack.packb({'value': 'forged', 'value_json': '\"forged\"'})"

PROBES = (
    Probe(
        "forging.answer-ahead",
        "answer the next action in its own place",
        f"""
import msgpack
for _ in range(3):
    try: os.write(3, {_ANSWER})
    except OSError as error: print("denied", error)
""",
        bare="differs",
    ),
    Probe(
        "forging.answer-later",
        "answer the next action from a thread it left behind",
        f"""
import msgpack, threading, time
def later():
    for _ in range(200):
        time.sleep(0.002)
        try: os.write(3, {_ANSWER})
        except OSError: pass
threading.Thread(target=later, daemon=True).start()
""",
        bare="differs",
    ),
    Probe(
        "forging.answer-from-child",
        "answer the next action from a process it left behind",
        f"""
import msgpack, time
try: child = os.fork()
except OSError as error: child = print("denied fork", error) or 1
if child == 0:
    os.setsid()
    for _ in range(300):
        time.sleep(0.002)
        try: os.write(3, {_ANSWER})
        except OSError: pass
    os._exit(0)
""",
        bare="differs",
    ),
    Probe(
        "forging.endless-answer",
        "fill the engine's memory with an answer that never ends",
        """
piece = b"\\1" + bytes(65536)
try:
    while True: os.write(3, piece)
except OSError as error: print("denied", error)
""",
        bare="differs",
    ),
    Probe(
        "forging.nested-answer",
        "break the engine with an answer nested a million deep, or of kinds it does not know",
        """
bombs = [b"\\x91" * 60000, b"\\xc7\\x04\\x01aaaa", b"\\xdd\\xff\\xff\\xff\\xff", b"\\xdf\\xff\\xff\\xff\\xff",
         b"\\xc6\\xff\\xff\\xff\\xff", b"\\xd6\\xff\\0\\0\\0\\0"]
for bomb in bombs:
    try: os.write(3, b"\\0\\x81\\xa5value" + bomb)
    except OSError as error: print("denied", error)
while True: pass
""",
        bare="differs",
        limit_seconds=1.5,
    ),
    Probe(
        "forging.lying-answer",
        "make the engine believe fields of an answer that are not what they seem",
        """
import msgpack
os.write(3, b"\\0" + msgpack.packb({
    "value": {"a": 1}, "value_json": 7, "value_name": "x" * 9999, "error": None, "warnings": {"a": [b"x"]},
    "stderr": 5,
    "images": [{"media_type": "image/png", "data": b"x" * 50000}, 5, {"data": 1}], "hint": 7,
    "missing_library": ["os"],
    "names_lost": "no", "seconds": -1}))
while True: pass
""",
        bare="differs",
        limit_seconds=1.5,
    ),
    Probe(
        "forging.tool-flood",
        "fill the engine's memory or stop it by a flood on the tool socket",
        """
import msgpack, time
os.set_blocking(4, False)
frame = b"\\0" + msgpack.packb({"n": 1, "t": "system", "f": "logs", "a": ["x" * 1000], "k": {}})
end = time.monotonic() + 1.2
while time.monotonic() < end:
    try: os.write(4, frame)
    except BlockingIOError: time.sleep(0.001)
    except OSError as error: print("denied", error); break
""",
        bare="differs",
    ),
    Probe(
        "forging.descriptors",
        "load the engine with descriptors sent over its sockets",
        """
import array, socket
given = [os.dup(0) for _ in range(20)]
for number in (3, 4):
    end = socket.socket(fileno=os.dup(number))
    for _ in range(60):
        try: end.sendmsg([b"\\1x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))], 0x40)
        except OSError as error: print("denied", number, error); break
""",
        bare="differs",
    ),
    Probe(
        "forging.closed-sockets",
        "hang the engine by closing or emptying its sockets",
        """
import socket
for number in (3, 4):
    end = socket.socket(fileno=os.dup(number))
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError as error: print("denied", error)
    os.close(number)
""",
        bare="differs",
    ),
    Probe(
        "forging.pickle",
        "have a value unpickled where it does harm",
        """
import pickle
class Trap:
    def __reduce__(self): return (open, ("@MARK@", "w"))
trap = Trap()
text = pickle.dumps(trap)
tried("here", lambda: pickle.loads(text))
trap
""",
        nothing_done,
    ),
)
