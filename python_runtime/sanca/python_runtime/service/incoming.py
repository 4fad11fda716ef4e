"""Reads a file that comes in chunks: bounded, and refused at its first chunk when the caller may not send it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from sanca.core.messages import Caller
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.service import conversions as convert
from sanca.python_runtime.service import engine_pb2 as pb

_MEGABYTE = 1024 * 1024


async def read_file(
    chunks: AsyncIterator[pb.FileChunk], limit_bytes: int, check: Callable[[Caller], None] = lambda _: None
) -> tuple[Caller, pb.FileInfo, bytes]:
    """Return who sends a file, what they say of it, and its bytes.

    Args:
        chunks: The first one carries caller and info.
        limit_bytes: How long it may be.
        check: Raises when the caller may not send it; called before anything is read.

    Raises:
        BadRequestError: There is no first chunk, or the file is too large.
    """
    caller: Caller | None = None
    info = pb.FileInfo()
    content = bytearray()
    async for chunk in chunks:
        if caller is None:
            caller, info = convert.caller_from(chunk.caller), chunk.info
            check(caller)
        content += chunk.data
        if len(content) > limit_bytes:
            raise BadRequestError(f"The file is larger than {limit_bytes // _MEGABYTE} MB.")
    if caller is None:
        raise BadRequestError("The first chunk must carry caller, and in info the name.")
    return caller, info, bytes(content)
