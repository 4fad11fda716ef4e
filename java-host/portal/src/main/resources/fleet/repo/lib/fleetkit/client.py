"""Calls from one service to another over HTTP: address, time limit and credential come from the settings."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
import urllib.parse
from collections import deque
from pathlib import Path

from fleetkit.config import Config
from fleetkit.logs import trace_id

log = logging.getLogger("client")


class DependencyError(Exception):
    """Another service did not give what was asked of it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class CredentialError(Exception):
    """The credential store has no such name."""


class Dependency:
    """One service that this one needs."""

    def __init__(self, name: str, config: Config, credentials: Path) -> None:
        prefix = f"dependencies.{name}"
        self.name, self._credentials = name, credentials
        self.url = config.get(f"{prefix}.url", str)
        self.timeout_ms = config.get(f"{prefix}.timeout_ms", int)
        self.credential = config.get(f"{prefix}.credential", str)
        self._recent: deque[tuple[float, str | None]] = deque(maxlen=200)
        self._lock = threading.Lock()

    def post(self, path: str, body: dict[str, object]) -> dict[str, object]:
        """Send `body` and return the answer."""
        started, key = time.monotonic(), credential(self._credentials, self.credential)
        try:
            answer = self._send(path, json.dumps(body).encode(), key)
        except DependencyError as error:
            self._note(started, str(error))
            raise
        self._note(started, None)
        return answer

    def check(self) -> dict[str, object]:
        """Return how the calls of the last half minute went."""
        since = time.monotonic() - 30
        with self._lock:
            fresh = [error for at, error in self._recent if at >= since]
        errors = [error for error in fresh if error]
        message = f"{len(fresh) - len(errors)} of {len(fresh)} calls in the last 30 s succeeded"
        return {
            "ok": len(errors) * 10 <= len(fresh),
            "message": f"{message}; last: {errors[-1]}" if errors else message,
        }

    def _send(self, path: str, body: bytes, key: str) -> dict[str, object]:
        where = f"POST {self.url}{path}"
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self.timeout_ms / 1000)
        headers = {"Content-Type": "application/json", "X-Client-Key": key, "X-Trace-Id": trace_id() or ""}
        try:
            connection.request("POST", parts.path + path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except TimeoutError as error:
            raise DependencyError(f"{self.name} did not answer within {self.timeout_ms} ms ({where})", 504) from error
        except (OSError, http.client.HTTPException) as error:
            raise DependencyError(f"{self.name} cannot be reached: {error} ({where})", 502) from error
        finally:
            connection.close()
        if response.status >= 300:
            raise DependencyError(f"{self.name} answered {response.status}: {text.strip()[:200]} ({where})", 502)
        return json.loads(text)  # type: ignore[no-any-return]  # the other service's answer is an object

    def _note(self, started: float, error: str | None) -> None:
        with self._lock:
            self._recent.append((time.monotonic(), error))
        log.debug("%s took %d ms", self.name, (time.monotonic() - started) * 1000)


def credential(store: Path, name: str) -> str:
    """Return the secret called `name`."""
    secrets: dict[str, str] = json.loads(store.read_text(encoding="utf-8"))
    if name not in secrets:
        raise CredentialError(f"no credential named {name!r} in the store ({len(secrets)} names known)")
    return secrets[name]
