"""The tenant's documents and code: read, cut, kept, checked again. Importing it loads no parser."""

from sanca.memory.knowledge.base import AddedDocument, KnowledgeBase, Origin
from sanca.memory.knowledge.freshness import AddedFolder, Findings, add_path, check, recheck
from sanca.memory.knowledge.records import NOTE, NOTES, KnownDocument, doubt_of, doubts_of, is_head
from sanca.memory.knowledge.second_opinion import Disagreement, Judge

__all__ = [
    "NOTE",
    "NOTES",
    "AddedDocument",
    "AddedFolder",
    "Disagreement",
    "Findings",
    "Judge",
    "KnowledgeBase",
    "KnownDocument",
    "Origin",
    "add_path",
    "check",
    "doubt_of",
    "doubts_of",
    "is_head",
    "recheck",
]
