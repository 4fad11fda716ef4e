"""Type stubs: valid Python that says what a model needs."""

from __future__ import annotations

import ast
from typing import Any

from sanca.core.tools import Effect, ToolDefinition, ToolkitDefinition, ToolOverload
from sanca.toolkit_bridge import CardToolkit, render_stub, signature

LOGS = ToolDefinition(
    name="logs",
    description='Read log lines, "newest" last.\nSecond line with a \\ in it.',
    input_schema={
        "type": "object",
        "properties": {
            "service": {"type": "string", "description": "Which service."},
            "level": {"type": "string", "enum": ["DEBUG", "INFO"], "default": None},
            "limit": {"type": "integer", "default": 200},
            "names": {"type": "array", "items": {"type": "string"}, "default": None},
            "labels": {"type": "object", "additionalProperties": {"type": "number"}, "default": {}},
            "late": {"type": "string"},
        },
        "required": ["service", "late"],
    },
    output_schema={
        "type": "array",
        "items": {"type": "object", "properties": {"time": {"type": "string"}, "status": {"enum": ["up", "down"]}}},
    },
)
PERSON = {
    "type": "object",
    "title": "Person",
    "properties": {"name": {"type": "string"}, "boss": {"anyOf": [{"$ref": "#/$defs/Person"}, {"type": "null"}]}},
    "required": ["name"],
}
BY_NAME = ToolOverload(
    description="Find by name.",
    input_schema={"properties": {"name": {"type": "string", "examples": ["Ann"]}}, "required": ["name"]},
    output_schema={"$ref": "#/$defs/Person", "$defs": {"Person": PERSON}},
)
BY_NUMBER = ToolOverload(input_schema={"properties": {"number": {"type": "integer"}}, "required": ["number"]})
RESTART = ToolDefinition(name="restart", effect=Effect.WRITE, undo="none needed")


def test_a_signature_has_types_enums_defaults_and_the_record_it_gives() -> None:
    assert signature(LOGS) == (
        'logs(service: str, level: Literal["DEBUG", "INFO"] | None = None, limit: int = 200, '
        "names: list[str] | None = None, labels: dict[str, float] = {}, *, late: str) -> list[Record]"
    )
    assert signature(RESTART) == "restart() -> Any"


