"""Attacks through values and names: reprs, classes, errors, and a Python turned upside down for the next action."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation.probe import Probe

PROBES = tuple(
    Probe(f"values.{name}", must_not, code, limit_seconds=2.0, bare="differs")
    for name, must_not, code in (
        (
            "repr-without-end",
            "hang whoever shows its value",
            "class X:\n    def __repr__(self):\n        while True: pass\nX()",
        ),
        (
            "repr-that-kills",
            "end more than its own round when its value is shown",
            "import signal\nclass X:\n    def __repr__(self): os.kill(os.getpid(), signal.SIGKILL)\n[X()]",
        ),
        (
            "repr-that-forks",
            "answer twice by forking while its value is shown",
            """
class X:
    def __repr__(self):
        try: return str(os.fork() and 1)
        except OSError as error: return str(error)
X()
""",
        ),
        (
            "repr-without-measure",
            "fill memory when its value is shown",
            "class X:\n    def __repr__(self): return 'x' * (1 << 36)\n{'a': [X()] * 9}",
        ),
        (
            "lying-class",
            "confuse whoever looks at its value by lying about its class, length and attributes",
            """
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    def __instancecheck__(cls, other): return True
    def __eq__(cls, other): raise SystemExit
    __hash__ = type.__hash__
class X(dict, metaclass=Meta):
    __class__ = property(lambda self: int)
    def __len__(self): return 1 << 62
    def __iter__(self): return iter(int, 1)
    def items(self): return iter(int, 1)
    def __getattribute__(self, name): raise KeyboardInterrupt if name == "shape" else OSError
X(a="b" * 900)
""",
        ),
        (
            "nested-without-end",
            "overflow the stack of whoever looks at its value",
            "x = []\nfor _ in range(200_000): x = [x]\nx",
        ),
        (
            "error-that-lies",
            "break the report of its error",
            """
class E(BaseException):
    __cause__ = property(lambda self: self)
    __traceback__ = property(lambda self: 1 / 0)
    def __str__(self): raise SystemExit
    def __getattribute__(self, name): raise RecursionError
raise E
""",
        ),
        (
            "reduce",
            "hang or harm whoever takes its names along",
            """
class Trap:
    def __reduce_ex__(self, protocol):
        if os.getpid() == @ENGINE@: open("@MARK@", "w")
        return (open, ("@MARK@", "w"))
    def __deepcopy__(self, memo): raise SystemExit
names = [Trap(), (n for n in range(9)), open("/dev/zero"), __import__("threading").Lock(), lambda: 0]
trap, generator, file, lock, function = names
""",
        ),
        (
            "python-upside-down",
            "answer later actions wrongly, or others' at all, by changing Python itself",
            """
import builtins, json, msgpack, traceback, linecache, ast
for name in ("repr", "len", "str", "isinstance", "type", "list", "dict", "print"):
    setattr(builtins, name, lambda *a, **k: 1 / 0)
for module in (json, msgpack, traceback, linecache, ast):
    for name in list(vars(module)):
        if not name.startswith("__"):
            try: setattr(module, name, None)
            except Exception: pass
""",
        ),
        (
            "hooks",
            "see or change later actions through hooks",
            """
import builtins, gc, threading
def spy(*_): raise SystemExit
sys.settrace(spy); sys.setprofile(spy); threading.settrace(spy)
sys.excepthook = sys.unraisablehook = sys.displayhook = spy
gc.callbacks.append(spy)
builtins.__import__ = spy
""",
        ),
        (
            "stack-of-c",
            "harm more than its own process by overflowing the stack in C",
            "sys.setrecursionlimit(10**9)\nf = lambda: [f()]\nf()",
        ),
        (
            "wild-pointer",
            "harm more than its own process by writing anywhere",
            "import ctypes\nctypes.memset(id(None), 255, 1 << 20)",
        ),
        (
            "endless-keeping",
            "hold up or fool the engine while its names are kept",
            """
class Endless:
    def __reduce__(self):
        while True:
            try:
                while True: os.write(1, b"kept " * 1000)
            except BaseException: pass
class Large:
    def __reduce__(self): return (bytes, (500 << 20,))
    def __getstate__(self): return b"x" * (500 << 20)
class Leaving:
    def __reduce__(self): os._exit(0)
class Reading:
    def __reduce__(self): return (print, (open("@PRIVATE@").read(),))
names = [Large(), Reading(), Endless(), Leaving()]
one, two, three, four = names
""",
        ),
    )
)
"""What they could harm is looked at with every attack: the next action, the neighbour, the engine."""
