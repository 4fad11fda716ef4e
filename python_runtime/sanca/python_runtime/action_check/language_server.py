"""A language server as a process: one document, checked again and again. Knows the protocol, and nothing of actions."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from sanca.core.errors import SancaError

_HEADER_BYTES = 4_096
_MESSAGE_BYTES = 16 << 20
_MEMORY_BYTES = 2 << 30
"""Of address space: what a check needs is some hundred megabytes."""
_DOCUMENT = "action.py"
_ERROR = 1


class LanguageServerError(SancaError):
    """The language server ended, or said something that is not the protocol's."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error that a language server found. Lines count from 0, columns in UTF-8 bytes as in Python's `ast`."""

    rule: str
    message: str
    line: int
    column: int
    end_line: int
    end_column: int


class LanguageServer:
    """Lifecycle: `start` once, `diagnose` one after the other, `close` once.

    After a cancelled or failed `diagnose` nothing but `close` may be called: an answer may still be on its way.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = list(command)
        self._folder = folder
        self._number = 0
        self._version = 0
        self._process: Process | None = None
        self._reader: BufferedByteReceiveStream | None = None

    async def start(self) -> None:
        """Start the process and greet it. It sees the folder, and nothing of the engine's environment.

        Raises:
            LanguageServerError: It does not answer as a language server does.
            OSError: It cannot be started.
        """
        environment = {"HOME": str(self._folder), "PATH": "", "TY_MAX_PARALLELISM": "1"}
        self._process = await anyio.open_process(
            self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=self._folder, env=environment
        )
        if self._process.stdout is None:
            raise LanguageServerError("The language server has no output.")
        resource.prlimit(self._process.pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        self._reader = BufferedByteReceiveStream(self._process.stdout)
        root = self._folder.as_uri()
        capabilities = {"general": {"positionEncodings": ["utf-8"]}, "textDocument": {"diagnostic": {}}}
        answer = await self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "action"}],
                "capabilities": capabilities,
            },
        )
        if answer.get("capabilities", {}).get("positionEncoding") != "utf-8":
            raise LanguageServerError("The language server counts columns in another way.")
        await self._tell("initialized", {})

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        return self._process.pid if self._process is not None else None

    async def diagnose(self, text: str) -> list[Diagnostic]:
        """Return the errors in a text.

        Raises:
            LanguageServerError: It ended, or its answer is none.
        """
        uri = (self._folder / _DOCUMENT).as_uri()
        self._version += 1
        document = {"uri": uri, "version": self._version}
        if self._version == 1:
            opened = {**document, "languageId": "python", "text": text}
            await self._tell("textDocument/didOpen", {"textDocument": opened})
        else:
            changes = [{"text": text}]
            await self._tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        answer = await self._ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        return [_diagnostic(one) for one in answer.get("items", ()) if one.get("severity") == _ERROR]

    async def close(self) -> None:
        """End the process. Safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.aclose()

    async def _ask(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._send({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._receive()
            if "method" in message:
                await self._refuse(message)
            elif message.get("id") == self._number:
                if not isinstance(result := message.get("result"), dict):
                    raise LanguageServerError(f"The language server did not do {method}: {message.get('error')}")
                return result

    async def _refuse(self, message: Mapping[str, Any]) -> None:
        """Answer what the server asks of us with "we cannot"; what it only tells needs no answer."""
        if "id" in message:
            await self._send({"id": message["id"], "error": {"code": -32601, "message": "not supported"}})

    async def _tell(self, method: str, parameters: Mapping[str, Any]) -> None:
        await self._send({"method": method, "params": parameters})

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise LanguageServerError("The language server is not running.")
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        try:
            await self._process.stdin.send(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            raise LanguageServerError("The language server ended.") from error

    async def _receive(self) -> dict[str, Any]:
        if self._reader is None:
            raise LanguageServerError("The language server is not running.")
        try:
            head = await self._reader.receive_until(b"\r\n\r\n", _HEADER_BYTES)
            body = await self._reader.receive_exactly(_length(head))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.DelimiterNotFound, anyio.ClosedResourceError) as error:
            raise LanguageServerError("The language server ended.") from error
        try:
            message = json.loads(body)
        except ValueError as error:
            raise LanguageServerError("The language server said something that is no JSON.") from error
        return message if isinstance(message, dict) else {}


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit() and int(value) <= _MESSAGE_BYTES:
            return int(value)
    raise LanguageServerError("The language server's message has no length, or is too long.")


def _diagnostic(told: Mapping[str, Any]) -> Diagnostic:
    start, end = told["range"]["start"], told["range"]["end"]
    return Diagnostic(
        rule=str(told.get("code") or ""),
        message=str(told.get("message") or "").partition("\n")[0],
        line=int(start["line"]),
        column=int(start["character"]),
        end_line=int(end["line"]),
        end_column=int(end["character"]),
    )
