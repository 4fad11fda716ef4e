"""What runs teach, end to end: real sandbox, broker, gate and store; the model is scripted, over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_script import Serve, act, asked
from sanca.core.messages import Caller
from sanca.memory.experience import Kept
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL

pytestmark = pytest.mark.anyio

OLGA = Caller(tenant="acme", user="olga", rights=("*",), channel="cli")
IVAN = Caller(tenant="acme", user="ivan", rights=("*",), channel="cli")
EVE = Caller(tenant="other", user="olga", rights=("*",), channel="cli")
ASK = "how many tulips has the bed of {}?"
ROUNDS = [
    act("bed = meadow.flowers(service='checkout')\nbed['tulipz']"),
    act("bed = meadow.flowers(service='checkout')\nbed", "Again."),
    act("count = bed.get('tulips', 'no')\nfinal_answer(f'The bed of checkout has {count} tulips.')", "So."),
]  # fmt: skip


async def learned(engine: Engine, caller: Caller = OLGA) -> list[Kept]:
    """Return what a user's runs taught, once it is settled."""
    await engine.parts.learning.settled(caller.scope, 20)
    return await engine.parts.learning.book.all(caller.scope)


async def test_the_second_time_needs_no_model_and_names_another_service(serve: Serve) -> None:
    server = serve([*ROUNDS])
    async with Engine() as engine:
        first = await engine.run(ASK.format("checkout"), caller=OLGA)
        assert (first.status, first.rounds, len(server.requests)) == ("done", 3, 3)
        second = await engine.run(ASK.format("storefront"), caller=OLGA)
        [kept] = await learned(engine)

    assert (second.status, second.rounds, len(server.requests)) == ("done", 1, 3)
    assert second.answer == "The bed of storefront has 5 tulips."
    assert second.skill == kept.data.skill
    assert kept.data.phrases == ("how many tulips has the bed of {service}?",)
    assert (kept.data.helped, kept.data.use, kept.data.run_ids) == (1, "fast_path", (first.run_id, second.run_id))


async def test_what_only_reads_is_run_again_from_its_folder_and_said_so(serve: Serve) -> None:
    serve([*ROUNDS])
    async with Engine() as engine:
        first = await engine.run(ASK.format("checkout"), caller=OLGA)
        await engine.parts.learning.close(20)
        [kept] = await learned(engine)
        sessions = await engine.parts.sessions.list_sessions("acme", "olga")

    assert (kept.data.verified, kept.data.proof) == (True, "ran")
    assert [one["session_id"] for one in sessions] == [first.session_id]


async def test_a_restarted_engine_still_knows(serve: Serve) -> None:
    server = serve([*ROUNDS])
    async with Engine() as engine:
        await engine.run(ASK.format("checkout"), caller=OLGA)
        await learned(engine)
    async with Engine() as engine:
        second = await engine.run(ASK.format("storefront"), caller=OLGA)

    assert (second.answer, len(server.requests)) == ("The bed of storefront has 5 tulips.", 3)


async def test_something_alike_is_shown_the_skill_as_an_example(serve: Serve) -> None:
    server = serve([*ROUNDS, "Two."])
    async with Engine() as engine:
        await engine.run(ASK.format("checkout"), caller=OLGA)
        await engine.run("how many roses has the bed of checkout?", caller=OLGA)

    assert len(server.requests) == 4
    example = asked(server.requests[3].body)
    assert "meadow.flowers(service=service)" in example
    assert "The bed of {service} has {count} tulips." in example


async def test_other_users_and_tenants_learn_nothing_from_it(serve: Serve) -> None:
    server = serve([*ROUNDS, "I cannot tell.", "I cannot tell."])
    async with Engine() as engine:
        await engine.run(ASK.format("checkout"), caller=OLGA)
        await learned(engine)
        await engine.run(ASK.format("storefront"), caller=IVAN)
        await engine.run(ASK.format("storefront"), caller=EVE)
        others = [*await learned(engine, IVAN), *await learned(engine, EVE)]

    assert len(server.requests) == 5
    assert all("The bed of {service}" not in asked(one.body) for one in server.requests[3:])
    assert others == []


