# ruff: noqa: F821 - names come from the runtime; sentences keep one line
"""Two languages, Markdown and numbers for people: put in front of an action by `includes`. Calls no tool but `card`."""

import re
from datetime import UTC, datetime
from typing import Any


def t(english: str, chinese: str) -> str:
    """Return the text in the language of the person who asks."""
    return chinese if language == "zh" else english


def size(count: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def percent(share: float) -> str:
    """Return a share in [0, 1] as per cent."""
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1f} %"


def when(text: Any) -> datetime | None:
    """Return the moment an ISO 8601 text says, in UTC; None when it says none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def clock(text: Any) -> str:
    """Return an ISO 8601 moment short, to the second."""
    moment = when(text)
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else str(text or "")


def clock_only(text: Any) -> str:
    """Return the time of day of an ISO 8601 moment, to the second."""
    moment = when(text)
    return moment.strftime("%H:%M:%S") if moment else str(text or "")


def bullets(lines: list[str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def markdown_table(rows: list[dict[str, Any]]) -> str:
    """Return rows of the same keys as a Markdown table."""
    if not rows:
        return ""
    heads = list(rows[0])
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join("---" for _ in heads) + " |"]
    for row in rows:
        cells = [
            str("" if row.get(head) is None else row.get(head)).replace("|", "\\|").replace("\n", " ") for head in heads
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shortened(text: Any, limit: int = 160) -> str:
    """Return one line of text, cut at `limit` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def plain_error(text: Any) -> str:
    """Return the innermost message of an error: the JSON around it and the address that was called are left out."""
    said = str(text or "")
    wrapped = re.compile(r'\{\s*"(?:error|message|detail)"\s*:\s*"((?:[^"\\]|\\.)*)"?\s*\}?')
    while found := wrapped.search(said):
        inner = found[1].replace('\\"', '"').replace("\\\\", "\\")
        said = said[: found.start()] + inner + said[found.end() :]
    said = re.sub(r" \((?:GET|POST|PUT|PATCH|DELETE) [^)\s]+\)?", "", said)
    return shortened(re.sub(r"(?<![\w/])(?:/[\w.@-]+){3,}(?=/)", "…", said), 140)


def release_word(release: str | None, names: list[str]) -> str | None:
    """Return the tag that a person means by `v1.2`, `1.2.0`, `latest` or `previous` among `names` (newest first)."""
    if release is None or release in names:
        return release
    if release in ("latest", "previous"):
        return names[0 if release == "latest" else 1] if len(names) > (release == "previous") else None
    bare = release.lower().lstrip("v")
    fitting = [name for name in names if name.lower().endswith(bare)]
    return fitting[0] if fitting else release


def refused_note(error: Exception) -> str:
    """Return a sentence for a call that a person, a right or a policy refused."""
    said = str(error).rstrip(".")
    if language != "zh":
        return f"Not done: {said}."
    if person := re.fullmatch(r"(\S+) said no to (\S+?)(?:: (.*))?", said):
        return f"没有执行：{person[1]} 拒绝了 {person[2]}" + (f"，理由是“{person[3]}”。" if person[3] else "。")
    if right := re.match(r"(\S+) needs the right '([^']+)', which (\S+) does not have", said):
        return f"没有执行：{right[1]} 需要权限 `{right[2]}`，用户 {right[3]} 没有该权限，请由有此权限的人执行。"
    return f"没有执行：{said}。"
