"""Tool search: finds tools by what they do, in English and Chinese, offline.

Importing it loads no weights and no numpy; the index is in `sanca.memory.tool_search.index`.
"""

from sanca.memory.tool_search.uses import FoundTool, ToolUse

__all__ = ["FoundTool", "ToolUse"]
