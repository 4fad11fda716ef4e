"""Tool search over a small committed set of tools, asked in English and Chinese, and over tools that come and go."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from sanca.core.tools import ToolDefinition
from sanca.memory.tool_search import ToolUse
from sanca.memory.tool_search.index import ToolIndex

DATA = Path(__file__).parent.parent / "data"


@functools.cache
def shipped_tools() -> dict[str, ToolDefinition]:
    described = json.loads((DATA / "tools.json").read_text(encoding="utf-8"))
    return {
        f"{toolkit['name']}.{tool['name']}": ToolDefinition.model_validate(tool)
        for toolkit in described["toolkits"]
        for tool in toolkit["tools"]
    }


@functools.cache
def full_index() -> ToolIndex:
    index = ToolIndex()
    index.add(shipped_tools())
    return index


def names(index: ToolIndex, query: str, limit: int = 5) -> list[str]:
    return [found.name for found in index.search(query, limit)]


def questions(language: str) -> list[tuple[str, str]]:
    lines = (DATA / "tool_queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["query"], row["tool"]) for row in rows if row["language"] == language]


@pytest.mark.parametrize(("language", "least"), [("en", 0.85), ("zh", 0.95)])
def test_the_tool_that_is_meant_is_among_the_first_five(language: str, least: float) -> None:
    asked = questions(language)
    found = [tool in names(full_index(), query) for query, tool in asked]
    assert sum(found) / len(asked) >= least


def test_keywords_find_a_tool_by_its_name() -> None:
    assert names(full_index(), "blame", 1) == ["system.git_blame"]
    assert names(full_index(), "refund", 1) == ["billing.refund"]
    assert names(full_index(), "system.disk_usage", 1) == ["system.disk_usage"]


def test_each_part_of_a_question_finds_its_tool() -> None:
    query = "Show me the logs of checkout, then book a hotel in Rome and send an email to Lena about it."
    assert {"system.logs", "travel.book_hotel", "mail.send"} <= set(names(full_index(), query))
    chinese = "查一下美元的汇率，然后给客户退款，再帮我订一家酒店"
    assert {"billing.exchange_rate", "billing.refund", "travel.book_hotel"} <= set(names(full_index(), chinese))


def test_scores_fall_and_lie_between_0_and_1() -> None:
    for query in ("weather in Rome", "book a hotel and send an email", "日志", "zzzz qqqq"):
        scores = [found.score for found in full_index().search(query, 45)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert len(scores) == 45


def test_an_index_after_changes_answers_as_one_built_afresh() -> None:
    tools = shipped_tools()
    changed = ToolIndex()
    some = dict(list(tools.items())[:30])
    changed.add({name: tool.model_copy(update={"description": "Paint the fence."}) for name, tool in some.items()})
    changed.remove([*list(some)[:10], "nobody.knows_it"])
    changed.keep(tools)
    assert len(changed) == len(tools)
    for query, _ in [*questions("en"), *questions("zh")]:
        fresh = {found.name: found.score for found in full_index().search(query, len(tools))}
        after = {found.name: found.score for found in changed.search(query, len(tools))}
        assert after == pytest.approx(fresh, abs=2e-4)


def test_a_removed_tool_is_not_found_and_a_changed_one_by_its_new_words() -> None:
    index = ToolIndex()
    index.add(shipped_tools())
    index.remove(["weather.forecast"])
    assert "weather.forecast" not in names(index, "weather forecast", 60)
    kept = {"mail.send": shipped_tools()["mail.send"].model_copy(update={"description": "Feed the aquarium fish."})}
    index.keep(kept)
    assert names(index, "the fish are hungry, feed them") == ["mail.send"]


def test_of_two_alike_the_one_that_succeeds_and_is_used_more_comes_first() -> None:
    tool = ToolDefinition(name="search", description="Search the company's documents.")
    index = ToolIndex()
    index.add({"old.search": tool, "new.search": tool, **shipped_tools()})
    for better, worse in (("old.search", "new.search"), ("new.search", "old.search")):
        uses = {better: ToolUse(20, 19), worse: ToolUse(20, 2)}
        found = [one.name for one in index.search("search the documents", 60, uses=uses)]
        assert found.index(better) < found.index(worse)
        used = {better: ToolUse(40, 20), worse: ToolUse(2, 1)}
        found = [one.name for one in index.search("search the documents", 60, uses=used)]
        assert found.index(better) < found.index(worse)


def test_use_does_not_put_a_tool_first_that_has_nothing_to_do_with_the_question() -> None:
    uses = {"hr.payslip": ToolUse(1000, 1000)}
    found = [one.name for one in full_index().search("weather forecast for Rome", 5, uses=uses)]
    assert found[0] == "weather.forecast"


def test_nothing_is_found_without_tools_or_without_a_question() -> None:
    assert ToolIndex().search("weather") == []
    assert full_index().search("  ") == []
    assert full_index().search("weather", 0) == []


@pytest.mark.parametrize(
    "query", ["?", "!!! 4711", "🎉🎉", "的", "a" * 5000, "and then and also plus", "\x00\ud800"[0]]
)
def test_odd_questions_are_answered(query: str) -> None:
    assert len(full_index().search(query, 5)) == 5


def test_a_tool_without_description_and_with_an_odd_schema_is_found_by_its_name() -> None:
    index = ToolIndex()
    index.add({
        "x.convertCurrency": ToolDefinition(name="convertCurrency", input_schema={"properties": {"amount": True}}),
        "x.y": ToolDefinition(name="y", input_schema={"properties": None}),
    })  # fmt: skip
    assert names(index, "currency conversion", 1) == ["x.convertCurrency"]
