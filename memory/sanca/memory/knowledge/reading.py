"""Reads the bytes of a document into pieces. Runs in a process of its own (reader_process.py), not in the engine."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

from sanca.memory.knowledge.code import cut_code
from sanca.memory.knowledge.facts import with_facts
from sanca.memory.knowledge.kinds import DocumentKind
from sanca.memory.knowledge.markdown import cut_markdown
from sanca.memory.knowledge.pieces import PIECES_MOST, Piece, ReadDocument, with_headings
from sanca.memory.knowledge.plain import cut_log, cut_settings, cut_table, cut_text

_PAGES_MOST = 2_000
_UNPACKED_BYTES = 100_000_000
"""A Word document that unpacks to more is a bomb, or full of pictures; zipfile holds a part to the size it names."""
_RUNBOOK_NAME = re.compile(r"run-?books?|play-?books?|\bsop\b|预案|运维手册|操作手册|应急", re.IGNORECASE)
_RUNBOOK_HEADING = re.compile(
    r"symptom|diagnos|mitigation|remediation|escalat|roll ?back|recover|resolution|verif|prerequisite|"
    r"\bsteps?\b|\bprocedure\b|症状|现象|排查|诊断|处理步骤|操作步骤|步骤|回滚|恢复|升级|验证|前置条件",
    re.IGNORECASE,
)


class UnreadableError(Exception):
    """The content is not what its name says; the message says why."""


def read_document(content: bytes, kind: DocumentKind, name: str) -> ReadDocument:
    """Return the document's pieces, each with its heading and what it states.

    Raises:
        UnreadableError: It cannot be read as what it is.
    """
    title, pieces, remarks = _READERS[kind.kind](content, kind, name)
    title = title or name
    pieces = [with_facts(piece, name) for piece in with_headings(pieces, title)]
    if len(pieces) > PIECES_MOST:
        remarks.append(f"It is longer than {PIECES_MOST:,} pieces; the rest was left out.")
    kept = tuple(pieces[:PIECES_MOST])
    return ReadDocument(kind.kind, title, kept, _is_runbook(name, title, kept), tuple(remarks))


_Read = tuple[str, list[Piece], list[str]]


def _is_runbook(name: str, title: str, pieces: tuple[Piece, ...]) -> bool:
    if any(piece.kind == "code" and ": " in piece.heading for piece in pieces[:1]):
        return False
    if _RUNBOOK_NAME.search(name) or _RUNBOOK_NAME.search(title):
        return True
    sections = {mark[0].lower() for piece in pieces for mark in _RUNBOOK_HEADING.finditer(piece.heading)}
    return len(sections) >= 2


def decode(content: bytes) -> tuple[str, list[str]]:
    """Return the text and what there is to say about how it was written.

    Raises:
        UnreadableError: It is no text.
    """
    remarks: list[str] = []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text, encoding = _guessed(content)
        remarks.append(f"It is not UTF-8; it was read as {encoding}.")
    if "\0" in text:
        raise UnreadableError("it is a binary file, not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n"), remarks


def _guessed(content: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = None if b"\0\0" in content[:4_096] else from_bytes(content[:200_000]).best()
    if best is None:
        raise UnreadableError("it is a binary file, or a text of no known encoding")
    return content.decode(best.encoding, "replace"), best.encoding


def _markdown(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    title, pieces = cut_markdown(text)
    return title, pieces, remarks


def _text(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    return "", cut_text(text), remarks


def _log(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    return "", cut_log(text), remarks


def _settings(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    return "", cut_settings(text, is_json=name.lower().endswith(".json")), remarks


def _table(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    return "", cut_table(text), remarks


def _code(content: bytes, kind: DocumentKind, name: str) -> _Read:
    text, remarks = decode(content)
    return name, cut_code(text, kind.language, name), remarks


def _html(content: bytes, kind: DocumentKind, name: str) -> _Read:
    title, text = html_to_markdown(content)
    heading, pieces = cut_markdown(text, has_lines=False)
    return heading or title, pieces, []


def html_to_markdown(content: bytes | str) -> tuple[str, str]:
    """Return the title and the visible text of a page as Markdown."""
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    page = BeautifulSoup(content, "html.parser")
    title = page.title.get_text(" ", strip=True) if page.title else ""
    for tag in page(["script", "style", "noscript", "template", "nav", "head", "iframe", "svg", "form"]):
        tag.decompose()
    text = MarkdownConverter(heading_style="ATX", escape_underscores=False, escape_asterisks=False).convert_soup(page)
    return title, re.sub(r"\n{3,}", "\n\n", text).strip()


def _docx(content: bytes, kind: DocumentKind, name: str) -> _Read:
    import mammoth

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _UNPACKED_BYTES:
                raise UnreadableError("it unpacks to more than a document may hold")
        converted = mammoth.convert_to_html(io.BytesIO(content), convert_image=mammoth.images.img_element(_no_image))
    except UnreadableError:
        raise
    except Exception as error:  # whatever a hostile or broken file raises in it means the same to a person
        raise UnreadableError("it is no Word document, or a broken one") from error
    text = html_to_markdown(converted.value)[1]
    heading, pieces = cut_markdown(text, has_lines=False)
    return heading, pieces, []


def _no_image(_: object) -> dict[str, str]:
    return {}


def _pdf(content: bytes, kind: DocumentKind, name: str) -> _Read:
    from pypdf import PdfReader

    remarks: list[str] = []
    pieces: list[Piece] = []
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("it is protected by a password")
        title = str((reader.metadata and reader.metadata.title) or "")
        pages = reader.pages[:_PAGES_MOST]
        empty = 0
        for number, page in enumerate(pages, 1):
            text = page.extract_text()
            empty += not text.strip()
            pieces += cut_text(text, page=number)
    except UnreadableError:
        raise
    except Exception as error:  # as in _docx
        raise UnreadableError("it is no PDF, or a broken one") from error
    if empty:
        remarks.append(f"{empty} of its {len(pages)} pages have no text (scanned images, perhaps).")
    return title.strip()[:160], pieces, remarks


_READERS: dict[str, Callable[[bytes, DocumentKind, str], _Read]] = {
    "markdown": _markdown,
    "text": _text,
    "log": _log,
    "settings": _settings,
    "table": _table,
    "code": _code,
    "html": _html,
    "docx": _docx,
    "pdf": _pdf,
}
