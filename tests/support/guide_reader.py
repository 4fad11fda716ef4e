"""A reader of the embed guide: types its commands, makes its edits, looks for what it says. Judges nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from demo_process import ROOT, free_ports
from guide_steps import Block, Step, insert, read_steps, shows

GUIDE = ROOT / "docs" / "guides" / "embed.md"
EXAMPLE = ROOT / "examples" / "order_desk"
NOT_COPIED = shutil.ignore_patterns("target", "data", ".sanca", "sanca-chat.js", "cookies.txt", "asked.txt")
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m"
MODELS_AND_SETTINGS = ("SANCA_", "OPENAI_", "DASHSCOPE_")
START = "java -jar "
LATER_SECONDS = 20.0
"""How long "a few seconds later" may be on a busy machine."""


class GuideReader:
    """Follows the guide in a copy of the example, on ports of its own; each step once, in order."""

    def __init__(self, folder: Path) -> None:
        self.steps = read_steps(GUIDE)
        self.desk = folder / "sanca" / "examples" / "order_desk"
        self.port, self._gateway_port, engine_port = free_ports(3)
        self._replaced = {
            "make setup\n": "",  # whoever runs these tests did
            "cd examples/order_desk": f"cd {self.desk}",
            "127.0.0.1:8090": f"127.0.0.1:{self.port}",
            "127.0.0.1:15333": f"127.0.0.1:{self._gateway_port}",
        }
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(MODELS_AND_SETTINGS)},
            "SERVER_PORT": str(self.port), "SANCA_GATEWAY_PORT": str(self._gateway_port),
            "SANCA_ENGINE_PORT": str(engine_port), "JDK_JAVA_OPTIONS": JAVA_OPTIONS, "COLUMNS": "200",
        }  # fmt: skip
        self._folder, self._functions = ROOT, ""
        self._log = folder / "application.log"
        self._application: subprocess.Popen[bytes] | None = None
        self._done = 0
        shutil.copytree(EXAMPLE, self.desk, ignore=NOT_COPIED)
        for name, there in ((".venv", Path(sys.prefix)), ("java-host", ROOT / "java-host")):
            (folder / "sanca" / name).symlink_to(there)

    def follow(self, number: int) -> Step:
        """Follow the guide to the end of a step, and fail where it does not show what it says."""
        while self._done < number:
            self._done += 1
            blocks = self.steps[self._done].blocks
            for block, after in zip(blocks, (*blocks[1:], None), strict=True):
                expected = after.text if after is not None and after.language == "text" else ""
                if block.language == "sh":
                    self._type(self._adapted(block.text), self._adapted(expected))
                elif block.language != "text":
                    insert(block, self.desk)
        return self.steps[number]

    def run(self, command: str) -> str:
        """Run a command in the example's folder; return what it printed."""
        return self._bash(command)

    def stop(self) -> None:
        """Press Ctrl-C on the application, if it runs."""
        if self._application is not None:
            self._application.send_signal(signal.SIGINT)
            try:
                self._application.wait(20)
            except subprocess.TimeoutExpired:
                self._application.kill()
                self._application.wait(5)
            self._application = None

    def _adapted(self, text: str) -> str:
        for old, new in self._replaced.items():
            text = text.replace(old, new)
        return text

    def _type(self, commands: str, expected: str) -> None:
        if START in commands:
            build, _, jar = commands.partition(START)
            self.stop()
            self._bash(build)
            printed = self._start(jar.strip(), expected or "… Started …")
        else:
            printed = self._bash(commands)
        deadline = time.monotonic() + LATER_SECONDS
        while commands.startswith("curl") and not shows(expected, printed) and time.monotonic() < deadline:
            time.sleep(0.3)
            printed = self._bash(commands)
        assert shows(expected, printed), f"typed:\n{commands}\nthe guide says:\n{expected}\nit printed:\n{printed}"

    def _bash(self, commands: str) -> str:
        """Run commands; the folder they go to and the functions they define stay for the next ones."""
        state = self._log.with_name("functions.sh")
        script = f"{self._functions}\n{commands}\npwd > {state}.pwd\ndeclare -f > {state}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self._folder, env=self._environment,
            capture_output=True, text=True, check=False, timeout=150,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\nprinted:\n{done.stdout}\n{done.stderr}"
        self._folder = Path(Path(f"{state}.pwd").read_text(encoding="utf-8").strip())
        self._functions = state.read_text(encoding="utf-8")
        return done.stdout

    def _start(self, jar: str, expected: str) -> str:
        with self._log.open("wb") as log:
            self._application = subprocess.Popen(
                ["java", "-jar", jar], cwd=self._folder, env=self._environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._application.poll() is None and not shows(expected, self._printed()):
            time.sleep(0.1)
        return self._printed()

    def _printed(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")


def snippets(step: Step) -> list[Block]:
    """Return what a step adds to files."""
    return [block for block in step.blocks if block.language not in {"sh", "text"}]
