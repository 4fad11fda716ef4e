"""Has documents read in a process of its own, which a broken or hostile file can end without harm. Keeps nothing."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from types import TracebackType
from typing import Any

import anyio
import structlog
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from sanca.core.errors import DocumentError
from sanca.memory.knowledge.kinds import kind_of
from sanca.memory.knowledge.pieces import Fact, Piece, ReadDocument

log = structlog.get_logger()

CONTENT_BYTES = 20_000_000
"""A larger document is refused."""
READ_SECONDS = 30.0
"""How long reading one document may take."""
_ANSWER_BYTES = 64_000_000
_LENGTH = struct.Struct("!I")
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


class DocumentReader:
    """Reads documents one at a time: `async with DocumentReader() as reader`. Its process begins with the first one."""

    def __init__(self, *, limit_seconds: float = READ_SECONDS) -> None:
        self._limit_seconds = limit_seconds
        self._process: Process | None = None
        self._answers: BufferedByteReceiveStream | None = None

    async def __aenter__(self) -> DocumentReader:
        """Begin nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        with anyio.CancelScope(shield=True):
            await self._end()

    @property
    def process_id(self) -> int:
        """Of its process; 0: none runs."""
        return self._process.pid if self._process else 0

    async def read(self, name: str, content: bytes, media_type: str = "") -> ReadDocument:
        """Return the document's pieces.

        Raises:
            DocumentError: It is of no kind that can be read, too large, broken, or takes too long.
        """
        kind = kind_of(name, media_type)
        if kind is None:
            raise DocumentError(name, "files of this kind cannot be read; text, Markdown, HTML, PDF, DOCX or code can")
        if len(content) > CONTENT_BYTES:
            raise DocumentError(name, f"it is larger than {CONTENT_BYTES // 1_000_000} MB; add it in parts")
        if not content.strip():
            raise DocumentError(name, "it is empty")
        asked = {"name": name, "kind": kind.kind, "language": kind.language}
        try:
            with anyio.fail_after(self._limit_seconds):
                answer = await self._ask(json.dumps(asked).encode() + b"\n" + content)
        except TimeoutError:
            await self._end()
            raise DocumentError(name, f"reading it took longer than {self._limit_seconds:g} seconds") from None
        except (OSError, EOFError, anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead) as error:
            await self._end()
            raise DocumentError(name, "its reader broke off; the file is broken, or made to do harm") from error
        except BaseException:  # cancelled half way: an answer that comes later would be taken for another document's
            with anyio.CancelScope(shield=True):
                await self._end()
            raise
        if "error" in answer:
            raise DocumentError(name, str(answer["error"]))
        return _document(answer)

    async def _ask(self, message: bytes) -> dict[str, Any]:
        process, answers = await self._begin()
        assert process.stdin is not None  # noqa: S101 - it was opened as a pipe
        await process.stdin.send(_LENGTH.pack(len(message)) + message)
        (length,) = _LENGTH.unpack(await answers.receive_exactly(_LENGTH.size))
        if length > _ANSWER_BYTES:
            raise EOFError
        found: dict[str, Any] = json.loads(await answers.receive_exactly(length))
        return found

    async def _begin(self) -> tuple[Process, BufferedByteReceiveStream]:
        if self._process is not None and self._answers is not None:
            return self._process, self._answers
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        with anyio.CancelScope(shield=True):  # cancelled half way, nobody would know the process
            self._process = await anyio.open_process(
                [sys.executable, "-I", "-m", "sanca.memory.knowledge.reader_process"],
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        assert self._process is not None  # noqa: S101 - the scope passes errors on
        assert self._process.stdout is not None  # noqa: S101 - as above
        self._answers = BufferedByteReceiveStream(self._process.stdout)
        return self._process, self._answers

    async def _end(self) -> None:
        process, self._process, self._answers = self._process, None, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.aclose()


def _document(answer: dict[str, Any]) -> ReadDocument:
    pieces = (
        Piece(**{**piece, "facts": tuple(Fact(**fact) for fact in piece["facts"])}) for piece in answer.pop("pieces")
    )
    return ReadDocument(**{**answer, "remarks": tuple(answer["remarks"])}, pieces=tuple(pieces))
