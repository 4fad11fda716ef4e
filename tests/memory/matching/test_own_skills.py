"""Skills that a user adds: found by more than their literal phrases, and in nobody's way."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from sanca.memory import SkillLibrary, load_skill_library
from sanca.memory.skills import read_skills

_SHEETS = Path(__file__).parents[1] / "data" / "own_skills.yaml"
DATA: dict[str, Any] = yaml.safe_load(_SHEETS.read_text(encoding="utf-8"))
MESSAGES = [(skill, message) for skill, messages in DATA["messages"].items() for message in messages]


def write_skill(folder: Path, name: str, sheet: dict[str, Any]) -> None:
    (folder / name).mkdir()
    (folder / name / "action.py").write_text('"done"\n', encoding="utf-8")
    front = {"name": name, "description": sheet["title"]["en"], "metadata": {"sanca": sheet}}
    text = yaml.safe_dump(front, allow_unicode=True)
    (folder / name / "SKILL.md").write_text(f"---\n{text}---\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for name, sheet in DATA["skills"].items():
        write_skill(folder, name, sheet)
    return folder


@pytest.fixture(scope="module")
def library(folder: Path) -> SkillLibrary:
    return load_skill_library([folder])


@pytest.mark.parametrize(("skill", "message"), MESSAGES, ids=[message for _, message in MESSAGES])
def test_message_gets_the_skill_that_was_added_or_none(library: SkillLibrary, skill: str, message: str) -> None:
    match = library.match(message)
    assert (match.skill if match else "none") == skill


def test_phrase_of_an_added_skill_is_as_good_as_certain(library: SkillLibrary) -> None:
    for name, sheet in DATA["skills"].items():
        for phrase in (*sheet["phrases"]["en"], *sheet["phrases"]["zh"]):
            message = phrase.format(service="gateway", text='"customers"', number=5)
            match = library.match(message)
            assert match is not None, message
            assert (match.skill, match.score > 0.9) == (name, True), message


def test_added_skills_leave_the_score_of_a_shipped_one_as_it_is(library: SkillLibrary) -> None:
    alone = load_skill_library()
    for message in ("restart gateway", "查看 billing 的日志", "which service is broken?", "what is 12 * 7"):
        match, before = library.match(message), alone.match(message)
        assert match is not None
        assert before is not None
        assert match.skill == before.skill
        assert match.score == pytest.approx(before.score, abs=0.05)


def test_library_of_added_skills_only_matches_too(folder: Path) -> None:
    library = SkillLibrary(read_skills([folder]))
    match = library.match("can you back up the db?")
    assert match is not None
    assert match.skill == "backup_database"
    assert library.match("restart gateway") is None


def test_match_with_added_skills_takes_less_than_twenty_milliseconds(library: SkillLibrary) -> None:
    times = []
    for _, message in MESSAGES:
        start = time.perf_counter()
        library.match(message)
        times.append(time.perf_counter() - start)
    assert sorted(times)[len(times) // 2] < 0.02
