"""The tenant's documents and code: read, cut, kept, checked again. Importing it loads no parser."""

from sanca.memory.knowledge.base import AddedDocument, KnowledgeBase, Origin
from sanca.memory.knowledge.records import KnownDocument, doubt_of, is_head

__all__ = ["AddedDocument", "KnowledgeBase", "KnownDocument", "Origin", "doubt_of", "is_head"]
