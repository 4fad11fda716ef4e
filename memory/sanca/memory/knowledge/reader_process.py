"""The reader's own process: takes documents on stdin, answers with their pieces. Holds no secret and no socket.

`python -I -m sanca.memory.knowledge.reader_process`. A message is four bytes of length, a line of JSON, and bytes.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import struct
import sys
from typing import Any, BinaryIO

from sanca.memory.knowledge.kinds import DocumentKind
from sanca.memory.knowledge.reading import UnreadableError, read_document

MEMORY_BYTES = 1 << 30
"""The most address space the process may have: a bomb in a file ends it, not the machine."""
_LENGTH = struct.Struct("!I")


def main() -> None:
    """Answer until stdin ends."""
    _limit()
    sys.setrecursionlimit(3_000)
    while (message := _receive(sys.stdin.buffer)) is not None:
        head, _, content = message.partition(b"\n")
        answer = json.dumps(_answer(json.loads(head), content), ensure_ascii=False).encode("utf-8", "replace")
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def _answer(asked: dict[str, Any], content: bytes) -> dict[str, Any]:
    try:
        kind = DocumentKind(asked["kind"], asked["language"])
        return dataclasses.asdict(read_document(content, kind, asked["name"]))
    except UnreadableError as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError):
        return {"error": "it needs more memory than a document may"}
    except Exception as error:  # a parser that a broken file trips ends with this document, not with those after it
        print(f"{asked['name']!r}: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201 - as in _limit
        return {"error": f"it cannot be read as {asked['kind']}; it is broken, or something else"}


def _limit() -> None:
    for which, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(which)[1]
        wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (wanted, wanted))
        except (OSError, ValueError):  # macOS has no limit of address space; the time limit holds there too
            print(f"limit {which} cannot be set here", file=sys.stderr)  # noqa: T201 - the parent reads it


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    return stream.read(length)


if __name__ == "__main__":
    main()
