"""A Pydantic AI agent with an MCP server's tools: `URL TOKEN MODE TOOL ARGUMENTS`; prints JSON. The model is fake."""

from __future__ import annotations

import asyncio
import json
import sys

from fastmcp.client import Client
from fastmcp.client.transports import StreamableHttpTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel


async def main(url: str, token: str, mode: str, tool: str, arguments: str) -> None:
    """Let the agent call one tool, and print what it read."""
    seen: dict[str, object] = {}

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        seen["tools"] = sorted(definition.name for definition in info.function_tools)
        returned = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        if not returned:
            return ModelResponse(parts=[ToolCallPart(tool, json.loads(arguments))])
        return ModelResponse(parts=[TextPart(str(returned[0].content))])

    transport = StreamableHttpTransport(url, headers={"authorization": f"Bearer {token}"})
    client = Client(transport, mode=mode)
    agent = Agent(FunctionModel(model), toolsets=[MCPToolset(client)])
    async with agent:
        seen["answer"] = (await agent.run("go")).output
        seen["protocol"] = client.protocol_version
    print(json.dumps(seen))  # noqa: T201 - this is what the test reads


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
