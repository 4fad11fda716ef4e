"""A message through the whole engine, without host, key or configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from agui_story import activities, check_order, text
from sanca.core.errors import ConfigurationError, StoreError
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.refusals import BadRequestError, NotFoundError, NotWaitingError

pytestmark = pytest.mark.anyio


async def test_five_lines_answer_a_message_without_host_key_or_configuration(tmp_path: Path) -> None:
    async with Engine(tmp_path / "empty") as engine:
        result = await engine.run("what is 12% of 85?")

    assert "10.2" in result.answer
    assert (result.status, result.skill, result.rounds) == ("done", "calculate", 1)


async def test_the_page_sees_which_skill_matched_and_why_and_its_calls(home: Path) -> None:
    async with Engine(home) as engine:
        events = [event async for event in engine.stream("show the configuration of checkout")]

    check_order(events)
    (round_,) = activities(events, "sanca-round").values()
    assert round_["strategy"] == "experience"
    assert round_["skill"]["name"] == "service_config"
    assert round_["skill"]["parameters"]["service"] == "checkout"
    assert round_["skill"]["why"]
    assert round_["status"] == "ok"
    calls = [(f"{call['toolkit']}.{call['tool']}", call["status"]) for call in round_["calls"]]
    assert calls == [("system.services", "ok"), ("system.config", "ok"), ("card.facts", "ok")]
    assert "checkout v1.2.0" in text(events)
    assert events[-1]["outcome"] == {"type": "success"}
    assert events[-1]["result"]["status"] == "done"
    assert events[-1]["result"]["skill"] == "service_config"


async def test_a_missing_parameter_is_asked_for_with_choices_and_the_run_goes_on(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("show the configuration", session_id="ses_a")
        (interrupt,) = asked.interrupts
        answered = await engine.answer(interrupt["id"], approved=True, value={"value": "storefront"})
        events = [json.loads(event.json) async for _, event in engine.attach_session(LOCAL, "ses_a")]

    assert asked.status == "needs_input"
    assert (interrupt["reason"], interrupt["metadata"]["runId"]) == ("question", asked.run_id)
    assert interrupt["responseSchema"]["properties"]["value"]["enum"] == ["storefront", "checkout"]
    assert answered.status == "done"
    assert "storefront v1.2.0" in answered.answer
    check_order(events)
    (approval,) = activities(events, "sanca-approval").values()
    assert (approval["state"], approval["kind"], approval["answered_by"]) == ("approved", "question", "local")


async def test_questions_and_answers_are_in_the_language_of_the_message(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("显示配置")
        answered = await engine.answer(asked.interrupts[0]["id"], approved=True, value={"value": "checkout"})
        unknown = await engine.run("写一首关于巴松管的诗")

    assert "服务" in asked.interrupts[0]["message"]
    assert "配置项" in answered.answer
    assert unknown.answer.startswith("我还不知道")


async def test_a_dismissed_question_ends_the_run_politely(home: Path) -> None:
    async with Engine(home) as engine:
        asked = await engine.run("show the configuration")
        answered = await engine.answer(asked.interrupts[0]["id"], approved=False)

    assert answered.status == "done"
    assert "leave it" in answered.answer


async def test_a_skill_that_needs_a_host_says_so_when_there_is_none_and_is_not_offered(tmp_path: Path) -> None:
    async with Engine(tmp_path / "empty") as engine:
        result = await engine.run("show the configuration of checkout")
        events = [event async for event in engine.stream("compose a poem about whales")]

    assert result.status == "failed"
    assert "toolkit 'system'" in result.error
    (choices,) = [event["value"] for event in events if event["type"] == "CUSTOM"]
    offered = {skill["name"] for skill in choices["skills"]}
    assert "calculate" in offered
    assert "service_config" not in offered


async def test_what_it_does_not_know_it_says_with_what_it_can_do(home: Path) -> None:
    async with Engine(home) as engine:
        events = [event async for event in engine.stream("compose a poem about whales")]

    check_order(events)
    (choices,) = [event["value"] for event in events if event["type"] == "CUSTOM"]
    assert "calculate" in [skill["name"] for skill in choices["skills"]]
    assert "OPENAI_API_KEY" in choices["how_to_set_a_model"]
    assert text(events).startswith("I don't know how")
    assert events[-1]["result"]["status"] == "failed"


async def test_a_persons_action_runs_in_the_sandbox_and_names_live_on_in_the_session(home: Path) -> None:
    async with Engine(home) as engine:
        first = await engine.execute("beds = garden.beds()\nprint(len(beds))\nbeds", session_id="ses_a")
        second = await engine.execute("beds[0].upper()", session_id="ses_a")
        other = await engine.execute("beds[0]", session_id="ses_b")

    assert (first.status, first.value, first.stdout) == ("ok", "['north', 'south']", "2\n")
    assert second.value == "NORTH"
    assert (other.status, other.error_type) == ("error", "NameError")


async def test_an_error_of_a_persons_action_is_its_end_in_one_sentence(home: Path) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("", LOCAL, action_code="1/0"))
        events = [json.loads(event.json) async for event in log.follow()]

    check_order(events)
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["code"] == "failed"
    assert "ZeroDivisionError" in events[-1]["message"]
    (round_,) = activities(events, "sanca-round").values()
    assert (round_["status"], round_["strategy"]) == ("error", "person")


async def test_cards_words_and_files_of_an_action_are_shown_as_they_come(home: Path) -> None:
    code = "say('working')\ncard.table('Beds', [{'bed': 'north'}])\nopen('/output/beds.csv', 'w').write('bed')\n'done'"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=code))
        events = [json.loads(event.json) async for event in log.follow()]
        again = await engine.execute("1 + 1", session_id="ses_a")
        record = (await engine.parts.runs.of_session(LOCAL, "ses_a"))[0]

    check_order(events)
    (file,) = activities(events, "sanca-file").values()
    assert (file["name"], file["size_bytes"], file["media_type"]) == ("beds.csv", 3, "text/csv")
    (surface,) = activities(events, "a2ui-surface").values()
    assert surface["a2ui_operations"][0]["createSurface"]["catalogId"] == "https://sanca.dev/catalog/v1"
    assert text(events) == "workingdone"
    assert again.value == "2"
    assert len(record.cards) == 1


async def test_a_session_and_its_runs_are_hidden_from_others(home: Path) -> None:
    async with Engine(home) as engine:
        result = await engine.run("what is 12% of 85?", session_id="ses_a")
        stranger = LOCAL.model_copy(update={"user": "mallory"})
        with pytest.raises(NotFoundError):
            await engine.run("hello", session_id="ses_a", caller=stranger)
        with pytest.raises(NotFoundError):
            await engine.cancel(result.run_id, caller=stranger)
        with pytest.raises(NotFoundError):
            await engine.start(engine.request("ses_b", stranger, continue_run_id=result.run_id))
        seen = [event async for event in engine.attach_session(stranger, "ses_a")]

    assert seen == []


async def test_bad_requests_are_refused_in_one_sentence(home: Path) -> None:
    async with Engine(home) as engine:
        for wrong in ({"message": " "}, {"message": "x" * 100_000}, {"action_code": "x" * 1_000_000}):
            with pytest.raises(BadRequestError):
                engine.request("", LOCAL, **wrong)
        with pytest.raises(BadRequestError, match="session id"):
            await engine.run("hello", session_id="../../etc")
        with pytest.raises(NotWaitingError):
            await engine.answer("nothing", approved=True)


async def test_a_second_engine_on_the_folder_or_in_the_process_says_so(home: Path, tmp_path: Path) -> None:
    async with Engine(home):
        with pytest.raises(ConfigurationError, match="already serves the state folder"):
            async with Engine(home):
                pass
        with pytest.raises(ConfigurationError, match="open in this process"):
            async with Engine(tmp_path / "other"):
                pass


async def test_a_file_given_is_read_only_under_input(home: Path) -> None:
    async with Engine(home) as engine:
        await engine.parts.files.put(LOCAL, "ses_a", "beds.csv", b"bed\nnorth\n")
        read = await engine.execute("open('/input/beds.csv').read()", session_id="ses_a")
        written = await engine.execute("open('/input/beds.csv', 'w')", session_id="ses_a")

    assert read.value == "bed\nnorth\n"
    assert written.status == "error"


async def test_the_journal_tells_what_each_zone_did(home: Path, ledger: Callable[[], list[str]]) -> None:
    async with Engine(home) as engine:
        await engine.execute("garden.dig('north')", session_id="ses_a")
        (record,) = await engine.parts.runs.of_session(LOCAL, "ses_a")
        await engine.parts.journal.flush()
        rows = engine.parts.journal._reader.rows(record.run_id)

    kinds = [row.kind for row in rows if row.kind != "event"]
    assert kinds == ["percept", "action", "call_requested", "call_finished", "observation", "self_check"]
    assert {row.trace_id for row in rows} == {record.request.caller.trace_id}
    assert ledger() == ["dig north"]


async def test_an_opening_that_fails_leaves_nothing_behind_and_can_be_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_MEMORY_SKILL_FOLDERS", '["/nowhere"]')
    with pytest.raises(ConfigurationError, match="/nowhere"):
        async with Engine(home):
            pass
    (home / "runs.db").mkdir()
    monkeypatch.delenv("SANCA_MEMORY_SKILL_FOLDERS")
    with pytest.raises(StoreError, match=r"runs\.db"):
        async with Engine(home):
            pass
    (home / "runs.db").rmdir()
    async with Engine(home) as engine:
        assert (await engine.execute("1 + 1")).value == "2"
