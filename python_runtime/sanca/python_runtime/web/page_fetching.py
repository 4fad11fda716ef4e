"""Fetches pages that are allowed: redirects, limits, manners towards hosts, what a run fetched before. Reads none."""

from __future__ import annotations

import email.utils
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
from httpx import URL, HTTPError, InvalidURL, Response
from sanca.core.errors import BodyRefusedError, OutsideError, ToolArgumentError, ToolDeniedError, ToolFailedError
from sanca.core.outside import OutsideAddresses
from sanca.core.outside_http import read_bounded
from sanca.core.untrusted import plain_text
from sanca.python_runtime.version import VERSION
from sanca.python_runtime.web.allowed import Allowed
from sanca.python_runtime.web.decoding import Kind, kind_of

if TYPE_CHECKING:
    from httpx import AsyncClient
    from sanca.python_runtime.web.settings import WebSettings

MayFetch = Callable[[str], Awaitable[None]]
"""Asks a person about a host where that is set; raises a ToolDeniedError."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_MOST = 5
_FRESH_SECONDS = 60.0
"""For so long a page of the same run is not asked for again; after that only whether it has changed."""
_KEPT_BYTES = 32_000_000
_HOSTS_KEPT = 1_000
_LONGEST_TURN_SECONDS = 20.0
_LONGEST_PAUSE_SECONDS = 600.0
_HEADERS = {
    "user-agent": f"sanca/{VERSION}",
    "accept": "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/json;q=0.9, "
    "application/pdf;q=0.8, */*;q=0.1",
    "accept-language": "en, zh;q=0.8, *;q=0.5",
}


@dataclass(frozen=True)
class FetchedPage:
    """A page as it came."""

    url: str
    """Where it was in the end."""
    kind: Kind
    media_type: str
    data: bytes
    truncated: bool
    fetched_at: datetime
    etag: str = ""
    last_modified: str = ""


class PageFetching:
    """Serves one toolkit, on one event loop. Pages are kept for the run that fetched them, and for no other."""

    def __init__(self, settings: WebSettings, client: AsyncClient, outside: OutsideAddresses) -> None:
        self._settings = settings
        self._client = client
        self._outside = outside
        self._kept: OrderedDict[tuple[str, str], FetchedPage] = OrderedDict()
        self._kept_bytes = 0
        self._next_at: OrderedDict[str, float] = OrderedDict()

    async def fetch(self, url: str, run_id: str, allowed: Allowed, may_fetch: MayFetch) -> FetchedPage:
        """Return a page.

        Raises:
            ToolError: It may not be read, cannot be reached, or is of another kind; says why.
        """
        asked, kept = _checked(url), None
        if (kept := self._kept.get((run_id, asked))) is not None:
            await self._check(kept.url, allowed, may_fetch)
            if datetime.now(UTC).timestamp() - kept.fetched_at.timestamp() < _FRESH_SECONDS:
                return kept
        try:
            page = await self._follow(asked, kept, allowed, may_fetch)
        except OutsideError as error:
            raise ToolDeniedError(str(error)) from error
        except TimeoutError:
            raise ToolFailedError(
                f"{asked} took longer than {self._settings.seconds:g} seconds.", kind="timeout"
            ) from None
        except HTTPError as error:
            reason = plain_text(error, 200).rstrip(".") or type(error).__name__
            raise ToolFailedError(
                f"{asked} cannot be reached: {reason}.", kind="unavailable", retryable=True
            ) from error
        self._keep((run_id, asked), page)
        return page

    async def _follow(self, url: str, kept: FetchedPage | None, allowed: Allowed, may_fetch: MayFetch) -> FetchedPage:
        left = self._settings.seconds
        for _ in range(_REDIRECTS_MOST + 1):
            await self._check(url, allowed, may_fetch)
            await self._take_turn(URL(url).host)
            begun = anyio.current_time()
            with anyio.fail_after(left):
                got = await self._get(url, kept)
            left -= anyio.current_time() - begun
            if isinstance(got, FetchedPage):
                return got
            if url.startswith("https:") and got.startswith("http:"):
                raise ToolDeniedError(f"{url} leads from https to http, to {got[:300]!r}; that is not followed.")
            url, kept = got, None
        raise ToolFailedError(f"{url} leads on and on: more than {_REDIRECTS_MOST} redirects.")

    async def _check(self, url: str, allowed: Allowed, may_fetch: MayFetch) -> None:
        host = URL(url).host
        if not allowed.fits(url):
            message = f"{url[:300]} is not among the pages that may be read here; SANCA_WEB_ALLOW can allow {host!r}."
            raise ToolDeniedError(message)
        await self._outside.check(url)
        await may_fetch(host)

    async def _get(self, url: str, kept: FetchedPage | None) -> FetchedPage | str:
        """Return the page, or where it is now."""
        headers = dict(_HEADERS)
        if kept is not None and kept.url == url:
            headers |= {"if-none-match": kept.etag} if kept.etag else {}
            headers |= {"if-modified-since": kept.last_modified} if kept.last_modified else {}
        async with self._client.stream("GET", url, headers=headers) as answer:
            if answer.status_code in _REDIRECTS and (target := answer.headers.get("location")):
                return _checked(_joined(url, target))
            if answer.status_code == 304 and kept is not None:
                return replace(kept, fetched_at=datetime.now(UTC))
            self._check_status(url, answer)
            return await self._read(url, answer)

    def _check_status(self, url: str, answer: Response) -> None:
        if 200 <= answer.status_code < 300:
            return
        if answer.status_code in {429, 503}:
            wait = min(_seconds_of(answer.headers.get("retry-after", "")), _LONGEST_PAUSE_SECONDS)
            self._next_at[URL(url).host] = anyio.current_time() + wait
            message = f"{url} answered HTTP {answer.status_code}: it wants no more requests for {wait:g} seconds."
            raise ToolFailedError(message, kind="unavailable", retryable=True)
        raise ToolFailedError(f"{url} answered HTTP {answer.status_code}.", retryable=answer.status_code >= 500)

    async def _read(self, url: str, answer: Response) -> FetchedPage:
        media_type = answer.headers.get("content-type", "")[:200]
        named = media_type.partition(";")[0].strip().lower()
        if named and kind_of(media_type, b"") is None:  # refused before it is downloaded
            raise _wrong_kind(url, named)
        try:
            body = await read_bounded(answer, self._settings.page_bytes)
        except BodyRefusedError as error:
            raise ToolFailedError(f"{url} cannot be read: {error}") from error
        kind = kind_of(media_type, body.data)
        if kind is None:
            raise _wrong_kind(url, named or "of no known kind")
        if kind == "pdf" and body.truncated:
            raise ToolFailedError(f"{url} is a PDF of more than {self._settings.page_bytes:,} bytes; that is too long.")
        return FetchedPage(
            url,
            kind,
            media_type,
            body.data,
            body.truncated,
            datetime.now(UTC),
            answer.headers.get("etag", "")[:200],
            answer.headers.get("last-modified", "")[:100],
        )

    async def _take_turn(self, host: str) -> None:
        """Wait until a host may be asked again."""
        now = anyio.current_time()
        at = max(now, self._next_at.get(host, 0.0))
        if at - now > _LONGEST_TURN_SECONDS:
            message = f"{host} is asked too often; it may be asked again in {at - now:.0f} seconds."
            raise ToolFailedError(message, kind="unavailable", retryable=True)
        self._next_at[host] = at + self._settings.pause_seconds
        self._next_at.move_to_end(host)
        while len(self._next_at) > _HOSTS_KEPT:
            self._next_at.popitem(last=False)
        await anyio.sleep(at - now)

    def _keep(self, key: tuple[str, str], page: FetchedPage) -> None:
        if (before := self._kept.pop(key, None)) is not None:
            self._kept_bytes -= len(before.data)
        self._kept[key] = page
        self._kept_bytes += len(page.data)
        while self._kept_bytes > _KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1].data)


def _checked(url: str) -> str:
    """Return a URL in its one spelling, without what stays in the browser."""
    try:
        found = URL(url.strip())
        has_place = found.scheme in {"http", "https"} and bool(found.host)
    except (InvalidURL, ValueError) as error:  # a name that only looks like punycode is one, too
        raise ToolArgumentError(f"{url[:300]!r} is not a URL: {plain_text(error, 200)}.", argument="url") from None
    if not has_place:
        raise ToolArgumentError(f"{url[:300]!r} must begin with https:// or http:// and name a server.", argument="url")
    return str(found.copy_with(fragment=None))


def _joined(url: str, target: str) -> str:
    try:
        return str(URL(url).join(target))
    except (InvalidURL, ValueError) as error:
        raise ToolFailedError(f"{url} leads to {target[:200]!r}, which is not a URL.") from error


def _seconds_of(text: str) -> float:
    """Return the seconds of a Retry-After header."""
    if text.isdigit():
        return float(text[:6])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - datetime.now(UTC).timestamp())
    except (ValueError, TypeError, OverflowError):
        return 30.0


def _wrong_kind(url: str, named: str) -> ToolFailedError:
    return ToolFailedError(f"{url} is {plain_text(named, 80)}; only HTML, text, JSON and PDF can be read.")
