"""What the MCP server tells about itself as a protected resource (RFC 9728), so that clients find where to sign in."""

from __future__ import annotations

import json
from typing import Any

from sanca.core.access import ASK, CALL_TOOLS, Access, DoorSettings

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def metadata_body(path: str, access: Access, settings: DoorSettings) -> bytes:
    """Return the document at a path below the well-known one; what follows it is the resource's own path."""
    metadata: dict[str, Any] = {
        "resource": settings.url + path.removeprefix(WELL_KNOWN),
        "resource_name": settings.name,
        "scopes_supported": [ASK, CALL_TOOLS],
        "bearer_methods_supported": ["header"],
    }
    issuers = [str(scheme["url"]) for scheme in access.schemes if scheme.get("kind") == "oidc" and scheme.get("url")]
    if issuers:
        metadata["authorization_servers"] = issuers
    return json.dumps(metadata).encode()
