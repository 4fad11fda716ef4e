"""A service: its settings, storage, pool and dependencies, and the way of one request through limits to a handler."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fleetkit import logs
from fleetkit.client import Dependency, DependencyError, credential
from fleetkit.config import Config
from fleetkit.metrics import Metrics
from fleetkit.pool import ConnectionPool, PoolTimeoutError
from fleetkit.storage import Storage

log = logging.getLogger("http")

Body = dict[str, Any]
Handler = Callable[..., Body]


class RequestError(Exception):
    """The caller sent something that cannot be done."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RateLimit:
    """Lets so many requests through each second, counted in a sliding second."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._times: list[float] = []
        self._lock = threading.Lock()

    def admit(self) -> bool:
        """Return whether one more request fits into this second."""
        now = time.monotonic()
        with self._lock:
            self._times = [at for at in self._times if now - at < 1.0]
            if len(self._times) >= self.per_second:
                return False
            self._times.append(now)
            return True


class Service:
    """What the handlers of one service share. Made once, before the port is opened."""

    def __init__(self, name: str, schema: str, root: Path) -> None:
        home = Path(os.environ["FLEET_HOME"])
        logs.configure(home / "logs" / f"{name}.log")
        self.name, self.release = name, os.environ["FLEET_RELEASE"]
        self.config = Config(root / "config.toml")
        self.credentials = home / "credentials.json"
        self.metrics = Metrics()
        self.storage = Storage(home / "data" / name, self.config.get("storage.quota_bytes", int))
        self.pool = ConnectionPool(
            self.storage.folder / self.config.get("database.file", str),
            self.config.get("database.pool_size", int),
            self.config.get("database.pool_timeout_ms", int),
        )
        self.dependencies = {
            each: Dependency(each, self.config, self.credentials) for each in self.config.children("dependencies")
        }
        self.limit = RateLimit(self.config.get("limits.requests_per_second", int))
        self.max_body_bytes = self.config.get("limits.max_body_bytes", int)
        self.accepts = self.config.get("auth.accepted_credential", str)
        self.started = time.monotonic()
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._show_gauges()
        with self.pool.connection() as db:
            db.executescript(schema)

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated handler; `{name}` in the path becomes an argument."""
        pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path) + "$")

        def register(handler: Handler) -> Handler:
            self._routes.append((method, pattern, handler))
            return handler

        return register

    def handle(self, method: str, path: str, key: str, body: Body) -> tuple[int, Body]:
        """Answer one request; every failure becomes a status and a log line."""
        started = time.monotonic()
        status, answer = self._guarded(method, path, key, body)
        milliseconds = (time.monotonic() - started) * 1000
        self.metrics.finished(status, milliseconds)
        log.log(
            logging.INFO if status < 400 else logging.WARNING,
            "%s %s answered %d in %d ms", method, path, status, milliseconds,
        )  # fmt: skip
        return status, answer

    def health(self) -> tuple[int, Body]:
        """Return what works: storage, database, other services, and how the last requests went."""
        checks = {
            "storage": self._check_storage(),
            "database": self._check_database(),
            "requests": self._check_requests(),
        }
        checks |= {each.name: each.check() for each in self.dependencies.values()}
        own_ok = checks["storage"]["ok"] and checks["database"]["ok"]
        all_ok = all(check["ok"] for check in checks.values())
        status = "up" if all_ok else "degraded"
        return (200 if own_ok else 503), {
            "service": self.name, "status": status, "release": self.release, "pid": os.getpid(),
            "uptime_seconds": round(time.monotonic() - self.started, 1), "checks": checks,
        }  # fmt: skip

    def start_maintenance(self, key: str, body: Body) -> tuple[int, Body]:
        """Begin a maintenance task that an operator asked for."""
        if key != credential(self.credentials, "operator"):
            return 401, {"error": "only an operator may start maintenance"}
        task, hold, segments = str(body["task"]), int(body["hold_ms"]), int(body["segments"])
        self.storage.start_maintenance(task, hold, segments)
        log.info("%s of %d segments started on request of %s", task, segments, body.get("by", "an operator"))
        return 202, {"task": task}

    def _guarded(self, method: str, path: str, key: str, body: Body) -> tuple[int, Body]:
        try:
            return 200, self._dispatch(method, path, key, body)
        except RequestError as error:
            log.warning("%s %s refused: %s", method, path, error)
            return error.status, {"error": str(error)}
        except DependencyError as error:
            log.error("%s %s failed: %s", method, path, error, exc_info=True)
            return error.status, {"error": str(error)}
        except PoolTimeoutError as error:
            log.error("%s %s failed: %s", method, path, error, exc_info=True)
            return 503, {"error": str(error)}
        except Exception as error:
            log.exception("%s %s failed: %s: %s", method, path, type(error).__name__, error)
            return 500, {"error": f"{type(error).__name__}: {error}"}

    def _dispatch(self, method: str, path: str, key: str, body: Body) -> Body:
        if self.accepts and key != credential(self.credentials, self.accepts):
            raise RequestError(401, f"the key sent is not that of {self.accepts}")
        if not self.limit.admit():
            raise RequestError(429, f"more than {self.limit.per_second} requests in a second")
        for wanted, pattern, handler in self._routes:
            match = pattern.match(path)
            if wanted == method and match:
                arguments = match.groupdict()
                return handler(body, **arguments) if method == "POST" else handler(**arguments)
        raise RequestError(404, f"there is no {method} {path} here")

    def _check_storage(self) -> Body:
        used, quota = self.storage.used_bytes(), self.storage.quota_bytes
        return {"ok": used <= quota * 0.95, "message": f"{used * 100 // quota} % of {quota} bytes are used"}

    def _check_database(self) -> Body:
        pool = self.pool
        message = f"{pool.in_use} of {pool.size} connections in use, {pool.waiting} waiting"
        return {"ok": not pool.is_exhausted(), "message": message}

    def _check_requests(self) -> Body:
        total, failed = self.metrics.recent()
        return {"ok": failed * 20 <= total, "message": f"{failed} of {total} requests failed in the last 30 s"}

    def _show_gauges(self) -> None:
        show, pool, storage = self.metrics.gauge, self.pool, self.storage
        show("db_pool_in_use", lambda: pool.in_use)
        show("db_pool_size", lambda: pool.size)
        show("db_pool_waiting", lambda: pool.waiting)
        show("disk_used_bytes", storage.used_bytes)
        show("disk_quota_bytes", lambda: storage.quota_bytes)
        show("maintenance_running", lambda: int(storage.task is not None))


def watch_host() -> None:
    """End this process when whoever started it is gone: then our standard input closes."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, name="watch-host", daemon=True).start()


def service_from_command_line(name: str, schema: str, main_file: str) -> Service:
    """Return the service that `main_file` belongs to."""
    argparse.ArgumentParser(prog=name, description=f"The {name} service of the shop.").parse_args(sys.argv[1:])
    watch_host()
    return Service(name, schema, Path(main_file).resolve().parent)
