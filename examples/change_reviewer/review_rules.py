"""The rules of the review: what about a change is risky, and how much. Pure functions over a change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from review_changes import CONFIG_NAMES, Change, FileChange, Line, Setting

Level = Literal["low", "medium", "high"]

_NUMBER = re.compile(r"^(-?\d+(?:\.\d+)?)\s*(ms|s|m|h|d|k|kb|mb|gb)?$", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "k": 1e3, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_TIMEOUT = re.compile(r"time-?_?out|deadline|ttl|keep-?_?alive|expir", re.IGNORECASE)
_POOL = re.compile(r"pool|connections|threads|workers|concurrency|replicas|instances", re.IGNORECASE)
_LIMIT = re.compile(r"limit|max|quota|size|capacity|budget|replicas", re.IGNORECASE)
_DELAY = re.compile(r"delay|sleep|latency|pause|backoff|interval|retr(y|ies)|batch", re.IGNORECASE)
_PORT = re.compile(r"(^|[._-])port$", re.IGNORECASE)
_HOST = re.compile(r"host|url|uri|endpoint|address|(^|[._-])server$|upstream", re.IGNORECASE)
_GUARD = re.compile(r"auth|tls|ssl|verif|csrf|check|guard|valid|encrypt|firewall|rate-?_?limit|circuit", re.IGNORECASE)
_LOG_LEVEL = re.compile(r"log.*level|level.*log", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"""(?ix)(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|credential)[\w.-]*["']?\s*[:=]\s*["']?
    (?!\s*(?:\$\{|\{\{|<|os\.|env|none|null|true|false|""|'')) [^\s"']{6,}"""
)
_SECRET_SHAPE = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{30,}|\bsk-[\w-]{20,}|xox[abp]-\w{10,}"
)
_HANDLES = re.compile(r"\b(except|catch|rescue|recover|finally)\b|\.catch\(|onError|if err != nil")
_SWALLOWS = re.compile(r"except[^:]*:\s*(pass|\.\.\.|continue)\b|catch\s*\([^)]*\)\s*\{\s*\}")
_DANGEROUS = re.compile(
    r"\beval\s*\(|\bexec\s*\(|os\.system\s*\(|shell\s*=\s*True|\brm\s+-rf\b|\bchmod\s+777\b|\bDROP\s+(TABLE|DATABASE)\b|"
    r"\bTRUNCATE\s+TABLE\b|\bDELETE\s+FROM\s+\w+\s*;|verify\s*=\s*False|pickle\.loads\(",
    re.IGNORECASE,
)
_SLEEPS = re.compile(r"\b(time|asyncio|anyio|Thread|TimeUnit\.\w+)\.sleep\s*\(")
_ASSERTS = re.compile(r"\bassert\w*\b|\bexpect\(")
_TEST_PATH = re.compile(r"(^|/)tests?(/|_)|[._-]test\.|Test\.java$|_test\.\w+$|(^|/)test_")
_BIG_LINES, _BIG_FILES = 400, 20
_TINY_POOL = 2


@dataclass(frozen=True)
class Finding:
    """Something a person should look at. Holds no secret: values of secret settings are not repeated."""

    rule: str
    level: Level
    where: str
    before: str = ""
    after: str = ""


def review(change: Change) -> list[Finding]:
    """Return all findings, the worst first."""
    found = [finding for setting in change.settings for rule in _SETTING_RULES if (finding := rule(setting))]
    for file in change.files:
        found.extend(finding for rule in _FILE_RULES for finding in rule(file))
    found.extend(_size(change))
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(dict.fromkeys(found), key=lambda finding: (order[finding.level], finding.where))


def risk(findings: list[Finding]) -> Level:
    """Return the change's risk: that of its worst finding; three medium ones are high."""
    levels = [finding.level for finding in findings]
    if "high" in levels or levels.count("medium") >= 3:
        return "high"
    return "medium" if "medium" in levels else "low"


def _number(text: str | None) -> float | None:
    match = _NUMBER.match((text or "").strip())
    return None if match is None else float(match[1]) * _UNITS.get((match[2] or "").lower(), 1)


def _of(setting: Setting, rule: str, level: Level) -> Finding:
    where = f"{setting.path}:{setting.line}" if setting.line else setting.path
    place = f"{setting.key} ({where})" if where else setting.key
    return Finding(rule, level, place, setting.before or "", setting.after or "")


def _timeout(setting: Setting) -> Finding | None:
    before, after = _number(setting.before), _number(setting.after)
    if not _TIMEOUT.search(setting.key) or before is None or after is None or before <= 0:
        return None
    if after <= 0:
        return _of(setting, "timeout_off", "high")
    return _of(setting, "timeout_lowered", "high") if before / after > 5 else None


def _pool(setting: Setting) -> Finding | None:
    before, after = _number(setting.before), _number(setting.after)
    if not _POOL.search(setting.key) or _TIMEOUT.search(setting.key) or after is None or not 0 < after <= _TINY_POOL:
        return None
    return _of(setting, "pool_tiny", "high") if before is None or after < before else None


def _limit(setting: Setting) -> Finding | None:
    if not (_LIMIT.search(setting.key) or _POOL.search(setting.key)) or _number(setting.after) != 0:
        return None
    return _of(setting, "limit_zero", "high") if _number(setting.before) != 0 else None


def _delay(setting: Setting) -> Finding | None:
    before, after = _number(setting.before), _number(setting.after)
    if not _DELAY.search(setting.key) or _TIMEOUT.search(setting.key) or before is None or after is None:
        return None
    is_much_more = after >= 10 * before if before > 0 else after > 0
    return _of(setting, "delay_raised", "medium") if is_much_more else None


def _address(setting: Setting) -> Finding | None:
    if setting.before is None or setting.after is None:
        return None
    if _PORT.search(setting.key):
        return _of(setting, "port_changed", "medium")
    return _of(setting, "host_changed", "medium") if _HOST.search(setting.key) else None


def _guard(setting: Setting) -> Finding | None:
    is_off = (setting.after or "").lower() in {"false", "off", "no", "disabled", "none"}
    was_on = (setting.before or "").lower() in {"true", "on", "yes", "enabled", "required"}
    return _of(setting, "guard_off", "high") if _GUARD.search(setting.key) and was_on and is_off else None


def _log_level(setting: Setting) -> Finding | None:
    is_chatty = (setting.after or "").upper() in {"DEBUG", "TRACE"}
    return _of(setting, "log_level", "low") if _LOG_LEVEL.search(setting.key) and is_chatty else None


def _kind(setting: Setting) -> Finding | None:
    if setting.after is None or _number(setting.before) is None or _number(setting.after) is not None:
        return None
    return _of(setting, "not_a_number", "high")


def _removed(setting: Setting) -> Finding | None:
    return _of(setting, "setting_removed", "medium") if setting.before is not None and setting.after is None else None


_SETTING_RULES: tuple[Callable[[Setting], Finding | None], ...] = (
    _timeout, _pool, _limit, _delay, _address, _guard, _log_level, _kind, _removed,
)  # fmt: skip


def _at(file: FileChange, line: Line) -> str:
    return f"{file.path}:{line.number}"


def _secrets(file: FileChange) -> Iterator[Finding]:
    for line in file.added:
        if _SECRET_SHAPE.search(line.text) or _SECRET_VALUE.search(line.text):
            yield Finding("secret", "high", _at(file, line))


def _handling(file: FileChange) -> Iterator[Finding]:
    removed = [line for line in file.removed if _HANDLES.search(line.text)]
    added = [line for line in file.added if _HANDLES.search(line.text)]
    if len(removed) > len(added) and not file.is_deleted and not CONFIG_NAMES.search(file.path):
        yield Finding("handling_removed", "high", _at(file, removed[0]), before=removed[0].text.strip())
    joined = "\n".join(line.text for line in file.added)
    if _SWALLOWS.search(joined):
        yield Finding("error_swallowed", "medium", file.path)


def _dangerous(file: FileChange) -> Iterator[Finding]:
    for line in file.added:
        if match := _DANGEROUS.search(line.text):
            yield Finding("dangerous_call", "high", _at(file, line), after=match.group(0))
        if match := _SLEEPS.search(line.text):
            yield Finding("sleep_added", "medium", _at(file, line), after=match.group(0))


def _tests(file: FileChange) -> Iterator[Finding]:
    if not _TEST_PATH.search(file.path):
        return
    lost = sum(1 for line in file.removed if _ASSERTS.search(line.text))
    new = sum(1 for line in file.added if _ASSERTS.search(line.text))
    if file.is_deleted or lost > new:
        yield Finding("tests_removed", "medium", file.path, before=str(lost), after=str(new))


def _binary(file: FileChange) -> Iterator[Finding]:
    if file.is_binary:
        yield Finding("binary", "low", file.path)


_FILE_RULES: tuple[Callable[[FileChange], Iterator[Finding]], ...] = (_secrets, _handling, _dangerous, _tests, _binary)


def _size(change: Change) -> Iterator[Finding]:
    lines = sum(len(file.added) + len(file.removed) for file in change.files)
    if lines > _BIG_LINES or len(change.files) > _BIG_FILES:
        yield Finding("big_change", "medium", f"{len(change.files)} files", after=str(lines))
