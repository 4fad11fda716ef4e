"""A small model of a managed fleet with the shapes of the `system` toolkit, and a way to run a skill's action on it.

A double of outside services only: the action's code is the shipped one, executed as the sandbox would.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sanca.core.errors import ToolDeniedError, ToolError, ToolFailedError, ToolNotFoundError
from sanca.memory import load_skill_library

shipped_library = functools.cache(load_skill_library)
CODE = "def handle(order):\n    return order\n"
GOOD = {
    "http.port": 9000,
    "db.pool_size": 10,
    "upstream.timeout_ms": 2000,
    "upstream.url": "http://127.0.0.1:7000",
    "terminal.round_trip_ms": 12,
    "quota": 1_000_000,
}
INJECTED_SECONDS = 90


def ago(seconds: float) -> datetime:
    """Return a moment in the past."""
    return datetime.now(UTC) - timedelta(seconds=seconds)


@dataclass
class Release:
    """One tagged state of a service."""

    tag: str
    values: dict[str, Any]
    code: str = CODE
    bug: str = ""
    leak: bool = False
    author: str = "kim"
    message: str = "work"
    at: datetime = field(default_factory=lambda: ago(90_000))


@dataclass
class Service:
    """One service: releases, process, files."""

    name: str
    depends_on: list[str]
    port: int
    releases: list[Release]
    events: list[dict[str, Any]] = field(default_factory=list)
    pid: int = 100
    holder: int | None = None
    """Another process on its port."""
    locked: bool = False
    """Slow by itself until it is restarted."""
    stuck_pool: bool = False
    """Its pool is exhausted until it is restarted."""
    files: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    running: int = 0
    old_lines: list[dict[str, Any]] = field(default_factory=list)
    was_sick: bool = False

    @property
    def release(self) -> Release:
        """The running release."""
        return self.releases[self.running]


class FleetDouble:
    """A chain of services in which faults of six kinds can be made; `calls` lists every effect."""

    def __init__(self, depends_on: dict[str, list[str]]) -> None:
        self.services: dict[str, Service] = {}
        for at, (name, below) in enumerate(depends_on.items()):
            self.services[name] = self._new(name, below, 7000 + at)
        self.effects: list[tuple[Any, ...]] = []
        self.refuse: set[str] = set()
        self.missing_right = ""
        """A right that every effect needs and the person does not have."""
        self.unseen = False
        """Whether the present trouble is so young that no metric and no line shows it."""
        self.rush = 0
        """How many calls from now on take 400 ms, because of something else on the machine."""
        self.after_first_effect: Callable[[], None] | None = None
        """What somebody else does while a repair is under way."""
        self._pids = itertools.count(5000)

    def _new(self, name: str, below: list[str], port: int) -> Service:
        releases = [
            Release("v1.0.0", dict(GOOD)),
            Release("v1.1.0", dict(GOOD), code=CODE + "# tidy\n", at=ago(80_000)),
        ]
        service = Service(name, below, port, releases, running=1)
        for release in releases:
            service.events.insert(0, self._event(service, release, "deploy", release.at))
        service.files = {f"{name}.db": (50_000, ago(10))}
        return service

    # Faults, each as a developer or chance would make it.

    def commit(self, name: str, *, at_seconds: float = INJECTED_SECONDS + 5, **change: Any) -> None:
        """Release a change of values, code, bug or leak."""
        service = self.services[name]
        base = service.release
        values = base.values | change.pop("values", {})
        tag = f"v1.{len(service.releases)}.0"
        fields: dict[str, Any] = {"code": base.code, "at": ago(at_seconds)} | change
        service.releases.append(Release(tag, values, **fields))
        service.running = len(service.releases) - 1
        service.events.insert(0, self._event(service, service.release, "deploy", service.release.at))

    def fill_disk(self, name: str) -> None:
        """Leave big files behind."""
        for day in range(1, 10):
            self.services[name].files[f"exports/dump-2026-01-0{day}.csv"] = (110_000, ago(86_400 * (12 - day)))

    def _event(self, service: Service, release: Release, kind: str, at: datetime) -> dict[str, Any]:
        why = self.down(service.name) if service.name in self.services else ""
        return {
            "service": service.name, "release": release.tag, "at": at.isoformat(), "by": release.author, "kind": kind,
            "outcome": f"failed: {why}" if why else "ok", "message": release.message,
        }  # fmt: skip

    # How a service is doing.

    def down(self, name: str) -> str:
        """Return why it does not run, or an empty text."""
        service = self.services[name]
        if service.holder:
            return f"OSError: [Errno 98] Address already in use: port {service.port}"
        size = service.release.values["db.pool_size"]
        return "" if isinstance(size, int) else f"db.pool_size must be a number, not {size!r}"

    def trouble(self, name: str) -> tuple[str, float]:
        """Return why its requests fail (or an empty text) and how long they take, in ms."""
        service, values = self.services[name], self.services[name].release.values
        if self.down(name):
            return "connection refused", 1.0
        if service.release.bug:
            return service.release.bug, 5.0
        if sum(size for size, _ in service.files.values()) > values["quota"]:
            return "OSError: quota of the data folder is used up: cannot write order", 5.0
        if values["db.pool_size"] < 2 or service.release.leak or service.stuck_pool:
            return f"no connection became free within 20 ms (pool size {values['db.pool_size']})", 30.0
        taken = 4000.0 if service.locked else float(values["terminal.round_trip_ms"])
        for below in service.depends_on:
            error, time = self.trouble(below)
            if values["upstream.url"] != GOOD["upstream.url"]:
                return f"{below}: connection refused at {values['upstream.url']}", 3.0
            if error:
                return f"{below} answered 500", taken + time
            if time > values["upstream.timeout_ms"]:
                return f"{below} did not answer within {values['upstream.timeout_ms']} ms", taken + values[
                    "upstream.timeout_ms"
                ]
            taken += time
        return "", taken

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return its log: what it wrote in the past, and what its present trouble writes."""
        error = "" if self.unseen else self.down(name) or self.trouble(name)[0]
        stack = f'Traceback:\n  File "/srv/{name}/app.py", line 1, in handle\n{error}'
        new = [
            {
                "time": ago(seconds).isoformat(),
                "level": "ERROR",
                "logger": name,
                "message": f"POST /x failed: {error}",
                "trace_id": "",
                "stack": stack,
            }
            for seconds in (
                (*range(INJECTED_SECONDS, 0, -10), 0) if error and not self.services[name].was_sick else (0,)
            )
            if error
        ]
        return self.services[name].old_lines + new

    def repaired(self) -> None:
        """Remember the trouble of before: lines stay in the log, rates stay high for a while."""
        for name, service in self.services.items():
            if self.trouble(name)[0] or self.trouble(name)[1] > 1000:
                service.old_lines = self.lines(name)
                service.was_sick = True


