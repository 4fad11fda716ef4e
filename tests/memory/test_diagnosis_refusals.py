"""What a diagnosis does after a person said no: it goes on with what is left, and calls nothing in vain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.memory.conftest import Bench  # the fixture's type only


def test_refused_repair_of_a_slow_service_is_not_called_again(bench: Bench) -> None:
    calls: list[str] = []
    bench.fleet.services["vault"].locked = True
    bench.fleet.refuse = {"restart"}
    bench.watch = calls.append
    answer = bench.run("diagnose_service", service="vault")
    assert calls.count("probe") == 1
    assert "Still to do:" in answer
    assert "well again" not in answer


@pytest.mark.parametrize("language", ["en", "zh"])
def test_full_disk_above_a_refused_repair_is_still_offered(bench: Bench, language: str) -> None:
    bench.fleet.services["vault"].locked = True
    bench.fleet.services["edge"].files["exports/dump-1.csv"] = (960_000, datetime.now(UTC) - timedelta(days=1))
    bench.fleet.refuse = {"restart"}
    answer = bench.run("diagnose_fleet", language=language)
    assert [effect[:2] for effect in bench.fleet.effects] == [("delete_files", "edge")]
    assert ("2 causes found; not all is repaired" if language == "en" else "找到 2 个原因，没有全部修复") in answer


def test_own_right_that_is_missing_is_named_in_both_languages(bench: Bench) -> None:
    bench.fleet.services["vault"].locked = True
    bench.fleet.missing_right = "system:change"
    assert "needs the right 'system:change', which vera does not have" in bench.run("diagnose_fleet")
    assert "需要权限 `system:change`，用户 vera 没有该权限" in bench.run("diagnose_fleet", language="zh")
    assert bench.fleet.effects == []
