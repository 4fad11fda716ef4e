"""Build hook: compiles engine.proto, the source of truth of the engine service, and packs what the sandbox installs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EngineProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs protoc; the generated files are built, never kept in git."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate `engine_pb2*.py` and their type stubs beside the proto file."""
        room = Path(self.root) / "python_runtime"
        proto = "sanca/python_runtime/service/engine.proto"
        outputs = [f"--{kind}_out={room}" for kind in ("python", "grpc_python", "mypy", "mypy_grpc")]
        subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", f"-I{room}", *outputs, str(room / proto)], check=True
        )
        lock = Path(self.root) / "requirements" / "guest.lock"
        if self.target_name == "wheel" and version != "editable":  # a source tree has it where `make lock` writes it
            build_data["force_include"][str(lock)] = "sanca/python_runtime/sandbox/guest.lock"
