"""Toolkits as the engine sees them: the gateway to the host, Python toolkits, arguments and type stubs.

`sanca.toolkit_bridge.py4j_gateway` is imported by its own name: py4j takes time to load and only the broker wants it.
"""

from sanca.toolkit_bridge.arguments import ToolSignature, unify
from sanca.toolkit_bridge.cards import CardToolkit
from sanca.toolkit_bridge.connection import GatewayConnectionInfo, read_connection
from sanca.toolkit_bridge.discovery import FoundToolkits, find_toolkits
from sanca.toolkit_bridge.gateway import CallStatus, Gateway, GatewayCall, HostDescription
from sanca.toolkit_bridge.inferred import Inferred
from sanca.toolkit_bridge.names import did_you_mean, near_names
from sanca.toolkit_bridge.python_tools import PythonToolkit
from sanca.toolkit_bridge.stubs import render_stub, render_tool, signature
from sanca.toolkit_bridge.tool_marks import PythonTool, tool
from sanca.toolkit_bridge.wire_gateway import WireGateway

__all__ = [
    "CallStatus",
    "CardToolkit",
    "FoundToolkits",
    "Gateway",
    "GatewayCall",
    "GatewayConnectionInfo",
    "HostDescription",
    "Inferred",
    "PythonTool",
    "PythonToolkit",
    "ToolSignature",
    "WireGateway",
    "did_you_mean",
    "find_toolkits",
    "near_names",
    "read_connection",
    "render_stub",
    "render_tool",
    "signature",
    "tool",
    "unify",
]
