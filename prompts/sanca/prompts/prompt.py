"""A prompt that is put together: the request, and what the journal keeps of how it was made. Renders nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sanca.core.messages import ModelRequest
from sanca.prompts.budget import Dropped


@dataclass(frozen=True)
class Prompt:
    """A model request, and how it came about."""

    request: ModelRequest
    purpose: str
    versions: tuple[str, ...] = ()
    """The configurations it was made by, `name@version`, the most specific last."""
    tokens: dict[str, int] = field(default_factory=dict)
    """About how many tokens each segment takes; `system`, `rounds` and `rest` (what stands around them) among them."""
    dropped: Sequence[Dropped] = ()
    """What did not fit."""
    problems: tuple[str, ...] = ()
    """Configurations that were not taken into use, and why."""

    @cached_property
    def sha256(self) -> str:
        """Digest of the messages' roles and contents."""
        digest = hashlib.sha256()
        for message in self.request.messages:
            digest.update(f"{message.role}\0{message.content}\0".encode(errors="surrogatepass"))
        return digest.hexdigest()

    def note(self) -> dict[str, Any]:
        """Return what the journal keeps."""
        facts: dict[str, Any] = {
            "purpose": self.purpose,
            "sha256": self.sha256,
            "configuration": list(self.versions),
            "tokens": sum(self.tokens.values()),
            "segments": self.tokens,
            "dropped": [{name: value for name, value in vars(one).items() if value} for one in self.dropped],
        }
        return {**facts, "configuration_problems": list(self.problems)} if self.problems else facts
