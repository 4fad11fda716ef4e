"""What can be read: reports of runs, their files, and the list of skills. Only the caller's own."""

from __future__ import annotations

import base64
import json

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from sanca.core.access import ASK
from sanca.core.agent_runner import AgentRunner, RunFile, RunView
from sanca.core.errors import NotFoundError
from sanca.core.messages import Caller
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.server.reports import FILES, RUNS, report_of, sentence_of_run
from sanca.mcp_adapters.server.who import Context, Presence

SKILLS = "sanca://skills"
_PAGE = 25
_TITLE_CHARS = 80
_NOT_FOUND_BEFORE_2026 = -32002
_TEXTS = ("text/", "application/json", "application/xml", "application/yaml", "image/svg+xml")


class Resources:
    """Lists and reads them."""

    def __init__(self, runner: AgentRunner, presence: Presence) -> None:
        self._runner = runner
        self._presence = presence

    async def list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """Answer `resources/list`: the skills, then runs with their files, the one that changed last first."""
        if not self._presence.identity(ctx).may(ASK):
            return types.ListResourcesResult(resources=[])
        caller = self._presence.caller(ctx, ASK)
        cursor = params.cursor if params and params.cursor else ""
        page = await self._runner.list(caller, after=cursor, limit=_PAGE)
        shown = [] if cursor else [_SKILL_LIST]
        for view in page.runs:
            shown += [_run_resource(view), *(_file_resource(file) for file in view.files)]
        return types.ListResourcesResult(resources=shown, next_cursor=page.next or None)

    async def templates(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """Answer `resources/templates/list`."""
        return types.ListResourceTemplatesResult(resource_templates=list(_TEMPLATES))

    async def read(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Answer `resources/read`."""
        caller = self._presence.caller(ctx, ASK)
        uri = str(params.uri)
        try:
            content = await self._read(caller, uri)
        except NotFoundError as error:
            code = types.INVALID_PARAMS if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS else _NOT_FOUND_BEFORE_2026
            raise MCPError(code, f"There is no resource {plain_text(uri, 200)!r}.", {"uri": uri}) from error
        return types.ReadResourceResult(contents=[content], ttl_ms=0, cache_scope="private")

    async def _read(self, caller: Caller, uri: str) -> types.TextResourceContents | types.BlobResourceContents:
        if uri == SKILLS:
            skills = [dict(one) for one in await self._runner.skills(caller)]
            text = json.dumps(skills, ensure_ascii=False)
            return types.TextResourceContents(uri=uri, mime_type="application/json", text=text)
        if uri.startswith(RUNS):
            view = await self._runner.get(caller, uri.removeprefix(RUNS))
            return types.TextResourceContents(uri=uri, mime_type="text/markdown", text=report_text(view))
        if uri.startswith(FILES):
            return _content(uri, *await self._runner.read_file(caller, uri.removeprefix(FILES)))
        raise NotFoundError(f"There is no resource {uri!r}.")


def report_text(view: RunView) -> str:
    """Return a run's report in Markdown."""
    lines = [f"# {plain_text(view.message, _TITLE_CHARS) or view.run_id}", "", f"Status: {view.status}", ""]
    lines += [sentence_of_run(view)]
    calls = view.evidence.get("calls") or ()
    if calls:
        lines += ["", "## What it rests on", ""]
        lines += [f"- {one.get('name')} {one.get('about') or ''} ({one.get('effect')})" for one in calls]
    if view.files:
        lines += ["", "## Files", "", *(f"- [{file.name}]({FILES}{file.file_id})" for file in view.files)]
    report = report_of(view)
    lines += ["", f"{report.calls} calls, {report.seconds:.1f} s, began {report.started_at}"]
    return "\n".join(lines)


def _content(uri: str, file: RunFile, data: bytes) -> types.TextResourceContents | types.BlobResourceContents:
    if file.media_type.startswith(_TEXTS):
        try:
            return types.TextResourceContents(uri=uri, mime_type=file.media_type, text=data.decode())
        except UnicodeDecodeError:
            pass  # it says that it is text, and is not: then as bytes
    blob = base64.b64encode(data).decode("ascii")
    return types.BlobResourceContents(uri=uri, mime_type=file.media_type, blob=blob)


def _run_resource(view: RunView) -> types.Resource:
    title = plain_text(view.message, _TITLE_CHARS) or view.run_id
    said = f"Report of a run: {view.status}"
    return types.Resource(
        uri=f"{RUNS}{view.run_id}", name=view.run_id, title=title, description=said, mime_type="text/markdown"
    )


def _file_resource(file: RunFile) -> types.Resource:
    said = "A file that a run made" if file.direction == "output" else "A file that came with a message"
    return types.Resource(
        uri=f"{FILES}{file.file_id}",
        name=file.name,
        description=said,
        mime_type=file.media_type,
        size=file.size_bytes,
    )


_SKILL_LIST = types.Resource(
    uri=SKILLS, name="skills", description="What it can do without a model", mime_type="application/json"
)
_TEMPLATES = (
    types.ResourceTemplate(
        uri_template=f"{RUNS}{{run_id}}", name="run", description="Report of a run", mime_type="text/markdown"
    ),
    types.ResourceTemplate(uri_template=f"{FILES}{{file_id}}", name="file", description="A file of a run"),
)
