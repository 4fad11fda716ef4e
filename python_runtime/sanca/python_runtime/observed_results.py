"""What tools that do not declare it gave in earlier calls, for their stubs. Learned from the journal, behind the runs.

Shapes are kept for each tenant. A sample is only shown to who made the call: another may not be allowed to see it.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import structlog
from pydantic import BaseModel, Field, ValidationError
from sanca.core.errors import StoreUnavailableError
from sanca.core.messages import Caller
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.python_runtime.broker.journal_reader import JournalReader, JournalRow
from sanca.toolkit_bridge.observed import Observed, merge, sample_of, shape_of
from sanca.toolkit_bridge.stubs import declares_result

log = structlog.get_logger()

_GATHER_SECONDS = 0.25
_RUNS_MAX = 200
_TOOLS_MAX = 500
_USERS_MAX = 20
_SHAPE_CHARS = 4_000
_LEARNT_CALLS = 200
"""After so many calls of a tool nothing more is learned of it: a stub that rests is found in providers' caches."""
_UNSEEN_TOOLKITS = {"sanca", "card", "page"}


class _Known(BaseModel):
    """What is known of one tool of one tenant."""

    digest: str
    calls: int = 0
    shape: dict[str, Any] = Field(default_factory=dict)
    samples: dict[str, str] = Field(default_factory=dict)
    """User → one value."""


class _File(BaseModel):
    tools: OrderedDict[str, _Known] = Field(default_factory=OrderedDict)
    """`tenant toolkit.tool`; the one that learned last comes last."""


class _Run:
    """A run that made calls worth learning from."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.after_seq = 0
        self.names: dict[str, str] = {}
        """Call id → tool, of calls that were requested and not yet finished."""


class ObservedResults:
    """Lifecycle: `keep` once, for ever; the rest at any time, in the loop that runs it."""

    def __init__(self, home: Path, toolkits: Callable[[], Sequence[ToolkitDefinition]]) -> None:
        self._path = home / "observed.json"
        self._journal = JournalReader(home)
        self._toolkits = toolkits
        self._followed: Sequence[ToolkitDefinition] | None = None
        self._undeclared: dict[str, str] = {}
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._changed: set[str] = set()
        self._wake = anyio.Event()
        self._file: _File | None = None

    def note_call(self, run_id: str, caller: Caller, name: str) -> None:
        """Note that a call ended well; it is learned from soon."""
        if name not in self._tools():
            return
        self._runs.setdefault(run_id, _Run(caller))
        if len(self._runs) > _RUNS_MAX:
            self._runs.popitem(last=False)
        self._changed.add(run_id)
        self._wake.set()

    def of_toolkit(self, toolkit: ToolkitDefinition, caller: Caller) -> dict[str, Observed]:
        """Return what is known of a toolkit's tools, by the tool's name."""
        found: dict[str, Observed] = {}
        for tool in toolkit.tools:
            name = f"{toolkit.name}.{tool.name}"
            known = self._file.tools.get(f"{caller.tenant} {name}") if self._file else None
            if known is not None and known.digest == self._tools().get(name):
                found[tool.name] = Observed(known.shape, known.samples.get(caller.user, ""))
        return found

    async def keep(self) -> None:
        """Read what is known, and learn whenever calls ended; for ever."""
        self._file = await anyio.to_thread.run_sync(self._read)
        while True:
            await self._wake.wait()
            await anyio.sleep(_GATHER_SECONDS)
            self._wake = anyio.Event()
            await self.learn()

    async def learn(self) -> None:
        """Learn from the calls noted so far."""
        runs = [(run_id, self._runs[run_id]) for run_id in self._changed if run_id in self._runs]
        self._changed.clear()
        tools = dict(self._tools())
        await anyio.to_thread.run_sync(self._learn, runs, tools)

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _learn(self, runs: Iterable[tuple[str, _Run]], tools: Mapping[str, str]) -> None:
        file = self._file = self._file or self._read()
        has_learned = False
        for run_id, run in runs:
            try:
                rows = self._journal.rows(run_id, after_seq=run.after_seq, kinds=("call_requested", "call_finished"))
            except StoreUnavailableError as error:
                log.warning("results_not_observed", reason=str(error))
                continue
            for row in rows:
                run.after_seq = row.seq
                name = _finished_tool(run, row)
                if name in tools and row.data.get("ok"):
                    has_learned |= _take(file, run.caller, name, tools[name], row.data)
        if has_learned:
            self._write(file)

    def _read(self) -> _File:
        try:
            return _File.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _File()
        except (OSError, ValidationError) as error:
            log.warning("observed_results_not_read", path=str(self._path), reason=type(error).__name__)
            return _File()

    def _write(self, file: _File) -> None:
        temporary = self._path.with_suffix(".new")
        try:
            temporary.touch(mode=0o600)
            temporary.write_text(file.model_dump_json(), encoding="utf-8")
            os.replace(temporary, self._path)  # noqa: PTH105 - the same; the pathlib one says it less plainly
        except OSError as error:
            log.warning("observed_results_not_kept", path=str(self._path), reason=str(error))

    # -- the tools there are ------------------------------------------------------------------------------------------

    def _tools(self) -> dict[str, str]:
        """Return the tools that do not declare what they give, with the digest of their definition."""
        toolkits = self._toolkits()
        if toolkits is not self._followed:
            self._followed = toolkits
            self._undeclared = {
                f"{toolkit.name}.{tool.name}": _digest(tool)
                for toolkit in toolkits
                for tool in toolkit.tools
                if toolkit.name not in _UNSEEN_TOOLKITS and not declares_result(tool)
            }
        return self._undeclared


def _finished_tool(run: _Run, row: JournalRow) -> str:
    """Return the tool of a call that finished; empty for one that began."""
    call_id = row.data["call_id"]
    if row.kind == "call_requested":
        run.names[call_id] = f"{row.data['toolkit']}.{row.data['tool']}"
        return ""
    return run.names.pop(call_id, "")


def _take(file: _File, caller: Caller, name: str, digest: str, finished: Mapping[str, Any]) -> bool:
    """Learn from one call; returns whether anything is new."""
    key = f"{caller.tenant} {name}"
    known = file.tools.get(key)
    if known is None or known.digest != digest:
        known = file.tools[key] = _Known(digest=digest)
    values = journalled_values(finished)
    if not values or known.calls >= _LEARNT_CALLS:
        return False
    before = (known.shape, len(known.samples))
    for value in values:
        known.shape = merge(known.shape, shape_of(value)) if known.calls else shape_of(value)
        known.calls += 1
    if len(str(known.shape)) > _SHAPE_CHARS:
        known.shape = {}
    if caller.user not in known.samples and len(known.samples) < _USERS_MAX and values[0] not in (None, [], {}, ""):
        known.samples[caller.user] = sample_of(values[0])
    file.tools.move_to_end(key)
    while len(file.tools) > _TOOLS_MAX:
        file.tools.popitem(last=False)
    return before != (known.shape, len(known.samples))


def journalled_values(finished: Mapping[str, Any]) -> list[Any]:
    """Return what the journal has of a call's result: a value, or the first items of a stream."""
    if "value_bytes" in finished:  # too long to be there; of a list, its beginning is
        return [finished["sample"]] if "items" in finished else []
    if "items" in finished:
        return list(finished.get("sample") or [])
    return [finished["value"]] if "value" in finished else []


def _digest(tool: ToolDefinition) -> str:
    return hashlib.blake2b(tool.model_dump_json().encode(), digest_size=8).hexdigest()