async def test_what_is_shared_serves_the_tenant_and_no_other(serve: Serve) -> None:
    server = serve([*ROUNDS, "I cannot tell."])
    async with Engine() as engine:
        await engine.run(ASK.format("checkout"), caller=OLGA)
        [kept] = await learned(engine)
        await engine.parts.learning.book.share(kept)
        second = await engine.run(ASK.format("storefront"), caller=IVAN)
        third = await engine.run(ASK.format("storefront"), caller=EVE)

    assert (second.answer, second.skill) == ("The bed of storefront has 5 tulips.", kept.data.skill)
    assert (third.answer, len(server.requests)) == ("I cannot tell.", 4)


async def test_a_claim_that_self_check_refuses_teaches_no_skill_but_warns(serve: Serve) -> None:
    looks = act("meadow.flowers('checkout')")
    server = serve([looks, "I have restarted the fountain.", "I have restarted the fountain.", "No."])
    async with Engine() as engine:
        first = await engine.run("hum a tune for the tulips of checkout", caller=OLGA)
        [kept] = await learned(engine)
        await engine.run("please hum a tune for the tulips of storefront", caller=OLGA)

    assert first.status == "failed"
    assert (kept.data.outcome, kept.data.skill) == ("failed", "")
    assert "Something alike went wrong before" in asked(server.requests[-1].body)
    assert kept.data.why in asked(server.requests[-1].body).replace('\\"', '"')


async def test_a_thumb_down_takes_it_out_and_a_thumb_up_brings_it_back(serve: Serve) -> None:
    server = serve([*ROUNDS, "I look at it differently."])
    async with Engine() as engine:
        first = await engine.run(ASK.format("checkout"), caller=OLGA)
        learning = engine.parts.learning
        await learning.feedback(OLGA, first.run_id, "down", "I asked for the wrong bed")
        [kept, *warned] = await learned(engine)
        await engine.run(ASK.format("storefront"), caller=OLGA)
        assert len(server.requests) == 4
        await learning.feedback(OLGA, first.run_id, "up", "")
        third = await engine.run(ASK.format("storefront"), caller=OLGA)

    assert (kept.data.use, kept.data.state) == ("none", "withdrawn")
    assert "the wrong bed" in kept.data.why
    assert [one.data.outcome for one in warned] == ["failed"]
    assert "the wrong bed" in asked(server.requests[3].body)
    assert (third.skill, len(server.requests)) == (kept.data.skill, 4)


async def test_a_person_who_says_it_was_wrong_is_heard(serve: Serve) -> None:
    server = serve([*ROUNDS, "Which one do you mean?", "7"])
    async with Engine() as engine:
        first = await engine.run(ASK.format("checkout"), caller=OLGA)
        await engine.run("no, not that, I meant the roses", session_id=first.session_id, caller=OLGA)
        kept = next(one for one in await learned(engine) if one.data.skill)
        await engine.run(ASK.format("storefront"), caller=OLGA)

    assert kept.data.use == "none"
    assert "I meant the roses" in kept.data.why
    assert len(server.requests) == 5


async def test_an_effect_that_was_learned_is_asked_for_as_ever(serve: Serve, fleet: Path) -> None:
    server = serve([act("garden.water('north', litres=3)\nfinal_answer('The north bed has 3 litres.')")])
    async with Engine() as engine:
        first = await engine.run("please water the north bed with 3 litres", caller=OLGA)
        await engine.answer(first.interrupts[0]["id"], approved=True, caller=OLGA)
        [kept] = await learned(engine)
        second = await engine.run("please water the north bed with 5 litres", caller=OLGA)
        assert (second.status, second.skill) == ("needs_input", kept.data.skill)
        denied = await engine.answer(second.interrupts[0]["id"], approved=False, reason="enough rain", caller=OLGA)
        warned = [one for one in await learned(engine) if one.data.outcome == "failed"]

    assert (kept.data.writes, kept.data.says, kept.data.proof) == (True, ("north",), "checked")
    assert len(server.requests) == 1
    assert "enough rain" in denied.answer
    assert "enough rain" in warned[0].data.why
    assert (fleet / "ledger.txt").read_text(encoding="utf-8").splitlines() == ["water north 3"]


