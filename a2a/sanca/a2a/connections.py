"""gRPC channels to other agents: encrypted beyond this machine, bounded. Calls nothing."""

from __future__ import annotations

from typing import Any

from sanca.a2a.bounded import ANSWER_BYTES
from sanca.a2a.card import grpc_target
from sanca.core.toolkits_file import is_loopback

_OPTIONS = [("grpc.max_receive_message_length", ANSWER_BYTES), ("grpc.enable_http_proxy", 0)]


def grpc_channel(url: str) -> Any:
    """Return a channel to an address; in the clear only on this machine, for headers hold tokens."""
    import grpc.aio  # only where an agent is reached by it

    host, target = grpc_target(url)
    if is_loopback(f"http://{target}") or host == "localhost":
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(), options=_OPTIONS)
