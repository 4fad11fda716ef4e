"""Takes the telling sentences out of a conversation: no model, English and Chinese, linear in its length.

A sentence tells much when it shares rare words with the rest, decides or measures something, and repeats nothing taken
before. Kept libraries for this (sumy, summa) need data from the network or do not read Chinese.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sanca.memory.text import index_terms

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“\"(*-])|(?<=[。！？；])\s*|\n+")
_MARKUP = re.compile(r"```.*?(?:```|$)|[*#>|`]+", re.DOTALL)
_TELLING = re.compile(
    r"\b(?:decid|agree|because|caus|fix|resolv|chang|raise|lower|set to|roll(?:ed)? back|deploy|restart|found|result"
    r"|conclu|plan|must|should|will|done|fail|root cause|owner|deadline)"
    r"|决定|同意|因为|原因|修复|解决|修改|调整|提高|降低|回滚|部署|重启|发现|结果|结论|计划|必须|应该|完成|失败|负责|截止",
    re.IGNORECASE,
)
_SENTENCE_CHARS = 240
_SENTENCES_READ = 2_000
_LIKE = 0.6


@dataclass(frozen=True)
class Sentence:
    """A sentence and whose message it is from."""

    text: str
    message: int
    """Place of the message in what was given."""


def telling_sentences(messages: Sequence[tuple[str, str]], limit: int) -> list[Sentence]:
    """Return at most `limit` sentences that stand for the rest, in the order they were said.

    Args:
        messages: Role (`user` or another) and text of each, oldest first.
        limit: How many.
    """
    sentences = _sentences(messages)
    words = [Counter(index_terms(one.text)) for one in sentences]
    spread = Counter(term for one in words for term in one)
    weights = {term: math.log(1 + len(words) / count) for term, count in spread.items()}
    centre: Counter[str] = Counter()
    for one in words:
        centre.update({term: weights[term] for term in one})
    scores = [_score(one, words[at], centre, messages, weights) for at, one in enumerate(sentences)]
    taken: list[int] = []
    for at in sorted(range(len(sentences)), key=lambda it: (-scores[it], it)):
        if len(taken) < limit and scores[at] > 0 and not any(_alike(words[at], words[it]) for it in taken):
            taken.append(at)
    return [sentences[at] for at in sorted(taken)]


def _sentences(messages: Sequence[tuple[str, str]]) -> list[Sentence]:
    found = []
    for at, (role, text) in enumerate(messages):
        plain = _MARKUP.sub(" ", text)
        parts = [" ".join(plain.split())] if role == "user" else _SENTENCE.split(plain)
        for part in parts:
            line = " ".join(part.split()).strip(" -•:：")
            if len(line) >= 2:
                found.append(Sentence(line if len(line) <= _SENTENCE_CHARS else f"{line[:_SENTENCE_CHARS]}…", at))
    if len(found) > _SENTENCES_READ:  # of a very long day the beginning and the end say most
        found = found[: _SENTENCES_READ // 2] + found[-_SENTENCES_READ // 2 :]
    return found


def _score(
    sentence: Sentence,
    words: Counter[str],
    centre: Counter[str],
    messages: Sequence[tuple[str, str]],
    weights: dict[str, float],
) -> float:
    if not words:
        return 0.0
    size = math.sqrt(sum(weights[term] ** 2 for term in words))
    shared = sum(weights[term] * centre[term] for term in words) / size
    role = messages[sentence.message][0]
    boost = 1.3 if role == "user" else 1.0
    boost *= 1.4 if _TELLING.search(sentence.text) else 1.0
    boost *= 1.15 if any(letter.isdigit() for letter in sentence.text) else 1.0
    boost *= 1.2 if sentence.message < 2 else 1.0
    return shared * boost * min(1.0, len(words) / 6)


def _alike(one: Counter[str], other: Counter[str]) -> bool:
    shared = len(one.keys() & other.keys())
    return shared / max(1, min(len(one), len(other))) >= _LIKE
