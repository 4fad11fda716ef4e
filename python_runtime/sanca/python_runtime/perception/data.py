"""References to data of the session: names that earlier actions left, files that were sent, and whether they are there.

What is not there is told as missing; nothing else is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sanca.python_runtime.perception.pointers import Pointer
from sanca.python_runtime.perception.surroundings import Surroundings
from sanca.python_runtime.rounds import DataReference

_DATA_FILE = re.compile(r"(?<![\w/.])[\w\u3400-\u9fff-]+\.(?:csv|tsv|xlsx?|parquet|feather|jsonl)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?![\w(])")
_BOUND = re.compile(r"^(?:\s*)([A-Za-z_]\w*)\s*=(?!=)", re.MULTILINE)
_CODE = re.compile(r"```(?:python|py)\n(.*?)```", re.DOTALL)
_TABLES = re.compile(r"table|dataframe|spreadsheet|column|rows|表", re.IGNORECASE)
_FILES = re.compile(r"file|csv|spreadsheet|文件", re.IGNORECASE)
_FRAME = re.compile(r"DataFrame|Table|Series|ndarray|Record", re.IGNORECASE)
_HELD = re.compile(r"DataFrame|Series|ndarray|list|dict|tuple|set|Table|Record|Any|Large", re.IGNORECASE)
_OURS = frozenset({"last_value", "last_output"})


@dataclass
class DataFound:
    """What a message says about data."""

    references: list[DataReference] = field(default_factory=list)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def missing(self) -> list[DataReference]:
        """What is not there."""
        return [one for one in self.references if not one.exists]


def find_data(text: str, pointers: Sequence[Pointer], around: Surroundings, *, wants_data: bool) -> DataFound:
    """Return the data that a message names or points at.

    Args:
        text: The message.
        pointers: Its pointing words.
        around: Names and files of the session, and its history.
        wants_data: Whether the message is about computing, so that "it" may be data.
    """
    found = DataFound()
    _add_named(text, around, found)
    for pointer in pointers:
        if pointer.kind == "data" or (wants_data and pointer.kind == "" and around.has_data):
            _add_pointed(pointer, around, found)
    return found


def _add_named(text: str, around: Surroundings, found: DataFound) -> None:
    names, seen = around.names or {}, set[str]()
    for hit in _DATA_FILE.finditer(text):
        name = _file_of(hit.group(), around.files)
        found.references.append(DataReference(hit.group(), name or hit.group(), "file", exists=bool(name)))
        seen.add(hit.group())
    rest = _DATA_FILE.sub(" ", text)
    gone = _bound_before(around) - names.keys() if around.names is not None else set()
    for word in dict.fromkeys(_IDENTIFIER.findall(rest)):
        if word in names:
            found.references.append(DataReference(word, word, names[word]))
        elif word in gone and ("_" in word or not word.islower() or len(word) <= 3 or f"`{word}`" in text):
            found.references.append(DataReference(word, word, exists=False))


def _file_of(said: str, files: Sequence[str]) -> str:
    """Return the file that is meant; Chinese is written without spaces, so more than its name may stand there."""
    exact = [name for name in files if name.lower() == said.lower()]
    return next(iter(exact), "") or next((name for name in files if said.lower().endswith(name.lower())), "")


def _bound_before(around: Surroundings) -> set[str]:
    """Return the names that code of earlier messages bound."""
    code = "\n".join(block for message in around.history for block in _CODE.findall(message.content))
    return set(_BOUND.findall(code))


def _add_pointed(pointer: Pointer, around: Surroundings, found: DataFound) -> None:
    candidates = _candidates(pointer.words, around)
    if len(candidates) > 1:
        last = _mentioned_last(candidates, around)
        candidates = {last: candidates[last]} if last else candidates
    if not candidates:
        if pointer.kind == "data" and around.history:
            found.references.append(DataReference(pointer.words, "", exists=False))
    elif len(candidates) == 1:
        name, kind = next(iter(candidates.items()))
        found.references.append(DataReference(pointer.words, name, kind))
    else:
        found.ambiguous[pointer.words] = tuple(candidates)


def _candidates(words: str, around: Surroundings) -> dict[str, str]:
    files = dict.fromkeys(around.files, "file")
    held = {name: kind for name, kind in (around.names or {}).items() if _HELD.search(kind) and name not in _OURS}
    if _FILES.search(words) and files:
        return files
    frames = {name: kind for name, kind in held.items() if _FRAME.search(kind)}
    if _TABLES.search(words) and frames:
        return frames
    return held or files


def _mentioned_last(candidates: Mapping[str, str], around: Surroundings) -> str:
    for message in reversed(around.history):
        places = {name: message.content.rfind(name) for name in candidates}
        if named := {name: place for name, place in places.items() if place >= 0}:
            return max(named, key=lambda name: named[name])
    return ""
