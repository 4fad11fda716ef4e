"""Search and documentation by a configured service; the service is a site of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from local_site import Answer, Headers, LocalSite, local_site
from sanca.core.errors import ToolFailedError
from sanca.core.tools import CallContext
from sanca.python_runtime.web.provider import Provider
from sanca.python_runtime.web.settings import ProviderSettings, WebSettings
from sanca.python_runtime.web.toolkit import WebToolkit

_RESULTS = [
    {"title": "Pools\u202e", "url": "https://docs.example/pools", "content": "How many?"},
    {"title": "连接池", "url": "https://other.example/", "content": "多少？" * 3_000},
    {"title": "No address", "url": "javascript:alert(1)", "content": ""},
]


def _answers(site: LocalSite, path: str, answer: Any, *, key: tuple[str, str] | None = None) -> None:
    """Let the site answer in JSON; with a key, only to who shows it."""

    def respond(headers: Headers) -> Answer:
        if key and headers.get(key[0]) != key[1]:
            return Answer("{}", "application/json", 401)
        return Answer(json.dumps(answer), "application/json")

    site.pages[path] = respond


@pytest.mark.anyio
async def test_a_searxng_is_asked_and_its_results_are_made_plain() -> None:
    async with local_site() as site:
        _answers(site, "/search", {"results": _RESULTS})
        provider = Provider(ProviderSettings(kind="searxng", url=site.url()))
        found = await provider.ask("pool & size/连", 2)
        assert site.paths == ["/search?q=pool%20%26%20size%2F%E8%BF%9E&format=json"]
    assert [(one.title, one.url) for one in found] == [
        ("Pools", "https://docs.example/pools"),
        ("连接池", "https://other.example/"),
    ]
    assert len(found[1].text) == 2_000


@pytest.mark.anyio
async def test_an_address_that_is_none_of_the_web_is_left_out() -> None:
    async with local_site() as site:
        _answers(site, "/search", {"results": [*_RESULTS[2:], "odd"]})
        found = await Provider(ProviderSettings(kind="searxng", url=site.url())).ask("x", 8)
    assert [one.url for one in found] == [""]


@pytest.mark.anyio
async def test_the_key_of_a_file_is_shown_in_the_header_of_the_kind(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sesame\n", encoding="utf-8")
    async with local_site() as site:
        listed = [{"title": "a", "url": "https://a.example/", "description": "b"}]
        _answers(site, "/brave", {"web": {"results": listed}}, key=("x-subscription-token", "sesame"))
        _answers(site, "/tavily", {"results": _RESULTS}, key=("authorization", "Bearer sesame"))
        brave = ProviderSettings(kind="brave", url=site.url("/brave"), key_file=key)
        tavily = ProviderSettings(kind="tavily", url=site.url("/tavily"), key_file=key)
        assert [one.text for one in await Provider(brave).ask("q", 3)] == ["b"]
        assert site.paths == ["/brave?q=q&count=3"]
        assert len(await Provider(tavily).ask("q", 3)) == 3


@pytest.mark.anyio
async def test_a_service_of_ones_own_is_asked_as_its_settings_say() -> None:
    async with local_site() as site:
        _answers(site, "/find/py", {"a": {"b": [{"name": {"en": "T"}, "at": "https://x.example/", "shown": "words"}]}})
        settings = ProviderSettings(
            url=site.url("/find/{library}") + "?q={query}", results="a.b", title="name.en", link="at", text="shown"
        )
        found = await Provider(settings).ask("{limit}", 3, "py")
        assert site.paths == ["/find/py?q=%7Blimit%7D"]
    assert (found[0].title, found[0].text) == ("T", "words")


@pytest.mark.anyio
async def test_documentation_is_asked_of_its_own_service_or_of_the_search() -> None:
    context = CallContext(call_id="c", run_id="r", session_id="s", tenant="acme", user="ann")
    async with local_site() as site:
        _answers(site, "/search", {"results": _RESULTS})
        _answers(site, "/docs", {"results": _RESULTS[:1]})
        search = ProviderSettings(kind="searxng", url=site.url())
        docs = ProviderSettings(url=site.url("/docs?q={query}&of={library}"))
        by_search = WebToolkit(WebSettings(allow="docs.example", search=search))  # type: ignore[arg-type] # environment
        by_docs = WebToolkit(WebSettings(search=search, docs=docs))
        found = await by_search.call("docs", {"query": "timeouts", "library": "httpx"}, context)
        assert len(await by_docs.call("docs", {"query": "timeouts", "library": "httpx"}, context)) == 1
        assert site.paths == ["/search?q=httpx%20timeouts%20documentation&format=json", "/docs?q=timeouts&of=httpx"]
    assert [one["may_read"] for one in found] == [True, False, False]


@pytest.mark.anyio
async def test_a_service_that_fails_is_said_in_one_sentence_without_its_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sesame", encoding="utf-8")
    async with local_site() as site:
        _answers(site, "/refused", {}, key=("authorization", "Bearer other"))
        _answers(site, "/odd", {"results": "none"})
        site.pages["/html"] = Answer("<h1>Sign in</h1>")
        site.pages["/moved"] = Answer(status=302, headers={"location": "http://169.254.169.254/"})
        for path, said in {
            "/refused": "refused the key",
            "/odd": "has no list at 'results'",
            "/html": "is no JSON",
            "/busy": "HTTP 429",
            "/moved": "HTTP 302",
            "/endless": "is no JSON, or too long",
        }.items():
            settings = ProviderSettings(url=site.url(path) + "?q={query}", key_file=key)
            with pytest.raises(ToolFailedError, match=said) as failed:
                await Provider(settings).ask("x", 3)
            assert "sesame" not in str(failed.value)
    with pytest.raises(ToolFailedError, match="cannot be reached"):
        await Provider(ProviderSettings(url="http://127.0.0.1:1/?q={query}")).ask("x", 3)
    lost = ProviderSettings(url="http://127.0.0.1:1/?q={query}", key_file=tmp_path / "none")
    with pytest.raises(ToolFailedError, match="cannot be read from"):
        await Provider(lost).ask("x", 3)
