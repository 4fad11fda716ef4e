"""Retrieval: what a question is answered from, ranked. Importing it loads no weights and no numpy."""

from sanca.memory.retrieval.hybrid import HybridRetriever

__all__ = ["HybridRetriever"]
