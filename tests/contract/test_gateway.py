"""What every gateway must do, against a real JVM: our own wire and py4j's client, one suite."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jvm_host import JvmHost, free_port, wait_until
from sanca.core.errors import GatewayAuthError, GatewayError, GatewayUnavailableError
from sanca.core.tools import CallContext, CallOutcome
from sanca.toolkit_bridge import Gateway, GatewayCall, WireGateway
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway

pytestmark = pytest.mark.jvm

AWKWARD = 'line\nreturn\r\ttab \\n \\ "quoted" 中文 🐍 \u2028 end\\'


@pytest.fixture(scope="module", params=[WireGateway, Py4JGateway], ids=["wire", "py4j"])
def kind(request: pytest.FixtureRequest) -> type[WireGateway] | type[Py4JGateway]:
    found: type[WireGateway] | type[Py4JGateway] = request.param
    return found


@pytest.fixture(scope="module")
def shared_host(kind: type[WireGateway], tmp_path_factory: pytest.TempPathFactory) -> Iterator[JvmHost]:
    """One host for each kind: the record of call ids is the host's."""
    host = JvmHost(tmp_path_factory.mktemp(kind.__name__))
    host.start()
    yield host
    host.kill()


@pytest.fixture
def own_host(tmp_path: Path) -> Iterator[JvmHost]:
    """A host that a test may kill."""
    host = JvmHost(tmp_path)
    host.start()
    yield host
    host.kill()


@pytest.fixture
def gateway(kind: type[WireGateway], shared_host: JvmHost) -> Iterator[Gateway]:
    made = kind(shared_host.home)
    yield made
    made.close()


def call_of(
    call_id: str, tool: str, arguments: str = "{}", *, seconds: float = 10.0, repeatable: bool = False
) -> GatewayCall:
    context = CallContext(call_id=call_id, run_id="run_1", session_id="ses_1", tenant="default", user="olga")
    return GatewayCall(call_id, "system", tool, arguments, context.model_dump_json(), seconds, repeatable)


def kind_of(outcome: CallOutcome) -> str:
    assert outcome.error is not None, outcome
    return outcome.error.kind


def test_a_call_gives_the_value_of_the_envelope(gateway: Gateway) -> None:
    assert gateway.call(call_of("a/1", "echo", '{"text":"hi"}')) == CallOutcome(ok=True, value={"text": "hi"})


def test_awkward_texts_come_back_unchanged(gateway: Gateway) -> None:
    arguments = json.dumps({"text": AWKWARD}, ensure_ascii=False)

    outcome = gateway.call(call_of("a/2", "echo", arguments))

    assert outcome.value == {"text": AWKWARD}


def test_ten_megabytes_there_and_back_stay_whole(gateway: Gateway) -> None:
    text = "0123456789\n" * 950_000

    outcome = gateway.call(call_of("a/3", "echo", json.dumps({"text": text}), seconds=60))

    assert outcome.value == {"text": text}


def test_a_tool_that_fails_is_an_envelope_with_its_java_class(gateway: Gateway) -> None:
    outcome = gateway.call(call_of("a/4", "fail"))

    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.java_class) == ("failed", "java.io.IOException")
    assert outcome.error.stack == ("a.B.c(B.java:1)",)


def test_a_java_exception_on_the_wire_is_a_sentence_without_its_stack(gateway: Gateway) -> None:
    with pytest.raises(GatewayError, match="a bug") as caught:
        gateway.call(call_of("a/5", "crash", repeatable=True))

    assert "\n" not in str(caught.value)
    assert ".java:" not in str(caught.value)


def test_an_answer_that_is_no_envelope_is_told_as_such(gateway: Gateway) -> None:
    with pytest.raises(GatewayError, match="no call envelope"):
        gateway.call(call_of("a/6", "garbage", repeatable=True))


def test_half_a_character_is_refused_before_anything_is_sent(gateway: Gateway) -> None:
    with pytest.raises(GatewayError, match="half a character"):
        gateway.call(call_of("a/7", "echo", '{"text":"\ud83d"}'))

    assert gateway.call(call_of("a/8", "echo", '{"text":"next"}')).ok


def test_describe_gives_toolkits_and_a_version_that_changes_with_them(
    kind: type[WireGateway], own_host: JvmHost
) -> None:
    gateway = kind(own_host.home)
    before = gateway.describe()
    extra = {"name": "mine", "tools": [{"name": "go"}]}
    (own_host.home / "extra_toolkits.json").write_text(json.dumps(extra), encoding="utf-8")

    after = gateway.describe()

    assert [toolkit.name for toolkit in before.toolkits] == ["system"]
    assert [(toolkit.name, toolkit.source) for toolkit in after.toolkits] == [("system", "java"), ("mine", "java")]
    assert before.version != after.version
    gateway.close()


