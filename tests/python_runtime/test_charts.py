"""Charts on their way from an action to the page, with a whole engine."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from agui_story import activities, check_order, text
from sanca.python_runtime import Engine
from sanca.python_runtime.engine import LOCAL
from watching import to_the_end

pytestmark = pytest.mark.anyio

CHART = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(4, 3))
ax.plot([1, 2, 3], [4, 1, 9], label="p95"); ax.set_title("Latency")
"""


async def test_chart_is_shown_like_a_file_and_named_in_the_observation(home: Path) -> None:
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=CHART))
        events = await to_the_end(log)
        (image,) = activities(events, "sanca-image").values()
        kept = await engine.parts.files.get(LOCAL, image["file_id"])
        data = await anyio.Path(kept.path).read_bytes()

    check_order(events)
    assert (image["name"], image["media_type"], image["title"]) == ("chart-1-1.png", "image/png", "Latency")
    assert image["description"] == "'Latency', 400 × 300 pixels; lines 'p95' of 3 points (1 … 9)"
    assert data.startswith(b"\x89PNG") and len(data) == image["size_bytes"]
    (shown,) = activities(events, "sanca-round").values()
    assert "Charts, shown to the person:\n- 'Latency', 400 × 300 pixels" in shown["observation"]


async def test_summary_of_a_value_keeps_its_lines_in_the_answer_and_a_text_is_markdown(home: Path) -> None:
    rows = "[[{'name': f'n{i}', 'note': 'x' * 20}] for i in range(100)]"
    async with Engine(home) as engine:
        log = await engine.start(engine.request("ses_a", LOCAL, action_code=rows))
        said = text(await to_the_end(log))
        log = await engine.start(engine.request("ses_a", LOCAL, action_code="'**bold**\\n\\n- one'"))
        plain = text(await to_the_end(log))

    assert said.startswith("```text\nlist of 100")
    assert said.endswith("… 85 more: print(last_value[12:62])\n```")
    assert plain == "**bold**\n\n- one"
