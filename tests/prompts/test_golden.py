"""Prompts as a model sees them. After a meant change of words: `UPDATE_GOLDEN=1 pytest tests/prompts`; read the diff.

A golden file begins with what the journal keeps of the prompt.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from prompt_cases import FULL, STUBS, fim_inputs, history, many_tools, rounds
from sanca.prompts import Experience, FimInputs, Goal, InferencePromptConfigManager, JudgeInputs, Prompt, PromptInputs
from sanca.prompts.configuration import Purpose

GOLDEN = Path(__file__).parent / "golden"
Case = tuple[Purpose, dict[str, str], Any]

SUB_GOAL = PromptInputs(
    message="Find what changed on checkout about noon",
    toolkits=STUBS,
    handed_over="The slow service is checkout: p95 2,300 ms since 12:04.",
    environment={"tenant": "acme", "user": "ada"},
    names={"slow": "str", "errors": "dict"},
    rounds=rounds(1),
    rounds_left=6,
)
JUDGED = JudgeInputs(
    goal="restart payments",
    claim="payments runs again.",
    evidence=("system.restart(service='orders') → ok",),
    observations=("Record(service='orders', outcome='ok')",),
)
CASES: dict[str, Callable[[], Case]] = {
    "first_round": lambda: (
        "cmd", {}, PromptInputs("Which services are there?", toolkits=STUBS, now={"time": "2026-01-02T03:04:05Z"})
    ),
    "no_toolkits": lambda: ("cmd", {}, PromptInputs("What is 2 + 3?")),
    "all_segments_in_chinese": lambda: ("cmd", {}, FULL),
    "third_round_after_a_failure": lambda: (
        "cmd", {}, PromptInputs("Why is it slow?", toolkits=STUBS, rounds=rounds(2), names={"x": "int"}, rounds_left=2)
    ),
    "last_round": lambda: ("cmd", {}, PromptInputs("Why?", rounds=rounds(1), rounds_left=1)),
    "sub_goal": lambda: ("cmd", {}, SUB_GOAL),
    "run_with_sub_goals": lambda: (
        "cmd", {}, PromptInputs("Why?", goals=(Goal("Look", "done", "seen"), Goal("Tell", is_current=True)))
    ),
    "experience": lambda: (
        "cmd", {}, PromptInputs("Why?", experience=Experience("Diagnose", 'system.services()\n"""\n```\n"""', "alike"))
    ),
    "data_scenario": lambda: ("cmd", {"scenario": "data"}, PromptInputs("Sum sales.csv", files=("sales.csv",))),
    "incident_scenario": lambda: (
        "cmd",
        {"scenario": "incident"},
        PromptInputs("结账服务为什么慢？", "zh", toolkits=STUBS),
    ),
    "two_thousand_tools": lambda: ("cmd", {}, anyio.run(many_tools, 2_000, "cancel the invoice 4711")),
    "folded_rounds": lambda: (
        "cmd", {}, PromptInputs("Why?", past=("Rounds 1 to 8: services listed, checkout is slow.",), rounds=rounds(2))
    ),
    "dropped_segments": lambda: (
        "cmd", {"model": "small"}, PromptInputs("Why?", history=history(30, 400), rounds=rounds(12, chars=900),
                                                experience=Experience("Diagnose", "look()\n" * 50))
    ),
    "thought": lambda: ("thought", {}, PromptInputs("Why is the shop slow?", toolkits=STUBS)),
    "thought_in_chinese": lambda: ("thought", {}, PromptInputs("商店为什么慢？", "zh", STUBS, rounds=rounds(1))),
    "fim_completion": lambda: ("repair", {"model": "qwen3-coder-plus"}, fim_inputs()),
    "fim_in_a_chat": lambda: ("repair", {"model": "deepseek-chat"}, fim_inputs()),
    "fim_of_a_cut_off_action": lambda: (
        "repair", {"model": "qwen3-coder-plus"}, FimInputs.of_unfinished("rows = system.serv", names=("x",))
    ),
    "forced_summary": lambda: (
        "summary", {}, PromptInputs("Why?", toolkits=STUBS, rounds=rounds(2), why_last="the run used all its calls")
    ),
    "compaction": lambda: ("compaction", {}, PromptInputs("Why?", rounds=rounds(3))),
    "judge": lambda: ("judge", {}, JUDGED),
    "operators_own": lambda: ("custom", {"tenant": "acme"}, PromptInputs("Why?", toolkits=STUBS)),
}  # fmt: skip


@pytest.fixture(scope="module")
def manager() -> InferencePromptConfigManager:
    return InferencePromptConfigManager(Path(__file__).parent / "configurations")


def shown(prompt: Prompt) -> str:
    facts = {name: value for name, value in prompt.note().items() if name != "sha256"}
    request = prompt.request
    limits = {"form": request.form, "temperature": request.temperature, "max_output_tokens": request.max_output_tokens}
    messages = "\n\n".join(f"===== {message.role}\n{message.content}" for message in request.messages)
    return f"{json.dumps({**facts, **limits}, ensure_ascii=False)}\n\n{messages}\n"


@pytest.mark.parametrize("name", CASES)
def test_assembled_prompt_is_the_golden_one(name: str, manager: InferencePromptConfigManager) -> None:
    purpose, target, inputs = CASES[name]()
    text = shown(manager.builder(purpose, **target).assemble(inputs))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_there_is_no_golden_file_without_its_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)
