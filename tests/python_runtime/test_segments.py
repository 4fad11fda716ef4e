"""What a prompt is made of: taken from the run's state, kept at rest, and for a sub-goal its own part only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller, Message, SkillMatch
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.memory import load_skill_library
from sanca.prompts import InferencePromptConfigManager
from sanca.python_runtime.asks import Answer, Ask
from sanca.python_runtime.events import EventLog, LoggedEvent
from sanca.python_runtime.reporter import RunReporter
from sanca.python_runtime.rounds import (
    DataReference,
    GoalStatus,
    Percept,
    Round,
    RoundsSummary,
    RunState,
    SubGoal,
)
from sanca.python_runtime.run_record import PageContext, RunRequest
from sanca.python_runtime.segments import SegmentBuilder, bindings
from sanca.python_runtime.tool_finder import ToolFinder

pytestmark = pytest.mark.anyio

SHOP = ToolkitDefinition(name="shop", tools=(ToolDefinition(name="orders", description="List the orders."),))
SYSTEM = ToolkitDefinition(name="system", tools=(ToolDefinition(name="services", description="List services."),))


class Nowhere:
    """Keeps no event."""

    def append_event(self, event: LoggedEvent) -> None:
        """Forget it."""

    async def read_events(self, after: int) -> list[LoggedEvent]:
        """Return nothing."""
        return []

    async def flush(self) -> None:
        """Wait for nothing."""


def state_of(message: str = "which orders came in?", **fields: Any) -> RunState:
    async def ask(_: Ask) -> Answer:
        raise AssertionError("nobody is asked")

    async def pass_on() -> None:
        return None

    request = RunRequest(
        run_id=RunId("run_1"),
        session_id=SessionId("ses_1"),
        caller=Caller(tenant="acme", user="ada"),
        agui_run_id="agui_1",
        message_id="msg_1",
        message=message,
        page=PageContext(url="/orders", title="Orders", time_zone="Asia/Shanghai"),
    )
    reporter = RunReporter(request, EventLog("run_1", Nowhere()))
    return RunState(request, reporter, ask, lambda _kind, _data: None, pass_on, 12, **fields)


def begin(state: RunState, sub_goal_id: str = "", **percept: Any) -> Round:
    """Add a round with a percept, as perception does."""
    state.rounds.append(Round(number=len(state.rounds) + 1, sub_goal_id=sub_goal_id))
    seen = state.last_observation
    state.round.percept = Percept(text=state.request.message, language="en", observation=seen, **percept)
    return state.round


def end(round_: Round, code: str, observation: str) -> None:
    round_.code, round_.observation, round_.reply = code, observation, f"I act.\n\n```python\n{code}\n```"


def builder(toolkits: list[ToolkitDefinition] | None = None, names: Mapping[str, str] | None = None) -> SegmentBuilder:
    kits = tuple(toolkits if toolkits is not None else [SHOP])
    return SegmentBuilder(ToolFinder(lambda: kits), names=lambda _session: names)


async def test_first_round_has_what_perception_understood_and_where_the_person_is() -> None:
    state = state_of(goal="list new orders", history=(Message(id="1", role="user", content="hi"),), files=("a.csv",))
    begin(
        state,
        meant="which orders came in today?",
        references={"it": "checkout"},
        entities={"service": ("checkout",)},
        facts={"service on the page": "checkout"},
        data_references=(
            DataReference("that table", "sales", "DataFrame"),
            DataReference("the old one", "old", exists=False),
        ),
    )
    inputs = await builder().inputs(state)
    assert inputs.understood == {
        "meant": "which orders came in today?",
        "'it' means": "checkout",
        "'that table' means the data": "sales (DataFrame)",
        "'the old one' means the data": "old, which is gone: make it again",
    }
    assert inputs.environment == {
        "tenant": "acme", "user": "ada", "channel": "chat", "the person's time zone": "Asia/Shanghai",
        "services": "checkout", "service on the page": "checkout",
    }  # fmt: skip
    assert (inputs.goal, inputs.files, inputs.history[0].content) == ("list new orders", ("a.csv",), "hi")
    assert inputs.page is not None and inputs.page.url == "/orders"
    assert "def orders()" in inputs.toolkits
    assert inputs.rounds == [] and inputs.rounds_left == 12
    assert set(inputs.now) == {"time"}


async def test_what_the_first_prompt_showed_rests_and_what_changed_stands_in_now() -> None:
    state = state_of()
    segments = builder(names={"rows": "list[Record]"})
    begin(state, entities={"service": ("checkout",)})
    first = await segments.inputs(state)
    end(state.round, "rows = shop.orders()", "[1, 2]")
    begin(state, entities={"service": ("checkout", "payments")})
    second = await segments.inputs(state)
    assert second.environment == first.environment
    assert second.now["services"] == "checkout, payments"
    assert [one.observation for one in second.rounds] == ["[1, 2]"]

    prompts = InferencePromptConfigManager().builder("cmd")
    before, after = (prompts.assemble(one).request.messages for one in (first, second))
    assert after[0] == before[0]
    assert before[1].content.startswith(after[1].content)


async def test_other_toolkits_are_shown_as_soon_as_they_are_there() -> None:
    kits = [(SHOP,)]
    segments = SegmentBuilder(ToolFinder(lambda: kits[-1]))
    state = state_of()
    begin(state)
    assert "class system" not in (await segments.inputs(state)).toolkits
    kits.append((SHOP, SYSTEM))  # type: ignore[arg-type]  # one more than before
    begin(state)
    assert "class system" in (await segments.inputs(state)).toolkits


async def test_a_sub_goal_sees_its_own_rounds_and_what_was_handed_over_and_nothing_else() -> None:
    state = state_of("compare orders and payments SECRET", history=(Message(id="1", role="user", content="SECRET"),))
    state.sub_goals = [
        SubGoal("1", "Count the orders", GoalStatus.DONE, reason="17 SECRET"),
        SubGoal("2", "Count the payments", GoalStatus.ACTIVE, handed_over="There are 17 orders."),
    ]
    end(begin(state, "1", meant="SECRET"), "orders = 'SECRET'", "SECRET 17")
    end(begin(state, "2"), "payments = shop.payments()", "no such tool")
    state.summaries.append(RoundsSummary(1, 1, "SECRET", "1"))
    begin(state, "2", meant="SECRET", facts={"a": "SECRET"})
    inputs = await builder(names={"orders": "str", "payments": "Any"}).inputs(state)
    assert "SECRET" not in repr(inputs)
    assert (inputs.message, inputs.handed_over) == ("Count the payments", "There are 17 orders.")
    assert [one.code for one in inputs.rounds] == ["payments = shop.payments()"]
    assert inputs.names == {"orders": "str", "payments": "value"}


async def test_a_run_with_sub_goals_lists_them_where_it_works_at_none() -> None:
    state = state_of()
    state.sub_goals = [SubGoal("1", "Count", GoalStatus.DONE, reason="17"), SubGoal("2", "Tell")]
    end(begin(state, "1"), "x = 1", "1")
    begin(state)
    inputs = await builder().inputs(state)
    assert [(one.title, one.status, one.reason) for one in inputs.goals] == [
        ("Count", "done", "17"),
        ("Tell", "open", ""),
    ]
    assert inputs.rounds == []


async def test_folded_rounds_are_left_out_and_their_names_say_what_bound_them() -> None:
    state = state_of()
    for number in range(1, 7):
        end(begin(state), f"name_{number} = shop.orders({number})", f"seen {number}")
    state.summaries = [RoundsSummary(1, 2, "first two"), RoundsSummary(1, 4, "first four"), RoundsSummary(5, 5, "five")]
    begin(state)
    inputs = await builder(names={"name_1": "int", "name_6": "int", "_hidden": "int"}).inputs(state)
    assert inputs.past == ["first four", "five"]
    assert [one.observation for one in inputs.rounds] == ["seen 6"]
    assert inputs.names == {"name_1": "int = shop.orders(1)", "name_6": "int"}


async def test_self_check_s_words_stand_with_the_last_observation() -> None:
    state = state_of()
    end(begin(state), "1", "1")
    state.rounds.append(Round(2, percept=Percept("m", "en", observation="1\nSelf-check: nothing was changed.")))
    inputs = await builder().inputs(state)
    assert inputs.rounds[-1].observation == "1\nSelf-check: nothing was changed."


async def test_self_check_s_words_reach_a_sub_goal_whose_last_round_is_further_back_or_that_had_none() -> None:
    state = state_of()
    state.sub_goals = [SubGoal("1", "Count"), SubGoal("2", "Tell"), SubGoal("3", "Mend")]
    end(begin(state, "1"), "1", "one")
    end(begin(state, "2"), "2", "two")
    state.missing = "nothing was counted."
    state.rounds.append(Round(3, percept=Percept("m", "en", observation="one\nSelf-check: x"), sub_goal_id="1"))
    assert (await builder().inputs(state)).rounds[-1].observation == "one\nSelf-check: x"
    begin(state, "3")
    inputs = await builder().inputs(state)
    assert inputs.rounds == [] and inputs.now["self-check"] == "nothing was counted."


async def test_a_skill_that_was_run_is_told_in_a_line() -> None:
    state = state_of()
    ran = begin(state)
    ran.skill = SkillMatch(skill="show_logs", title="Show logs", score=0.9, parameters={"service": "orders"})
    ran.code, ran.observation = "x = 1\n" * 20_000, "KeyError: 'orders'"
    begin(state)
    (earlier,) = (await builder().inputs(state)).rounds
    assert (earlier.code, earlier.observation) == ("", "KeyError: 'orders'")
    assert earlier.thought == "I ran the skill “Show logs” (show_logs: service='orders')."


async def test_scenario_is_that_of_the_first_percept_for_the_whole_run() -> None:
    state = state_of()
    assert SegmentBuilder.scenario(state) == ""
    begin(state, scenario="data")
    begin(state, scenario="incident")
    assert SegmentBuilder.scenario(state) == "data"


async def test_the_nearest_skill_is_a_worked_example_unless_it_was_tried() -> None:
    library = load_skill_library()
    segments = SegmentBuilder(ToolFinder(lambda: (SYSTEM,)), library)
    state = state_of("sum the revenue by region in sales.csv")
    begin(state)
    example = (await segments.inputs(state)).experience
    assert example is not None
    assert "def chosen_file(" in example.code and "def t(" in example.code
    compile(example.code, "example", "exec")

    tried = state_of("sum the revenue by region in sales.csv")
    begin(tried).skill = SkillMatch(skill="analyse_table", title="", score=0.9)
    begin(tried)
    assert (await segments.inputs(tried)).experience is None


async def test_a_skill_for_toolkits_that_are_not_there_is_no_example() -> None:
    library = load_skill_library()
    state = state_of("why is the shop slow?")
    begin(state)
    assert (await SegmentBuilder(ToolFinder(lambda: (SYSTEM,)), library).inputs(state)).experience is not None
    other = state_of("why is the shop slow?")
    begin(other)
    found = (await SegmentBuilder(ToolFinder(lambda: (SHOP,)), library).inputs(other)).experience
    assert found is None or "system." not in found.code


def test_bindings_are_names_with_their_expressions() -> None:
    code = "import x\ndf = load(\n    'a')\na, b = 1, 2\nlong = f('" + "y" * 200 + "')\nobj.z = 3\n"
    found = bindings(code)
    assert found["df"] == "load('a')"
    assert set(found) == {"df", "long"} and len(found["long"]) < 80
    assert bindings("a = (") == {}
