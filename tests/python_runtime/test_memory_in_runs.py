"""What runs keep and recall, through the whole engine: with no model, and with a scripted one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from agui_story import activities, text
from sanca.core.memory import RecordFilter, Scope
from sanca.core.messages import Caller, Message
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from sanca.python_runtime.memory_talk import forbids
from sanca.python_runtime.models import ScriptedModel
from sanca.python_runtime.run_record import PageContext
from sanca.python_runtime.upkeep import Upkeep
from watching import to_the_end

pytestmark = pytest.mark.anyio
OWN = Scope(tenant=LOCAL.tenant, user=LOCAL.user)
OTHER = Caller(user="somebody", channel="cli", rights=("*",))


def prompt(model: ScriptedModel, at: int = -1) -> str:
    return "\n".join(str(one.content) for one in model.requests[at].messages[1:])


def segment(model: ScriptedModel, name: str, at: int = -1) -> str:
    asked = prompt(model, at)
    return asked.split(f"<{name}>\n")[1].split(f"\n</{name}>")[0] if f"<{name}>" in asked else ""


async def say(engine: Engine, session: str, lines: list[tuple[str, str]], time: str = "2026-11-10T09:00:00") -> None:
    sessions = engine.parts.sessions
    await sessions.touch_session(LOCAL.tenant, LOCAL.user, session)
    for number, (role, words) in enumerate(lines):
        at = (datetime.fromisoformat(time).replace(tzinfo=UTC) + timedelta(minutes=number)).isoformat()
        said = Message(id=f"{session}-{number}", role=role, content=words, created_at=at)  # type: ignore[arg-type]  # a role's name
        await sessions.add_message(LOCAL.tenant, LOCAL.user, session, said)


async def test_wishes_are_kept_told_and_forgotten_without_a_model(home: Path) -> None:
    async with Engine(home) as engine:
        kept = await engine.run("never water the roses at night", session_id="ses_a")
        assert kept.answer.startswith("I'll remember: Never water the roses at night.")
        known = await engine.run("what do you know about me?", session_id="ses_b")
        assert "- Never water the roses at night." in known.answer
        stranger = await engine.run("what do you know about me?", session_id="ses_c", caller=OTHER)
        assert "roses" not in stranger.answer
        forgot = await engine.run("forget that", session_id="ses_a")
        assert forgot.answer == "Forgotten: Never water the roses at night."
        assert "roses" not in (await engine.run("what do you know about me?", session_id="ses_b")).answer


async def test_a_wish_beside_a_task_is_kept_in_a_notice_and_the_task_is_done(home: Path) -> None:
    async with Engine(home) as engine:
        events = [event async for event in engine.stream("I'm the on-call for checkout, what is 12% of 85?")]
        assert await engine.parts.preferences.all(OWN)
    (notice,) = activities(events, "sanca-notice").values()
    assert notice == {
        "level": "info", "text": "I'll remember: I'm the on-call for checkout.", "code": "preference_kept"
    }  # fmt: skip
    assert "10.2" in text(events)


async def test_a_language_wished_for_good_holds_in_other_sessions(home: Path) -> None:
    async with Engine(home) as engine:
        noted = await engine.run("以后都用中文回答", session_id="ses_a")
        assert "中文" in noted.answer
        answered = await engine.run("what do you know about me?", session_id="ses_b")
        assert "以后都用中文回答。" in answered.answer
        assert answered.answer.startswith("这是我所知道的")


async def test_forget_that_forgets_the_last_exchange_where_no_wish_was_kept(home: Path) -> None:
    async with Engine(home) as engine:
        await engine.run("what is 12% of 85?", session_id="ses_a")
        forgot = await engine.run("forget that", session_id="ses_a")
        assert "what is 12% of 85?" in forgot.answer
        left = await engine.parts.sessions.messages(LOCAL.tenant, LOCAL.user, "ses_a")
        assert not any("85" in one.content for one in left if one.run_id != forgot.run_id)


async def test_what_was_decided_is_answered_from_other_sessions_with_its_source(home: Path) -> None:
    async with Engine(home) as engine:
        await say(engine, "ses_old", [
            ("user", "The pool of checkout is exhausted again."), ("assistant", "All 10 connections are in use."),
            ("user", "We decided to raise the pool size to 40."), ("assistant", "Done."),
            ("user", "上次 payment 报错是因为证书过期，换了证书后就好了"),
        ])  # fmt: skip
        told = await engine.run("what did we decide about the pool size?", session_id="ses_b")
        assert (told.status, told.skill) == ("done", "recall_memory")
        assert "We decided to raise the pool size to 40." in told.answer
        assert "2026-11-10 09:02" in told.answer
        chinese = await engine.run("上次 payment 是怎么修好的？", session_id="ses_c")
        assert "证书过期" in chinese.answer
        nothing = await engine.run("what did we decide about the pool size?", session_id="ses_d", caller=OTHER)
        assert "40" not in nothing.answer


async def test_a_prompt_has_wishes_knowledge_and_what_other_sessions_said(home: Path) -> None:
    model = ScriptedModel(["It is 40."] * 3)
    async with Engine(home, model=model) as engine:
        await say(engine, "ses_old", [("user", "We decided to plant forty harbour tulips.")])
        await engine.parts.preferences.learn(OWN, "never restart payment at night")
        text_ = b"# Harbour tulips\n\nHarbour tulips take two litres of water a day."
        await engine.parts.knowledge.add_document(Scope(tenant="default", user=""), "tulips.md", text_, "text/markdown")
        request = engine.request("ses_b", LOCAL, message="hum a tune for the harbour tulips")
        events = await to_the_end(await engine.start(request))
    assert segment(model, "preferences") == "- Never restart payment at night."
    assert "We decided to plant forty harbour tulips." in segment(model, "recalled")
    assert "[user, 2026-11-10 09:00]" in segment(model, "recalled")
    assert "two litres of water" in segment(model, "knowledge")
    assert "tulips.md" in segment(model, "knowledge")
    recalled = list(activities(events, "sanca-round").values())[-1]["recalled"]
    assert {one["layer"] for one in recalled} == {"message", "knowledge"}
    assert all(set(one) == {"layer", "id", "session_id", "citation"} for one in recalled)


async def test_of_a_long_session_the_last_exchanges_stand_whole_and_older_ones_by_what_fits(home: Path) -> None:
    model = ScriptedModel(["Fine."])
    old = [("user", "The launch code word is heliotrope."), ("assistant", "Noted.")]
    filler = [("user" if at % 2 == 0 else "assistant", f"We look at the garden bed number {at}.") for at in range(60)]
    async with Engine(home, model=model) as engine:
        await say(engine, "ses_a", [*old, *filler])
        await engine.run("hum a tune with the launch code word", session_id="ses_a")
    session = segment(model, "session")
    assert session.count("garden bed number") == 20 and "number 59" in session
    earlier = segment(model, "earlier")
    assert "heliotrope" in earlier and "this session before, in short" in earlier
    assert "<recalled>" not in prompt(model)


async def test_memory_rests_between_the_rounds_of_a_run(home: Path) -> None:
    model = ScriptedModel(["I look.\n\n```python\ngarden.beds()\n```", "Two beds."])
    async with Engine(home, model=model) as engine:
        await say(engine, "ses_old", [("user", "The tulips of the north bed like a slow tune.")])
        await engine.run("hum a tune for the tulips of the north bed", session_id="ses_b")
    first, second = (str(one.messages[1].content) for one in model.requests)
    task = first.split("</task>")[0]
    assert "like a slow tune" in task
    assert second.startswith(task)


async def test_a_tenant_may_do_without_memory(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_MEMORY_TENANT_RECALL", '{"default": "off"}')
    model = ScriptedModel(["Fine."] * 3)
    async with Engine(home, model=model) as engine:
        await say(engine, "ses_old", [("user", "We decided to raise the pool size of checkout to 40.")])
        await engine.run("never water the roses at night", session_id="ses_a")
        await engine.run("hum a tune for the harbour tulips", session_id="ses_b")
        assert await engine.parts.preferences.all(OWN) == []
    assert not any(f"<{name}>" in prompt(model) for name in ("recalled", "earlier", "knowledge", "preferences"))


async def test_what_is_secret_in_a_message_is_not_kept(home: Path) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    async with Engine(home) as engine:
        await engine.run(f"what is 12% of 85? my key is aws_access_key_id={secret}", session_id="ses_a")
        which = RecordFilter(layers=("message",))
        kept = [one.text async for page, _ in engine.parts.memory.store.scan(OWN, which) for one in page]
    assert kept and not any(secret in one for one in kept)


async def test_what_was_selected_some_minutes_ago_is_known(home: Path) -> None:
    model = ScriptedModel(["Fine."] * 4)

    async def ask(engine: Engine, message: str, page: PageContext | None) -> None:
        request = engine.request("ses_a", LOCAL, message=message, page=page)
        await to_the_end(await engine.start(request))

    async with Engine(home, model=model) as engine:
        shown = PageContext(url="/fleet", title="Fleet", selection="checkout 2,300 ms", time_zone="Asia/Shanghai")
        await ask(engine, "hum a tune about my selection", shown)
        other = PageContext(url="/logs", title="Logs", selection="tulip 502")
        await ask(engine, "compare my selection with what I selected before in a song", other)
        assert "selected before: checkout 2,300 ms" in segment(model, "page")
        assert "selection: tulip 502" in segment(model, "page")
        await ask(engine, "sing what I selected before", None)
        assert "tulip 502" in segment(model, "page")
        await ask(engine, "sing about this page", None)
        assert "title: Logs" in segment(model, "page")
        assert await engine.parts.preferences.time_zone(OWN) == "Asia/Shanghai"


async def test_an_approval_shows_which_wish_speaks_against_it(home: Path) -> None:
    async with Engine(home) as engine:
        await engine.run("never water the north bed", session_id="ses_a")
        request = engine.request("ses_a", LOCAL, action_code='garden.water("north")')
        log = await engine.start(request)
        events = [json.loads(event.json) async for event in log.follow(until="first_end")]
        (approval,) = activities(events, "sanca-approval").values()
        assert "Never water the north bed." in approval["description"]
        await engine.cancel(request.run_id)


async def test_days_that_are_over_are_summed_up_while_nothing_goes_on(home: Path) -> None:
    async with Engine(home) as engine:
        await say(engine, "ses_old", [("user", "We decided to raise the pool size of checkout to 40.")])
        upkeep = Upkeep(engine.parts.remembering, lambda: True)
        assert await upkeep.run_once() == [(OWN, "2026-11-10")]
        assert await upkeep.run_once() == []
        path = home / "memory" / "default" / "local" / "2026-11-10.md"
        path.write_text(path.read_text("utf-8").replace("raise the pool size", "double the pool size"), "utf-8")
        await upkeep.run_once()
        which = RecordFilter(layers=("summary",), session_ids=("ses_old",))
        (section,) = [one async for page, _ in engine.parts.memory.store.scan(OWN, which) for one in page]
        assert "double the pool size" in section.text


@pytest.mark.parametrize(
    ("wish", "tool", "arguments", "is_against"),
    [
        ("Never restart payment at night.", "restart", '{"service":"payment"}', True),
        ("Never restart payment at night.", "restart", '{"service":"checkout"}', False),
        ("Never restart payment at night.", "deploy", '{"service":"payment"}', False),
        ("以后别重启 payment。", "restart", '{"service":"payment"}', True),
        ("晚上不要重启任何服务。", "restart", '{"service":"ledger"}', True),
        ("Don't ever delete logs.", "delete_files", '{"service":"a","pattern":"logs/*"}', True),
        ("I hate long tables.", "delete_files", '{"pattern":"tables"}', False),
    ],
)
def test_a_wish_is_against_a_call_of_the_same_deed_on_the_same_thing(
    wish: str, tool: str, arguments: str, is_against: bool
) -> None:
    assert forbids(wish, tool, arguments) is is_against
