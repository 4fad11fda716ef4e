"""Cuts source code by functions and classes with tree-sitter; what stands between them is packed by lines."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sanca.memory.knowledge.pieces import MOST_CHARS, Block, Packing, Piece, cut_block

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "bash": ("tree_sitter_bash", "language"),
    "sql": ("tree_sitter_sql", "language"),
}
_OUTER = frozenset(
    [
        "class_definition",
        "class_declaration",
        "abstract_class_declaration",
        "interface_declaration",
        "enum_declaration",
        "record_declaration",
        "internal_module",
    ]
)
_INNER = frozenset(
    [
        "function_definition",
        "function_declaration",
        "generator_function_declaration",
        "method_declaration",
        "method_definition",
        "constructor_declaration",
        "type_declaration",
        "type_alias_declaration",
        "create_table",
        "create_view",
        "create_function",
        "create_procedure",
        "create_trigger",
        "create_index",
        "alter_table",
        "annotation_type_declaration",
    ]
)
_WRAPS = frozenset({"decorated_definition", "export_statement", "statement", "lexical_declaration"})
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression", "generator_function"})
_COMMENTS = frozenset({"comment", "block_comment", "line_comment", "marginalia"})
_SIGNATURE_CHARS = 200
_DEPTH = 6


@dataclass(frozen=True)
class _Span:
    """Lines of a definition, from 0, the last one included."""

    first: int
    last: int
    heading: str


def cut_code(text: str, language: str, path: str) -> list[Piece]:
    r"""Return a piece for each function and small class, titled with its signature and what it says of itself.

    Args:
        text: With `\\n` line ends.
        language: A grammar's name, or empty: blank lines part the pieces then.
        path: Stands in front of each heading.
    """
    lines = text.split("\n")
    spans: list[_Span] = []
    if language:
        tree = _parser(language).parse(text.encode("utf-8"))
        spans = sorted(_spans(tree.root_node, text.encode("utf-8"), "", 0), key=lambda span: span.first)
    pieces: list[Piece] = []
    at = 0
    for span in spans:
        if span.first < at:  # two definitions on one line
            continue
        pieces += _between(lines, at, span.first, path)
        pieces += _definition(lines, span, path)
        at = span.last + 1
    pieces += _between(lines, at, len(lines), path)
    return pieces


def _parser(language: str) -> Parser:
    from tree_sitter import Language, Parser

    module, function = _GRAMMARS[language]
    return Parser(Language(getattr(importlib.import_module(module), function)()))


def _spans(node: Node, source: bytes, owner: str, depth: int) -> Iterator[_Span]:
    for child in node.named_children:
        inner = _definition_in(child)
        if inner is None:
            continue
        first, last = _with_comments(child), child.end_point[0]
        name = _signature(inner, child, source)
        heading = f"{owner} > {name}" if owner else name
        if inner.type in _OUTER and child.end_byte - child.start_byte > MOST_CHARS and depth < _DEPTH:
            body = inner.child_by_field_name("body")
            found = list(_spans(body, source, heading, depth + 1)) if body else []
            if found:
                yield from _around(found, first, last, heading)
                continue
        told = _told(child, inner, source)
        yield _Span(first, last, f"{heading}: {told}" if told else heading)


def _around(inner: list[_Span], first: int, last: int, heading: str) -> Iterator[_Span]:
    """Yield a class's members and, between them, its own lines."""
    at = first
    for span in sorted(inner, key=lambda each: each.first):
        if span.first > at:
            yield _Span(at, span.first - 1, heading)
        if span.first >= at:
            yield span
            at = span.last + 1
    if at <= last:
        yield _Span(at, last, heading)


def _definition_in(node: Node) -> Node | None:
    """Return the definition that a node is or wraps: below decorators, `export`, `const f =`."""
    if node.type in _OUTER or node.type in _INNER:
        return node
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        return node if value is not None and value.type in _FUNCTION_VALUES else None
    if node.type in _WRAPS:
        return next((found for child in node.named_children if (found := _definition_in(child)) is not None), None)
    return None


def _with_comments(node: Node) -> int:
    """Return the first line of a node with the comments that stand right above it."""
    first = node.start_point[0]
    before = node.prev_named_sibling
    while before is not None and before.type in _COMMENTS and first - 1 <= before.end_point[0] <= first:
        first = before.start_point[0]
        before = before.prev_named_sibling
    return first


def _signature(inner: Node, outer: Node, source: bytes) -> str:
    body = inner.child_by_field_name("body")
    if inner.type == "variable_declarator":
        value = inner.child_by_field_name("value")
        body = value.child_by_field_name("body") if value is not None else None
    start = outer if outer.type in {"statement", "export_statement", "lexical_declaration"} else inner
    end = body.start_byte if body is not None else min(inner.end_byte, start.start_byte + _SIGNATURE_CHARS)
    shown = source[start.start_byte : end].decode("utf-8", "replace")
    return " ".join(shown.split()).rstrip("{:=> ").rstrip()[:_SIGNATURE_CHARS]


def _told(outer: Node, inner: Node, source: bytes) -> str:
    """Return the first sentence of a definition's docstring or of the comment above it."""
    body = inner.child_by_field_name("body")
    first = body.named_children[0] if body is not None and body.named_children else None
    if first is not None and first.type == "expression_statement" and first.named_children[0].type == "string":
        return _first_line(source[first.start_byte : first.end_byte])
    before = outer.prev_named_sibling
    if before is not None and before.type in _COMMENTS and before.end_point[0] >= outer.start_point[0] - 1:
        return _first_line(source[before.start_byte : before.end_byte])
    return ""


def _first_line(raw: bytes) -> str:
    for line in raw.decode("utf-8", "replace").split("\n"):
        shown = re.sub(r"^\W*(?:[rRuUbBfF]*[\"']{1,3})?\s*", "", line).rstrip(" */\"'")
        if shown:
            return shown[:160]
    return ""


def _definition(lines: list[str], span: _Span, path: str) -> Iterator[Piece]:
    block = Block("\n".join(lines[span.first : span.last + 1]), span.first + 1, span.last + 1, "code")
    heading = f"{path}: {span.heading}"
    parts = cut_block(block) if len(block.text) > 2 * MOST_CHARS else [block]
    for part in parts:
        yield Piece(part.text, heading, part.first_line, part.last_line, kind="code")


def _between(lines: list[str], first: int, end: int, path: str) -> Iterator[Piece]:
    """Yield what stands between definitions: imports, constants, calls."""
    blocks: list[Block] = []
    for number in range(first, end):
        if not lines[number].strip():
            blocks.append(Block("", number + 2, number + 1, "code"))
        elif blocks and blocks[-1].text:
            blocks[-1].text += f"\n{lines[number]}"
            blocks[-1].last_line = number + 1
        else:
            blocks.append(Block(lines[number], number + 1, number + 1, "code"))
    yield from Packing(path).pack(block for block in blocks if block.text)
