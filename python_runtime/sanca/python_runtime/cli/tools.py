"""`sanca tools search`: which tools queries find among those of a file. Offline; needs no engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
from sanca.core.tools import ToolDefinition
from sanca.python_runtime.cli.skills import read_queries


def print_found(queries: Path, tools_file: Path, *, limit: int, as_json: bool) -> None:
    """Print one line a query: `query`, `tools` best first, and their `scores`."""
    from sanca.memory.tool_search.index import ToolIndex

    index = ToolIndex()
    index.add(read_tools(tools_file))
    for query, _ in read_queries(queries):
        # Tools of one name count once, with the best score.
        found: dict[str, float] = {}
        for tool in index.search(query, 4 * limit):
            found.setdefault(tool.name.partition("#")[0], tool.score)
        best = list(found.items())[:limit]
        if as_json:
            line = {"query": query, "tools": [name for name, _ in best], "scores": [score for _, score in best]}
            print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201
        else:
            shown = ", ".join(f"{name} {score:.2f}" for name, score in best)
            print(f"{query}\n    {shown or '-'}")  # noqa: T201


def read_tools(path: Path) -> dict[str, ToolDefinition]:
    """Return the tools of a file by full name; further ones of a name get `#2`, `#3` … behind it.

    The file is JSON or JSON lines: a list of tools (`name`, `description`, and `input_schema` or `parameters`, also
    inside `function`), an object of names and descriptions, or what `describe()` answers (`toolkits` with `tools`).

    Raises:
        ConfigurationError: The file cannot be read, or holds no tools.
    """
    tools: dict[str, ToolDefinition] = {}
    for place, (name, described) in enumerate(_described(path, _parsed(path)), 1):
        tool = _definition(path, place, name, described)
        key, number = name, 2
        while key in tools:
            key, number = f"{name}#{number}", number + 1
        tools[key] = tool
    if not tools:
        raise ConfigurationError(f"The file {str(path)!r} holds no tools.")
    return tools


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {str(path)!r} cannot be read as UTF-8 text: {error}.") from error
    try:
        return json.loads(text)
    except ValueError:
        pass  # JSON lines, then
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise ConfigurationError(f"The file {str(path)!r} is neither JSON nor JSON lines: {error}.") from error


def _described(path: Path, parsed: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield full name and description of each tool, whatever the form of the file."""
    if isinstance(parsed, dict) and isinstance(parsed.get("toolkits"), list):
        parsed = [
            {**tool, "name": f"{toolkit.get('name', '')}.{tool.get('name', '')}"}
            for toolkit in parsed["toolkits"]
            for tool in toolkit.get("tools", ())
        ]
    elif isinstance(parsed, dict) and "name" not in parsed and "function" not in parsed:
        parsed = [{"name": name, "description": text} for name, text in parsed.items()]
    for place, each in enumerate(parsed if isinstance(parsed, list) else [parsed], 1):
        tool = each.get("function", each) if isinstance(each, dict) else each
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str) or not tool["name"]:
            raise ConfigurationError(f'{str(path)!r}, tool {place}: it needs a text "name".')
        yield tool["name"], tool


def _definition(path: Path, place: int, name: str, described: dict[str, Any]) -> ToolDefinition:
    schema = described.get("input_schema") or described.get("parameters") or {}
    try:
        return ToolDefinition(name=name, description=described.get("description") or "", input_schema=schema)
    except ValidationError as error:
        what = error.errors()[0]
        field = ".".join(str(part) for part in what["loc"])
        raise ConfigurationError(f"{str(path)!r}, tool {place} ({name!r}): {field}: {what['msg']}.") from error
