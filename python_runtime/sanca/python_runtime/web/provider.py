"""Asks the configured service for search results or documentation: one request, one mapping. Fetches no page."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import anyio
from pydantic import BaseModel
from sanca.core.errors import BodyRefusedError, ToolError, ToolFailedError
from sanca.core.toolkits_file import is_loopback
from sanca.core.tools import CallOutcome
from sanca.core.untrusted import plain_text
from sanca.python_runtime.web.settings import ProviderSettings

if TYPE_CHECKING:
    import httpx

_ANSWER_BYTES = 4_000_000
_SECONDS = 20.0
_TEXT_CHARS = 2_000
_TITLE_CHARS = 300
_URL_CHARS = 2_000
_WHOLE_TEXT_CHARS = 20_000
_PLACE = re.compile(r"\{(query|limit|library)\}")


class Found(BaseModel):
    """One result."""

    title: str
    url: str
    text: str
    """What the service shows of it."""
    may_read: bool = False
    """Whether `fetch` may read it here."""


class _Form(NamedTuple):
    """How one kind of service is asked, and where in its answer the results are."""

    url: str
    body: Mapping[str, Any] | None
    key_header: str
    results: str
    title: str
    link: str
    text: str


CallTool = Callable[[str, str, Mapping[str, Any]], Awaitable[CallOutcome]]
"""Toolkit, tool and arguments of a call through the gate."""


class Provider:
    """One service or tool. Holds no connection; the key is read for each request, so that a new one counts at once."""

    def __init__(self, settings: ProviderSettings, call_tool: CallTool | None = None) -> None:
        self._settings = settings
        self._call_tool = call_tool

    async def ask(self, query: str, limit: int, library: str = "") -> list[Found]:
        """Return what the service finds, best first.

        Raises:
            ToolFailedError: It does not answer, refuses, or answers in another form.
        """
        form = _form(self._settings)
        values = {"query": query, "limit": limit, "library": library}
        if self._settings.tool:
            answer = await self._tool_answer(self._settings.tool, form.body or {"query": "{query}"}, values)
            if isinstance(answer, str) and not isinstance(answer := _parsed(answer), Mapping | list):
                return [Found(title=self._settings.tool, url="", text=plain_text(answer, _WHOLE_TEXT_CHARS))]
        else:
            answer = await self._answer(form, values)
        listed = _at(answer, form.results)
        if not isinstance(listed, list):
            raise ToolFailedError(f"The search service's answer has no list at {form.results!r}.")
        return [_found(one, form) for one in listed[:limit] if isinstance(one, Mapping)]

    async def _tool_answer(self, name: str, body: Any, values: Mapping[str, Any]) -> Any:
        toolkit, _, tool = name.rpartition(".")
        if self._call_tool is None:
            raise ToolFailedError(f"{name} cannot be called here.", kind="unavailable")
        outcome = await self._call_tool(toolkit, tool, _filled_body(body, values))
        if outcome.error is not None:
            error = outcome.error
            raise ToolError(f"{name}: {error.message}", tool_name=name, kind=error.kind, retryable=error.retryable)
        return outcome.value

    async def _answer(self, form: _Form, values: Mapping[str, Any]) -> Any:
        import httpx

        url = _filled(form.url, values, lambda text: quote(text, safe=""))
        headers = {"accept": "application/json", "accept-encoding": "gzip, deflate", **self._key(form.key_header)}
        timeout = httpx.Timeout(_SECONDS)
        try:
            async with httpx.AsyncClient(timeout=timeout, trust_env=not is_loopback(url)) as client:
                with anyio.fail_after(_SECONDS):
                    body = None if form.body is None else _filled_body(form.body, values)
                    method = "GET" if body is None else "POST"
                    async with client.stream(method, url, headers=headers, json=body) as answer:
                        return await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            reason = type(error).__name__ if not str(error) else plain_text(error, 200).rstrip(".")
            raise ToolFailedError(
                f"The search service cannot be reached: {reason}.", kind="unavailable", retryable=True
            ) from error

    def _key(self, header: str) -> dict[str, str]:
        path = self._settings.key_file
        if path is None or not header:
            return {}
        key = _read_key(path)
        return {header: f"Bearer {key}" if header.lower() == "authorization" else key}


async def _read(answer: httpx.Response) -> Any:
    from sanca.core.outside_http import read_bounded

    if answer.status_code in {401, 403}:
        raise ToolFailedError(
            f"The search service refused the key (HTTP {answer.status_code}); see SANCA_WEB_SEARCH_KEY_FILE."
        )
    if answer.status_code != 200:
        is_busy = answer.status_code == 429 or answer.status_code >= 500
        raise ToolFailedError(f"The search service answered HTTP {answer.status_code}.", retryable=is_busy)
    try:
        body = await read_bounded(answer, _ANSWER_BYTES)
        return json.loads(body.data)
    except (ValueError, RecursionError, BodyRefusedError) as error:
        raise ToolFailedError("The search service's answer is no JSON, or too long.") from error


def _form(given: ProviderSettings) -> _Form:
    query = "{query}"
    match given.kind:
        case "searxng":
            url = f"{given.url.rstrip('/').removesuffix('/search')}/search?q={query}&format=json"
            return _Form(url, None, given.key_header or "Authorization", "results", "title", "url", "content")
        case "brave":
            url = given.url or "https://api.search.brave.com/res/v1/web/search"
            header = given.key_header or "X-Subscription-Token"
            return _Form(f"{url}?q={query}&count={{limit}}", None, header, "web.results", "title", "url", "description")
        case "tavily":
            url, body = given.url or "https://api.tavily.com/search", {"query": query, "max_results": "{limit}"}
            return _Form(url, body, given.key_header or "Authorization", "results", "title", "url", "content")
    own_body = json.loads(given.body) if given.body else None
    header = given.key_header or "Authorization"
    return _Form(given.url, own_body, header, given.results, given.title, given.link, given.text)


def _filled(text: str, values: Mapping[str, Any], written: Callable[[str], str]) -> str:
    return _PLACE.sub(lambda place: written(str(values[place[1]])), text)


def _filled_body(body: Any, values: Mapping[str, Any]) -> Any:
    """Return the body with the places filled; what is nothing but a place takes the value as it is: a number, say."""
    if isinstance(body, str):
        whole = _PLACE.fullmatch(body)
        return values[whole[1]] if whole else _filled(body, values, str)
    if isinstance(body, Mapping):
        return {name: _filled_body(one, values) for name, one in body.items()}
    return [_filled_body(one, values) for one in body] if isinstance(body, list) else body


def _parsed(text: str) -> Any:
    """Return what a text holds in JSON, else the text: many tools give their results as one."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _at(answer: Any, path: str) -> Any:
    if isinstance(answer, list):  # nothing around the results
        return answer
    for name in filter(None, path.split(".")):
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def _found(one: Mapping[str, Any], form: _Form) -> Found:
    url = str(_at(one, form.link) or "")[:_URL_CHARS]
    return Found(
        title=plain_text(_at(one, form.title), _TITLE_CHARS),
        url=plain_text(url, _URL_CHARS) if url.startswith(("http://", "https://")) else "",
        text=plain_text(_at(one, form.text), _TEXT_CHARS),
    )


def _read_key(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ToolFailedError(
            f"The key of the search service cannot be read from {str(path)!r} ({type(error).__name__})."
        ) from None
