"""`sanca exec`: each file one action in a fresh sandbox session, without tools."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.sandbox import Sandbox, open_sandbox
from sanca.python_runtime.sandbox.libraries_needed import needs_libraries

LARGEST_ACTION_BYTES = 1_000_000


def execute_files(files: Sequence[Path], *, input_path: Path | None, as_json: bool, limit_seconds: float) -> int:
    """Run the files one after another and print a line for each; return 0 when all were ok, else 1."""
    return anyio.run(_execute_files, files, input_path, as_json, limit_seconds)


async def _execute_files(files: Sequence[Path], input_path: Path | None, as_json: bool, limit_seconds: float) -> int:
    worst = 0
    with _input_folder(input_path) as folder:
        async with open_sandbox() as sandbox:
            for file in files:
                line = await _execute_file(sandbox, file, folder, limit_seconds)
                worst = max(worst, line["status"] != "ok")
                _print_line(line, as_json=as_json)
    return worst


async def _execute_file(sandbox: Sandbox, file: Path, folder: Path | None, limit_seconds: float) -> dict[str, Any]:
    line: dict[str, Any] = {
        "file": str(file), "status": "refused", "value": None, "stdout": "", "error": None, "seconds": 0.0,
    }  # fmt: skip
    try:
        code = await anyio.Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return {**line, "error": f"The file cannot be read as UTF-8 text: {error}."}
    if len(code.encode()) > LARGEST_ACTION_BYTES:
        return {**line, "error": f"The file has more than {LARGEST_ACTION_BYTES:,} bytes, the most an action may have."}
    session = await sandbox.spawn(input_dir=folder, libraries=needs_libraries(code))
    try:
        result = await session.run(code, limit_seconds=limit_seconds, toolkits=())
    finally:
        await session.close()
    return {
        "file": str(file), "status": result.status, "value": result.value, "stdout": result.stdout,
        "error": result.error or None, "seconds": round(result.seconds, 4),
    }  # fmt: skip


def _print_line(line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201
        return
    print(f"{line['file']}: {line['status']} ({line['seconds']:.2f} s)")  # noqa: T201
    for part in (line["stdout"], line["value"], line["error"]):
        if part:
            print(str(part).rstrip("\n"))  # noqa: T201


@contextmanager
def _input_folder(path: Path | None) -> Iterator[Path | None]:
    """Give the folder to show as /input: the one named, or a folder holding a copy of the file named."""
    if path is None:
        yield None
    elif path.is_dir():
        yield path.absolute()
    elif path.is_file():
        with tempfile.TemporaryDirectory(prefix="sanca-input-") as folder:
            shutil.copy(path, folder)
            Path(folder).chmod(0o755)
            yield Path(folder)
    else:
        raise ConfigurationError(f"The input {str(path)!r} does not exist; --input takes a file or a folder.")
