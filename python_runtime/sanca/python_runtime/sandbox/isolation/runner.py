"""Runs attacks against a sandbox, one after the other, and judges each by what it left outside. Knows no attack."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio
import anyio.to_thread
from sanca.core.errors import SandboxError
from sanca.python_runtime.sandbox.isolation.outside import Outside
from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe
from sanca.python_runtime.sandbox.isolation.watch import Watch, processes_below
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sanca.python_runtime.sandbox.output_folder import remove_tree
from sanca.python_runtime.sandbox.ports import ActionResult, Sandbox, SandboxSession
from sanca.python_runtime.sandbox.results import Stop, lost_result

How = Literal["denied", "limited", "killed", "harmless", "not sayable", "declared", "broke out"]
"""By an error of the kernel or of Python; by a limit; with its process; it achieved nothing anyway; the level has no
words for it, so that nothing was tried; the level says that it does not hold it; it was not contained."""

OVERTIME_SECONDS = 2.0
"""How much longer than its limit an action may take to be ended, on a busy machine."""
_GROWTH_MEGABYTES = 96
_GONE_SECONDS = 3.0
_HANG_SECONDS = 20.0
_SNAPSHOT_BYTES = 1 << 20
_PRELUDE = Path(__file__).with_name("prelude.py")
_OF_PRELUDE = ("tried(", "kernel(", "hold(", "os.", "sys.")
_UNSAYABLE = {"ModuleNotFoundError", "ImportError", "NameError", "NotImplementedError", "SyntaxError", "AttributeError"}


@dataclass(frozen=True)
class Outcome:
    """How one attack ended."""

    probe: Probe
    how: How
    seconds: float
    breach: str = ""
    """What got through; empty when nothing did."""
    status: str = ""
    """The action's own status."""
    detail: str = ""
    """What the action was told: its last denial, or how it was ended."""

    @property
    def contained(self) -> bool:
        """Whether it achieved nothing, or only what the level declares not to hold."""
        return self.how != "broke out"


class Arena:
    """A started sandbox, the world around it and a neighbour in it. For `async with`; one attack at a time.

    The sandbox should keep no sessions ready, for what is new below this process counts as the attack's.
    """

    def __init__(self, sandbox: Sandbox, limits: SandboxLimits) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._outside = Outside()
        self._neighbour: _Neighbour | None = None

    async def __aenter__(self) -> Arena:
        """Put everything up."""
        for libraries in (True, False):  # what the sandbox starts at its first use is not an attack's
            await (await self._sandbox.spawn(libraries=libraries)).close()
        await anyio.to_thread.run_sync(self._outside.__enter__)
        try:
            self._neighbour = await _Neighbour.move_in(self._sandbox, self._outside)
        except BaseException:
            self._outside.__exit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take everything down."""
        with anyio.CancelScope(shield=True):
            if self._neighbour is not None:
                await self._neighbour.close()
            await anyio.to_thread.run_sync(self._outside.__exit__)

    async def attack(self, probe: Probe) -> Outcome:
        """Run an attack in a session of its own, and judge it."""
        outside, sandbox = self._outside, self._sandbox
        folder = Path(tempfile.mkdtemp(prefix="out-", dir=outside.folder))
        ours = _Ours()
        begun = time.monotonic()
        with Watch(ours.processes) as watch:
            session = await sandbox.spawn(output_dir=folder if sandbox.abilities.files else None)
            try:
                code = attack_code(probe, outside.names(output="/output", given="/input"))
                result, facts = await _attack(session, probe, code, outside)
            finally:
                await session.close()
        if sandbox.level == "container":
            watch.forget_what_is_held()
        seconds = time.monotonic() - begun
        facts |= {"left": await anyio.to_thread.run_sync(_wait_gone, ours)}
        evidence = Evidence(outside, result, watch, folder, self._limits, facts)
        breach = await anyio.to_thread.run_sync(judge, probe, evidence)
        breach = breach or await self._complaint() or ours.complaint() or ""
        await anyio.to_thread.run_sync(remove_tree, folder)
        if breach:
            await anyio.to_thread.run_sync(outside.reset)
        is_declared = probe.lacking and not getattr(sandbox.abilities, probe.lacking)
        how: How = _how(result) if not breach else "declared" if is_declared else "broke out"
        if not breach and not sandbox.abilities.full_python and _last_word(result.error_type) in _UNSAYABLE:
            how = "not sayable"
        return Outcome(probe, how, seconds, breach, result.status, _detail(result))

    async def _complaint(self) -> str | None:
        return await self._neighbour.complaint() if self._neighbour is not None else None


async def run_probes(sandbox: Sandbox, probes: Sequence[Probe], *, limits: SandboxLimits) -> AsyncIterator[Outcome]:
    """Run attacks one after the other, each in a session of its own, and yield how each ended."""
    async with Arena(sandbox, limits) as arena:
        for probe in probes:
            yield await arena.attack(probe)


def attack_code(probe: Probe, names: dict[str, str]) -> str:
    """Return an attack's whole text, with its aims filled in."""
    code = probe.code
    if any(word in code for word in _OF_PRELUDE):
        code = f"{_PRELUDE.read_text(encoding='utf-8')}\n{code}"
    for name, value in names.items():
        code = code.replace(f"@{name}@", value)
    return code


