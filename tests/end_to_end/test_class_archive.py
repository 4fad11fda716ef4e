"""The archive that `make setup` makes of the portal's classes is used; the JVM passes over one that does not fit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from demo_process import JAVA_FLAGS, PORTAL_APP, PORTAL_JAR, ROOT

pytestmark = [pytest.mark.jvm]


def test_the_portal_takes_its_classes_from_the_archive(tmp_path: Path) -> None:
    command = [
        "java", *JAVA_FLAGS, f"-XX:SharedArchiveFile={PORTAL_APP / 'portal.jsa'}", "-Xshare:auto",
        "-Xlog:class+load:stdout", "-Dspring.context.exit=onRefresh", "-jar", str(PORTAL_JAR),
    ]  # fmt: skip
    environment = {**os.environ, "SANCA_HOME": str(tmp_path)}
    printed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False).stdout
    loaded = [line for line in printed.splitlines() if " source: " in line]
    archived = [line for line in loaded if "shared objects file (top)" in line]
    assert any("dev.sanca.portal.PortalApplication " in line for line in archived)
    assert len(archived) > 0.6 * len(loaded)


def test_the_demo_starts_the_portal_by_the_path_that_the_archive_was_made_with() -> None:
    script = (ROOT / "scripts" / "demo.sh").read_text(encoding="utf-8")
    assert 'app="$PWD/java-host/portal/target/app"' in script
    assert '-XX:SharedArchiveFile="$app/portal.jsa"' in script
    assert '-jar "$app/portal.jar"' in script
