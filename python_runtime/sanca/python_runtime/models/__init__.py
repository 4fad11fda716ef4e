"""Model clients, one file a wire format, and how they are configured. Importing it loads no provider's SDK."""

from sanca.python_runtime.models.entries import ModelEntry
from sanca.python_runtime.models.registry import ModelRegistry
from sanca.python_runtime.models.reply import ModelReply, extract_action
from sanca.python_runtime.models.scripted import ScriptedModel

__all__ = ["ModelEntry", "ModelRegistry", "ModelReply", "ScriptedModel", "extract_action"]
