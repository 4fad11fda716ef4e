"""Actions whose value or error lies about itself, by name. Each must be described, and break nothing."""

from __future__ import annotations

import re


def _by_name(text: str) -> dict[str, str]:
    parts = re.split(r"^#: (.+)\n", text, flags=re.MULTILINE)[1:]
    return {name: code.strip() for name, code in zip(parts[::2], parts[1::2], strict=True)}


VALUES = _by_name(r"""
#: repr raises
class X:
    def __repr__(self): raise ValueError('no')
X()

#: repr exits
class X:
    def __repr__(self): raise SystemExit
X()

#: repr raises its own kind
class E(BaseException): pass
class X:
    def __repr__(self): raise E
[X()] * 5

#: repr is no text
class X:
    def __repr__(self): return 3
X()

#: repr is a lying text
class T(str):
    def __len__(self): return -5
    def __str__(self): raise ValueError
    def __getitem__(self, at): raise ValueError
class X:
    def __repr__(self): return T('shown')
X()

#: repr recurses
class X:
    def __repr__(self): return repr(self)
[X()]

#: length lies
class L(list):
    def __len__(self): return 10 ** 18
L([1, 2])

#: length raises
class L(list):
    def __len__(self): raise ValueError
    def __iter__(self): raise OSError
L([1])

#: items never end
class D(dict):
    def items(self):
        while True: yield 1, 1
D(a=1)

#: iterates for ever
class L(list):
    def __iter__(self):
        while True: yield 1
L([3])

#: class lies
class X:
    __class__ = property(lambda self: dict)
X()

#: class raises
class X:
    @property
    def __class__(self): raise OSError
X()

#: every attribute raises
class X:
    def __getattribute__(self, name): raise OSError(name)
X()

#: every attribute is there
class X:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
X()

#: class without a name
class M(type):
    @property
    def __name__(cls): raise OSError
    def __instancecheck__(cls, o): raise OSError
    def __subclasscheck__(cls, o): raise OSError
class X(metaclass=M): pass
X()

#: metaclass compares
class M(type):
    def __eq__(cls, o): raise OSError
    def __hash__(cls): raise OSError
class X(metaclass=M): pass
X()

#: contains itself
x = []
x.append(x)
x * 300

#: nested deep
x = []
for _ in range(100_000): x = [x]
x

#: keys that raise
class K(str):
    def __repr__(self): raise OSError
    def __str__(self): raise OSError
    __hash__ = str.__hash__
[{K('a'): 1, K('b'): 'x' * 90}] * 30

#: comparison raises
class F(float):
    def __lt__(self, o): raise OSError
    def __gt__(self, o): raise OSError
    def __eq__(self, o): raise OSError
    def __float__(self): raise OSError
[{'a': F(1), 'b': 'x' * 30}] * 30

#: dataclass lies
import dataclasses
class X:
    __dataclass_fields__ = 7
    def __repr__(self): return 'x' * 9000
X()

#: dict lies
class X:
    __dict__ = property(lambda self: 1 / 0)
X()

#: surrogates
['\ud800' * 600]

#: not a number
[float('nan'), float('inf'), 10 ** 400] * 200

#: text is lying
class T(str):
    def __len__(self): return 10 ** 15
    def __getitem__(self, at): raise OSError
T('said')

#: fake library
import sys, types
sys.modules['pandas'] = types.SimpleNamespace(DataFrame=7)
sys.modules['numpy'] = 3
sys.modules['matplotlib'] = sys.modules['matplotlib.figure'] = sys.modules['matplotlib._pylab_helpers'] = 3
[1] * 900
""")

ERRORS = _by_name(r"""
#: text raises
class E(Exception):
    def __str__(self): raise OSError
raise E

#: text never ends
class E(Exception):
    def __str__(self): return 'x' * 10_000_000
raise E

#: nameless
class M(type):
    @property
    def __name__(cls): raise OSError
class E(Exception, metaclass=M): pass
raise E

#: cause loops
e = ValueError('a')
e.__cause__ = e
raise e

#: causes without end
e = None
for n in range(3000):
    f = ValueError(n); f.__cause__ = e; e = f
raise e

#: notes lie
e = ValueError('a')
e.__notes__ = 5
raise e

#: deep recursion
def f(): f()
f()

#: missing name lies
raise ModuleNotFoundError('x', name=type('T', (str,), {'partition': None})('a.b'))

#: missing name is no text
raise ModuleNotFoundError('x', name=5)
""")