def test_a_stub_is_valid_python_and_holds_what_matters() -> None:
    text = render_stub(ToolkitDefinition(name="system", description="The fleet.", tools=(LOGS, RESTART)))

    tree = ast.parse(text)
    made = tree.body[0]
    assert isinstance(made, ast.ClassDef)
    records = [node for node in made.body if isinstance(node, ast.ClassDef)]
    assert [ast.unparse(record) for record in records] == [
        "class LogsItem(TypedDict):\n    time: str\n    status: Literal['up', 'down']"
    ]
    functions = [node for node in made.body if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["logs", "restart"]
    documented = ast.get_docstring(functions[0]) or ""
    assert 'Read log lines, "newest" last.\nSecond line with a \\ in it.' in documented
    assert "service: Which service." in documented
    assert "Effect: WRITE (a person is asked first)." in (ast.get_docstring(functions[1]) or "")


def test_dotted_names_nest() -> None:
    text = render_stub(ToolkitDefinition(name="mcp.runbooks", tools=(RESTART,)))

    outer = ast.parse(text).body[0]
    assert isinstance(outer, ast.ClassDef)
    inner = outer.body[0]
    assert isinstance(inner, ast.ClassDef)
    assert (outer.name, inner.name) == ("mcp", "runbooks")


def test_names_python_cannot_write_and_texts_that_end_strings_do_no_harm() -> None:
    odd = ToolDefinition(name="import", description="x")
    quoted = ToolDefinition(name="q", description='ends with a quote"""; import os; """"')

    text = render_stub(ToolkitDefinition(name="odd", description='"""', tools=(odd, quoted)))

    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert "def import" not in text


def test_the_card_toolkits_stub_is_valid() -> None:
    text = render_stub(CardToolkit().definition)

    ast.parse(text)
    assert "def table(title: str, rows: list[Record | list[Any]], columns: list[str] | None = None)" in text


def test_what_comes_piece_by_piece_is_an_iterator_or_a_file_and_bytes_are_bytes() -> None:
    in_base64: dict[str, Any] = {"type": "string", "contentEncoding": "base64"}
    given: dict[str, dict[str, Any]] = {
        "int": {"type": "integer"},
        "Iterator[int]": {"type": "array", "items": {"type": "integer"}, "x-pieces": "items"},
        "BinaryIO": {**in_base64, "x-pieces": "bytes"},
        "TextIO": {"type": "string", "x-pieces": "text"},
        "bytes": in_base64,
        "bytes | None": {"anyOf": [in_base64, {"type": "null"}]},
    }

    for annotation, schema in given.items():
        assert signature(ToolDefinition(name="go", output_schema=schema)) == f"go() -> {annotation}"


def test_every_overload_has_a_form_and_a_record_may_hold_its_own_kind() -> None:
    find = ToolDefinition(
        name="find", description="Find a person.", overloads=(BY_NAME, BY_NUMBER), alternative="search"
    )
    text = render_stub(ToolkitDefinition(name="crm", tools=(find,)))

    (made,) = ast.parse(text).body
    assert isinstance(made, ast.ClassDef)
    record, *ways = [node for node in made.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert ast.unparse(record) == "class Person(TypedDict):\n    name: str\n    boss: NotRequired[Person | None]"
    assert [ast.unparse(way.decorator_list[0]) for way in ways] == ["overload", "overload"]
    assert "def find(name: str) -> Person:" in text
    assert "def find(number: int) -> Any:" in text
    assert 'Example: crm.find("Ann")' in text
    assert text.count("If it keeps failing: search") == 1


def test_streams_and_results_in_pieces_are_iterators() -> None:
    item = {"type": "object", "title": "line", "properties": {"text": {"type": "string"}}}
    python = ToolDefinition(name="tail", streams=True, output_schema=item)
    java = ToolDefinition(name="follow", output_schema={"type": "array", "items": item, "x-pieces": "items"})
    file = ToolDefinition(name="fetch", output_schema={"type": "string", "x-pieces": "bytes"})
    text = render_stub(ToolkitDefinition(name="logs", tools=(python, java, file)))

    assert "def tail() -> Iterator[Line]:" in text
    assert "def follow() -> Iterator[Line]:" in text
    assert "def fetch() -> BinaryIO:" in text
    assert text.count("class Line(TypedDict)") == 1


def test_records_of_one_title_and_other_keys_get_names_of_their_own() -> None:
    def record(*keys: str) -> dict[str, object]:
        return {"type": "object", "title": "Row", "properties": {key: {"type": "string"} for key in keys}}

    tools = [
        ToolDefinition(name=name, output_schema=record(*keys)) for name, keys in (("a", "x"), ("b", "y"), ("c", "x"))
    ]
    text = render_stub(ToolkitDefinition(name="kit", tools=tuple(tools)))

    assert "def a() -> Row:" in text
    assert "def b() -> Row2:" in text
    assert "def c() -> Row:" in text


def test_keys_python_cannot_write_make_a_record_by_call() -> None:
    record = {"type": "object", "title": "odd one", "properties": {"some-key": {"type": "string"}, "class": {}}}
    text = render_stub(ToolkitDefinition(name="kit", tools=(ToolDefinition(name="a", output_schema=record),)))

    ast.parse(text)
    assert "OddOne = TypedDict(\"OddOne\", {'some-key': str, 'class': Any})" in text


def test_a_schema_without_end_is_cut() -> None:
    deep: dict[str, object] = {"type": "string"}
    for number in range(50):
        deep = {"type": "object", "title": f"Level{number}", "properties": {"inner": deep}}
    text = render_stub(ToolkitDefinition(name="kit", tools=(ToolDefinition(name="a", output_schema=deep),)))

    assert text.count("(TypedDict)") <= 6


def test_kinds_of_texts_are_told_at_the_argument() -> None:
    schema = {
        "properties": {"at": {"type": "string", "format": "date-time", "description": "When."}},
        "required": ["at"],
    }
    text = render_stub(ToolkitDefinition(name="kit", tools=(ToolDefinition(name="a", input_schema=schema),)))

    assert "at: When. (date-time)" in text
