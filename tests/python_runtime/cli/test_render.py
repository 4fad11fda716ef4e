"""What the terminal shows of what actions wrote: nothing of it is obeyed, nothing of it hides."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.prompt import Prompt
from sanca.python_runtime.cli import render

TITLE_CHANGE = "\x1b]0;owned\x07"
TURNED = "safe\u202eexe.\u200b"


def printed_by(event: dict[str, Any]) -> str:
    """Return what a terminal would get."""
    screen = io.StringIO()
    printer = render.EventPrinter(console=Console(file=screen, force_terminal=True, width=200))
    printer.show(event)
    return screen.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        {"activityType": "sanca-notice", "content": {"text": f"{TITLE_CHANGE}{TURNED}"}},
        {"activityType": "sanca-file", "content": {"name": f"{TITLE_CHANGE}{TURNED}", "size_bytes": 1}},
        {
            "activityType": "a2ui-surface",
            "content": {
                "a2ui_operations": [
                    {
                        "updateComponents": {
                            "components": [
                                {
                                    "component": "Table",
                                    "title": f"[/x]{TURNED}",
                                    "columns": [{"key": "a", "label": f"[/b]{TITLE_CHANGE}"}],
                                    "rows": [["[/i]"]],
                                }
                            ]
                        }
                    }
                ]
            },
        },
    ],
)
def test_escapes_and_markup_of_an_action_are_shown_and_not_obeyed(content: dict[str, Any]) -> None:
    shown = printed_by({"type": "ACTIVITY_SNAPSHOT", **content})

    assert "\x1b]" not in shown
    assert "\u202e" not in shown
    assert r"\x1b]0;owned\x07" in shown
    assert r"\u202e" in shown


def test_arguments_cannot_hide_themselves_in_the_approval_prompt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prompt, "ask", lambda *_, **__: "n")
    arguments = '{"pattern":"*.tmp[/bold][conceal]","more":"\u202e[/]"}'
    metadata = {"toolkit": "system", "tool": "delete_files", "argumentsJson": arguments, "effect": "DESTRUCTIVE"}

    answer = render.ask_person({"reason": "approval", "message": "[link=x]delete[/link]", "metadata": metadata})

    shown = capsys.readouterr().out
    assert answer[0] is False
    assert '"*.tmp[/bold][conceal]"' in shown
    assert r"\u202e[/]" in shown
    assert "[link=x]" in shown


def test_links_and_the_evidence_of_an_answer_are_lines() -> None:
    links = {
        "component": "Links",
        "title": "Go on",
        "items": [{"label": "Docs", "url": "https://a.example", "what": "x"}],
    }
    shown = {"a2ui_operations": [{"updateComponents": {"components": [links]}}]}
    assert "Docs: https://a.example – x" in printed_by(
        {"type": "ACTIVITY_SNAPSHOT", "activityType": "a2ui-surface", "content": shown}
    )
    evidence = {"calls": [{"call_id": "r/1", "name": "system.logs", "about": "checkout", "effect": "READ"}], "more": 2}
    finished = {"type": "RUN_FINISHED", "result": {"evidence": evidence}}
    assert "Evidence: system.logs(checkout) and 2 more" in printed_by(finished)
