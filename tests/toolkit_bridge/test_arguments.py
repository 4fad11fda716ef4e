"""Arguments by position and name, checked, with errors that name the argument and the near names."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sanca.core.errors import ToolArgumentError
from sanca.core.tools import ToolDefinition, ToolOverload
from sanca.toolkit_bridge import Inferred, ToolSignature, near_names, unify

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "service": {"type": "string", "description": "Which."},
        "level": {"type": "string", "enum": ["DEBUG", "INFO"], "default": None},
        "limit": {"type": "integer", "default": 200},
        "ratio": {"type": "number", "default": 0.5},
        "since": {"type": "string", "format": "date-time", "default": None},
        "names": {"type": "array", "items": {"type": "string"}, "default": []},
        "exact": {"type": "boolean", "default": False},
        "extra": {"type": "object", "default": {}},
        "key": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}], "default": None},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 80},
        "who": {"$ref": "#/$defs/Person", "default": None},
    },
    "required": ["service"],
    "$defs": {"Person": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}
AHEAD = ToolSignature(ToolDefinition(name="logs", input_schema=SCHEMA), toolkit="system", is_ahead=True)
SIGNATURE = ToolSignature(ToolDefinition(name="logs", input_schema=SCHEMA), toolkit="system")


def refused(*args: Any, **kwargs: Any) -> ToolArgumentError:
    with pytest.raises(ToolArgumentError) as caught:
        SIGNATURE.unify(args, kwargs)
    return caught.value


def test_positions_become_names_and_defaults_stay_out() -> None:
    assert SIGNATURE.unify(("payment", "INFO"), {"limit": 5}) == {"service": "payment", "level": "INFO", "limit": 5}
    assert unify(ToolDefinition(name="logs", input_schema=SCHEMA), ["a"], {}) == {"service": "a"}


@pytest.mark.parametrize(
    "good",
    [
        {"level": None}, {"level": "DEBUG"}, {"limit": 0}, {"ratio": 1}, {"ratio": 0.1}, {"since": "2026-01-01"},
        {"names": []}, {"names": ["a"]}, {"exact": True}, {"extra": {"a": [1]}}, {"key": 3}, {"key": None}, {"port": 1},
        {"who": {"name": "x"}}, {"who": None},
    ],
)  # fmt: skip
def test_values_that_fit_pass_unchanged(good: dict[str, Any]) -> None:
    assert SIGNATURE.unify(("a",), good) == {"service": "a", **good}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"service": 3}, "must be a text (str), got 3 (int)"),
        ({"service": None}, "must be a text"),
        ({"level": "info"}, "must be one of 'DEBUG', 'INFO', got 'info'"),
        ({"limit": 2.0}, "must be a whole number"),
        ({"limit": True}, "must be a whole number"),
        ({"limit": "5"}, "must be a whole number"),
        ({"ratio": "0.5"}, "must be a number"),
        ({"names": "a"}, "must be a list"),
        ({"names": ["a", 1]}, "has a wrong element 1: it must be a text"),
        ({"exact": 1}, "must be True or False"),
        ({"extra": []}, "must be a dict"),
        ({"key": 1.5}, "must be a text (str) or must be a whole number (int) or must be None"),
        ({"port": 0}, "0 is less than the minimum of 1"),
        ({"who": {}}, "'name' is a required property"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_what_was_expected(bad: dict[str, Any], words: str) -> None:
    error = refused(**{"service": "a", **bad})

    assert error.argument == next(iter(bad))
    assert str(error).startswith(f"system.logs: {error.argument!r} ")
    assert words in str(error)
    assert error.kind == "argument"


def test_a_wrong_name_says_the_near_one_and_what_there_is() -> None:
    error = refused("a", sevice="b")

    assert (error.argument, error.near[0]) == ("sevice", "service")
    assert "Did you mean 'service' or 'since'? It takes (service, level=None, limit=200" in str(error)


def test_missing_twice_and_too_many_are_told() -> None:
    assert refused().argument == "service"
    assert "twice" in str(refused("a", service="b"))
    assert "11 arguments at most, got 12" in str(refused(*["a"] * 12))


def test_a_tool_that_takes_anything_else_takes_it() -> None:
    definition = ToolDefinition(
        name="x", input_schema={"type": "object", "properties": {}, "additionalProperties": True}
    )

    assert unify(definition, (), {"any": 1}) == {"any": 1}


def test_a_schema_that_is_broken_leaves_the_judgement_to_the_tool() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "strange", "minimum": "x"}}}

    assert unify(ToolDefinition(name="x", input_schema=schema), (), {"a": 1}) == {"a": 1}


def test_a_very_long_value_is_shown_short() -> None:
    assert len(str(refused("a", limit="x" * 100_000))) < 200


def test_near_names_find_typos_parts_and_case() -> None:
    names = ["services", "health", "read_file", "delete_files", "git_log"]

    assert near_names("Services", names) == ("services",)
    assert near_names("helth", names) == ("health",)
    assert near_names("log", names) == ("git_log",)
    assert near_names("xyzzy", names) == ()
    assert len(near_names("x" * 1_000_000, names)) == 0


INTEGER = {"type": "integer"}
DEEP = {"type": "boolean", "default": False}
FIND = ToolSignature(
    ToolDefinition(
        name="find",
        overloads=(
            ToolOverload(input_schema={"properties": {"name": {"type": "string"}}, "required": ["name"]}),
            ToolOverload(
                input_schema={"properties": {"number": {"type": "integer"}, "deep": DEEP}, "required": ["number"]}
            ),
        ),
    ),
    toolkit="crm",
)


def test_positions_belong_to_the_first_overload_that_takes_them_all() -> None:
    assert FIND.unify(("Ann",), {}) == {"name": "Ann"}
    assert FIND.unify((5,), {}) == {"number": 5}
    assert FIND.unify((5, True), {}) == {"number": 5, "deep": True}
    assert FIND.unify((), {"deep": True, "number": 5}) == {"number": 5, "deep": True}


def test_what_fits_no_overload_is_told_for_each() -> None:
    with pytest.raises(ToolArgumentError) as wrong:
        FIND.unify((1.5,), {})
    with pytest.raises(ToolArgumentError) as unknown:
        FIND.unify((), {"nmae": "Ann"})

    told = "crm.find: the arguments fit none of its 2 forms. (name): 'name' must be a text (str), got 1.5 (float); "
    assert str(wrong.value).startswith(f"{told}(number, deep=False): 'number' must be a whole number")
    assert unknown.value.near[0] == "name"
    assert "It takes (name) or (number, deep=False)" in str(unknown.value)


def test_a_wrong_choice_says_the_near_one() -> None:
    error = refused("a", level="info")

    assert error.near == ("INFO",)
    assert str(error).endswith("Did you mean 'INFO'?")


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("str", "service"), ("Literal['INFO']", "level"), ("str", "level"), ("None", "level"), ("int", "limit"),
        ("float", "limit"), ("float", "key"), ("int", "ratio"), ("list[int]", "names"), ("tuple[int, int]", "names"),
        ("date", "service"), ("Path", "service"), ("Color", "level"), ("str | int", "limit"),
        ("Literal['x', 'INFO']", "level"),
        ("dict[str, int]", "extra"), ("int", "key"), ("Any", "limit"), ("", "limit"), ("list[str] | None", "service"),
        ("Literal[Color.RED]", "level"), ("LiteralString", "service"), ("Foo", "who"), ("what ever", "limit"),
    ],
)  # fmt: skip
def test_a_type_that_may_fit_passes_before_the_call(kind: str, argument: str) -> None:
    AHEAD.unify((), {"service": "a", argument: Inferred(kind)})


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("int", "service"), ("None", "service"), ("str", "limit"), ("list[str]", "service"),
        ("dict[str, int]", "names"),
        ("Literal['INFOO']", "level"), ("Literal['a', 'b']", "level"), ("int", "level"), ("int | float", "service"),
        ("int | None", "service"), ("Literal[5]", "service"), ("tuple[int]", "extra"), ("str", "exact"),
        ("bool", "limit"),
    ],
)  # fmt: skip
def test_a_type_that_cannot_fit_is_told_before_the_call(kind: str, argument: str) -> None:
    with pytest.raises(ToolArgumentError) as caught:
        AHEAD.unify((), {"service": "a", argument: Inferred(kind)})

    assert caught.value.argument == argument


def test_a_simple_check_costs_less_than_fifteen_microseconds() -> None:
    arguments = {"service": "payment", "level": "INFO", "limit": 20}
    best = min(_seconds(arguments) for _ in range(20))

    assert best < 15e-6


def _seconds(arguments: dict[str, Any]) -> float:
    begun = time.perf_counter()
    for _ in range(200):
        SIGNATURE.unify((), arguments)
    return (time.perf_counter() - begun) / 200
