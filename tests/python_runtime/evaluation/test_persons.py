"""Who says the messages: fixed ones, or a model in the customer's part."""

from __future__ import annotations

import pytest
from sanca.python_runtime.evaluation.ask_model import keys
from sanca.python_runtime.evaluation.persons import FixedPerson, PlayedPerson
from sanca.python_runtime.evaluation.suite import EvaluationTask
from sanca.python_runtime.models import ScriptedModel

pytestmark = pytest.mark.anyio

FIXED = EvaluationTask("a", ("Hello.", "Bye."), ((), ()))
PLAYED = EvaluationTask("b", ("All at once.",), ((),), customer="You are Ann and want order 7 cancelled.")


async def test_fixed_messages_come_in_order_and_end() -> None:
    person = FixedPerson()
    said = [("Hello.", "Hello, how can I help?")]
    assert await person.next_message(FIXED, []) == "Hello."
    assert await person.next_message(FIXED, said) == "Bye."
    assert await person.next_message(FIXED, said * 2) is None


async def test_a_played_person_hears_the_answers_and_stops_when_all_is_done() -> None:
    model = ScriptedModel(["Hi, I want to cancel an order.", "It is order 7.", "Thanks. ###STOP###"])
    person = PlayedPerson(model)
    said: list[tuple[str, str]] = []
    while (message := await person.next_message(PLAYED, said)) is not None:
        said.append((message, f"Answer {len(said) + 1}."))
    assert [message for message, _ in said] == ["Hi, I want to cancel an order.", "It is order 7."]
    system, *rest = model.requests[2].messages
    assert "You are Ann and want order 7 cancelled." in system.content
    assert [(one.role, one.content) for one in rest[1:]] == [
        ("assistant", "Hi, I want to cancel an order."),
        ("user", "Agent: Answer 1."),
        ("assistant", "It is order 7."),
        ("user", "Agent: Answer 2."),
    ]


async def test_a_played_person_says_fixed_messages_where_a_set_has_no_customer_and_ends_at_last() -> None:
    person = PlayedPerson(ScriptedModel(lambda _request: "And another thing."))
    assert await person.next_message(FIXED, []) == "Hello."
    assert await person.next_message(PLAYED, [("And another thing.", "Yes?")] * 30) is None


@pytest.mark.parametrize(
    ("environ", "user_url", "expected"),
    [
        ({"OPENAI_API_KEY": "a"}, "", ("a", "")),
        ({"OPENAI_API_KEY": "a"}, "https://one.example/v1", ("a", "a")),
        ({"OPENAI_API_KEY": "a"}, "https://two.example/v1", ("a", "")),
        ({"OPENAI_API_KEY": "a", "SANCA_USER_MODEL_API_KEY": "b"}, "https://two.example/v1", ("a", "b")),
    ],
)
async def test_a_key_never_goes_to_another_server(
    environ: dict[str, str], user_url: str, expected: tuple[str, str]
) -> None:
    assert keys(environ, "https://one.example/v1", user_url) == expected
