"""Long texts beside the JSON of a call: what goes there, and what comes back of an answer."""

from __future__ import annotations

import orjson
import pytest
from sanca.core.errors import GatewayError
from sanca.toolkit_bridge.beside import LONG_CHARS, joined, split, text_of
from sanca.toolkit_bridge.gateway import parse_envelope

LONG = "中\n" * LONG_CHARS
HEAD = '{"ok":true,"text":true,"replayed":false}\n'


def test_only_long_texts_of_the_call_itself_go_beside_the_json() -> None:
    arguments = {"log": LONG, "name": "short", "rows": [LONG], "n": 3}

    rest, texts = split(arguments, orjson.dumps(arguments).decode())

    assert texts == {"log": LONG}
    assert orjson.loads(rest) == {"name": "short", "rows": [LONG], "n": 3}


def test_more_long_texts_than_a_call_carries_beside_stay_in_the_json() -> None:
    arguments = {f"text_{number}": "x" * LONG_CHARS for number in range(10)}

    rest, texts = split(arguments, orjson.dumps(arguments).decode())

    assert len(texts) == 8
    assert orjson.loads(rest) | texts == arguments


def test_a_short_call_stays_as_it_is() -> None:
    assert split({"a": "b"}, '{"a": "b"}') == ('{"a": "b"}', {})
    assert joined(("kit", "tool", "{}", "{}")) == ("kit", "tool", "{}", "{}")


def test_a_host_that_takes_none_beside_gets_them_in_the_json() -> None:
    toolkit, tool, arguments, context = joined(("kit", "tool", '{"n":3}', '{"c":1}', "log", LONG, "more", "x"))

    assert (toolkit, tool, context) == ("kit", "tool", '{"c":1}')
    assert orjson.loads(arguments) == {"n": 3, "log": LONG, "more": "x"}


def test_half_a_character_is_refused_when_joined() -> None:
    with pytest.raises(GatewayError, match="cannot be sent"):
        joined(("kit", "tool", "{}", "{}", "log", "\ud83d"))


@pytest.mark.parametrize("text", ["", "plain", "中\n🐍\0\r\\", '{"ok":false}', ',"replayed":false}'])
def test_a_text_after_its_envelope_is_the_value(text: str) -> None:
    for answer in (HEAD + text, (HEAD + text).encode(), bytearray((HEAD + text).encode())):
        assert text_of(answer) == text
        outcome = parse_envelope(answer)
        assert (outcome.ok, outcome.value) == (True, text)


@pytest.mark.parametrize("answer", ['{"ok":true,"value":1}', '{"ok":true,"text":true}', HEAD.strip(), ""])
def test_anything_else_is_no_text(answer: str) -> None:
    assert text_of(answer) is None
    assert text_of(answer.encode()) is None
