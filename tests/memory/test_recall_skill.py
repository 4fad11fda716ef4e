"""The skill that recalls: which messages are for it, and which are not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.memory import SkillLibrary, load_skill_library
from sanca.memory.text import normalise

SHIPPED = load_skill_library()
RECALLED = [
    "what is the pool size of payment according to our documents?",
    "what do our notes say about the outage?",
    "根据我们的文档，payment 的连接池是多少？",
    *(one for found in (SHIPPED.skill("recall_memory"),) if found for one in found.sheet.phrases.en),
    *(one for found in (SHIPPED.skill("recall_memory"),) if found for one in found.sheet.phrases.zh),
    "what did we decide about the pool size?",
    "Which version did we agree to deploy?",
    "上次 payment 是怎么修好的？",
    "how was payment fixed last time?",
    "我们之前讨论的连接池大小是多少",
    "do you still remember who is on call on Sunday?",
    "what have we agreed on for the release?",
    "还记得上次的结论吗",
]
OTHERS = [
    "why is checkout slow?",
    "who deployed payment last?",
    "what did the last deployment of payment change?",
    "show me the logs of payment",
    "what do you know about me?",
    "上次部署是什么时候",
    "how do I fix payment?",
    "remember that the window is on Tuesday",
    "payment 怎么了",
]


@pytest.mark.parametrize("message", RECALLED)
def test_question_about_what_was_said_is_for_recalling(message: str) -> None:
    match = SHIPPED.match(message)
    assert match is not None
    assert (match.skill, match.parameters["question"]) == ("recall_memory", normalise(message))


@pytest.mark.parametrize("message", OTHERS)
def test_question_about_the_world_is_for_other_skills(message: str) -> None:
    match = SHIPPED.match(message)
    assert match is None or match.skill != "recall_memory"


def test_cue_that_is_no_regular_expression_is_told_with_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "action.py").write_text("1\n", encoding="utf-8")
    head = "---\nname: odd\ndescription: Odd.\nmetadata:\n  sanca:\n    title: {en: Odd, zh: 怪}\n"
    sheet = head + "    cues: ['(']\n    phrases: {en: [odd], zh: [怪]}\n---\n"
    (folder / "SKILL.md").write_text(sheet, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no regular expression"):
        load_skill_library([tmp_path])


def test_hostile_message_takes_no_time() -> None:
    found = SHIPPED.skill("recall_memory")
    assert found is not None
    only = SkillLibrary([found])
    began = time.process_time()
    for text in ("how did fix ", "last time how ", "what did ", "上次怎么", "我们决定", "do you remember "):
        only.match(text * 60)
    assert time.process_time() - began < 5


def test_skill_with_cues_is_found_by_nothing_else() -> None:
    only = [one for one in SHIPPED.skills if one.name in ("recall_memory", "show_logs")]
    assert SkillLibrary(only).match("the size of the pool and the deployment, please") is None
