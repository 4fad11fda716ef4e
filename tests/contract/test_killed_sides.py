"""Host, broker and engine are killed while effects are under way, 64 at a time.

Each effect happened at most once, and what its caller was told is true: against the effects' own log on the disk.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import effects_driver
import pytest
from contract_host import ContractHost
from effects_driver import AT_ONCE, RUN, told
from jvm_host import wait_until
from sanca.python_runtime.broker.journal_reader import JournalReader

pytestmark = [pytest.mark.jvm, pytest.mark.slow]

HOST = ("--contract.calls=true", "--sanca.budget.calls-per-run=1000000")
SECONDS = 600.0


@dataclass
class Sides:
    """The two sides, and how often each process of theirs was killed."""

    home: Path
    count: int
    host: ContractHost
    engine: subprocess.Popen[bytes]
    kills: Counter[str] = field(default_factory=Counter)

    def kill_host(self) -> None:
        self.host.kill()
        self.host = ContractHost(self.home, *HOST)

    def kill_broker(self) -> None:
        os.kill(int((self.home / "broker.pid").read_text(encoding="utf-8")), signal.SIGKILL)

    def kill_engine(self) -> None:
        self.engine.kill()
        self.engine.wait(10)
        self.engine = start_engine(self.home, self.count)

    def kill(self, what: str) -> None:
        getattr(self, f"kill_{what}")()
        self.kills[what] += 1

    def calls_ended(self) -> int:
        """Count the callers that were told something; asked often, so the log is only counted."""
        log = self.home / "told.log"
        written = log.read_bytes() if log.exists() else b""
        return written.count(b"\n") - written.count(b"begin ")


@contextmanager
def both_sides(home: Path, count: int) -> Iterator[Sides]:
    host = ContractHost(home, *HOST)
    sides = Sides(home, count, host, start_engine(home, count))
    try:
        yield sides
    finally:
        sides.engine.kill()
        sides.engine.wait(10)
        sides.host.kill()


def start_engine(home: Path, count: int) -> subprocess.Popen[bytes]:
    with (home / "engine.log").open("ab") as log:
        command = [sys.executable, effects_driver.__file__, str(home), str(count)]
        return subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)


def prove(home: Path, count: int, kills: list[str]) -> Counter[str]:
    """Run `count` calls, kill in even steps, and compare what was told with what happened."""
    with both_sides(home, count) as sides:
        step = count // (len(kills) + 1)
        for number, what in enumerate(kills, 1):
            threshold = number * step
            wait_until(lambda: sides.calls_ended() >= threshold, seconds=SECONDS, what=f"call {threshold}")  # noqa: B023
            sides.kill(what)
        assert sides.engine.wait(SECONDS) == 0
    verdicts = what_was_told(home)
    happened = Counter(line.split(" ")[1] for line in sides.host.effects())
    assert len(effects_driver.keys_begun(home)) == count

    check_callers(verdicts, happened, sides.kills)
    check_journal(home, happened)
    return Counter(verdicts.values())


def what_was_told(home: Path) -> dict[str, str]:
    """Return key → verdict; a caller that died with its engine was told nothing."""
    return {key: what for what, key in told(home)}


def check_callers(verdicts: dict[str, str], happened: Counter[str], kills: Counter[str]) -> None:
    assert [key for key, times in happened.items() if times > 1] == []
    assert [key for key, what in verdicts.items() if what == "done" and not happened[key]] == []
    assert [key for key, what in verdicts.items() if what == "not_done" and happened[key]] == []
    counts = Counter(verdicts.values())
    assert set(counts) <= {"done", "not_done", "unknown", "begin"}
    assert counts["begin"] <= AT_ONCE * kills["engine"]
    # Nobody is told "unknown" of more than was under way when something died.
    assert counts["unknown"] <= AT_ONCE * (kills["host"] + kills["broker"])
    assert counts["done"] > len(verdicts) - (AT_ONCE + AT_ONCE) * kills.total()


def check_journal(home: Path, happened: Counter[str]) -> None:
    """The journal tells whoever comes later the same truth, also of calls whose caller died."""
    calls = JournalReader(home).calls(RUN)
    by_key = {}
    for call in calls:
        arguments = call.get("arguments_json")
        if arguments is not None:
            by_key[arguments] = call
    assert len({call["call_id"] for call in calls}) == len(calls)
    for key in happened:
        assert f'{{"text":"{key}"}}' in by_key, f"{key} happened and was never written down as leaving"
    for arguments, call in by_key.items():
        key, finished = arguments.split('"')[3], call["finished"]
        if finished is not None and finished["ok"]:
            assert happened[key] == 1, call
        elif finished is not None and finished["error"]["kind"] != "unknown":
            assert happened[key] == 0, call


@pytest.mark.parametrize(
    ("verdict", "times"), [("done", 0), ("done", 2), ("not_done", 1), ("unknown", 2), ("begin", 2), ("nonsense", 1)]
)
def test_the_proof_finds_a_lie(verdict: str, times: int) -> None:
    verdicts = {f"key-{number}": "done" for number in range(1_000)}
    happened = Counter(dict.fromkeys(verdicts, 1))
    check_callers(verdicts, happened, Counter(host=1, engine=1))

    with pytest.raises(AssertionError):
        check_callers({**verdicts, "lie": verdict}, happened + Counter(lie=times), Counter(host=1, engine=1))


@pytest.mark.timeout(150)
def test_of_1000_effects_each_happened_at_most_once_and_every_caller_was_told_the_truth(tmp_path: Path) -> None:
    counts = prove(tmp_path, 1_000, ["host", "broker", "engine", "host", "broker"])

    assert counts["done"] < 1_000  # or nothing was under way when the sides were killed


@pytest.mark.long
@pytest.mark.timeout(1_500)
def test_of_10000_effects_each_happened_at_most_once_and_every_caller_was_told_the_truth(tmp_path: Path) -> None:
    kills = list(itertools.islice(itertools.cycle(["host", "broker", "host", "engine"]), 20))
    counts = prove(tmp_path, 10_000, kills)

    assert counts["unknown"] > 0
    assert counts["done"] < 10_000
