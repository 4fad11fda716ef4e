"""Long texts to Java and back, exactly, by our own wire and by py4j's client: beside the JSON, counted, and escaped."""

from __future__ import annotations

import itertools

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sanca.core.errors import GatewayError
from sanca.core.tools import CallContext, CallOutcome
from sanca.toolkit_bridge import GatewayCall, WireGateway
from sanca.toolkit_bridge.beside import LONG_CHARS, split
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway

pytestmark = pytest.mark.jvm

AWKWARD = {
    "lines": 'line\nreturn\r\ttab "quoted" ',
    "backslashes": "\\",
    "escapes": "\\n\\r\\\\",
    "nul": "a\0b",
    "chinese": "中文日志一行\n",
    "emoji": "🐍 👩‍👩‍👧",
    "separators": "\u2028\u2029\x85\x0b\x7f",
    "envelope": ',"replayed":false}',
    "end": "e\n!yv\n!b3\n",
}
EXAMPLES = 15
_numbers = itertools.count(1)


def echo(gateway: WireGateway | Py4JGateway, text: str, *, texts: bool = True, pages: bool = True) -> CallOutcome:
    call_id = f"run_l/{next(_numbers)}"
    context = CallContext(
        call_id=call_id, run_id="run_l", session_id="ses", tenant="t", user="u", pages=pages, texts=texts
    )
    rest, beside = split({"value": text}, orjson.dumps({"value": text}).decode())
    if not texts:
        rest, beside = orjson.dumps({"value": text}).decode(), {}
    request = GatewayCall(call_id, "texts", "text", rest, context.model_dump_json(), 30.0, True, None, beside)
    return gateway.call(request)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_long_awkward_text_comes_back_as_it_went(gateway: WireGateway, name: str) -> None:
    text = AWKWARD[name] * (LONG_CHARS // len(AWKWARD[name]) + 1)

    assert echo(gateway, text).value == text
    assert echo(gateway, text, texts=False, pages=False).value == text


@pytest.mark.parametrize("chars", [LONG_CHARS - 1, LONG_CHARS, LONG_CHARS + 1, 8_191, 8_192])
def test_a_text_at_a_limit_comes_back_as_it_went(gateway: WireGateway, chars: int) -> None:
    text = ("é" + "x\n" * chars)[:chars]

    assert echo(gateway, text).value == text


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(piece=st.text(min_size=1, max_size=40), chars=st.sampled_from([10, 9_000, LONG_CHARS, 200_000]))
def test_any_text_of_any_length_comes_back_as_it_went(gateway: WireGateway, piece: str, chars: int) -> None:
    text = piece * (chars // len(piece) + 1)

    assert echo(gateway, text).value == text


def test_ten_megabytes_come_back_as_they_went(gateway: WireGateway) -> None:
    text = 'INFO "中" \\ took 17 ms\n' * 450_000

    outcome = echo(gateway, text)

    assert outcome.value == text
    assert outcome.page is None


def test_half_a_character_in_a_long_text_is_refused_and_the_connection_goes_on(gateway: WireGateway) -> None:
    text = "x" * LONG_CHARS
    context = CallContext(call_id="run_l/0", run_id="run_l", session_id="ses", tenant="t", user="u", texts=True)
    beside = {"value": text + "\ud83d"}

    with pytest.raises(GatewayError, match=r"half a character|cannot be sent"):
        gateway.call(GatewayCall("run_l/0", "texts", "text", "{}", context.model_dump_json(), 30.0, True, None, beside))

    assert echo(gateway, text).value == text


def test_a_text_beside_that_no_argument_is_named_for_is_refused_by_name(gateway: WireGateway) -> None:
    context = CallContext(call_id="run_l/a", run_id="run_l", session_id="ses", tenant="t", user="u", texts=True)
    beside = {"valeu": "x" * LONG_CHARS}

    outcome = gateway.call(
        GatewayCall("run_l/a", "texts", "text", "{}", context.model_dump_json(), 30.0, True, None, beside)
    )

    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.argument, outcome.error.near) == ("argument", "valeu", ("value",))
