"""What a prompt is made of: the segments' data, and how their size is kept. No wording; that is in the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sanca.core.messages import Message

_TAG = re.compile(
    r"<(?=/?(?:data|task|session|page|environment|names|experience|observation|files|tools)\b)", re.IGNORECASE
)


@dataclass(frozen=True)
class Page:
    """Where the person is in the portal (sensory memory)."""

    url: str = ""
    title: str = ""
    selection: str = ""


@dataclass(frozen=True)
class EarlierRound:
    """A round of this run that is over."""

    code: str
    """The action; empty when the reply was malformed."""
    observation: str
    """What came of it, or why the reply could not be used."""
    thought: str = ""
    reply: str = ""
    """The model's reply as it stood; sent back unchanged when given."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the provider gave with its reply and wants back (`ModelDelta.extra`)."""


@dataclass(frozen=True)
class Experience:
    """A skill that served a similar message, as an example and not as the answer."""

    title: str
    code: str
    why: str = ""


@dataclass(frozen=True)
class PromptInputs:
    """The inference segment: everything one model request is made from. System, memory and user parts."""

    message: str
    """What the person asked, or the click or reply that woke the run, in words."""
    language: str = "en"
    """Language of the answer, BCP 47."""
    toolkits: str = ""
    """Type stubs of the toolkits, as text. Part of the system message, so it should not vary from run to run."""
    is_abridged: bool = False
    """Whether `toolkits` names some toolkits only in short."""
    tools: str = ""
    """Type stubs of tools that the message may need, of those that `toolkits` leaves out."""
    goal: str = ""
    """The sub-goal of this round, when it differs from the message."""
    history: Sequence[Message] = ()
    """Earlier messages of the session, oldest first, without the current one."""
    page: Page | None = None
    files: Sequence[str] = ()
    """Names under /input."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Facts for instance of time, user, entities: name → value."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names bound in earlier rounds of the session → what they are (type and size)."""
    rounds: Sequence[EarlierRound] = ()
    """Earlier rounds of this run, oldest first."""
    experience: Experience | None = None
    rounds_left: int | None = None
    """How many rounds the run still has, this one included."""


def cut_middle(text: str, limit: int) -> str:
    """Return the text with its middle left out beyond `limit` characters, and say how much is missing."""
    if len(text) <= limit:
        return text
    missing = len(text) - limit
    head = limit * 2 // 3
    return f"{text[:head]}\n[… {missing} characters left out …]\n{text[len(text) - (limit - head) :]}"


def as_data(text: str, limit: int) -> str:
    """Return outside text for use between tags: cut to size, and unable to open or close one of our tags."""
    return _TAG.sub("&lt;", cut_middle(text.strip(), limit))


def code_fence(code: str) -> str:
    """Return a fence longer than any in the code."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    return "`" * (longest + 1)
