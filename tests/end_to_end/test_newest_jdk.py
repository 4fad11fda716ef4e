"""The host runs on the newest JDK that is promised, 25, too, though another one built it. Part of the long proofs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from demo_process import DemoProcess

pytestmark = [pytest.mark.jvm, pytest.mark.long]


def java_25() -> Path:
    """Return the `bin` folder of a JDK 25: of JAVA_25_HOME, or where Linux distributions put them."""
    homes = [Path(os.environ.get("JAVA_25_HOME", "/nowhere")), *Path("/usr/lib/jvm").glob("*25*")]
    for home in homes:
        if (home / "bin" / "java").exists():
            return home / "bin"
    raise AssertionError("No JDK 25 was found; install one, or set JAVA_25_HOME.")


def test_the_demo_answers_on_jdk_25(tmp_path: Path) -> None:
    path = f"{java_25()}:{os.environ['PATH']}"
    with DemoProcess(tmp_path, environment={"PATH": path}) as demo:
        demo.sign_in()
        demo.wait_engine()
        executable = Path(f"/proc/{demo.pid}/exe").readlink()
        talk = demo.ask("is everything all right?")
    assert "25" in str(executable)
    assert talk.terminal["type"] == "RUN_FINISHED"
    assert "4 of 4" in talk.text
