"""What a run's story says of where its code came from."""

from __future__ import annotations

import pytest
from sanca.core.ids import RunId, SessionId
from sanca.core.messages import Caller
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.memory.experience import Deed, SeenCall
from sanca.python_runtime.learning.stories import Story, taught_by
from sanca.python_runtime.run_record import RunRecord, RunRequest

TOOLKITS = (
    ToolkitDefinition(name="system", tools=(ToolDefinition(name="logs"),)),
    ToolkitDefinition(name="mcp.runbooks", source="mcp", tools=(ToolDefinition(name="search"),)),
)
LOOKED = Deed("mcp.runbooks.search('disk')", calls=(SeenCall("mcp.runbooks.search"),))
READ = Deed("system.logs('checkout')", calls=(SeenCall("system.logs"),))


@pytest.mark.parametrize(
    ("deeds", "read_outside"),
    [((READ, READ), False), ((LOOKED,), False), ((READ, LOOKED), False), ((LOOKED, READ), True)],
)
def test_code_that_was_written_after_an_outside_call_is_known_as_such(
    deeds: tuple[Deed, ...], read_outside: bool
) -> None:
    request = RunRequest(
        run_id=RunId("r"),
        session_id=SessionId("s"),
        caller=Caller(),
        agui_run_id="r",
        message_id="m",
        message="look at the disk of checkout",
    )
    story = Story(RunRecord(request=request), deeds=deeds, strategies=("model",) * len(deeds))

    assert taught_by(story, request.message, "model", {}, TOOLKITS).read_outside is read_outside
