"""A small fleet with state, as Python toolkits of a state folder: tools that do what they say, and some that do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STATE: dict[str, Any] = {
    "services": {
        "checkout": {"release": "v1.2.0", "pid": 4101, "status": "up"},
        "storefront": {"release": "v1.0.0", "pid": 4102, "status": "up"},
        "payments": {"release": "v2.1.0", "pid": 4103, "status": "degraded"},
    },
    "config": {"checkout": {"pool.size": 7, "timeout.ms": 30000}, "storefront": {"pool.size": 5}},
    "error_rate": {"checkout": 0.042, "storefront": 0.003, "payments": 0.18},
    "files": {"storefront": ["exports/a.csv", "exports/b.csv", "shop.db"]},
    "sent": [],
}

SYSTEM = '''
"""Services of a small fleet."""

import json
from pathlib import Path
from typing import Any

from sanca.core.errors import ToolFailedError
from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool

STATE = Path(__file__).parent.parent / "fleet.json"


def _state():
    return json.loads(STATE.read_text())


def _keep(state):
    STATE.write_text(json.dumps(state))


@tool
def services() -> list[dict[str, Any]]:
    """List the services."""
    return [{"name": name, **facts} for name, facts in _state()["services"].items()]


@tool
def health(service: str) -> dict[str, Any]:
    """Ask a service how it is."""
    facts = _state()["services"][service]
    return {"service": service, "status": facts["status"], "latency_ms": 41.7}


@tool
def config(service: str) -> dict[str, Any]:
    """Return the settings and the running release."""
    state = _state()
    return {"release": state["services"][service]["release"], "values": state["config"].get(service, {})}


@tool
def metrics(service: str) -> dict[str, Any]:
    """Return error rate and requests."""
    return {"error_rate": _state()["error_rate"][service], "requests_per_second": 118.4, "latency_p95_ms": 236}


@tool
def logs(service: str) -> list[str]:
    """Return the newest log lines."""
    return [f"{service} WARN pool exhausted", f"{service} ERROR timeout after 30000 ms"]


@tool
def disk_usage(service: str) -> dict[str, Any]:
    """Return the files of a service."""
    return {"entries": [{"path": path, "bytes": 1200} for path in _state()["files"].get(service, [])]}


@tool(effect=Effect.WRITE, approval="NEVER", verified_by="health(service).status != 'down'")
def restart(service: str) -> dict[str, Any]:
    """Restart a service."""
    state = _state()
    if service == "payments":
        raise ToolFailedError("payments did not come up within 90 seconds")
    state["services"][service]["pid"] += 100
    _keep(state)
    return {"service": service, "pid": state["services"][service]["pid"], "outcome": "ok"}


@tool(effect=Effect.WRITE, approval="NEVER", verified_by="config(service).values[key] == value")
def change_config(service: str, key: str, value: Any, reason: str = "") -> dict[str, Any]:
    """Change one setting."""
    state = _state()
    before = state["config"].setdefault(service, {}).get(key)
    if key != "timeout.ms":  # this one is said to be changed and is not
        state["config"][service][key] = value
        _keep(state)
    return {"service": service, "key": key, "before": before, "after": value, "outcome": "ok"}


@tool(effect=Effect.WRITE, approval="NEVER", verified_by="config(service).release == release")
def deploy(service: str, release: str) -> dict[str, Any]:
    """Deploy a release."""
    state = _state()
    before = state["services"][service]["release"]
    outcome = "ok"
    if release == "v1.4.0":
        outcome = "failed: the health check answers 503"
    if release != "v1.5.0":  # this one says ok and does nothing
        state["services"][service]["release"] = release
    _keep(state)
    return {"service": service, "release": release, "previous_release": before, "outcome": outcome}


@tool(effect=Effect.WRITE, approval="NEVER", verified_by="config(service).release == result.release")
def rollback(service: str, release: str) -> dict[str, Any]:
    """Roll back to a release."""
    state = _state()
    before = state["services"][service]["release"]
    state["services"][service]["release"] = release
    _keep(state)
    return {"service": service, "release": release, "previous_release": before, "outcome": "ok"}


@tool(
    effect=Effect.DESTRUCTIVE,
    approval="NEVER",
    verified_by="count(disk_usage(service).entries, path=pattern, not_path='*.db*') == 0",
)
def delete_files(service: str, pattern: str) -> dict[str, Any]:
    """Delete files of a service."""
    from fnmatch import fnmatch

    state = _state()
    there = state["files"].get(service, [])
    left = [path for path in there if not fnmatch(path, pattern) or path.endswith(".db")]
    state["files"][service] = left
    _keep(state)
    return {"deleted": len(there) - len(left), "freed_bytes": 1200 * (len(there) - len(left))}


@tool(effect=Effect.DESTRUCTIVE)
def stop_process(pid: int, reason: str = "") -> dict[str, Any]:
    """Stop a process; a person is asked."""
    return {"pid": pid, "stopped": True}


@tool(effect=Effect.WRITE, approval="NEVER")
def scale(service: str, replicas: int) -> dict[str, Any]:
    """Scale a service; whether it happened is not known."""
    raise ToolFailedError("the answer was lost on the way", kind="unknown")


@tool(effect=Effect.WRITE, approval="NEVER")
def drain(service: str) -> dict[str, Any]:
    """Drain a service."""
    raise ToolFailedError("the run was cancelled while it ran", kind="cancelled")
'''

TEAM = '''
"""The team: messages and tickets."""

import json
from pathlib import Path
from typing import Any

from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool

STATE = Path(__file__).parent.parent / "fleet.json"


@tool
def members() -> list[str]:
    """List the members."""
    return ["anna", "boris", "chen"]


@tool(effect=Effect.WRITE, approval="NEVER")
def send_message(to: str, text: str) -> dict[str, Any]:
    """Send a message to a member."""
    state = json.loads(STATE.read_text())
    state["sent"].append({"to": to, "text": text})
    STATE.write_text(json.dumps(state))
    return {"delivered": True, "to": to}


@tool(effect=Effect.WRITE, approval="NEVER")
def create_ticket(title: str, priority: str = "normal") -> dict[str, Any]:
    """Open a ticket."""
    return {"ticket": "T-318", "title": title, "priority": priority}
'''


def lay_out(home: Path) -> None:
    """Put the toolkits into a state folder."""
    (home / "toolkits").mkdir(parents=True, exist_ok=True)
    (home / "toolkits" / "system.py").write_text(SYSTEM, encoding="utf-8")
    (home / "toolkits" / "team.py").write_text(TEAM, encoding="utf-8")
    reset(home)


def reset(home: Path) -> None:
    """Put the fleet back into its first state."""
    (home / "fleet.json").write_text(json.dumps(STATE), encoding="utf-8")