async def test_what_the_action_takes_for_granted_must_be_said(serve: Serve, fleet: Path) -> None:
    serve(
        [
            act("garden.dig('north')"),
            "I have dug the north bed.",
            act("garden.dig('south')"),
            "I have dug the south bed.",
        ]
    )
    async with Engine() as engine:
        await engine.run("please dig the north bed", caller=OLGA)
        await learned(engine)
        second = await engine.run("please dig the south bed", caller=OLGA)

    assert (second.skill, second.rounds) == ("", 2)
    assert (fleet / "ledger.txt").read_text(encoding="utf-8").splitlines() == ["dig north", "dig south"]


async def test_words_that_came_from_a_tool_teach_nothing(serve: Serve) -> None:
    serve(
        [
            act("system.logs('checkout')"),
            act("team.send_message('boris', 'checkout WARN pool exhausted')"),
            "I have told boris.",
        ]
    )
    async with Engine() as engine:
        done = await engine.run("tell boris what checkout logged last", caller=OLGA)
        kept = await learned(engine)

    assert done.status == "done"
    assert kept == []


async def test_words_of_another_agent_teach_nothing(serve: Serve) -> None:
    serve([*ROUNDS])
    stranger = OLGA.model_copy(update={"channel": "a2a"})
    async with Engine() as engine:
        done = await engine.run(ASK.format("checkout"), caller=stranger)
        kept = await learned(engine)

    assert done.status == "done"
    assert kept == []


async def test_a_skill_that_fails_twice_is_taken_out(serve: Serve, fleet: Path) -> None:
    server = serve([*ROUNDS, "I cannot read it.", "I cannot read it.", "I cannot read it."])
    async with Engine() as engine:
        await engine.run(ASK.format("checkout"), caller=OLGA)
        [kept] = await learned(engine)
        (fleet / "flowers.json").write_text(json.dumps({"checkout": {}}), encoding="utf-8")
        skills = [(await engine.run(ASK.format("storefront"), caller=OLGA)).skill for _ in range(3)]
        withdrawn = next(one for one in await learned(engine) if one.data.skill)

    assert skills == [kept.data.skill, kept.data.skill, ""]
    assert (withdrawn.data.use, withdrawn.data.failed) == ("none", 2)
    assert len(server.requests) == 6


async def test_without_a_model_a_persons_own_action_becomes_a_skill_on_request(fleet: Path) -> None:
    code = "f\"{meadow.flowers('checkout')['tulips']} tulips\""
    async with Engine() as engine:
        own = engine.request("ses_own", LOCAL, action_code=code)
        async for _ in (await engine.start(own)).follow(until="first_end"):
            pass
        told = await engine.run("remember this as tulips in the bed of checkout", session_id="ses_own")
        again = await engine.run("tulips in the bed of storefront", session_id="ses_other")

    assert told.status == "done"
    assert "service" in told.answer
    assert again.answer == "5 tulips"
    assert again.skill.startswith("learned_tulips_in_the_bed")


async def test_what_cannot_be_kept_is_said_in_one_sentence(fleet: Path) -> None:
    async with Engine() as engine:
        nothing = await engine.run("remember this as nothing at all")
        own = engine.request("ses_own", LOCAL, action_code="'sk-proj-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg'")
        async for _ in (await engine.start(own)).follow(until="first_end"):
            pass
        secret = await engine.run("remember this as my own key", session_id="ses_own")

    assert (nothing.status, secret.status) == ("failed", "failed")
    assert "no run before this message" in nothing.error
    assert "secret" in secret.error
    assert not list((fleet / "skills").glob("**/action.py"))