def test_a_toolkit_that_makes_no_sense_is_left_out_and_the_others_stay(
    kind: type[WireGateway], own_host: JvmHost
) -> None:
    (own_host.home / "extra_toolkits.json").write_text(
        '{"name":"odd","tools":[{"effect":"EXPLODE"}]}', encoding="utf-8"
    )
    gateway = kind(own_host.home)

    assert [toolkit.name for toolkit in gateway.describe().toolkits] == ["system"]
    gateway.close()


def test_many_threads_get_their_own_answers(gateway: Gateway) -> None:
    def call(number: int) -> bool:
        outcome = gateway.call(call_of(f"t/{number}", "echo", json.dumps({"text": str(number)})))
        return bool(outcome.value == {"text": str(number)})

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(call, range(400)))


def test_cancel_interrupts_a_waiting_call_and_says_so(gateway: Gateway) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(gateway.call, call_of("c/1", "sleep", '{"ms":20000}', seconds=30))
        wait_until(lambda: gateway.status("c/1").state == "running")

        status = gateway.cancel("c/1")

        assert status.state == "cancelled"
        assert kind_of(waiting.result(5)) == "cancelled"


def test_status_of_a_finished_call_carries_its_outcome(gateway: Gateway) -> None:
    gateway.call(call_of("c/2", "echo", '{"text":"x"}'))

    status = gateway.status("c/2")

    assert status.state == "done"
    assert status.outcome is not None
    assert status.outcome.value == {"text": "x"}
    assert gateway.status("c/never").state == "unknown"


