"""What kind of document a file is, by its name and media type. Reads no content."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal, NamedTuple

Kind = Literal["markdown", "text", "html", "pdf", "docx", "table", "settings", "log", "code"]

_KINDS: dict[str, Kind] = {
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown",
    ".txt": "text", ".rst": "text", ".adoc": "text", ".org": "text", ".text": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".pdf": "pdf", ".docx": "docx",
    ".csv": "table", ".tsv": "table",
    ".json": "settings", ".yaml": "settings", ".yml": "settings", ".toml": "settings", ".ini": "settings",
    ".cfg": "settings", ".conf": "settings", ".properties": "settings", ".env": "settings",
    ".log": "log", ".jsonl": "log", ".ndjson": "log",
}  # fmt: skip
_LANGUAGES = {
    ".py": "python", ".pyi": "python", ".java": "java", ".js": "javascript", ".mjs": "javascript",
    ".cjs": "javascript", ".jsx": "javascript", ".ts": "typescript", ".mts": "typescript", ".tsx": "tsx",
    ".go": "go", ".sh": "bash", ".bash": "bash", ".sql": "sql",
}  # fmt: skip
_PLAIN_CODE = frozenset(
    [
        ".kt",
        ".kts",
        ".scala",
        ".groovy",
        ".gradle",
        ".rs",
        ".c",
        ".h",
        ".cc",
        ".cpp",
        ".hpp",
        ".cs",
        ".rb",
        ".php",
        ".swift",
        ".lua",
        ".pl",
        ".r",
        ".proto",
        ".graphql",
        ".tf",
        ".vue",
        ".css",
        ".scss",
        ".xml",
        ".j2",
        ".bat",
        ".ps1",
    ]
)
"""Source code of which no grammar is here: cut by blank lines."""
_NAMES: dict[str, Kind] = {
    "dockerfile": "code", "makefile": "code", "jenkinsfile": "code", "readme": "text", "license": "text",
    "changelog": "text", "codeowners": "text",
}  # fmt: skip
_MEDIA_TYPES: dict[str, Kind] = {
    "text/markdown": "markdown", "text/html": "html", "application/xhtml+xml": "html", "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/csv": "table", "text/tab-separated-values": "table", "application/json": "settings",
    "application/yaml": "settings", "application/x-yaml": "settings", "text/yaml": "settings",
    "text/plain": "text",
}  # fmt: skip


class DocumentKind(NamedTuple):
    """What a document is read as."""

    kind: Kind
    language: str = ""
    """Of code: the grammar's name; empty where there is none."""


def kind_of(name: str, media_type: str = "") -> DocumentKind | None:
    """Return what a document is to be read as; None when it is of no kind that can be read.

    The name's ending counts before the media type, which browsers guess.
    """
    file = PurePosixPath(name.replace("\\", "/").lower())
    if file.suffix in _LANGUAGES:
        return DocumentKind("code", _LANGUAGES[file.suffix])
    if file.suffix in _PLAIN_CODE:
        return DocumentKind("code")
    found = _KINDS.get(file.suffix) or _NAMES.get(file.name) or _MEDIA_TYPES.get(media_type.partition(";")[0].strip())
    return DocumentKind(found) if found else None
