"""The command that the official MCP conformance suite drives: our MCP toolkit, connection and OAuth, by its scenarios.

`conformance client --command "python tests/conformance/mcp_client.py"`: the last argument is the server's URL, the
environment names scenario and revision. A person is played here: they agree, fill in nothing, and their browser follows
the link to sign in.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import sanca.mcp_adapters.oauth as our_oauth
from mcp.shared.auth import AuthorizationCodeResult
from sanca.core.errors import SancaError
from sanca.core.ports import AgentReply, PersonAnswer
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import CallContext, CallOutcome
from sanca.core.untrusted import plain_name
from sanca.mcp_adapters import McpToolkit
from sanca.mcp_adapters.pins import PinFile

METADATA_URL = "https://conformance-test.local/client-metadata.json"
SERVER = "suite"


def say(line: str) -> None:
    """Write where the suite's log shows it."""
    sys.stderr.write(f"{line}\n")


class Person:
    """Agrees to everything and leaves every field as it is; signs in by following the link."""

    def __init__(self) -> None:
        self._came_back: dict[str, str] = {}

    async def ask_person(
        self,
        context: CallContext,
        kind: Literal["form", "approval"],
        message: str,
        schema: Mapping[str, Any] | None = None,
    ) -> PersonAnswer:
        """Agree."""
        return PersonAnswer("accepted", {}, by="suite")

    async def deliver_reply(self, reply: AgentReply) -> None:
        """Nothing comes late here."""
        raise NotImplementedError

    async def masked(self, value: Any) -> Any:  # a JSON value of any shape
        """Nothing is handed over here."""
        raise NotImplementedError

    async def call_tool(
        self, context: CallContext, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        """An MCP server calls no other tools."""
        raise NotImplementedError

    async def tell_administrator(self, code: str, text: str) -> None:
        """Say it where the suite's log shows it."""
        if text:
            say(f"{code}: {text}")

    async def follow(self, address: str) -> None:
        """Do what a browser does: go to the address, and be sent back."""
        async with httpx2.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(address, follow_redirects=False)
        query = urlsplit(answer.headers["location"]).query
        self._came_back = {name: values[0] for name, values in parse_qs(query).items()}

    async def wait(self) -> AuthorizationCodeResult:
        """Say what the browser brought back."""
        return AuthorizationCodeResult.model_validate(self._came_back)


def entry_of(url: str, home: Path, given: Mapping[str, Any], scenario: str) -> McpServerEntry:
    """Return the entry an operator would write for a scenario."""
    oauth: dict[str, Any] = {}
    if "private_key_pem" in given:
        key = home / "key.pem"
        key.write_text(given["private_key_pem"])
        algorithm = given.get("signing_algorithm", "ES256")
        oauth = {"grant": "client_credentials", "private_key_file": str(key), "signing_algorithm": algorithm}
    elif scenario == "auth/client-credentials-basic":
        oauth = {"grant": "client_credentials"}
    elif "client_id" not in given:
        oauth = {"client_metadata_url": METADATA_URL}
    for name in ("client_id", "client_secret"):
        if name in given:
            oauth[name] = given[name]
    if oauth.get("grant") == "client_credentials":
        oauth["issuer"] = given.get("issuer") or given.get("authorization_server") or issuer_of(url)
    revision = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "2025-11-25")
    protocol = revision if revision == "2025-11-25" else "auto"
    return McpServerEntry.model_validate({"url": url, "protocol": protocol, "trust": "hints", "oauth": oauth})


def issuer_of(url: str) -> str:
    """Ask the server who signs people in, as an operator reads it in its manual."""
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-protected-resource{parts.path}"
    found = httpx2.get(address, trust_env=False).json()["authorization_servers"][0]
    return str(found)


def arguments_for(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that a tool's schema allows."""
    samples = {"string": "sample", "integer": 5, "number": 5, "boolean": True, "array": [], "object": {}}
    properties = schema.get("properties", {})
    numbers = {"a": 5, "b": 3}
    return {
        name: numbers.get(name, field.get("default", samples.get(field.get("type", "string"), "sample")))
        for name, field in properties.items()
        if name in schema.get("required", ()) or name in numbers
    }


async def use(toolkit: McpToolkit, home: Path, given: Mapping[str, Any], scenario: str) -> None:
    """Open the toolkit and call what the scenario wants called, else every tool there is."""
    await toolkit.open()
    tools = {tool.name: tool for tool in toolkit.definition.tools}
    if scenario == "json-schema-2020-12-preservation":
        listed = PinFile(home).load(SERVER).tools
        schema = next(tool["inputSchema"] for name, tool in listed.items() if "echo" not in name)
        calls = [(next(name for name in tools if "echo" in name), {"schema": schema})]
    elif "toolCalls" in given:
        calls = [(one["name"], one["arguments"]) for one in given["toolCalls"]]
    else:
        own = {plain_name(name) for name in PinFile(home).load(SERVER).listed}
        calls = [(tool.name, arguments_for(tool.input_schema)) for tool in tools.values() if tool.name in own]
    for number, (name, arguments) in enumerate(calls):
        context = CallContext(
            call_id=f"run/{number}", run_id="run", session_id="ses", tenant="t", user="u", timeout_seconds=25
        )
        try:
            value = await toolkit.call(name, arguments, context)
            say(f"{name}: {json.dumps(value)[:200]}")
        except SancaError as error:
            say(f"{name} failed: {error}")


async def main() -> int:
    """Run one scenario."""
    url, scenario = sys.argv[-1], os.environ["MCP_CONFORMANCE_SCENARIO"]
    given = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    person = Person()
    # The terminal's `sanca mcp login` gives the same two functions; here the browser is played.
    our_oauth._nobody = lambda server: our_oauth.Person(person.follow, person.wait)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        toolkit = McpToolkit(SERVER, await anyio.to_thread.run_sync(entry_of, url, home, given, scenario), home)
        toolkit.attach(person)
        try:
            await use(toolkit, home, given, scenario)
        except SancaError as error:
            say(f"refused: {error}")
            return 1
        finally:
            await toolkit.close()
    return 0


if __name__ == "__main__":
    sys.exit(anyio.run(main))