def test_a_call_that_takes_too_long_is_interrupted_and_called_a_timeout(
    kind: type[WireGateway], shared_host: JvmHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.GRACE_SECONDS", 0.1)
    gateway = kind(shared_host.home)

    outcome = gateway.call(call_of("c/3", "sleep", '{"ms":20000}', seconds=0.1))

    assert kind_of(outcome) == "timeout"
    assert gateway.status("c/3").state == "cancelled"
    gateway.close()


def test_an_effect_that_takes_too_long_and_does_not_stop_is_unknown(
    kind: type[WireGateway], shared_host: JvmHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.GRACE_SECONDS", 0.1)
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.STOP_SECONDS", 0.1)
    gateway = kind(shared_host.home)

    outcome = gateway.call(call_of("c/4", "stubborn_write", '{"ms":1500}', seconds=0.1))

    assert kind_of(outcome) == "unknown"
    wait_until(lambda: gateway.status("c/4").state == "done")
    gateway.close()


def test_a_repeated_call_id_is_answered_from_the_record(gateway: Gateway, shared_host: JvmHost) -> None:
    first = gateway.call(call_of("r/1", "write"))
    second = gateway.call(call_of("r/1", "write"))

    assert (first.replayed, second.replayed) == (False, True)
    assert shared_host.effects().count("r/1") == 1
    assert kind_of(gateway.call(call_of("r/1", "write", '{"name":"other"}'))) == "conflict"


@pytest.mark.parametrize("method", ["echo", "getClass", "hashCode", "toString", "wait"])
def test_a_method_that_is_not_on_the_list_is_refused(
    kind: type[WireGateway], shared_host: JvmHost, method: str
) -> None:
    gateway = kind(shared_host.home)

    with pytest.raises(GatewayError, match="refused"):
        gateway._invoke(method, (), 5.0)

    gateway.close()


def test_no_host_says_which_folder_was_looked_in(kind: type[WireGateway], tmp_path: Path) -> None:
    gateway = kind(tmp_path)

    with pytest.raises(GatewayUnavailableError, match="No host is running"):
        gateway.call(call_of("n/1", "echo"))
    with pytest.raises(GatewayUnavailableError, match=tmp_path.name):
        gateway.describe()
    gateway.close()


def test_a_port_nobody_listens_on_is_unavailable(kind: type[WireGateway], tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text(json.dumps({"port": free_port(), "token": "t"}), encoding="utf-8")
    gateway = kind(tmp_path)

    with pytest.raises(GatewayUnavailableError, match="does not answer"):
        gateway.call(call_of("n/2", "write"))
    gateway.close()


def test_a_broken_gateway_file_is_told(kind: type[WireGateway], tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text('{"port":', encoding="utf-8")
    gateway = kind(tmp_path)

    with pytest.raises(GatewayUnavailableError, match="not complete"):
        gateway.describe()
    gateway.close()


@pytest.mark.parametrize("token", ["wrong", "", "line\nbreak"])
def test_a_wrong_token_is_one_clear_error(
    kind: type[WireGateway], shared_host: JvmHost, tmp_path: Path, token: str
) -> None:
    (tmp_path / "gateway.json").write_text(json.dumps({"port": shared_host.port, "token": token}), encoding="utf-8")
    gateway = kind(tmp_path)

    with pytest.raises(GatewayAuthError, match="refused our token"):
        gateway.call(call_of("n/3", "write"))
    assert "n/3" not in shared_host.effects()
    gateway.close()


def test_after_close_nothing_is_sent(kind: type[WireGateway], shared_host: JvmHost) -> None:
    gateway = kind(shared_host.home)
    gateway.call(call_of("n/4", "echo"))
    gateway.close()

    with pytest.raises(GatewayUnavailableError, match="closed"):
        gateway.call(call_of("n/5", "write"))


def test_a_host_that_comes_back_with_a_new_token_is_found(kind: type[WireGateway], own_host: JvmHost) -> None:
    gateway = kind(own_host.home)
    assert gateway.call(call_of("h/1", "write")).ok
    own_host.kill()
    with pytest.raises(GatewayUnavailableError):
        gateway.call(call_of("h/2", "write"))
    own_host.start()

    assert gateway.call(call_of("h/3", "write")).ok
    assert own_host.effects() == ["h/1", "h/3"]
    gateway.close()


def test_an_idle_connection_to_a_host_that_has_restarted_costs_no_certainty(
    kind: type[WireGateway], own_host: JvmHost
) -> None:
    gateway = kind(own_host.home)
    gateway.call(call_of("h/4", "echo"))
    own_host.kill()
    own_host.start()

    assert gateway.call(call_of("h/5", "write")).ok
    assert own_host.effects() == ["h/5"]
    gateway.close()


def test_a_host_killed_after_the_effect_is_asked_when_it_is_back_and_nothing_runs_twice(
    kind: type[WireGateway], own_host: JvmHost
) -> None:
    gateway = kind(own_host.home)
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(gateway.call, call_of("k/1", "write_then_die"))
        own_host.await_end()
        own_host.start()
        outcome = cut.result(20)

    assert outcome.ok
    assert outcome.value == "written"
    assert own_host.effects() == ["k/1"]
    gateway.close()


def test_a_host_killed_before_it_could_say_leaves_the_outcome_unknown_and_nothing_runs_twice(
    kind: type[WireGateway], own_host: JvmHost
) -> None:
    gateway = kind(own_host.home)
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(gateway.call, call_of("k/2", "die_then_write"))
        own_host.await_end()
        own_host.start()
        outcome = cut.result(20)

    assert kind_of(outcome) == "unknown"
    assert own_host.effects() == []
    gateway.close()


def test_a_host_that_stays_away_leaves_the_outcome_unknown(
    kind: type[WireGateway], own_host: JvmHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.EFFECT_RECOVERY_SECONDS", 0.3)
    gateway = kind(own_host.home)

    outcome = gateway.call(call_of("k/3", "write_then_die"))

    assert kind_of(outcome) == "unknown"
    assert outcome.error is not None
    assert "may or may not have happened" in outcome.error.message
    gateway.close()


def test_a_read_cut_off_is_run_again_when_the_host_is_back(
    kind: type[WireGateway], own_host: JvmHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.READ_RECOVERY_SECONDS", 20.0)
    gateway = kind(own_host.home)
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(gateway.call, call_of("k/4", "sleep", '{"ms":300}', repeatable=True))
        wait_until(lambda: gateway.status("k/4").state == "running")
        own_host.kill()
        own_host.start()

        assert cut.result(20).value == "slept"
    gateway.close()


def test_a_read_cut_off_is_unavailable_while_the_host_stays_away(
    kind: type[WireGateway], own_host: JvmHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sanca.toolkit_bridge.delivery.READ_RECOVERY_SECONDS", 0.2)
    gateway = kind(own_host.home)

    outcome = gateway.call(call_of("k/5", "die", repeatable=True))

    assert kind_of(outcome) == "unavailable"
    assert outcome.error is not None
    assert outcome.error.retryable
    gateway.close()


def test_closing_frees_a_call_that_waits_for_the_host_to_come_back(kind: type[WireGateway], own_host: JvmHost) -> None:
    gateway = kind(own_host.home)
    with ThreadPoolExecutor(1) as threads:
        cut = threads.submit(gateway.call, call_of("k/6", "write_then_die"))
        own_host.await_end()
        threading.Timer(0.05, gateway.close).start()
        begun = time.monotonic()

        assert kind_of(cut.result(10)) == "unknown"
        assert time.monotonic() - begun < 5
