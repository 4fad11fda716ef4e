"""What the README shows is what there is: its Python is run, its commands exist, its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`\.venv/bin/sanca ([^`]+)`", README)


def run(arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with an empty state folder and no model."""
    keys = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY")
    environment = {name: value for name, value in os.environ.items() if name not in keys}
    return subprocess.run(
        [sys.executable, *arguments], env={**environment, "SANCA_HOME": str(home), "COLUMNS": "200"},
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


def test_the_five_lines_of_python_print_an_answer(tmp_path: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example.py").write_text(example, encoding="utf-8")
    done = run([str(tmp_path / "example.py")], tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert "10.2" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_table_exists_with_its_options(command: str, tmp_path: Path) -> None:
    words = re.sub(r'".*?"', "", command).split()
    names = [word for word in words if word.islower() and word.isalpha()]
    done = run(["-m", "sanca", *names, "--help"], tmp_path)
    assert done.returncode == 0, done.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option in done.stdout


def test_the_table_was_found() -> None:
    assert len(COMMANDS) >= 4


def test_every_make_target_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^make ([a-z-]+)", README, re.MULTILINE))
    assert targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_link_and_picture_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert missing == []
