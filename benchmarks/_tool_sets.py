"""Questions and tools that tool search is measured on: MetaTool, BFCL, and 5,000 made-up tools. Not run by itself.

MetaTool comes as a folder (`--data`): `plugin_des.json`, and the questions for one tool (`single.csv` or
`data/all_clean_data.csv`) and for two (`multi.json` or `data/multi_tool_query_golden.json`). BFCL comes with the
package `bfcl-eval`, of which only the data files are read.
"""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sanca.core.tools import ToolDefinition

BFCL_NON_LIVE = ("simple_python", "multiple", "parallel", "parallel_multiple")
BFCL_LIVE = ("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple")
_MADE_OF = {
    "verbs": "get list create update delete archive restore export import validate approve reject schedule cancel"
    " assign rename copy move publish share count compare translate summarise notify",
    "things": "invoice customer order shipment employee contract ticket report dashboard meeting message document"
    " photo video song recipe flight hotel restaurant car house loan payment refund product discount course exam book"
    " article weather map server database container certificate password backup sensor robot",
}
_WHERE = ("warehouse", "branch office", "mobile app", "partner portal", "test environment")


@dataclass(frozen=True)
class Question:
    """A question and the full names of the tools that it needs."""

    text: str
    wanted: frozenset[str]


@dataclass(frozen=True)
class ToolSet:
    """Tools by full name, and questions by group."""

    tools: dict[str, ToolDefinition]
    groups: dict[str, list[Question]]


def metatool(folder: Path) -> ToolSet:
    """Read MetaTool, whole or half."""
    described: dict[str, str] = json.loads(_one_of(folder, "plugin_des.json").read_text(encoding="utf-8"))
    with _one_of(folder, "single.csv", "data/all_clean_data.csv").open(encoding="utf-8", newline="") as file:
        single = [Question(row[0], frozenset([row[1]])) for row in list(csv.reader(file))[1:] if row[1] in described]
    golden = _one_of(folder, "multi.json", "data/multi_tool_query_golden.json").read_text(encoding="utf-8")
    multi = [Question(row["query"], frozenset(row["tool"])) for row in json.loads(golden)]
    return ToolSet(
        {name: ToolDefinition(name=name, description=text) for name, text in described.items()},
        {"single": single, "multi": [one for one in multi if one.wanted <= described.keys()]},
    )


def bfcl() -> ToolSet | None:
    """Read BFCL's single-turn functions and questions; None when the package is not there.

    A function counts once for each name and description; those that share a name are told apart by `#2`, `#3` ….
    """
    spec = importlib.util.find_spec("bfcl_eval")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "data"
    read = _BfclReader(folder)
    groups = {
        "nonlive": [question for name in BFCL_NON_LIVE for question in read.questions(name)],
        "live": [question for name in BFCL_LIVE for question in read.questions(name)],
    }
    return ToolSet(read.tools, groups)


class _BfclReader:
    """Pools the functions of all categories."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tools: dict[str, ToolDefinition] = {}
        self._names: dict[tuple[str, str], str] = {}

    def questions(self, category: str) -> Iterator[Question]:
        """Yield the questions of one category that some function answers."""
        file = f"BFCL_v4_{category}.json"
        answers = {row["id"]: row["ground_truth"] for row in _lines(self._folder / "possible_answer" / file)}
        for row in _lines(self._folder / file):
            pooled = {function["name"]: self._pool(function) for function in row["function"]}
            called = {name for answer in answers[row["id"]] for name in answer}
            text = " ".join(turn["content"] for turn in row["question"][0] if turn["role"] == "user")
            if wanted := frozenset(pooled[name] for name in called if name in pooled):
                yield Question(text, wanted)

    def _pool(self, function: dict[str, Any]) -> str:
        key = (function["name"], function["description"])
        if key not in self._names:
            name, number = key[0], 2
            while name in self.tools:
                name, number = f"{key[0]}#{number}", number + 1
            self._names[key] = name
            schema = {**function.get("parameters", {}), "type": "object"}
            self.tools[name] = ToolDefinition(name=name, description=key[1], input_schema=schema)
        return self._names[key]


def many_tools() -> ToolSet:
    """Make 5,000 tools up, and a question for every 25th."""
    tools: dict[str, ToolDefinition] = {}
    questions: list[Question] = []
    for place, where in enumerate(_WHERE):
        for thing in _MADE_OF["things"].split():
            for verb in _MADE_OF["verbs"].split():
                name = f"{where.replace(' ', '_')}.{verb}_{thing}"
                tools[name] = _made_up(name, verb, thing, where)
                if len(tools) % 25 == place:
                    asked = f"Could you please {verb} the {thing} with the number 4711 in the {where} for me?"
                    questions.append(Question(asked, frozenset([name])))
    return ToolSet(tools, {"made_up": questions})


def _made_up(name: str, verb: str, thing: str, where: str) -> ToolDefinition:
    return ToolDefinition(
        name=name,
        description=f"{verb.capitalize()} one {thing} or several kept in the {where}, and say what came of it.",
        input_schema={
            "type": "object",
            "properties": {
                f"{thing}_id": {"type": "string", "description": f"The number of the {thing}."},
                "since": {"type": "string", "description": "Only what changed after this date."},
                "reason": {"type": "string", "description": f"Why to {verb} it; kept in the record of the {where}."},
            },
        },
    )


def _one_of(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SystemExit(f"There is no {names[0]!r} in {str(folder)!r}; give the folder of MetaTool with --data.")


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
