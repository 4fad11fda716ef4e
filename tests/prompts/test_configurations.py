"""Prompt configurations: what holds for whom, what is wrong in a file, and what happens when one changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prompt_cases import rounds
from sanca.core.errors import ConfigurationError
from sanca.prompts import InferencePromptConfigManager, PromptInputs, PromptSettings
from sanca.prompts.configuration import PURPOSES
from structlog.testing import capture_logs


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def system(manager: InferencePromptConfigManager, tenant: str = "", scenario: str = "", model: str = "") -> str:
    builder = manager.builder("cmd", tenant=tenant, scenario=scenario, model=model)
    return builder.assemble(PromptInputs("Why?")).request.messages[0].content


def test_shipped_configurations_serve_every_purpose() -> None:
    manager = InferencePromptConfigManager()
    assert manager.problems == ()
    for purpose in PURPOSES:
        for model in ("", "qwen3-coder", "deepseek-chat"):
            assert manager.builder(purpose, model=model).configuration.purpose == purpose


def test_most_specific_wins_field_by_field(tmp_path: Path) -> None:
    def sheet(target: str, **fields: object) -> str:
        said = "".join(f"\n    {name}: {value}" for name, value in fields.items())
        return f'version: "1"\napplies_to: {{{target}}}\npurposes:\n  cmd:{said}\n'

    write(tmp_path, "all.yaml", sheet("", temperature=0.1, output_tokens=1111, timeout_seconds=11, role="general"))
    write(tmp_path, "models.yaml", sheet("model: 'qwen*'", temperature=0.2, output_tokens=2222, timeout_seconds=22))
    write(tmp_path, "exact.yaml", sheet("model: qwen-max", temperature=0.3))
    write(tmp_path, "data.yaml", sheet("scenario: data", temperature=0.4, output_tokens=4444))
    write(tmp_path, "acme.yaml", sheet("tenant: acme", temperature=0.5))
    write(tmp_path, "both.yaml", sheet("tenant: acme, scenario: data", temperature=0.6))
    manager = InferencePromptConfigManager(tmp_path)
    assert manager.problems == ()

    def found(tenant: str, scenario: str, model: str) -> tuple[float, int, float, str]:
        made = manager.builder("cmd", tenant=tenant, scenario=scenario, model=model).configuration
        return made.temperature, made.output_tokens, made.timeout_seconds, made.role

    assert found("", "", "") == (0.1, 1111, 11, "general")
    assert found("", "", "Qwen-Turbo") == (0.2, 2222, 22, "general")
    assert found("", "", "qwen-max") == (0.3, 2222, 22, "general")
    assert found("", "data", "qwen-max") == (0.4, 4444, 22, "general")
    assert found("acme", "", "qwen-max") == (0.5, 2222, 22, "general")
    assert found("acme", "data", "qwen-max") == (0.6, 4444, 22, "general")
    assert found("other", "other", "other") == found("", "", "")


def test_one_tenant_s_words_are_never_another_s(tmp_path: Path) -> None:
    write(tmp_path, "acme.yaml", 'version: "7"\napplies_to: {tenant: acme}\ncommon:\n  rules: Only ACME knows this.\n')
    write(tmp_path, "acme/introduction.md.j2", "You work for ACME.")
    manager = InferencePromptConfigManager(tmp_path)
    assert system(manager, "acme").startswith("You work for ACME.\n\n# Mechanism")
    assert "Only ACME knows this." in system(manager, "acme")
    for tenant in ("", "ACME", "acme2", "*"):
        assert "ACME" not in system(manager, tenant)
    assert manager.builder("cmd", tenant="acme").assemble(PromptInputs("x")).versions == ("sanca/default@1", "acme@7")


def test_rules_of_the_house_follow_each_other(tmp_path: Path) -> None:
    write(tmp_path, "all.yaml", 'version: "1"\ncommon:\n  rules: "- First."\n')
    write(tmp_path, "acme.yaml", 'version: "1"\napplies_to: {tenant: acme}\ncommon:\n  rules: "- Second."\n')
    assert "Rules that hold here:\n\n- First.\n- Second." in system(InferencePromptConfigManager(tmp_path), "acme")


def test_operator_s_example_joins_the_shipped_ones(tmp_path: Path) -> None:
    text = 'version: "1"\npurposes:\n  cmd:\n    examples: [look_then_tell, ours]\n'
    write(tmp_path, "house.yaml", text)
    write(tmp_path, "house/examples/ours.md.j2", "Task: *Ours.*")
    told = system(InferencePromptConfigManager(tmp_path))
    assert "Why is the shop slow?" in told and "Task: *Ours.*" in told and "sales.csv" not in told


def test_custom_builder_makes_the_system_message_of_the_operator_s_sections(tmp_path: Path) -> None:
    text = 'version: "1"\ntemplates: own\npurposes:\n  cmd:\n    builder: custom\n    sections: [hello, output]\n'
    write(tmp_path, "house.yaml", text)
    write(tmp_path, "own/hello.md.j2", "Hello {{ 'there' if toolkits else 'nobody' }}.")
    manager = InferencePromptConfigManager(tmp_path)
    assert system(manager).startswith("Hello nobody.\n\n# Output")
    assert "# Mechanism" not in system(manager)


WRONG = {
    "not_yaml": ("version: [", "it is not YAML"),
    "no_mapping": ("- a\n", "must hold names and values"),
    "empty": ("", "must hold names and values"),
    "no_version": ("common: {}\n", "version: is missing; add it"),
    "number_as_version": ("version: 1\n", "line 1, version: 1 is not a text; put it between quotation marks"),
    "unknown_field": ('version: "1"\ncomon: {}\n', "line 2, comon: there is no such field; did you mean 'common'?"),
    "unknown_purpose": ('version: "1"\npurposes:\n  cmdd: {}\n', "line 3, purposes.cmdd: 'cmdd' cannot be used"),
    "unknown_field_of_purpose": (
        'version: "1"\npurposes:\n  cmd:\n    temprature: 1\n',
        "line 4, purposes.cmd.temprature: there is no such field; did you mean 'temperature'?",
    ),
    "out_of_bounds": (
        'version: "1"\ncommon:\n  temperature: 3\n', "line 3, common.temperature: 3 cannot be used: input should be",
    ),
    "unknown_segment": (
        'version: "1"\ncommon:\n  segments:\n    pages: {tokens: 1}\n', "line 4, common.segments.pages: 'pages' cannot",
    ),
    "wrong_number": (
        'version: "1"\ncommon:\n  segments:\n    page: {tokens: many}\n', "line 4, common.segments.page.tokens: 'many'",
    ),
    "twice": ('version: "1"\ncommon: {}\ncommon: {}\n', "line 3, common: is there twice"),
    "unknown_target": ('version: "1"\napplies_to: {team: a}\n', "applies_to.team: there is no such field;"),
    "unknown_example": (
        'version: "1"\npurposes:\n  cmd:\n    examples: [none]\n',
        "line 4, purposes.cmd.examples: there is no template 'examples/none'; write it as house/examples/none.md.j2",
    ),
    "custom_without_sections": (
        'version: "1"\npurposes:\n  cmd:\n    builder: custom\n', "purposes.cmd: the builder 'custom' needs `sections`",
    ),
    "unknown_section": (
        'version: "1"\npurposes:\n  cmd:\n    builder: custom\n    sections: [nope]\n',
        "line 5, purposes.cmd.sections: there is no template 'nope'",
    ),
    "builder_of_another_purpose": (
        'version: "1"\npurposes:\n  judge:\n    builder: cmd\n', "purposes.judge: builder 'cmd' cannot serve 'judge'",
    ),
    "completion_elsewhere": (
        'version: "1"\npurposes:\n  cmd:\n    form: completion\n', "the form 'completion' is only for the purpose",
    ),
    "no_folder": ('version: "1"\ntemplates: nowhere\n', "line 2, templates: there is no folder 'nowhere' beside"),
    "path_as_folder": ('version: "1"\ntemplates: ../up\n', "line 2, templates: '../up' cannot be used"),
    "alias": ('version: &v "1"\napplies_to: {tenant: *v}\n', "uses an alias"),
    "deep": ("version: " + "[" * 200 + "]" * 200 + "\n", "goes too deep"),
    "object": ('version: !!python/object/apply:os.getcwd []\n', "is not"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_file_line_and_field(name: str, tmp_path: Path) -> None:
    text, said = WRONG[name]
    path = write(tmp_path, "house.yaml", text)
    manager = InferencePromptConfigManager(tmp_path)
    (problem,) = manager.problems
    assert str(path) in problem.message
    assert said in problem.message
    assert "\n" not in problem.message
    assert system(manager) == system(InferencePromptConfigManager())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("one\n{% if %}", r"line 2"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ("{% for n in range(10 ** 9) %}{{ n }}{% endfor %}", "'range' is undefined"),
        ("{% include 'none.md.j2' %}", r"none\.md\.j2"),
        ("{{ 'x' * 2000000 }}", "more than 1,000,000 characters"),
    ],
)
def test_template_that_does_not_work_is_named(text: str, said: str, tmp_path: Path) -> None:
    write(tmp_path, "house.yaml", 'version: "1"\n')
    write(tmp_path, "house/introduction.md.j2", text)
    manager = InferencePromptConfigManager(tmp_path)
    (problem,) = manager.problems
    assert "introduction" in problem.message or "none" in problem.message
    assert said.replace("\\", "") in problem.message
    assert system(manager).startswith("# Introduction")


def test_two_files_for_the_same_are_not_both_taken(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path, f"{name}.yaml", f'version: "1"\napplies_to: {{tenant: acme}}\ncommon:\n  rules: {name}{name}\n')
    manager = InferencePromptConfigManager(tmp_path)
    (problem,) = manager.problems
    assert problem.path.name == "b.yaml"
    assert "'a.yaml' is for tenant 'acme' too" in problem.message
    assert "aa" in system(manager, "acme") and "bb" not in system(manager, "acme")


def test_a_change_holds_from_the_next_prompt_on_without_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    manager = InferencePromptConfigManager(tmp_path / "prompts", clock=clock)
    assert "Second" not in system(manager)
    write(tmp_path, "prompts/house.yaml", 'version: "1"\ncommon:\n  rules: First.\n')
    assert "First." not in system(manager)  # looked at a moment ago
    clock.now += 2
    assert "First." in system(manager)
    write(tmp_path, "prompts/house.yaml", 'version: "2"\ncommon:\n  rules: Second.\n')
    clock.now += 2
    prompt = manager.builder("cmd").assemble(PromptInputs("Why?"))
    assert "Second." in prompt.request.messages[0].content
    assert prompt.note()["configuration"] == ["sanca/default@1", "house@2"]
    (tmp_path / "prompts/house.yaml").unlink()
    clock.now += 2
    assert "Second." not in system(manager)


def test_a_changed_template_holds_too(tmp_path: Path) -> None:
    clock = Clock()
    write(tmp_path, "house.yaml", 'version: "1"\n')
    template = write(tmp_path, "house/introduction.md.j2", "Old.")
    manager = InferencePromptConfigManager(tmp_path, clock=clock)
    assert system(manager).startswith("Old.")
    write(tmp_path, "house/introduction.md.j2", "New words.")
    clock.now += 2
    assert system(manager).startswith("New words.")
    template.unlink()
    clock.now += 2
    assert system(manager).startswith("# Introduction")


def test_a_wrong_change_is_never_taken_into_use_and_is_told(tmp_path: Path) -> None:
    clock = Clock()
    write(tmp_path, "acme.yaml", 'version: "1"\napplies_to: {tenant: acme}\ncommon:\n  rules: Good.\n')
    write(tmp_path, "acme/introduction.md.j2", "ACME.")
    write(tmp_path, "other.yaml", 'version: "1"\napplies_to: {tenant: other}\ncommon:\n  rules: Old.\n')
    manager = InferencePromptConfigManager(tmp_path, clock=clock)
    write(tmp_path, "acme.yaml", 'version: "2"\napplies_to: {tenant: acme}\ncommon:\n  rule: Bad.\n')
    write(tmp_path, "acme/introduction.md.j2", "{{ broken")
    write(tmp_path, "other.yaml", 'version: "2"\napplies_to: {tenant: other}\ncommon:\n  rules: New.\n')
    clock.now += 2
    with capture_logs() as logs:
        told = system(manager, "acme")
    assert told.startswith("ACME.") and "Good." in told
    assert "New." in system(manager, "other")
    (problem,) = manager.problems
    assert problem.last_good == "acme@1"
    assert "acme.yaml" in problem.message and "did you mean 'rules'?" in problem.message
    refused = [one for one in logs if one["event"] == "prompt_configuration_refused"]
    assert [one["in_use"] for one in refused] == ["acme@1"]
    prompt = manager.builder("cmd", tenant="acme").assemble(PromptInputs("Why?"))
    assert prompt.note()["configuration_problems"] == [problem.message]

    write(tmp_path, "acme.yaml", 'version: "3"\napplies_to: {tenant: acme}\ncommon:\n  rules: Mended.\n')
    write(tmp_path, "acme/introduction.md.j2", "ACME again.")
    clock.now += 2
    assert "Mended." in system(manager, "acme")
    assert manager.problems == ()


def test_a_good_file_is_not_hurt_by_what_is_on_the_disk_later(tmp_path: Path) -> None:
    write(tmp_path, "house.yaml", 'version: "1"\n')
    template = write(tmp_path, "house/observation.md.j2", "SEEN {{ segment.text }}{{ left_out or '' }}")
    manager = InferencePromptConfigManager(tmp_path, PromptSettings(reload_seconds=3600))
    template.unlink()
    prompt = manager.builder("cmd").assemble(PromptInputs("Why?", rounds=rounds(1)))
    assert prompt.request.messages[-1].content.startswith("SEEN round 0")


def test_template_that_fails_on_real_inputs_gives_way_to_the_shipped_one(tmp_path: Path) -> None:
    write(tmp_path, "house.yaml", 'version: "1"\n')
    write(tmp_path, "house/ending.md.j2", "{{ 1 // (rounds_left - 7) if rounds_left else 'Own.' }}")
    manager = InferencePromptConfigManager(tmp_path)
    builder = manager.builder("cmd")
    assert builder.assemble(PromptInputs("Why?")).request.messages[-1].content.endswith("Own.")
    with capture_logs() as logs:
        prompt = builder.assemble(PromptInputs("Why?", rounds_left=7))
    assert prompt.request.messages[-1].content.endswith("Act, or answer in English.")
    assert prompt.versions == ("sanca/default@1",)
    assert "ending.md.j2" in prompt.note()["configuration_problems"][0]
    assert [one["event"] for one in logs] == ["prompt_template_failed"]


def test_unreadable_file_is_told_and_hurts_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = write(tmp_path, "locked.yaml", 'version: "1"\n')
    write(tmp_path, "acme.yaml", 'version: "1"\napplies_to: {tenant: acme}\ncommon:\n  rules: Seen.\n')
    stat = Path.stat

    def refuse(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refuse)
    manager = InferencePromptConfigManager(tmp_path)
    (problem,) = manager.problems
    assert "locked.yaml" in problem.message and "Permission denied" in problem.message
    assert "Seen." in system(manager, "acme")


def test_looking_for_changes_is_bounded_by_the_clock(tmp_path: Path) -> None:
    clock = Clock()
    manager = InferencePromptConfigManager(tmp_path, clock=clock)
    first = manager.builder("cmd", tenant="acme")
    write(tmp_path, "house.yaml", 'version: "1"\ncommon:\n  rules: New.\n')
    clock.now += 0.5
    assert manager.builder("cmd", tenant="acme") is first
    clock.now += 0.5
    assert manager.builder("cmd", tenant="acme") is not first


def test_environment_comes_before_the_default_and_after_what_a_file_says_for_somebody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "all.yaml", 'version: "1"\ncommon:\n  output_tokens: 111\n')
    write(
        tmp_path, "acme.yaml", 'version: "1"\napplies_to: {tenant: acme}\npurposes:\n  cmd:\n    output_tokens: 222\n'
    )
    monkeypatch.setenv("SANCA_PROMPT_FOLDER", str(tmp_path))
    monkeypatch.setenv("SANCA_PROMPT_OUTPUT_TOKENS", "777")
    manager = InferencePromptConfigManager(Path("/nowhere"))
    assert manager.builder("cmd").configuration.output_tokens == 777
    assert manager.builder("cmd", tenant="acme").configuration.output_tokens == 222
    assert manager.resolved("cmd").sources["output_tokens"] == "SANCA_PROMPT_OUTPUT_TOKENS"
    assert manager.resolved("cmd", tenant="acme").sources["output_tokens"] == "acme.yaml:5"


def test_folder_of_the_environment_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SANCA_PROMPT_FOLDER", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="SANCA_PROMPT_FOLDER"):
        InferencePromptConfigManager()


def test_unreadable_and_huge_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"version: \xff\xfe")
    write(tmp_path, "huge.yaml", "# " + "x" * 1_100_000)
    os.symlink(tmp_path / "gone", tmp_path / "link.yaml")  # noqa: PTH211 - a link to nothing
    problems = {one.path.name: one.message for one in InferencePromptConfigManager(tmp_path).problems}
    assert "UTF-8" in problems["bytes.yaml"]
    assert "larger than" in problems["huge.yaml"]
    assert "link.yaml" not in problems


def test_many_tenants_do_not_pile_up() -> None:
    manager = InferencePromptConfigManager()
    builders = {id(manager.builder("cmd", tenant=f"tenant_{number}")) for number in range(600)}
    assert len(builders) > 1
    assert len(manager._builders) <= 256
