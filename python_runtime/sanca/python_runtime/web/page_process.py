"""Has one page read in a process of its own (`page_worker`), which a hostile page can end without harm."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import anyio
from sanca.core.errors import ToolArgumentError, ToolFailedError
from sanca.python_runtime.web.decoding import Kind
from sanca.python_runtime.web.page_reading import ReadPage, Wanted

READ_SECONDS = 20.0
"""How long reading one page may take."""
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ")


async def read_in_process(
    data: bytes, kind: Kind, media_type: str, url: str, wanted: Wanted, *, limit_seconds: float = READ_SECONDS
) -> ReadPage:
    """Return the readable part of a page.

    Raises:
        ToolError: It cannot be read; says why.
    """
    asked = {"kind": kind, "media_type": media_type, "url": url, "wanted": dataclasses.asdict(wanted)}
    try:
        with anyio.fail_after(limit_seconds):
            done = await anyio.run_process(
                [sys.executable, "-I", "-m", "sanca.python_runtime.web.page_worker"],
                input=json.dumps(asked).encode() + b"\n" + data,
                stderr=subprocess.DEVNULL,
                check=False,
                env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
                cwd="/",
            )
        answer: dict[str, Any] = json.loads(done.stdout)
    except TimeoutError:
        raise ToolFailedError(f"Reading {url} took longer than {limit_seconds:g} seconds.") from None
    except (OSError, ValueError, anyio.BrokenResourceError) as error:
        raise ToolFailedError(f"{url} cannot be read: it is broken, or made to do harm.") from error
    if problem := answer.get("error"):
        if answer["is_asked_wrong"]:
            raise ToolArgumentError(f"{url}: {problem}.")
        raise ToolFailedError(f"{url} cannot be read: {problem}.")
    return ReadPage(**answer)
