"""Rules for what a claim says about how things stand and why: a state or a cause needs a reading that does not contradict."""

# ruff: noqa: E501 - patterns read better in one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sanca.python_runtime.self_check import lexicon
from sanca.python_runtime.self_check.case import Case
from sanca.python_runtime.self_check.claims import clauses
from sanca.python_runtime.self_check.doubts import Doubt
from sanca.python_runtime.self_check.evidence import Call, Evidence, flat, rows_of

_CAUSE = re.compile(
    r"\b(?:the )?(?:root )?cause (?:is|was|lies)\b|\bculprit (?:is|was)\b|\b(?:is|was|are|were|being) (?:\w+ly )?(?:caused by|due to|down to)\b|\bthe reason (?:is|was)\b|\b(?:stems|comes|results) from\b|\bboils down to\b|\b(?:turns|turned) out\b|\b(?:I|we)(?:'ve| have)? (?:found|saw|seen|noticed|discovered|identified|determined|pinpointed)\b"
    r"|(?:根本)?原因(?:就)?(?:是|在于|为|：)|根因|问题(?:就)?出在|(?:是)?由(?:于)?[^，。；\n]{1,30}(?:引起|导致|造成)",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"(?:\b(?:is|are)|'s) (?:(?:now|all|fully|already|both|well) )*(?:back(?! (?:at|to (?!normal|life))|(?:ed|up)\b)|up(?! to\b)|healthy|online|operational|reachable|available|stable|recovered|fixed|alive|(?:running|working) (?:again|normally|fine|well|properly))\b"
    r"|\b(?:works|runs|responds|answers|serves) (?:again|fine|normally|properly)\b|\b(?:has|have) (?:\w+ly )?recovered\b"
    r"|恢复(?:了|正常|运行|服务|可用)|(?:运行|状态|服务|一切)(?:已经?|都|很|均)?(?:恢复)?(?:正常|健康|稳定)|已(?:经)?(?:可用|正常|好了)|正常了|(?:能|可以)(?:正常)?用了",
    re.IGNORECASE,
)
_GUESSED = re.compile(
    r"\b(?:likely|probabl\w+|perhaps|maybe|might|may|could|possibl\w+|suspect\w*|guess\w*|assum\w+|seems?|appears?|typical\w*|usual\w*|often|common\w*|general\w*|if|when|would|hypothes\w+|according to"
    r"|you (?:said|say|wrote|mentioned|describe\w*|pasted|told)|(?:from|in|of) (?:your|the) (?:message|text|excerpt|paste\w*|snippet|description))\b"
    r"|可能|也许|大概|或许|推测|猜测|估计|怀疑|似乎|看起来|看样子|像是|通常|一般|往往|常见|如果|假如|假设|根据(?:您|你)|(?:您|你)(?:说|提到|描述|贴|给)|不清楚|未知|不确定|会|应该|希望",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"^\W*(?:degraded|down|unhealthy|fail|error|critical|stopped|crash|offline|unavailable|broken|异常|故障|降级|离线|停止)",
    re.IGNORECASE,
)
_BAD_LINE = re.compile(r"\b(?:ERROR|FATAL|CRITICAL|Exception|Traceback|panic)\b|错误|异常")
_STATE_FIELDS = frozenset({"status", "state", "health", "phase", "condition"})
_READS_LOOKED_AT = 20
_SHOWN_CHARS = 120


def unfounded(case: Case) -> Iterator[Doubt]:
    """Yield the causes and the states that a claim tells of things of this environment, and that no reading bears out."""
    if not case.wishes and lexicon.DRAFT.search(case.goal):
        return
    names = [name.casefold() for names in case.evidence.names.values() for name in names]
    in_goal = [name for name in names if name in case.goal.casefold()]
    for part in clauses(case.claim):
        if _GUESSED.search(part) or lexicon.ASKS_BACK.search(part):
            continue
        subjects = [name for name in names if name in part.casefold()]
        if (cause := _CAUSE.search(part)) and (subjects or in_goal) and not _has_looked(case.evidence):
            if not is_given(part.replace(cause.group(), " "), case.evidence, subjects or in_goal):
                yield Doubt("not_read", part[:_SHOWN_CHARS])
        elif (match := _STATE.search(part)) and not _is_denied(part, match):
            for name in subjects or in_goal[:1]:
                yield from _state(case, part, name)


def is_given(part: str, evidence: Evidence, subjects: Sequence[str]) -> bool:
    """Whether what a part says stands in what the run was given, or in what its calls gave back."""
    low = part.casefold()
    for name in subjects:
        low = low.replace(name, " ")
    words = [word for word in re.findall(r"[a-z][\w.\-]{3,}|\d[\d.]*", low) if word not in lexicon.STOPPERS]
    words += [chars[place : place + 2] for chars in re.findall(r"[一-鿿]{2,}", low) for place in range(len(chars) - 1)]
    known = "\n".join([evidence.given, *(f"{flat(call.value)} {call.error}" for call in evidence.calls)]).casefold()
    return bool(words) and sum(word in known for word in words) * 2 > len(words)


def _has_looked(evidence: Evidence) -> bool:
    """Whether the run has read anything: a tool, a file, or data in its own sandbox."""
    has_called = any(call.round for call in evidence.calls)
    return bool(evidence.reads or evidence.files or (evidence.acted and not has_called))


def _is_denied(part: str, match: re.Match[str]) -> bool:
    before = part[: match.start()]
    is_denied = lexicon.ASIDE.search(" ".join(before.split()[-4:])) or lexicon.ASIDE_CHINESE.search(before[-6:])
    return bool(
        is_denied or lexicon.ADMITS.search(lexicon.NO_TROUBLE.sub("", part)) or lexicon.PAST_OF_OTHERS.search(part)
    )


def _state(case: Case, part: str, name: str) -> Iterator[Doubt]:
    calls = [call for call in case.evidence.calls if call.status == "ok" and call.round and name in call.text]
    effects = [place for place, call in enumerate(calls) if call.is_effect]
    reads = [call for call in calls[effects[-1] + 1 if effects else 0 :] if not call.is_effect][-_READS_LOOKED_AT:]
    if bad := next((said for call in reversed(reads) if (said := _state_told(call, name))), ""):
        if _BAD.match(bad) and bad.casefold() not in case.claim.casefold():
            yield Doubt("read_says", bad, part[:_SHOWN_CHARS])
        return
    if effects or is_given(part, case.evidence, [name]):
        return
    if not reads and not (case.evidence.acted and not any(call.round for call in case.evidence.calls)):
        yield Doubt("not_read", part[:_SHOWN_CHARS])
    elif reads and all(_is_lines(call.value) for call in reads):
        bad_lines = (line for call in reads for line in call.value if _BAD_LINE.search(line))
        yield from (Doubt("read_says", line[:_SHOWN_CHARS], part[:_SHOWN_CHARS]) for line in islice(bad_lines, 1))


def _state_told(call: Call, name: str) -> str:
    """Return what a reading says a thing's state is; empty when nothing."""
    is_about = name in call.argument_text
    for row in rows_of(call.value):
        if is_about or any(isinstance(value, str) and value.casefold() == name for value in row.values()):
            said = next((row[field] for field in row if field.casefold() in _STATE_FIELDS), None)
            if isinstance(said, str):
                return said
    return ""


def _is_lines(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)
