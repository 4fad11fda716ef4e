"""The suite's tools of several rounds (SEP-2322): what they ask, and what they make of the answers."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from mcp_fixture_content import form, text
from mcp_fixture_tools import Answer, FixtureTools, Params, said
from sanca.mcp_adapters.server.who import Context

_NAME = {"name": {"type": "string"}}


def _sampling(question: str, max_tokens: int) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=text(question))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


def accepted(params: Params, key: str) -> dict[str, Any] | None:
    """Return the values of a form that was filled in; None: it was not."""
    answer = (params.input_responses or {}).get(key)
    if isinstance(answer, types.ElicitResult) and answer.action == "accept":
        return dict(answer.content or {})
    return None


def asking(state: str | None = None, **requests: Any) -> types.InputRequiredResult:
    """Return what a round asks, with what the next one needs to know."""
    return types.InputRequiredResult(input_requests=requests, request_state=state)


async def _elicit(ctx: Context, params: Params) -> Answer:
    values = accepted(params, "user_name")
    if values and isinstance(values.get("name"), str):
        return said(f"Hello, {values['name']}!")
    return asking(user_name=form("What is your name?", **_NAME))


async def _sample(ctx: Context, params: Params) -> Answer:
    answer = (params.input_responses or {}).get("capital_question")
    if isinstance(answer, types.CreateMessageResult) and isinstance(answer.content, types.TextContent):
        return said(answer.content.text)
    return asking(capital_question=_sampling("What is the capital of France?", 100))


async def _roots(ctx: Context, params: Params) -> Answer:
    answer = (params.input_responses or {}).get("client_roots")
    if isinstance(answer, types.ListRootsResult):
        return said("Roots: " + ", ".join(str(root.uri) for root in answer.roots))
    return asking(client_roots=types.ListRootsRequest())


async def _with_state(ctx: Context, params: Params) -> Answer:
    if params.request_state == "round-1" and accepted(params, "confirm") is not None:
        return said("The answer came with its state: state-ok")
    return asking("round-1", confirm=form("Please confirm", ok={"type": "boolean"}))


async def _several(ctx: Context, params: Params) -> Answer:
    wanted = {
        "user_name": form("What is your name?", **_NAME),
        "greeting": _sampling("Generate a greeting", 50),
        "client_roots": types.ListRootsRequest(),
    }
    if params.request_state == "several" and set(wanted) <= set(params.input_responses or {}):
        return said("All three were answered.")
    return asking("several", **wanted)


async def _rounds(ctx: Context, params: Params) -> Answer:
    if params.request_state == "1" and accepted(params, "step1") is not None:
        return asking("2", step2=form("Step 2: What is your favorite color?", color={"type": "string"}))
    if params.request_state == "2" and accepted(params, "step2") is not None:
        return said("Both steps were answered.")
    return asking("1", step1=form("Step 1: What is your name?", **_NAME))


async def _by_capability(ctx: Context, params: Params) -> Answer:
    if params.input_responses:
        return said("It was answered.")
    can = ctx.session.client_capabilities
    requests: dict[str, Any] = {}
    if can and can.sampling is not None:
        requests["sampled"] = _sampling("Say hello", 20)
    if can and can.elicitation is not None:
        requests["asked"] = form("What is your name?", **_NAME)
    return asking(**requests) if requests else said("The client can be asked nothing.")


async def _streaming(ctx: Context, params: Params) -> Answer:
    if accepted(params, "go_on") is not None:
        return said("It went on.")
    await ctx.session.report_progress(1, 2, "about to ask")
    return asking(go_on=form("Go on?", ok={"type": "boolean"}))


def add_input_tools(tools: FixtureTools) -> None:
    """Add the tools of this module."""
    tools.add("test_input_required_result_elicitation", _elicit)
    tools.add("test_input_required_result_sampling", _sample)
    tools.add("test_input_required_result_list_roots", _roots)
    tools.add("test_input_required_result_request_state", _with_state)
    tools.add("test_input_required_result_tampered_state", _with_state)
    tools.add("test_input_required_result_multiple_inputs", _several)
    tools.add("test_input_required_result_multi_round", _rounds)
    tools.add("test_input_required_result_capabilities", _by_capability)
    tools.add("test_streaming_elicitation", _streaming)
