"""Which pages may be read: patterns of hosts and paths. Knows nothing of addresses; `core.outside` checks those."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from urllib.parse import unquote

from httpx import URL, InvalidURL

_PATTERN = re.compile(
    r"(?P<no>!?)(?:(?P<scheme>https?)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[^\s/:@?#\[\]]+)(?::(?P<port>\d{1,5}))?(?P<path>/\S*)?"
)
_USUAL = {"http": 80, "https": 443}
_STEPS_UP = re.compile(r"(?:^|/)\.\.?(?:/|$)|\\|%")
"""In a decoded path: what a server may read as another path than we do."""


class Allowed:
    """Patterns, one of which must fit; none that begins with `!` may. Immutable."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read the patterns.

        Raises:
            ValueError: One is not of the form `[!][scheme://]host[:port][/path]`.
        """
        read = [_read(pattern) for pattern in patterns]
        self._yes = [pattern for pattern in read if not pattern.refuses]
        self._no = [pattern for pattern in read if pattern.refuses]

    def __bool__(self) -> bool:
        return bool(self._yes)

    def fits(self, url: str) -> bool:
        """Whether a page may be read; what is no URL may not."""
        try:
            parts = URL(url)
            return any(one.fits(parts) for one in self._yes) and not any(one.fits(parts) for one in self._no)
        except (InvalidURL, ValueError):  # also of names that only look like punycode
            return False


@dataclass(frozen=True)
class _Pattern:
    refuses: bool
    scheme: str
    host: re.Pattern[str]
    port: int | None
    path: re.Pattern[str] | None

    def fits(self, url: URL) -> bool:
        usual = _USUAL.get(url.scheme)
        port = url.port if url.port is not None else usual
        if usual is None or (self.scheme and url.scheme != self.scheme):
            return False
        if not self.host.fullmatch(url.host.lower().rstrip(".")):
            return False
        if (self.port or usual) != port:
            return self.refuses and self.port is None
        return self.path is None or self._path_fits(url)

    def _path_fits(self, url: URL) -> bool:
        assert self.path is not None  # noqa: S101 - asked only then
        path = unquote(url.raw_path.decode("ascii", "replace").partition("?")[0], errors="replace")
        if _STEPS_UP.search(path):
            return self.refuses
        return self.path.fullmatch(path) is not None


def _read(pattern: str) -> _Pattern:
    found = _PATTERN.fullmatch(pattern.strip())
    if found is None or (found["port"] and not 0 < int(found["port"]) < 65536):
        raise ValueError(f"{pattern!r} is not of the form host/path, such as docs.python.org or *.example.com/docs")
    return _Pattern(
        refuses=bool(found["no"]),
        scheme=found["scheme"] or "",
        host=_host(found["host"]),
        port=int(found["port"]) if found["port"] else None,
        path=_path(found["path"] or "/"),
    )


def _host(text: str) -> re.Pattern[str]:
    if text == "*":
        return re.compile(".+")
    name = text.strip("[]").lower().rstrip(".")
    if name.startswith("*."):  # the wiki of example.com and not example.com itself: say both when both are meant
        return re.compile(rf".+{re.escape(_spelled(name[1:]))}")
    if "*" in name:
        raise ValueError(f"{text!r}: a star stands alone or before the first dot of a host")
    return re.compile(re.escape(_spelled(name)))


def _spelled(name: str) -> str:
    """Return a host as `URL.host` spells it: in its own script, in small letters."""
    try:
        return str(URL(f"http://a{name}/").host)[1:] if name.startswith(".") else str(URL(f"http://{name}/").host)
    except (InvalidURL, ValueError):
        return name


def _path(text: str) -> re.Pattern[str] | None:
    """Return what a path must be like: the path itself or below it; with a star, what the star says."""
    if text == "/":
        return None
    if "*" in text:
        return re.compile(translate(text))
    return re.compile(rf"{re.escape(text.rstrip('/'))}(?:/.*)?")
