"""From what the first process tells about a round to an `ActionResult`. The guest's part is checked, not trusted."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any, cast

from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.guest.frames import EXIT_WITHOUT_MEMORY
from sanca.python_runtime.sandbox.pictures import read_images
from sanca.python_runtime.sandbox.ports import ActionResult, ActionStatus, Snapshot
from sanca.python_runtime.sandbox.wire import unpack_untrusted

_TEXT_CHARS = 72 << 10
_WARNINGS, _WARNING_CHARS = 24, 600
_HINT_CHARS, _NAME_CHARS = 2_500, 60
_MOST_NAMES, _REASON_CHARS = 2_000, 300


@dataclass(frozen=True)
class Stop:
    """Why we ended an action that would have gone on."""

    status: ActionStatus
    sentence: str
    error_type: str | None = None


def read_result(told: dict[str, Any], *, stop: Stop | None, seconds: float, waited_seconds: float) -> ActionResult:
    """Return the result of a round.

    Args:
        told: The first process's message.
        stop: Why we ended the action; None when it ended by itself. It decides: what an action says after is too late.
    """
    answer = read_answer(told) or {}
    status, error = _judge(told, answer) if stop is None else (stop.status, _explain_stop(stop, answer))
    error_type = _text(answer.get("error_type")) if stop is None else stop.error_type
    return ActionResult(
        status=status,
        value=_text(answer.get("value")),
        value_json=_text(answer.get("value_json")),
        value_table=_text(answer.get("value_table")),
        final_answer=_text(answer.get("final_answer")) if status == "ok" else None,
        value_is_text=answer.get("value_is_text") is True,
        value_name=_line(answer.get("value_name"), _NAME_CHARS),
        stdout=told["stdout"],
        stderr=_text(answer.get("stderr")) or "",
        error=error,
        error_type=error_type,
        hint=_text(answer.get("hint"), _HINT_CHARS),
        missing_library=_library(answer.get("missing_library")),
        seconds=seconds,
        waited_seconds=waited_seconds,
        dropped_chars=told["dropped_chars"],
        names_lost=told["names_lost"],
        peak_megabytes=_megabytes(told["peak_bytes"]),
        images=read_images(answer.get("images")),
        warnings=_warnings(answer.get("warnings")),
        names=_known_names(answer.get("names")),
    )


def read_answer(told: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the guest answered; None when it gave no answer, or one that its own code would never give."""
    if told["end"] != "reply":
        return None
    if type(told["reply"]) is bytes:  # decoded once, and kept in the same place
        answer = unpack_untrusted(told["reply"])
        is_one = isinstance(answer, dict) and ("value" in answer or isinstance(answer.get("error"), str))
        told["reply"] = answer if is_one else None
    return cast("dict[str, Any] | None", told["reply"])


def answers_to(told: dict[str, Any], key: str) -> bool:
    """Whether the guest answered, and this request: what an earlier action left behind does not know its key."""
    answer = read_answer(told)
    return answer is not None and answer.get("key") == key


def read_snapshot(told: dict[str, Any] | None, data: bytes) -> Snapshot:
    """Return the snapshot that a guest made.

    Raises:
        SandboxError: It made none; says why, in the guest's words.
    """
    answer = read_answer(told) if told is not None else None
    if answer is None or "value" not in answer:
        raise SandboxError(f"The session's names could not be kept: {_why_none(answer)}")
    kept, lost = answer.get("kept"), answer.get("lost")
    return Snapshot(
        data=data,
        kept=tuple(_names(kept)),
        lost=_reasons(lost),
        libraries=answer.get("libraries") is True,
    )


def read_restored(told: dict[str, Any] | None, kept: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the kept names a guest could not bring back."""
    answer = read_answer(told) if told is not None else None
    if answer is None or "value" not in answer:
        return kept
    return tuple(_reasons(answer.get("lost")))


def lost_result(stop: Stop | None, *, seconds: float, waited_seconds: float) -> ActionResult:
    """Return the result of a round whose session ended altogether."""
    why = stop or Stop("killed", "The sandbox session ended while the action ran.")
    return ActionResult(
        status=why.status,
        error=why.sentence,
        error_type=why.error_type,
        seconds=seconds,
        waited_seconds=waited_seconds,
        names_lost=True,
    )


def _explain_stop(stop: Stop, answer: dict[str, Any]) -> str:
    """Where the action was when we ended it, if it could tell, and why; the reason last, as in any traceback."""
    trace = (_text(answer.get("error")) or "").removesuffix("KeyboardInterrupt").rstrip()
    return f"{trace}\n{stop.sentence}" if trace else stop.sentence


def _judge(told: dict[str, Any], answer: dict[str, Any]) -> tuple[ActionStatus, str | None]:
    error = _text(answer.get("error"))
    if answer:
        if error is None:
            return "ok", None
        return ("limit" if answer.get("is_limit") is True else "error"), error
    if told["end"] == "threads":
        return "limit", "The action ran more processes and threads at once than it may, and was ended."
    if told["end"] == "memory":
        return "limit", "All processes of the action together held more memory than it may use, and were ended."
    if told["end"] == "died":
        return _explain_death(told["exit"])
    return "killed", "The action's process wrote something that is not an answer and was ended."


def _explain_death(status: int | None) -> tuple[ActionStatus, str]:
    if status == -signal.SIGXCPU:
        return "limit", "The action used up its processor time and was ended."
    if status == EXIT_WITHOUT_MEMORY:
        return "limit", "The action used up its memory, and none was left for its answer."
    if status is not None and status < 0:
        return "killed", f"The action's process was ended by signal {_signal_name(-status)}."
    return "killed", f"The action ended its own process (exit code {status})."


def _megabytes(count: int) -> float | None:
    return round(count / (1 << 20), 1) if count else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _text(value: object, limit: int = _TEXT_CHARS) -> str | None:
    return value[:limit] if isinstance(value, str) else None


def _line(value: object, limit: int) -> str | None:
    """Return a short text that is one line of visible characters; None for any other."""
    return value if isinstance(value, str) and 0 < len(value) <= limit and value.isprintable() else None


def _library(value: object) -> str | None:
    name = _line(value, _NAME_CHARS)
    return name if name is not None and name.isidentifier() and name.isascii() else None


def _warnings(value: object) -> tuple[str, ...]:
    told = value[:_WARNINGS] if isinstance(value, list) else []
    return tuple(one[:_WARNING_CHARS] for one in told if isinstance(one, str))


def _why_none(answer: dict[str, Any] | None) -> str:
    return _line(answer.get("error"), _REASON_CHARS) or "unknown." if answer else "the session did not answer."


def _names(told: object) -> list[str]:
    return (
        [name[:_REASON_CHARS] for name in told[:_MOST_NAMES] if isinstance(name, str)] if isinstance(told, list) else []
    )


def _reasons(told: object) -> dict[str, str]:
    pairs = list(told.items())[:_MOST_NAMES] if isinstance(told, dict) else []
    return {name[:_REASON_CHARS]: str(reason)[:_REASON_CHARS] for name, reason in pairs if isinstance(name, str)}


def _known_names(told: Any) -> dict[str, str] | None:
    """Return a session's names and their types; None when the guest did not say."""
    if not isinstance(told, dict) or len(told) > _MOST_NAMES:
        return None
    names = {name: kind for name, kind in told.items() if isinstance(name, str) and name.isidentifier()}
    return {name: kind[:_NAME_CHARS] if isinstance(kind, str) else "Any" for name, kind in names.items()}
