"""Finds in a piece what another document may contradict, by rules: `key: value`, tables, "X is N". Compares nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from sanca.memory.knowledge.attributes import ATTRIBUTES, attribute_of, normal_value, split_attribute, things_in
from sanca.memory.knowledge.pieces import Fact, Piece

FACTS_MOST = 20
"""So many facts of a piece are kept."""
_LOOKED_AT = 3 * FACTS_MOST
_LINE_CHARS = 400
_DOUBTFUL = re.compile(
    r"\b(?:was|were|formerly|previously|used to|no longer|not|never|old|deprecated|example|e\.g|if|could|might|"
    r"instead of|todo|tbd)\b|曾|以前|之前|旧|不再|不是|如果|例如|比如|待定",
    re.IGNORECASE,
)
_WORDS = "|".join(
    sorted(
        (re.escape(word) for words in ATTRIBUTES.values() for word in words if word.isascii()), key=len, reverse=True
    )
)
_CHINESE = "|".join(
    sorted((word for words in ATTRIBUTES.values() for word in words if not word.isascii()), key=len, reverse=True)
)
_SUBJECT = r"(?P<subject>[A-Za-z0-9`\u4e00-\u9fff][\w .\-/`\u4e00-\u9fff]{0,60}?)"
_VALUE = r"(?P<value>[^.,;。，；()]*(?:[.,]\d[^.,;。，；()]*)*)"
_NAME = r"(?P<attribute>(?:[\w\-]+ ){0,3}?(?:" + _WORDS + r"))"
_SENTENCES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:^|\bthe ){_NAME} (?:of|for) (?:the )?{_SUBJECT} (?:is(?: set to)?|are|must be|should be) {_VALUE}",
        rf"{_SUBJECT}(?:'s|’s) {_NAME} (?:is(?: set to)?|are|must be) {_VALUE}",
        rf"{_SUBJECT} has an? {_NAME} of {_VALUE}",
        rf"{_SUBJECT} (?:listens|runs|serves|is reachable|is available|answers) on (?P<attribute>port) {_VALUE}",
        rf"{_SUBJECT} (?:runs|uses|is on|requires) (?P<attribute>version) {_VALUE}",
        rf"{_SUBJECT} is (?P<attribute>owned by) {_VALUE}",
        rf"{_SUBJECT}的?(?P<attribute>{_CHINESE})(?:是|为|设为|：|:|=)\s*{_VALUE}",
    )
)
_MENTIONED = re.compile(rf"\b(?:{_WORDS})\b|{_CHINESE}", re.IGNORECASE)
"""Most sentences state nothing: one look spares them the patterns above."""
_SETTING = re.compile(
    rf"\b(?P<attribute>[A-Za-z]\w{{0,40}}(?:[._-]\w{{1,40}}){{1,6}})`? "
    rf"(?:is(?: set to)?|must be|should be|defaults to|=) {_VALUE}"
)
_KEY = re.compile(
    r"""^\s*(?:[-*+]\s+)?(?P<quote>["'`*]{0,2})(?P<key>[\w\u4e00-\u9fff][\w .\-/\u4e00-\u9fff]{0,60}?)(?P=quote)\s*"""
    r"""(?::(?=\s|\*|$)|=|：)\s*\**\s*(?P<value>.*)$"""
)
_NAMED_SETTING = re.compile(r"[a-z0-9][._]\w|[a-z][A-Z]")
_SECTION = re.compile(r"^\s*\[+([\w.\- ]+)\]+\s*$")
_KEY_COLUMNS = frozenset(
    [
        "setting",
        "parameter",
        "key",
        "property",
        "option",
        "name",
        "item",
        "配置项",
        "参数",
        "设置",
        "项目",
        "名称",
        "属性",
    ]
)
_COLLECTIONS = frozenset(
    [
        "services",
        "apps",
        "applications",
        "components",
        "teams",
        "systems",
        "servers",
        "hosts",
        "databases",
        "服务",
        "系统",
    ]
)
_VALUE_COLUMNS = frozenset(["value", "default", "current", "值", "默认值", "当前值", "取值"])


def with_facts(piece: Piece, path: str) -> Piece:
    """Return the piece with what it states; the path tells what a document without headings is about."""
    if piece.kind in {"code", "log"}:
        return piece
    if piece.kind == "settings":
        found = _of_settings(piece, path)
    elif piece.text.lstrip().startswith("|"):
        found = _of_table(piece, path)
    else:
        found = _of_prose(piece, path)
    facts = tuple(dict.fromkeys(islice(found, _LOOKED_AT)))[:FACTS_MOST]
    return replace(piece, facts=facts) if facts else piece


def subject_of(heading: str, path: str) -> frozenset[str]:
    """Return what a place in a document is about: the nearest heading, or folder, that names a thing."""
    around = things_in(f"{heading} {path}")
    environments = frozenset(word for word in around if word.startswith("env:"))
    file = PurePosixPath(path)
    for place in (*reversed(heading.split(" > ")), file.stem, *reversed(file.parts[:-1])):
        named = frozenset(word for word in things_in(place) if not word.startswith("env:"))
        if named:
            return named | environments
    return environments


def _fact(subject: frozenset[str], attribute: str, value: str, shown: str = "") -> Iterator[Fact]:
    known = attribute_of(attribute) or split_attribute(attribute)[1]
    normal = normal_value(known, value)
    if normal and any(not word.startswith("env:") for word in subject):
        named = (known if attribute_of(attribute) else attribute.strip("` ").lower()) or known
        yield Fact(" ".join(sorted(subject)), named, normal, (shown or value).strip(" `*")[:80])


def _named(subject: frozenset[str], key: str, value: str, of_heading: frozenset[str] | None = None) -> Iterator[Fact]:
    """Yield the fact of `key: value` in a place that is about a subject.

    A key that names a thing itself (`payment port`) is of the heading's subject, if there is one, never of the file's.
    """
    before, attribute = split_attribute(key)
    if attribute and "." not in key and "_" not in key:
        own = things_in(before)
        place = subject if of_heading is None or not own else of_heading | _environments(subject)
        yield from _fact(place | own, attribute, value)
    elif _NAMED_SETTING.search(key) and any(letter.isdigit() or letter.isalpha() for letter in value):
        yield from _fact(subject, key, value)


def _of_prose(piece: Piece, path: str) -> Iterator[Fact]:
    subject, of_heading = subject_of(piece.heading, path), subject_of(piece.heading, "")
    for line in piece.text.split("\n"):
        text = line.strip()[:_LINE_CHARS]
        if _DOUBTFUL.search(text):
            continue
        if text.startswith("|"):
            continue
        if (pair := _KEY.match(text)) and len(pair["value"]) <= 80:
            yield from _named(subject, pair["key"], _plain(pair["value"]), of_heading)
            continue
        yield from _of_sentences(text, subject)
    if "\n|" in piece.text:
        yield from _of_table(replace(piece, text=piece.text[piece.text.index("\n|") + 1 :]), path)


def _of_sentences(text: str, subject: frozenset[str]) -> Iterator[Fact]:
    for sentence in re.split(r"(?<=[.!?;])\s+|[。！？；]", text):
        for pattern in _SENTENCES if _MENTIONED.search(sentence) else ():
            if found := pattern.search(sentence):
                before, attribute = split_attribute(found["attribute"])
                about = things_in(found["subject"]) | things_in(before)
                yield from _fact(about | _environments(subject), attribute, found["value"])
                break
        else:
            if found := _SETTING.search(sentence):
                yield from _fact(subject, found["attribute"], found["value"])


def _environments(subject: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in subject if word.startswith("env:"))


def _plain(value: str) -> str:
    """Return a value without what is said behind it; empty for lists and for what is filled in later."""
    shown = re.sub(r"(?:^|\s+)(?:#|//|<!--|\().*$", "", value).strip().strip(",`*\"'")
    return "" if re.match(r"[\[{|>&*!]|.*(?:\$\{|\{\{|<%)", shown) else shown


def _of_table(piece: Piece, path: str) -> Iterator[Fact]:
    rows = [_cells(line) for line in piece.text.split("\n") if line.lstrip().startswith("|")]
    if len(rows) < 3:
        return
    head = [cell.lower() for cell in rows[0]]
    subject = subject_of(piece.heading, path)
    by_key = head[0] in _KEY_COLUMNS and any(column in _VALUE_COLUMNS for column in head[1:])
    for row in rows[2:]:
        for name, cell in zip(head[1:], row[1:], strict=False):
            if by_key and name in _VALUE_COLUMNS:
                yield from _named(subject, row[0], cell)
            elif not by_key and attribute_of(name):
                yield from _fact(things_in(row[0]) | _environments(subject), attribute_of(name), cell)


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("`*") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _of_settings(piece: Piece, path: str) -> Iterator[Fact]:
    """Yield what lines of YAML, JSON, TOML or properties say; the keys above a line are told by its indentation."""
    file = things_in(path.replace("/", " ").rpartition(".")[0])
    nearest = subject_of("", path)
    above: list[tuple[int, str]] = []
    section = ""
    for line in piece.text.split("\n"):
        if found := _SECTION.match(line):
            section = found[1]
            continue
        pair = _KEY.match(line[:_LINE_CHARS])
        if pair is None:
            continue
        indent = len(line) - len(line.lstrip())
        above = [one for one in above if one[0] < indent]
        key, value = pair["key"].strip(), _plain(pair["value"])
        path_of_key = [*([section] if section else []), *(name for _, name in above), *key.split(".")]
        if value:
            yield from _of_path(path_of_key, value, file, nearest)
        above.append((indent, key))


def _of_path(keys: list[str], value: str, file: frozenset[str], nearest: frozenset[str]) -> Iterator[Fact]:
    """Yield the fact of `services.payment.port = 8082`: of a thing in a collection, or of what the file is about."""
    if attribute := attribute_of(keys[-1]):
        inner = [index for index, key in enumerate(keys[:-2]) if key.lower() in _COLLECTIONS]
        about = things_in(" ".join(keys[inner[-1] + 1 : -1])) if inner else nearest | things_in(" ".join(keys[:-1]))
        yield from _fact(about | _environments(file), attribute, value)
    elif len(keys) > 1 or _NAMED_SETTING.search(keys[-1]):
        yield from _fact(file, ".".join(keys), value)
