"""Formats what an action gave into an observation: what was cut is said, with the way to get it. Judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sanca.python_runtime.sandbox.ports import ActionResult, ResultImage

_MORE_CHARS = 3_000
_LEAST_CHARS = 200
_DROPPED_MARK = "\n[… "

More = Callable[[int, int], str]
"""From the place of what was cut (begin and end, in characters) to how the next action gets it."""


@dataclass(frozen=True)
class _Part:
    title: str
    text: str
    more: More | None = None

    def render(self, limit_chars: int) -> str:
        text = cut_middle(self.text, limit_chars, self.more)
        return f"{self.title}\n{text}" if self.title else text


def format_observation(result: ActionResult, limit_chars: int) -> str:
    """Return the observation of an action, at most about `limit_chars` characters; long parts give way first."""
    parts = [part for part in _parts(result) if part.text]
    if not parts and not result.names_lost:
        return "The action ran and gave no value and no output."
    rooms = _share([len(part.text) for part in parts], limit_chars)
    said = [part.render(room) for part, room in zip(parts, rooms, strict=True)]
    return "\n\n".join([*said, *_losses(result)])


def cut_middle(text: str, limit_chars: int, more: More | None = None) -> str:
    """Return the text, or its beginning and end with a line between that says how much is missing.

    Args:
        text: Any text.
        limit_chars: How much of it to keep: two thirds of that from its beginning.
        more: Says how to get what is missing.
    """
    if len(text) <= limit_chars:
        return text
    head, tail = limit_chars * 2 // 3, limit_chars // 3
    missing = text[head : len(text) - tail]
    how = f": {more(head, min(head + _MORE_CHARS, len(text) - tail))}" if more else ""
    said = f"\n… {len(missing)} characters ({missing.count(chr(10)) + 1} lines) cut here{how} …\n"
    return text[:head] + said + text[len(text) - tail :]


def _parts(result: ActionResult) -> list[_Part]:
    is_ok = result.status == "ok"
    error = "" if is_ok else (result.error or result.status).rstrip()
    return [
        _Part(_output_title(result), result.stdout.rstrip(), _slice_of("last_output")),
        _Part("", _dropped(result)),
        _Part("Warnings:", "\n".join(result.warnings)),
        _Part("Value:", result.value or "" if is_ok else "", _value_more(result)),
        _Part("Final answer:", result.final_answer or ""),
        _Part("Charts, shown to the person:", "\n".join(map(_chart_line, result.images))),
        _Part(f"Error ({result.status}):", "\n".join(filter(None, (error, result.hint)))),
    ]


def _dropped(result: ActionResult) -> str:
    """The sandbox keeps 64 KB of what is printed; the next action finds more of it."""
    if not result.dropped_chars:
        return ""
    begin = max(result.stdout.find(_DROPPED_MARK), 0)
    how = f"print(last_output[{begin}:{begin + _MORE_CHARS}])"
    return f"({result.dropped_chars} characters of output were dropped: {how}.)"


def _losses(result: ActionResult) -> list[str]:
    said = []
    if result.names_lost and not result.lost_names:
        said.append("The sandbox was renewed: names bound in earlier rounds are gone.")
    elif result.lost_names:
        said.append(f"Names of earlier rounds that are gone: {', '.join(result.lost_names)}.")
    return [*said, *result.notes]


def _output_title(result: ActionResult) -> str:
    errors = result.stderr.strip()
    if not errors:
        return "Output:"
    return "Output (stderr):" if errors == result.stdout.strip() else f"Output ({len(errors)} characters of it stderr):"


def _value_more(result: ActionResult) -> More | None:
    if result.value_name is None:
        return None
    return _slice_of(result.value_name) if result.value_is_text else _part_of(result.value_name)


def _slice_of(name: str) -> More:
    return lambda begin, end: f"print({name}[{begin}:{end}])"


def _part_of(name: str) -> More:
    return lambda _begin, _end: f"print a part of {name}"


def _chart_line(image: ResultImage) -> str:
    return f"- {image.description or image.title or 'without a title'}"


def _share(sizes: list[int], room: int) -> list[int]:
    """Return how much of each text may be shown: short ones whole, long ones as much as is left for each."""
    shares = [0] * len(sizes)
    left = room
    for place, index in enumerate(sorted(range(len(sizes)), key=lambda one: sizes[one])):
        fair = max(left // (len(sizes) - place), _LEAST_CHARS)
        shares[index] = min(sizes[index], fair)
        left -= shares[index]
    return shares
