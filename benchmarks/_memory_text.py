"""Messages for the memory benchmark: seeded, Zipf-like, in sessions that have topics and names. Not a benchmark itself.

Words are those of the static embedding's vocabulary, so that vectors mean what they do in use; numbers and the names
of a session's own things are the rare ones. Ten sessions of 1,000 messages go on at once.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sanca.core.memory import MemoryRecord, Scope
from sanca.memory.embedders import StaticEmbedder
from sanca.memory.embedding import _TOKENIZER, _wheel_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCOPE = Scope(tenant="default", user="local")
SESSION_MESSAGES, AT_ONCE = 1_000, 10
_BATCH = 1_000
_START = datetime(2026, 1, 1, tzinfo=UTC)
_TOPIC_WORDS, _NAMES = 60, 12


class Corpus:
    """The same messages for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self._seed = seed
        self.words = _vocabulary()
        chances = 1 / (np.arange(len(self.words)) + 2.7)
        self._usual = np.cumsum(chances / chances.sum())

    def session_of(self, number: int) -> str:
        """Return the session of a message."""
        group, within = divmod(number, SESSION_MESSAGES * AT_ONCE)
        return f"session-{group * AT_ONCE + within % AT_ONCE:04}"

    def messages(self, first: int, last: int, batch: int = _BATCH) -> Iterator[list[MemoryRecord]]:
        """Yield the messages from `first` to before `last`, in batches."""
        for start in range(first, last, batch):
            yield [self.message(number) for number in range(start, min(start + batch, last))]

    def questions(self, count: int, sessions: int, seed: int) -> list[tuple[str, str]]:
        """Return questions about messages of the first sessions, with it: a third of a message's words."""
        random = np.random.default_rng((self._seed, 1, seed))
        return [self._question(int(session), random) for session in random.integers(0, sessions, count)]

    def questions_of(self, sessions: Sequence[int], count: int, seed: int) -> list[tuple[str, str]]:
        """Return questions about messages of these sessions, in turn."""
        random = np.random.default_rng((self._seed, 3, seed))
        return [self._question(sessions[at % len(sessions)], random) for at in range(count)]

    def _question(self, session: int, random: np.random.Generator) -> tuple[str, str]:
        group, within = divmod(session, AT_ONCE)
        number = group * SESSION_MESSAGES * AT_ONCE + int(random.integers(0, SESSION_MESSAGES)) * AT_ONCE + within
        message = self.message(number)
        words = message.text.split()
        chosen = random.choice(len(words), max(3, len(words) // 3), replace=False)
        return "what about the " + " ".join(words[at] for at in sorted(chosen)), message.session_id

    @lru_cache(maxsize=2 * AT_ONCE)  # noqa: B019 - a corpus lives as long as its process
    def _things_of(self, session: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the words that a session is about, and the pairs that its names are made of."""
        own = np.random.default_rng((self._seed, 2, session))
        topic = np.searchsorted(self._usual, own.random(_TOPIC_WORDS))
        return topic, own.integers(0, len(self.words), (_NAMES, 2))

    def message(self, number: int) -> MemoryRecord:
        """Return one message."""
        random = np.random.default_rng((self._seed, number))
        length = int(random.integers(5, 26))
        session = self.session_of(number)
        topic, names = self._things_of(int(session.removeprefix("session-")))
        kinds = random.random(length)
        usual = np.searchsorted(self._usual, random.random(length))
        text = []
        for at, kind in enumerate(kinds):
            if kind < 0.62:
                text.append(self.words[usual[at]])
            elif kind < 0.92:
                text.append(self.words[topic[usual[at] % _TOPIC_WORDS]])
            elif kind < 0.97:
                text.append("-".join(self.words[part] for part in names[usual[at] % _NAMES]))
            else:
                text.append(str(int(random.integers(1, 10_000))))
        return MemoryRecord.model_construct(
            tenant=SCOPE.tenant, user=SCOPE.user, session_id=session, layer="message", id=f"m{number:07}",
            text=" ".join(text), speaker=("user", "assistant")[number // AT_ONCE % 2],
            time=(_START + timedelta(seconds=20 * number)).isoformat(),
        )  # fmt: skip


def embedded(first: int, last: int) -> Iterator[tuple[list[MemoryRecord], NDArray[np.float32]]]:
    """Yield the messages from `first` to before `last` with their vectors, in order; made on all processors."""
    if first >= last:
        return
    with multiprocessing.get_context("spawn").Pool(initializer=_begin) as makers:
        yield from makers.imap(_embedded, range(first, last, _BATCH))


_made: dict[str, Any] = {}
"""What a maker's process has loaded."""


def _begin() -> None:
    _made.update(corpus=Corpus(), embedder=StaticEmbedder())


def _embedded(first: int) -> tuple[list[MemoryRecord], NDArray[np.float32]]:
    records = next(_made["corpus"].messages(first, first + _BATCH))
    return records, _made["embedder"].embed_now([record.text for record in records])


def _vocabulary() -> list[str]:
    """Return lower-case words, the more usual ones first."""
    vocabulary = json.loads((_wheel_folder() / _TOKENIZER).read_text(encoding="utf-8"))["model"]["vocab"]
    words = [token[1:] for token in sorted(vocabulary, key=vocabulary.__getitem__) if token.startswith("\u2581")]
    return [word for word in words if word.isascii() and word.isalpha() and word.islower() and len(word) > 1]
