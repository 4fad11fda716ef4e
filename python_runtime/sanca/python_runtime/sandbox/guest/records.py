"""`Record`: a dict whose keys are attributes too. Every dict that a tool returns is one."""

from __future__ import annotations

import difflib
from typing import Any


class Record(dict[str, Any]):
    """A dict that also answers to `record.key`. What dict itself has (`items`, `keys`) needs `record["items"]`."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            near = difflib.get_close_matches(name, [key for key in self if isinstance(key, str)], n=3)
            hint = f"; close: {', '.join(near)}" if near else f"; it has: {', '.join(map(str, list(self)[:20]))}"
            raise AttributeError(f"this record has no {name!r}{hint}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"this record has no {name!r}") from None
