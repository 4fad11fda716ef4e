"""Documents are looked at again while an engine runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from sanca.core.memory import Scope
from sanca.memory import MemorySettings
from sanca.memory.knowledge import Findings, add_path, doubt_of, recheck
from sanca.python_runtime import Engine
from sanca.python_runtime.knowledge_upkeep import keep_knowledge_fresh

pytestmark = pytest.mark.anyio
SHOP = Scope(tenant="shop", user="")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_file_that_went_is_told_with_a_doubt_after_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = anyio.Event()

    async def watched(*given: Any, **rest: Any) -> Findings:
        found = await recheck(*given, **rest)
        looked.set()
        return found

    monkeypatch.setattr("sanca.python_runtime.knowledge_upkeep.recheck", watched)
    file = tmp_path / "payment.md"
    file.write_text("# Payment\n\nPort: 8082\n", encoding="utf-8")
    settings = MemorySettings(knowledge_recheck_hours=0.0001)
    async with Engine(tmp_path / "home") as engine, anyio.create_task_group() as tasks:
        knowledge = engine.parts.remembering.knowledge
        await add_path(knowledge, SHOP, file)
        file.unlink()
        tasks.start_soon(lambda: keep_knowledge_fresh(knowledge, settings, first_after_seconds=0.5))
        with anyio.fail_after(30):
            await looked.wait()
        assert doubt_of((await knowledge.pieces(SHOP, "payment.md"))[0]).startswith("its file is gone since ")
        tasks.cancel_scope.cancel()


async def test_no_hours_is_never(tmp_path: Path) -> None:
    async with Engine(tmp_path / "home") as engine:
        with anyio.fail_after(5):
            await keep_knowledge_fresh(
                engine.parts.remembering.knowledge, MemorySettings(knowledge_recheck_hours=0), first_after_seconds=3600
            )