class SystemDouble:
    """The `system` toolkit over a fleet double. An effect named in `refuse` is denied by the person."""

    def __init__(self, fleet: FleetDouble) -> None:
        self._fleet = fleet

    def _service(self, name: str) -> Service:
        if name not in self._fleet.services:
            raise ToolFailedError(f"There is no service {name!r}.")
        return self._fleet.services[name]

    def _effect(self, tool: str, *arguments: Any) -> None:
        if right := self._fleet.missing_right:
            raise ToolDeniedError(
                f"system.{tool} needs the right {right!r}, which vera does not have. Someone who has it can do this."
            )
        if tool in self._fleet.refuse:
            raise ToolDeniedError(f"operator said no to system.{tool}: not during the sale.")
        self._fleet.repaired()
        self._fleet.effects.append((tool, *arguments))
        later, self._fleet.after_first_effect = self._fleet.after_first_effect, None
        if later:
            later()

    def services(self) -> list[dict[str, Any]]:
        rows = []
        for name, service in self._fleet.services.items():
            error, time = self._fleet.trouble(name)
            if self._fleet.unseen and not self._fleet.down(name):
                error, time = "", 12.0
            rate, shown = (0.6, 900.0) if service.was_sick else (0.5 if error else 0.0, time)
            status = "down" if self._fleet.down(name) else "degraded" if error or service.was_sick else "up"
            rows.append({
                "name": name, "status": status, "release": service.release.tag, "pid": service.pid,
                "port": service.port,
                "depends_on": service.depends_on, "uptime_seconds": 100, "error_rate": rate, "latency_p95_ms": shown,
            })  # fmt: skip
        return rows

    def health(self, service: str) -> dict[str, Any]:
        self._service(service)
        down = self._fleet.down(service)
        error = down or self._fleet.trouble(service)[0]
        status = "down" if down else "degraded" if error else "up"
        checks = {} if down else {"requests": {"ok": not error, "message": error or "fine"}}
        return {
            "service": service,
            "status": status,
            "http_status": None if down else 200,
            "message": error,
            "latency_ms": 3,
            "checks": checks,
        }

    def probe(self, service: str, path: str = "", count: int = 5) -> dict[str, Any]:
        self._service(service)
        error, time = self._fleet.trouble(service)
        failed = count if error else 0
        if self._fleet.rush > 0:
            self._fleet.rush, time = self._fleet.rush - count, time + 400
        return {
            "service": service,
            "requests": count,
            "failed": failed,
            "latencies_ms": [time] * count,
            "sample_error": error or None,
        }

    def logs(
        self,
        service: str,
        level: str | None = None,
        contains: str | None = None,
        since_minutes: int = 15,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        self._service(service)
        order = ["DEBUG", "INFO", "WARN", "ERROR"]
        lines = [
            line for line in self._fleet.lines(service) if order.index(line["level"]) >= order.index(level or "DEBUG")
        ]
        return [line for line in lines if not contains or contains in line["message"]][-limit:]

    def metrics(
        self, service: str, names: list[str] | None = None, since_minutes: int = 15
    ) -> dict[str, list[dict[str, Any]]]:
        owner = self._service(service)
        error, time = self._fleet.trouble(service)
        values = owner.release.values
        size = values["db.pool_size"] if isinstance(values["db.pool_size"], int) else 0
        exhausted = "pool size" in error
        used = sum(count for count, _ in owner.files.values())
        now = {"error_rate": 0.5 if error else 0.0, "latency_p95_ms": time, "requests_per_second": 3.0,
               "pool_size": size,
               "memory_mb": 40.0,
               "pool_in_use": size if exhausted else 1, "pool_waiting": 3 if exhausted else 0,
               "disk_used_bytes": used, "disk_quota_bytes": values["quota"]}  # fmt: skip
        before = now | {"error_rate": 0.0, "latency_p95_ms": 12.0, "pool_in_use": 1, "pool_waiting": 0}
        now = before if self._fleet.unseen else now
        series: dict[str, list[dict[str, Any]]] = {}
        for name in names or list(now):
            series[name] = [
                {"time": ago(second).isoformat(), "value": before[name]} for second in range(300, INJECTED_SECONDS, -10)
            ]
            series[name] += [
                {"time": ago(second).isoformat(), "value": now[name]} for second in range(INJECTED_SECONDS, -1, -10)
            ]
        return series

    def releases(self, service: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        found = [
            release
            for name in ([service] if service else list(self._fleet.services))
            for release in reversed(self._service(name).releases)
        ]
        return [
            {
                "tag": release.tag,
                "commit": release.tag * 2,
                "author": release.author,
                "date": release.at.isoformat(),
                "message": release.message,
                "services": [service],
            }
            for release in found
        ][:limit]

    def deployments(self, service: str, limit: int = 20) -> list[dict[str, Any]]:
        return list(self._service(service).events[:limit])

    def _release(self, service: str, ref: str) -> Release:
        return next(release for release in self._service(service).releases if release.tag == ref)

    def git_diff(
        self, from_ref: str, to_ref: str, path: str | None = None, service: str | None = None
    ) -> dict[str, Any]:
        assert service is not None
        old, new = self._release(service, from_ref), self._release(service, to_ref)
        files = []
        if old.values != new.values:
            patch = "".join(
                f"-{key} = {old.values[key]}\n+{key} = {new.values[key]}\n"
                for key in new.values
                if old.values.get(key) != new.values[key]
            )
            files.append(
                {"path": f"services/{service}/config.toml", "added": 1, "removed": 1, "patch": f"@@ -1 +1 @@\n{patch}"}
            )
        if (old.code, old.bug, old.leak) != (new.code, new.bug, new.leak):
            files.append(
                {
                    "path": f"services/{service}/app.py",
                    "added": 1,
                    "removed": 1,
                    "patch": "@@ -1,2 +1,2 @@\n-old\n+new\n",
                }
            )
        return {"from_ref": from_ref, "to_ref": to_ref, "files": files}

    def git_blame(
        self, path: str, ref: str = "HEAD", line_start: int = 1, line_end: int | None = None
    ) -> list[dict[str, Any]]:
        owner = self._service(path.split("/")[1])
        rows = []
        for number, (key, value) in enumerate(owner.release.values.items(), 1):
            first = next(release for release in owner.releases if release.values[key] == value)
            rows.append(
                {
                    "line": number,
                    "commit": first.tag * 2,
                    "author": first.author,
                    "date": first.at.isoformat(),
                    "text": f"{key} = {value}",
                }
            )
        return rows

    def git_log(self, service: str | None = None, path: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        return [
            {
                "commit": row["commit"],
                "author": row["author"],
                "date": row["date"],
                "message": row["message"],
                "files": [],
            }
            for row in self.releases(service)
        ]

    def config(self, service: str, ref: str | None = None) -> dict[str, Any]:
        release = self._release(service, ref) if ref else self._service(service).release
        return {
            "service": service,
            "path": f"services/{service}/config.toml",
            "release": release.tag,
            "values": dict(release.values),
        }

    def ports(self) -> list[dict[str, Any]]:
        return [
            {
                "port": one.port,
                "service": one.name,
                "expected_pid": one.pid,
                "pid": one.holder or one.pid,
                "process": "python other.py",
                "conflict": one.holder is not None,
            }
            for one in self._fleet.services.values()
        ]

    def disk_usage(self, service: str) -> dict[str, Any]:
        owner = self._service(service)
        entries = [
            {"path": path, "bytes": size, "modified": at.isoformat()} for path, (size, at) in owner.files.items()
        ]
        return {
            "service": service,
            "quota_bytes": owner.release.values["quota"],
            "used_bytes": sum(entry["bytes"] for entry in entries),
            "entries": entries,
        }

    def change_config(self, service: str, key: str, value: Any, reason: str) -> dict[str, Any]:
        owner = self._service(service)
        self._effect("change_config", service, key, value)
        before = owner.release.values[key]
        self._fleet.commit(service, values={key: value}, at_seconds=0, bug=owner.release.bug, leak=owner.release.leak)
        owner.events[0]["kind"] = "config"
        self._fresh(owner)
        return {
            "service": service,
            "key": key,
            "before": before,
            "after": value,
            "release": owner.release.tag,
            "outcome": self._outcome(service),
        }

    def deploy(self, service: str, release: str) -> dict[str, Any]:
        return self._move("deploy", service, release)

    def rollback(self, service: str, release: str | None = None) -> dict[str, Any]:
        owner = self._service(service)
        return self._move("rollback", service, release or owner.releases[owner.running - 1].tag)

    def _move(self, kind: str, service: str, release: str) -> dict[str, Any]:
        owner = self._service(service)
        self._effect(kind, service, release)
        previous = owner.release.tag
        owner.running = next(at for at, found in enumerate(owner.releases) if found.tag == release)
        owner.events.insert(0, self._fleet._event(owner, owner.release, kind, ago(0)))
        self._fresh(owner)
        return {
            "service": service,
            "release": release,
            "previous_release": previous,
            "outcome": self._outcome(service),
            "pid": owner.pid,
        }

    def restart(self, service: str) -> dict[str, Any]:
        owner = self._service(service)
        self._effect("restart", service)
        self._fresh(owner)
        owner.events.insert(0, self._fleet._event(owner, owner.release, "restart", ago(0)))
        return {"service": service, "release": owner.release.tag, "pid": owner.pid, "outcome": self._outcome(service)}

    def _fresh(self, owner: Service) -> None:
        owner.pid, owner.locked, owner.stuck_pool = next(self._fleet._pids), False, False

    def _outcome(self, service: str) -> str:
        down = self._fleet.down(service)
        return f"failed: {down}" if down else "ok"

    def stop_process(self, pid: int, reason: str) -> dict[str, Any]:
        self._effect("stop_process", pid)
        for owner in self._fleet.services.values():
            owner.holder = None if owner.holder == pid else owner.holder
        return {"pid": pid, "outcome": "ok"}

    def delete_files(self, service: str, pattern: str, older_than_minutes: int = 0) -> dict[str, Any]:
        owner = self._service(service)
        self._effect("delete_files", service, pattern)
        doomed = [
            path
            for path, (_, at) in owner.files.items()
            if fnmatch.fnmatch(path, pattern) and at <= ago(60 * older_than_minutes)
        ]
        freed = sum(owner.files.pop(path)[0] for path in doomed)
        return {"deleted": len(doomed), "freed_bytes": freed}


class CardDouble:
    """Keeps what was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, kind: str) -> Callable[..., None]:
        return lambda *arguments, **named: self.shown.append((kind, (*arguments, *named.values())))


class Names:
    """Toolkits under a dotted name: attributes only."""

    def __init__(self, **inner: Any) -> None:
        self.__dict__.update(inner)


class Watched:
    """A toolkit that tells whose tools are taken."""

    def __init__(self, toolkit: SystemDouble, watch: Callable[[str], object] | None) -> None:
        self._toolkit, self._watch = toolkit, watch

    def __getattr__(self, tool: str) -> Any:
        if self._watch:
            self._watch(tool)
        return getattr(self._toolkit, tool)


@dataclass
class Bench:
    """Runs the action of a skill and keeps what it did."""

    system_type: ClassVar[type[SystemDouble]] = SystemDouble

    fleet: FleetDouble
    folder: Path
    card: CardDouble = field(default_factory=CardDouble)
    said: list[str] = field(default_factory=list)
    watch: Callable[[str], object] | None = None
    """Is told the name of every tool of `system` that the action takes."""
    mcp: Any = field(default_factory=Names)
    agents: Any = field(default_factory=Names)
    sanca: Any = field(default_factory=Names)

    def run(self, skill: str, *, language: str = "en", **parameters: Any) -> str:
        """Run an action as the engine does: parameters in front, the value of the last expression is the answer."""
        found = next(one for one in shipped_library().skills if one.name == skill)
        values = {parameter.name: parameter.default for parameter in found.sheet.parameters} | parameters
        front = "".join(f"{name} = {value!r}\n" for name, value in (values | {"language": language}).items())
        code = (
            (front + found.code())
            .replace('"/input"', repr(str(self.folder / "input")))
            .replace('"/output"', repr(str(self.folder)))
        )
        tree = ast.parse(code)
        last = tree.body.pop()
        assert isinstance(last, ast.Expr), f"{skill} does not end in an expression"
        names: dict[str, Any] = {
            "system": Watched(SystemDouble(self.fleet), self.watch), "card": self.card, "say": self.said.append,
            "mcp": self.mcp, "agents": self.agents, "sanca": self.sanca,
            "ToolError": ToolError, "ToolDeniedError": ToolDeniedError, "ToolFailedError": ToolFailedError,
            "ToolNotFoundError": ToolNotFoundError,
            "__name__": "__action__",
        }  # fmt: skip
        exec(compile(tree, skill, "exec"), names)  # noqa: S102 - our own action, as the sandbox runs it
        answer = eval(compile(ast.Expression(last.value), skill, "eval"), names)  # noqa: S307 - the same
        assert isinstance(answer, str)
        return answer


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A healthy fleet, edge → orders → (ledger, stock), stock → vault, and a bench to run actions on it."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    fleet = FleetDouble(
        {"edge": ["orders"], "orders": ["ledger", "stock"], "ledger": [], "stock": ["vault"], "vault": []}
    )
    return Bench(fleet, tmp_path)
