"""Tool search: finds tools by what they do, in English and Chinese, offline. Importing it loads no weights."""

from sanca.memory.tool_search.index import FoundTool, ToolIndex, ToolUse

__all__ = ["FoundTool", "ToolIndex", "ToolUse"]
