"""A server's question to a person: a form, or a link to open. The answer is the person's; no link is opened here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog
from sanca.core.errors import ToolError
from sanca.core.ports import PersonAnswer, ToolkitHost
from sanca.core.toolkits_file import is_loopback
from sanca.core.untrusted import plain_schema, plain_text, reveal
from sanca.mcp_adapters.call_context import OpenCall, OpenCalls

if TYPE_CHECKING:
    from mcp.client import ClientRequestContext
    from mcp_types import ElicitRequestFormParams, ElicitRequestParams, ElicitRequestURLParams, ElicitResult, ErrorData

log = structlog.get_logger(__name__)

_MESSAGE_CHARS = 2000
_URL_CHARS = 2000
_ACTIONS: dict[str, Literal["accept", "decline", "cancel"]] = {
    "accepted": "accept",
    "declined": "decline",
    "cancelled": "cancel",
}
_SECRET_FIELD = re.compile(
    r"pass\s*word|passphrase|passcode|\bpin\b|secret|api[ _-]?key|access[ _-]?key|private[ _-]?key|access[ _-]?token"
    r"|bearer|credential|credit[ _-]?card|card[ _-]?number|\bcvv\b|密码|口令|密钥|令牌|银行卡|验证码",
    re.IGNORECASE,
)


class Elicitation:
    """Answers the questions of one server."""

    def __init__(self, label: str, calls: OpenCalls) -> None:
        self._label = label
        self._calls = calls
        self.host: ToolkitHost | None = None

    async def answer(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        """Ask the person behind the call that the question belongs to."""
        call = self._calls.meant()
        if call is None or self.host is None:
            return _refusal("Nobody can be asked: it is not certain whom this question is for.")
        if not call.may_ask():
            return _refusal("One call has asked too many questions.")
        try:
            with call.person_is_asked():
                if params.mode == "url":
                    return await self._link(call, params)
                return await self._form(call, params)
        except ToolError as error:
            return _refusal(str(error))

    async def offer_links(self, call: OpenCall, links: list[ElicitRequestURLParams]) -> bool:
        """Show the links that a server wants opened before a call can go on; return whether the person did so."""
        for link in links[:3]:
            if self.host is None or not call.may_ask():
                return False
            with call.person_is_asked():
                if getattr(await self._link(call, link), "action", "") != "accept":
                    return False
        return bool(links)

    async def _form(self, call: OpenCall, params: ElicitRequestFormParams) -> ElicitResult | ErrorData:
        from mcp_types import ElicitResult

        schema: dict[str, Any] = plain_schema(dict(params.requested_schema))
        if secret := _secret_of(schema):
            log.warning("mcp_form_asks_for_secret", server=self._label, field=secret)
            return _refusal(f"A form may not ask for secrets ({secret!r}); use a link.")
        message = f"{self._label} asks: {plain_text(params.message, _MESSAGE_CHARS)}"
        answer = await self._ask(call, "form", message, schema)
        if answer.outcome != "accepted":
            return ElicitResult(action=_ACTIONS[answer.outcome])
        return ElicitResult(action="accept", content=with_defaults(schema, answer.value))

    async def _link(self, call: OpenCall, params: ElicitRequestURLParams) -> ElicitResult | ErrorData:
        from mcp_types import ElicitResult

        url = reveal(params.url)
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
        if not is_safe or not parts.hostname or len(url) > _URL_CHARS or parts.username is not None or " " in url:
            return _refusal("A link must be an https address without a user name in it.")
        said = plain_text(params.message, _MESSAGE_CHARS)
        message = (
            f"{self._label} wants you to open a page of {parts.hostname}\n{said}\n\n"
            f"The address is `{url.replace('`', '%60')}`. Open it yourself if you know what it is for, "
            "and agree once you are done there."
        )
        answer = await self._ask(call, "approval", message, None)
        return ElicitResult(action=_ACTIONS[answer.outcome])

    async def _ask(self, call: OpenCall, kind: Any, message: str, schema: Mapping[str, Any] | None) -> PersonAnswer:
        assert self.host is not None  # noqa: S101 - looked at by every caller
        return await self.host.ask_person(call.context, kind, message, schema)


def with_defaults(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, and the schema's defaults for what was not."""
    fields = schema.get("properties")
    fields = fields if isinstance(fields, Mapping) else {}
    defaults = {name: one["default"] for name, one in fields.items() if isinstance(one, Mapping) and "default" in one}
    return {**defaults, **{name: value for name, value in given.items() if name in fields}}


def _secret_of(schema: Mapping[str, Any]) -> str:
    """Return the name of a field that looks like a secret's."""
    fields = schema.get("properties")
    for name, field in fields.items() if isinstance(fields, Mapping) else ():
        said = f"{name} {field.get('title', '')}" if isinstance(field, Mapping) else str(name)
        if _SECRET_FIELD.search(said):
            return str(name)
    return ""


def _refusal(message: str) -> ErrorData:
    from mcp_types import INVALID_REQUEST, ErrorData

    return ErrorData(code=INVALID_REQUEST, message=message)
