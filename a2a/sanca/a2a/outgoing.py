"""Makes the message that goes to another agent: words, data, files, and the way the request has come. Sends nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread
from sanca.a2a.conversations import Conversation
from sanca.a2a.files import FileContent, SessionFolders
from sanca.a2a.settings import A2aClientSettings
from sanca.a2a.trust import TrustRules
from sanca.core.agent_loops import VIA_KEY, agent_id, refused_way
from sanca.core.errors import ToolArgumentError, ToolDeniedError, ToolFailedError
from sanca.core.ports import ToolkitHost
from sanca.core.toolkits_file import AgentEntry
from sanca.core.tools import CallContext

from a2a.helpers import new_data_part, new_raw_part, new_text_part
from a2a.types import Message, Part, Role

SKILL_KEY = "https://sanca.dev/a2a/skill"
"""Where a message's metadata name the skill of the card that is meant."""
_MESSAGE_CHARS = 1_000_000
_DATA_CHARS = 4_000_000
_JSON = "application/json"


class Outgoing:
    """Messages to one agent. Safe to use from many calls at once."""

    def __init__(self, label: str, entry: AgentEntry, rules: TrustRules, home: Path) -> None:
        self._label = label
        self._rules = rules
        self._home = home
        self._folders = SessionFolders(home)
        self._agent = agent_id(entry.url)
        self._settings = A2aClientSettings()
        self.host: ToolkitHost | None = None
        """Masks what goes to an agent that is not trusted."""

    async def message(
        self, tool: str, arguments: Mapping[str, Any], context: CallContext, conversation: Conversation, skill: str
    ) -> Message:
        """Return the message of a call.

        Raises:
            ToolArgumentError: An argument is missing, too long, or no file that may be sent.
            ToolDeniedError: The request has come this way before, or through too many agents.
        """
        via = await self._way(context)
        text, data = await self._masked(_words(tool, arguments), arguments.get("data"))
        files = await self._files(arguments.get("files") or (), context)
        metadata: dict[str, Any] = {VIA_KEY: via} if via else {}
        if skill:
            metadata[SKILL_KEY] = skill
        return Message(
            # The same id for the same call: who gets it twice can tell.
            message_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{context.run_id}/{context.call_id}")),
            role=Role.ROLE_USER,
            parts=_parts(text, data, str(arguments.get("data_schema") or ""), files),
            context_id=conversation.context_id,
            task_id=conversation.task_id,
            metadata=metadata,
        )

    async def _way(self, context: CallContext) -> list[str]:
        """Return the agents the request has come through, ourselves last."""
        given = self._settings.http_url
        ours = agent_id(given) if given else await anyio.to_thread.run_sync(own_id, self._home)
        via = [*context.via, *([ours] if ours else [])]
        if why := refused_way(via, self._agent, hops=self._settings.a2a_hops):
            raise ToolDeniedError(f"{self._label} is not asked. {why}", tool_name=self._label)
        return via

    async def _masked(self, text: str, data: Any) -> tuple[str, Any]:
        if not self._rules.masks:
            return text, data
        if self.host is None:
            message = f"{self._label} is not trusted, and nothing is there that takes secrets out of what it is told."
            raise ToolFailedError(message, tool_name=self._label)
        return await self.host.masked(text), None if data is None else await self.host.masked(data)

    async def _files(self, paths: Sequence[Any], context: CallContext) -> list[FileContent]:
        if not paths:
            return []
        if not self._rules.takes_files:
            text = f"{self._label} is not trusted, so no file is given to it; the operator can change its trust."
            raise ToolArgumentError(text, argument="files")
        named = [paths] if isinstance(paths, str) else [str(one) for one in paths]
        return await anyio.to_thread.run_sync(self._folders.read, context.session_id, named)


def own_id(home: Path) -> str:
    """Return what other agents know us by; empty when no door is open, so that nobody can ask us. Blocks."""
    try:
        url = json.loads((home / "engine.json").read_text("utf-8")).get("http")
    except (OSError, ValueError, AttributeError):
        return ""
    return agent_id(url) if isinstance(url, str) and url else ""


def _words(tool: str, arguments: Mapping[str, Any]) -> str:
    message = arguments.get("message")
    if not isinstance(message, str) or not message.strip():
        raise ToolArgumentError(f"{tool} needs a message in words.", tool_name=tool, argument="message")
    if len(message) > _MESSAGE_CHARS:
        raise ToolArgumentError(f"{tool}: the message is longer than {_MESSAGE_CHARS:,} characters; send a file.")
    return message


def _parts(text: str, data: Any, schema: str, files: Sequence[FileContent]) -> list[Part]:
    parts = [new_text_part(text)]
    if data is not None:
        if len(json.dumps(data)) > _DATA_CHARS:
            raise ToolArgumentError(f"The data are longer than {_DATA_CHARS:,} characters; send a file.")
        part = new_data_part(data, _JSON)
        if schema:
            part.metadata.update({"schema": schema})
        parts.append(part)
    return parts + [new_raw_part(file.data, file.media_type, file.name) for file in files]
