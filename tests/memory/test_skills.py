"""Reading SKILL.md files: what is wrong is named with file and field; folders add and replace; ours are sound."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from sanca.core.errors import ConfigurationError
from sanca.memory import Skill, load_skill_library
from sanca.memory.matching.lexicon import shipped_lexicon
from sanca.memory.skills import SHIPPED_SKILLS, read_skill

GOOD = """---
name: greet
description: Greets.
metadata:
  sanca:
    title: {en: Greet somebody, zh: 打招呼}
    phrases: {en: ["greet {service}"], zh: ["向 {service} 问好"]}
    parameters:
      - {name: service, kind: service, required: true, ask: {en: Whom?, zh: 谁?}}
---
"""


def write(folder: Path, text: str = GOOD, name: str = "greet", action: str | None = "'hello'\n") -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "SKILL.md").write_text(text, encoding="utf-8")
    if action is not None:
        (folder / name / "action.py").write_text(action, encoding="utf-8")
    return folder / name / "SKILL.md"


def test_good_skill_is_read(tmp_path: Path) -> None:
    skill = read_skill(write(tmp_path))
    assert skill.sheet.title.in_language("zh") == "打招呼"
    assert skill.code() == "'hello'\n"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("---\nname", "name", "front matter"),
        ("name: greet\n", "", "name"),
        ("name: greet", "name: other", "name"),
        ("description: Greets.\n", "", "description"),
        ("  sanca:", "  other:", "metadata.sanca"),
        ("title: {en: Greet somebody, zh: 打招呼}", "title: {en: Greet somebody}", "metadata.sanca.title.zh"),
        ('en: ["greet {service}"]', "en: []", "metadata.sanca.phrases.en"),
        ("kind: service", "kind: planet", "metadata.sanca.parameters.0.kind"),
        ("name: service, kind", "name: 1x, kind", "metadata.sanca.parameters.0.name"),
        (", ask: {en: Whom?, zh: 谁?}", "", "metadata.sanca.parameters.0.ask"),
        ("kind: service", "kind: choice", "metadata.sanca.parameters.0.choices"),
        ("    parameters:", "    colour: red\n    parameters:", "metadata.sanca.colour"),
        ("    parameters:", "    includes: [../gone.py]\n    parameters:", "metadata.sanca.includes"),
        ("metadata:\n", "metadata: [\n", "front matter"),
    ],
)
def test_wrong_skill_file_names_file_and_field(tmp_path: Path, before: str, after: str, field: str) -> None:
    assert before in GOOD
    file = write(tmp_path, GOOD.replace(before, after, 1))
    with pytest.raises(ConfigurationError) as caught:
        read_skill(file)
    assert str(file) in str(caught.value)
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


def test_skill_without_action_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"action\.py"):
        read_skill(write(tmp_path, action=None))


def test_missing_folder_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist") as caught:
        load_skill_library([tmp_path / "nope"])
    assert caught.value.setting == "SANCA_MEMORY_SKILL_FOLDERS"


def test_own_folder_adds_a_skill_that_is_matched(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace('"greet {service}"', '"water the plants of {service}"'))
    library = load_skill_library([tmp_path])
    match = library.match("please water the plants of web", entities={"service": ["web"]})
    assert match is not None
    assert (match.skill, match.parameters, match.code) == ("greet", {"service": "web"}, "'hello'\n")


def test_own_skill_replaces_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("name: greet", "name: fleet_status"), "fleet_status")
    library = load_skill_library([tmp_path])
    assert [skill.folder.parent for skill in library.skills if skill.name == "fleet_status"] == [tmp_path]


def test_includes_stand_in_front_of_the_action(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("x = 1\n", encoding="utf-8")
    file = write(
        tmp_path, GOOD.replace("    parameters:", "    includes: [../shared.py]\n    parameters:"), action="x + 1\n"
    )
    assert read_skill(file).code() == "x = 1\n\nx + 1\n"


SHIPPED = load_skill_library().skills


@pytest.mark.parametrize("skill", SHIPPED, ids=lambda skill: skill.name)
def test_shipped_action_is_python_that_ends_in_an_expression(skill: Skill) -> None:
    assert isinstance(ast.parse(skill.code()).body[-1], ast.Expr)


@pytest.mark.parametrize("skill", SHIPPED, ids=lambda skill: skill.name)
def test_shipped_skill_has_phrases_in_both_languages_and_known_concepts(skill: Skill) -> None:
    assert len(skill.sheet.phrases.en) >= 6
    assert len(skill.sheet.phrases.zh) >= 6
    known = {
        concept
        for phrase in (*skill.sheet.phrases.en, *skill.sheet.phrases.zh)
        for piece in shipped_lexicon().read(phrase)
        for concept in piece.concepts
    }
    assert {name for name in skill.sheet.only_with if not name.startswith("slot:")} <= known


def test_no_shipped_skill_names_a_service_of_the_demo() -> None:
    manifests = list(
        (
            Path(__file__).parents[2]
            / "java-host"
            / "portal"
            / "src"
            / "main"
            / "resources"
            / "fleet"
            / "repo"
            / "services"
        ).glob("*")
    )
    names = {folder.name for folder in manifests if folder.is_dir()} | {
        "storefront",
        "checkout",
        "payment",
        "inventory",
    }
    for file in SHIPPED_SKILLS.rglob("*"):
        if file.is_file() and file.suffix in (".md", ".py"):
            text = file.read_text(encoding="utf-8").lower()
            assert not [name for name in names if name in text], file


def test_lexicon_has_no_word_twice_in_one_concept_and_no_empty_form() -> None:
    data = yaml.load(
        (SHIPPED_SKILLS.parent / "matching" / "lexicon.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
    )
    for section in ("concepts", "foreign"):
        for concept, forms in data[section].items():
            for language in ("en", "zh"):
                assert all(form.strip() for form in forms[language]), concept
                assert len(forms[language]) == len(set(forms[language])), concept
