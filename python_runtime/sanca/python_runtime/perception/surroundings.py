"""What besides its words helps to understand a message, and what of the world they name. Data; judges nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote, urlsplit

from sanca.core.messages import Message
from sanca.memory import SkillLibrary
from sanca.python_runtime.run_record import PageContext

_RELEASE = re.compile(r"(?<![\w.])v?\d+\.\d+\.\d+(?![\w.]*\d)")
_PROCESS = re.compile(r"\b(?:process|pid)\s*#?(\d+)|进程\s*(\d+)", re.IGNORECASE)
_PORT = re.compile(r"\bports?\s*(\d{2,5})|(\d{2,5})\s*(?:端口|被)|端口\s*(\d{2,5})", re.IGNORECASE)


@dataclass(frozen=True)
class Surroundings:
    """What is known when a message comes in."""

    now: datetime
    history: Sequence[Message] = ()
    """The session's earlier messages, oldest first."""
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    release_dates: Mapping[str, str] = field(default_factory=dict)
    """Release → ISO date or time of its making, where that is known."""
    page: PageContext | None = None
    names: Mapping[str, str] | None = None
    """Names that earlier actions left in the session → their types; None: not known."""
    files: Sequence[str] = ()

    @property
    def has_data(self) -> bool:
        """Whether the session holds data that words can point at."""
        return bool(self.names or self.files)


@dataclass(frozen=True)
class Named:
    """What a text names, by kind, in its order and as often as it does."""

    service: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    port: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """Return what is named of a kind."""
        found: tuple[str, ...] = getattr(self, kind, ())
        return found


def named_in(text: str, entities: Mapping[str, Sequence[str]], library: SkillLibrary) -> Named:
    """Return what a text names. Of releases any that look like one count: old ones are not listed for ever."""
    releases = [(text.find(name), name) for name in entities.get("release", ()) if name in text]
    releases += [(hit.start(), hit.group()) for hit in _RELEASE.finditer(text)]
    return Named(
        service=tuple(library.services_named(text, entities)),
        release=tuple(name for _, name in sorted(set(releases))),
        process=tuple(next(filter(None, hit.groups())) for hit in _PROCESS.finditer(text)),
        port=tuple(next(filter(None, hit.groups())) for hit in _PORT.finditer(text)),
    )


def named_on_page(surroundings: Surroundings, library: SkillLibrary) -> Named:
    """Return what the page is about, by its address first and then its title."""
    page = surroundings.page
    if page is None:
        return Named()
    path = unquote(urlsplit(page.url).path + "?" + urlsplit(page.url).query).replace("/", " ")
    by_address = named_in(path, surroundings.entities, library)
    by_title = named_in(page.title, surroundings.entities, library)
    return Named(
        service=by_address.service[:1] or by_title.service[:1],
        release=by_address.release[:1] or by_title.release[:1],
        process=by_address.process[:1] or by_title.process[:1],
        port=by_address.port[:1] or by_title.port[:1],
    )