async def _attack(
    session: SandboxSession, probe: Probe, code: str, outside: Outside
) -> tuple[ActionResult, dict[str, str]]:
    """Run the attack; then have what it bound kept, and run an honest action, if the session still lives."""
    facts: dict[str, str] = {}
    result = lost_result(Stop("killed", "It did not come back."), seconds=0.0, waited_seconds=0.0)
    with anyio.move_on_after(probe.limit_seconds + _HANG_SECONDS) as scope:
        result = await session.run(code, limit_seconds=probe.limit_seconds, toolkits=())
    if scope.cancelled_caught or result.seconds > probe.limit_seconds + OVERTIME_SECONDS:
        facts["ran_on"] = "yes"
    facts["listened"] = "yes" if outside.listeners.is_served() else ""
    if session.alive:
        with anyio.move_on_after(_HANG_SECONDS) as scope:
            with suppress(SandboxError):  # what it bound may be hostile too
                await session.snapshot(limit_bytes=_SNAPSHOT_BYTES, limit_seconds=0.5)
            with suppress(SandboxError):
                after = await session.run("6 * 7", limit_seconds=5.0, toolkits=())
                facts["next"] = after.value or after.status
        if scope.cancelled_caught:
            facts["next"] = "hangs"
    return result, facts


def judge(probe: Probe, evidence: Evidence) -> str | None:
    """Return what got through: what no attack may do, then what this one was after; None when nothing did."""
    result, outside = evidence.result, evidence.outside
    told = " ".join(filter(None, (result.value, result.value_json, result.stdout, result.error, result.hint)))
    told += " ".join((*result.warnings, *(image.title + image.description for image in result.images)))
    if outside.secret in told:
        return "the secret was read"
    if found := outside.breach():
        return found
    if evidence.facts.get("ran_on"):
        return f"it ran on for {result.seconds:.1f} s"
    if evidence.facts.get("next", "42") not in {"42", "killed", "limit", "timeout", "error"}:
        return f"the next action in its session was answered with {evidence.facts['next'][:80]!r}"
    if evidence.facts.get("left"):
        return f"processes were left behind: {evidence.facts['left']}"
    if evidence.watch.powers:
        return f"its processes had capabilities ({', '.join(sorted(evidence.watch.powers))})"
    return probe.check(evidence) if probe.check is not None else None


class _Neighbour:
    """Another session, whose names and files no attack may read or change."""

    def __init__(self, sandbox: Sandbox, session: SandboxSession, outside: Outside) -> None:
        self._sandbox = sandbox
        self._session = session
        self._outside = outside

    @classmethod
    async def move_in(cls, sandbox: Sandbox, outside: Outside) -> _Neighbour:
        """Spawn it, and give it a secret in its names and in its /tmp."""
        made = cls(sandbox, await sandbox.spawn(libraries=False), outside)
        code = f"mine = {outside.secret!r}\nopen('/tmp/mine', 'w').write(mine)"
        if (await made._run(code if sandbox.abilities.files else f"mine = {outside.secret!r}\n1")) is None:
            raise SandboxError("The session beside the attacks could not be made.")
        return made

    async def complaint(self) -> str | None:
        """Return what has become of it that should not have."""
        code = "mine + open('/tmp/mine').read()" if self._sandbox.abilities.files else "mine + mine"
        got = await self._run(code) if self._session.alive else None
        if got == 2 * self._outside.secret:
            return None
        await self.close()
        other = await self.move_in(self._sandbox, self._outside)
        self._session = other._session
        return f"another session was harmed: it answers {str(got)[:80]!r}"

    async def close(self) -> None:
        """Close it."""
        await self._session.close()

    async def _run(self, code: str) -> str | None:
        with anyio.move_on_after(_HANG_SECONDS):
            return (await self._session.run(code, limit_seconds=5.0, toolkits=())).value
        return None


class _Ours:
    """This process before an attack: its memory, descriptors and children."""

    def __init__(self) -> None:
        self.processes = processes_below(os.getpid())
        self._files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
        self._megabytes = _megabytes()

    def complaint(self) -> str | None:
        """Return what the attack did to this process."""
        grown, files = _megabytes() - self._megabytes, len(os.listdir("/proc/self/fd")) - self._files  # noqa: PTH208
        if grown > _GROWTH_MEGABYTES:
            return f"the engine's memory grew by {grown:.0f} MB"
        return f"the engine holds {files} descriptors more" if files > 4 else None


def _wait_gone(ours: _Ours) -> str:
    """Wait until no process of the attack is left; return those that are."""
    end = time.monotonic() + _GONE_SECONDS
    while (left := processes_below(os.getpid()) - ours.processes) and time.monotonic() < end:
        time.sleep(0.02)
    return ", ".join(_name(pid) for pid in sorted(left)[:5])


def _name(pid: int) -> str:
    with suppress(OSError):
        return f"{pid} ({Path(f'/proc/{pid}/comm').read_text(encoding='utf-8', errors='replace').strip()})"
    return str(pid)


def _megabytes() -> float:
    resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _how(result: ActionResult) -> How:
    if result.status in {"timeout", "limit"} or "MemoryError" in result.stdout:
        return "limited"
    if result.status == "killed":
        return "killed"
    return "denied" if result.status in {"error", "refused"} or "denied " in result.stdout else "harmless"


def _last_word(error_type: str | None) -> str:
    return (error_type or "").rpartition(".")[2]


def _detail(result: ActionResult) -> str:
    denials = [line.removeprefix("denied ") for line in result.stdout.splitlines() if line.startswith("denied ")]
    if denials:
        return f"{denials[-1].strip()}{f' (and {len(denials) - 1} more)' if len(denials) > 1 else ''}"[:120]
    return ((result.error or "").strip().splitlines() or [""])[-1][:120]
