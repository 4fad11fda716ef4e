"""`sanca skills`: the library's listing, and what queries match."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.core.home import find_home
from sanca.core.ports import SkillLibrary
from sanca.memory import load_skill_library


def open_library() -> SkillLibrary:
    """Return the shipped skills and those of the state folder, if it has any."""
    own = find_home() / "skills"
    return load_skill_library([own] if own.is_dir() else [])


def print_skills(tenant: str, user: str, *, as_json: bool) -> None:
    """Print every skill with an example in both languages, and what runs taught."""
    from sanca.python_runtime.cli.learned_skills import learned_skills, print_learned

    listing, learned = open_library().listing(), learned_skills(tenant, user)
    if as_json:
        print(json.dumps([*listing, *learned], ensure_ascii=False))  # noqa: T201
        return
    table = Table("skill", "title", "for example", box=None, pad_edge=False)
    for skill in listing:
        table.add_row(
            skill["name"], f"{skill['title_en']}\n{skill['title_zh']}", f"{skill['example_en']}\n{skill['example_zh']}"
        )
    Console().print(table)
    if learned:
        print_learned(learned)


def print_matches(queries: Path, *, as_json: bool) -> None:
    """Print one line a query: `query`, `skill` or null, `score`, `parameters`."""
    library = open_library()
    for query, entities in read_queries(queries):
        match = library.match(query, entities=entities)
        line = {
            "query": query,
            "skill": match.skill if match else None,
            "score": round(match.score, 4) if match else 0.0,
            "parameters": match.parameters if match else {},
        }
        if as_json:
            print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201
        else:
            print(f"{line['score']:.2f}  {line['skill'] or '-':24} {line['parameters']}  {query}")  # noqa: T201


def read_queries(path: Path) -> Iterator[tuple[str, dict[str, list[str]] | None]]:
    """Yield query and entities of each line: plain text, or a JSON object with `query` and perhaps `entities`.

    Raises:
        ConfigurationError: The file cannot be read, or a JSON line has no `query`.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {str(path)!r} cannot be read as UTF-8 text: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if not line.lstrip().startswith(("{", '"')):
            yield line.strip(), None
            continue
        yield _parse_line(path, number, line)


def _parse_line(path: Path, number: int, line: str) -> tuple[str, dict[str, list[str]] | None]:
    try:
        found: Any = json.loads(line)
    except ValueError:
        return line.strip(), None
    if isinstance(found, str):
        return found, None
    if not isinstance(found, dict) or not isinstance(found.get("query"), str):
        raise ConfigurationError(f'{str(path)!r}, line {number}: a JSON line needs a text "query".')
    return found["query"], found.get("entities")
