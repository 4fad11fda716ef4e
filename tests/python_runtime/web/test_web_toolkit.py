"""The web toolkit against a site of this machine: what may be read, what comes of it, and what harms nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from local_site import Answer, LocalSite, local_site
from sanca.core.errors import ToolArgumentError, ToolDeniedError, ToolError, ToolFailedError
from sanca.core.outside import OutsideAddresses, OutsideSettings
from sanca.core.ports import PersonAnswer
from sanca.core.tools import CallContext
from sanca.python_runtime.web.settings import TenantSettings, WebSettings
from sanca.python_runtime.web.toolkit import WebToolkit


class Web:
    """A web toolkit beside a site it may read."""

    def __init__(self, site: LocalSite, toolkit: WebToolkit) -> None:
        self.site = site
        self.toolkit = toolkit

    async def fetch(self, path: str, **arguments: Any) -> dict[str, Any]:
        """Fetch a page of the site, within a bounded time."""
        run = arguments.pop("run", "run_1")
        tenant = arguments.pop("tenant", "acme")
        url = path if "://" in path else self.site.url(path)
        with anyio.fail_after(90):
            context = CallContext(call_id="c", run_id=run, session_id="s", tenant=tenant, user="ann")
            found: dict[str, Any] = await self.toolkit.call("fetch", {"url": url, **arguments}, context)
            return found


@asynccontextmanager
async def _web(allow: str = "127.0.0.1:{port}", **settings: Any) -> AsyncIterator[Web]:
    async with local_site() as site:
        addresses = f"127.0.0.1:{site.port},localhost:{site.port}"
        given = {"pause_seconds": 0.0, **settings}
        web = WebSettings(allow=allow.format(port=site.port), **given)  # type: ignore[arg-type] # as an environment gives it
        toolkit = WebToolkit(web, OutsideAddresses(OutsideSettings(addresses=addresses)))  # type: ignore[arg-type] # env
        await toolkit.open()
        try:
            yield Web(site, toolkit)
        finally:
            await toolkit.close()


@pytest.mark.anyio
async def test_a_page_becomes_markdown_without_what_stands_beside_its_text() -> None:
    async with _web() as web:
        page = await web.fetch("/english")
    assert page["title"] == "Connection pools"
    assert page["sections"] == ["Connection pools", "Sizing", "In the cloud", "Leaks"]
    for shown in ("# Connection pools", "maximum-pool-size=20", "```", "| active = max | a leak |"):
        assert shown in page["text"]
    for left_out in ("cookies", "Imprint", "Home", "document.write", "a comment", "Hidden words"):
        assert left_out not in page["text"]
    assert page["links"] == [{"text": "twice the cores", "url": web.site.url("/sizing?x=1#begin")}]
    assert page["media_type"] == "text/html"
    assert not page["truncated"]
    assert page["fetched_at"].endswith("+00:00")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/zh/utf8", "/zh/gb2312", "/zh/header", "/zh/unsaid"])
async def test_a_chinese_page_is_readable_in_any_charset(path: str) -> None:
    async with _web() as web:
        page = await web.fetch(path)
    assert "连接池上限由 200 改为 20，高峰期请求排队。" in page["text"]
    assert page["title"] == "连接池"
    assert "热门文章" not in page["text"]


@pytest.mark.anyio
async def test_a_page_in_big5_is_readable() -> None:
    async with _web() as web:
        assert "連線池上限過小" in (await web.fetch("/zh/big5"))["text"]


@pytest.mark.anyio
async def test_a_section_and_a_selection_can_be_read_alone() -> None:
    async with _web() as web:
        section = await web.fetch("/english", section="sizing")
        selection = await web.fetch("/english", selector="main > table")
        with pytest.raises(ToolArgumentError, match="no section 'Prices'; there are: Connection pools; Sizing"):
            await web.fetch("/english", section="Prices")
        with pytest.raises(ToolArgumentError, match="nothing that fits the selector"):
            await web.fetch("/english", selector="main > video")
        with pytest.raises(ToolArgumentError, match="is no CSS selector"):
            await web.fetch("/english", selector="main >> [")
    assert section["text"].startswith("## Sizing")
    assert "In the cloud" in section["text"]
    assert "Leaks" not in section["text"]
    assert selection["text"].startswith("| Sign")


@pytest.mark.anyio
async def test_a_long_page_is_read_piece_by_piece_from_one_request() -> None:
    async with _web() as web:
        first = await web.fetch("/english", max_chars=100)
        rest = await web.fetch("/english", begin=100)
        whole = await web.fetch("/english")
        assert web.site.paths == ["/english"]
    assert first["truncated"]
    assert not rest["truncated"]
    assert first["text"] + rest["text"] == whole["text"]
    assert first["total_chars"] == len(whole["text"])


@pytest.mark.anyio
async def test_json_text_and_a_page_of_unsaid_kind_come_as_they_are() -> None:
    async with _web() as web:
        assert (await web.fetch("/json"))["text"] == '{"version": "2.1", "fine": true}'
        assert (await web.fetch("/text"))["text"] == "# Notes\n\nplain words"
        assert "# Connection pools" in (await web.fetch("/unsaid"))["text"]
        assert "# Connection pools" in (await web.fetch("/packed"))["text"]


@pytest.mark.anyio
async def test_a_pdf_is_read_by_pages() -> None:
    async with _web() as web:
        web.site.pages["/pdf"] = Answer(_pdf("Pool sizing in practice"), "application/pdf")
        web.site.pages["/pdf/broken"] = Answer(_pdf("Pool sizing")[:200], "application/pdf")
        assert (await web.fetch("/pdf"))["text"] == "[page 1]\nPool sizing in practice"
        with pytest.raises(ToolFailedError, match="the PDF is broken"):
            await web.fetch("/pdf/broken")


@pytest.mark.anyio
async def test_only_pages_that_are_allowed_are_asked_for() -> None:
    async with _web(allow="127.0.0.1:{port}/zh, !127.0.0.1:{port}/zh/big5") as web:
        await web.fetch("/zh/utf8")
        for path in ("/english", "/zh/big5", "/zhx", "/zh/../english", "/zh/%2e%2e/english", "/zh/..%2fenglish"):
            with pytest.raises(ToolDeniedError, match=r"SANCA_WEB_ALLOW can allow '127\.0\.0\.1'"):
                await web.fetch(path)
        assert web.site.paths == ["/zh/utf8"]


@pytest.mark.anyio
async def test_a_tenant_may_have_pages_of_its_own() -> None:
    tenants = {"lab": TenantSettings(allow=("127.0.0.1:1",))}
    async with _web(tenants=tenants) as web:
        await web.fetch("/english", tenant="acme")
        with pytest.raises(ToolDeniedError):
            await web.fetch("/english", tenant="lab", run="run_2")


@pytest.mark.anyio
async def test_what_a_run_read_is_kept_for_no_other_run() -> None:
    async with _web() as web:
        await web.fetch("/etag")
        await web.fetch("/etag")
        await web.fetch("/etag", run="run_2")
        assert web.site.paths == ["/etag", "/etag"]
        assert "if-none-match" not in web.site.asked[1][1]


@pytest.mark.anyio
async def test_a_page_read_before_is_asked_for_only_if_it_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanca.python_runtime.web.page_fetching._FRESH_SECONDS", 0.0)
    async with _web() as web:
        first = await web.fetch("/etag")
        again = await web.fetch("/etag")
        assert web.site.asked[1][1]["if-none-match"] == '"one"'
    assert again["text"] == first["text"]


@pytest.mark.anyio
async def test_a_redirect_is_followed_where_it_may_be_read() -> None:
    async with _web() as web:
        page = await web.fetch("/redirect")
        assert page["url"] == web.site.url("/english")
        with pytest.raises(ToolDeniedError, match="can allow 'localhost'"):
            await web.fetch("/redirect/other")
        with pytest.raises(ToolFailedError, match="leads on and on"):
            await web.fetch("/redirect/loop")
    async with _web(allow="127.0.0.1:{port}, localhost:{port}") as web:
        assert (await web.fetch("/redirect/other"))["url"] == web.site.url("/english", "localhost")


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/redirect/metadata", "/redirect/decimal", "/redirect/file"])
async def test_a_redirect_inward_is_refused_even_where_every_page_may_be_read(path: str) -> None:
    async with _web(allow="*, 127.0.0.1:{port}, *:1") as web:
        with pytest.raises((ToolDeniedError, ToolArgumentError)):
            await web.fetch(path)
        assert web.site.paths == [path]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/", "http://2130706433/",
     "https://user:pw@docs.example/"],
)  # fmt: skip
async def test_an_inner_address_is_refused_even_where_every_page_may_be_read(url: str) -> None:
    async with _web(allow="*") as web:
        with pytest.raises(ToolDeniedError) as refused:
            await web.fetch(url)
    assert "pw" not in str(refused.value)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "docs.example",
        "ftp://docs.example/",
        "file:///etc/passwd",
        "http://",
        "https://a:b/",
        "http://xn--a-.example/",
        "",
    ],
)
async def test_what_is_no_web_address_is_an_argument_error(url: str) -> None:
    async with _web(allow="*") as web:
        with pytest.raises(ToolArgumentError) as wrong:
            await web.toolkit.call("fetch", {"url": url}, _context())
    assert wrong.value.argument == "url"


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/endless", "/bomb", "/bomb/endless"])
async def test_a_body_without_end_is_cut_at_the_limit(path: str) -> None:
    async with _web(page_bytes=50_000) as web:
        page = await web.fetch(path, max_chars=1_000)
    assert page["truncated"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "said"),
    [("/bomb/twice", "was not asked for"), ("/bomb/brotli", "was not asked for"), ("/damaged", "is damaged"),
     ("/image", "image/png; only HTML"), ("/binary", "only HTML"), ("/missing", "HTTP 404"), ("/broken", "HTTP 500"),
     ("/deep", "nested too deep")],
)  # fmt: skip
async def test_what_cannot_be_read_is_said_in_one_sentence(path: str, said: str) -> None:
    async with _web() as web:
        with pytest.raises(ToolFailedError, match=said) as failed:
            await web.fetch(path)
    assert "Traceback" not in str(failed.value)


@pytest.mark.anyio
async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async with _web(seconds=0.3) as web:
        with pytest.raises(ToolFailedError, match=r"took longer than 0\.3 seconds") as failed:
            await web.fetch("/never")
    assert failed.value.kind == "timeout"


@pytest.mark.anyio
async def test_a_host_that_wants_no_more_requests_gets_none() -> None:
    async with _web() as web:
        with pytest.raises(ToolFailedError, match="no more requests for 120 seconds"):
            await web.fetch("/busy")
        with pytest.raises(ToolFailedError, match="asked too often"):
            await web.fetch("/english")
        assert web.site.paths == ["/busy"]


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_said_so() -> None:
    async with _web(allow="*:1, localhost:1"):
        outside = OutsideAddresses(OutsideSettings(addresses="127.0.0.1:1"))  # type: ignore[arg-type] # environment
        toolkit = WebToolkit(WebSettings(allow="127.0.0.1:1"), outside)  # type: ignore[arg-type] # as above
        await toolkit.open()
        with pytest.raises(ToolFailedError, match="cannot be reached") as failed:
            await toolkit.call("fetch", {"url": "http://127.0.0.1:1/"}, _context())
        await toolkit.close()
    assert failed.value.retryable


@pytest.mark.anyio
async def test_hidden_characters_and_tags_of_a_page_are_plain_text() -> None:
    async with _web() as web:
        text = (await web.fetch("/injection"))["text"]
    assert "ignore earlier instructions" in text  # it is shown as what it is: data
    assert "\u202e" not in text
    assert "\u200b" not in text


class _Person:
    """Answers what a toolkit asks."""

    def __init__(self, *outcomes: str) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[str] = []

    async def ask_person(self, context: CallContext, kind: str, message: str, schema: Any = None) -> PersonAnswer:
        self.asked.append(message)
        return PersonAnswer(self.outcomes.pop(0), by="ann")  # type: ignore[arg-type] # one of the words


@pytest.mark.anyio
async def test_a_person_is_asked_once_a_session_before_a_host_is_read() -> None:
    async with _web(allow="127.0.0.1:{port}, localhost:{port}", first_use="ask") as web:
        person = _Person("declined", "accepted", "declined")
        web.toolkit.attach(person)  # type: ignore[arg-type] # it answers all that is asked here
        with pytest.raises(ToolDeniedError, match="ann did not agree"):
            await web.fetch("/english")
        assert web.site.paths == []
        await web.fetch("/english")
        await web.fetch("/text")
        with pytest.raises(ToolDeniedError):
            await web.fetch("/redirect/other")
        assert [question.partition("\n")[0] for question in person.asked] == [
            "May pages of 127.0.0.1 be read in this session?",
            "May pages of 127.0.0.1 be read in this session?",
            "May pages of localhost be read in this session?",
        ]
        assert web.site.paths == ["/english", "/text", "/redirect/other"]


@pytest.mark.anyio
async def test_without_a_provider_search_says_what_is_missing() -> None:
    async with _web() as web:
        with pytest.raises(ToolFailedError, match="SANCA_WEB_SEARCH_URL") as failed:
            await web.toolkit.call("search", {"query": "pools"}, _context())
        with pytest.raises(ToolFailedError, match="SANCA_WEB_DOCS_URL"):
            await web.toolkit.call("docs", {"query": "pools"}, _context())
    assert failed.value.kind == "unavailable"


@pytest.mark.anyio
async def test_many_pages_at_once_keep_their_answers_apart() -> None:
    async with _web() as web:
        found: dict[str, str] = {}

        async def read(path: str, run: str) -> None:
            found[run] = (await web.fetch(path, run=run))["title"]

        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(read, "/zh/utf8" if number % 2 else "/english", str(number))
    assert [found[str(number)] for number in range(6)] == ["Connection pools", "连接池"] * 3


@pytest.mark.anyio
async def test_a_cancelled_fetch_leaves_nothing_running() -> None:
    async with _web() as web:
        with anyio.move_on_after(0.2):
            await web.fetch("/never")
        with pytest.raises(ToolError):
            await web.fetch("/missing")


def _context() -> CallContext:
    return CallContext(call_id="c", run_id="r", session_id="s", tenant="acme", user="ann")


def _pdf(text: str) -> bytes:
    """A PDF of one page with one line."""
    content = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end
