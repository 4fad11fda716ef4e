"""The type check by `ty`: one language server an engine, started by the first check and again when it died."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.action_check.judging import Judge
from sanca.python_runtime.action_check.language_server import Diagnostic, LanguageServer, LanguageServerError
from sanca.python_runtime.action_check.ports import CheckReport
from sanca.python_runtime.action_check.source import Source
from sanca.toolkit_bridge.checker_stubs import CAST, checker_stubs

log = structlog.get_logger()

_CODE_CHARS = 100_000
_FAILURES_MAX = 3
_NOT_BEFORE_SECONDS = 30.0
"""How long nothing is checked after so many failures in a row: one that cannot work does not cost every action time."""
_START_SECONDS = 3.0
_ANSWERS_KEPT = 64
_SURE_TYPES = re.compile(
    r"(?:str|int|float|bool|bytes|None|Record|list|dict|tuple|set|frozenset|list\[(?:str|int|float|bool|Record)\])"
)
_SETTINGS = """
[environment]
python = "./python"
python-version = "{major}.{minor}"
python-platform = "linux"
root = ["."]
"""
"""An environment of its own, which is empty: the guest's libraries are large, and what they are called with is free."""


@dataclass(frozen=True)
class _Question:
    code: str
    toolkits: Sequence[ToolkitDefinition]
    names: Mapping[str, str] | None
    is_for_now: bool

    @property
    def key(self) -> Hashable:
        """What the answer depends on, beside the toolkits."""
        names = None if self.names is None else tuple(sorted(self.names.items()))
        return (self.code, names, self.is_for_now)


class TyChecker:
    """Implements `ActionChecker`. One check at a time; what comes meanwhile waits, and not longer than the limit."""

    def __init__(
        self, *, limit_seconds: float, start_seconds: float = _START_SECONDS, command: Sequence[str] = ()
    ) -> None:
        """Take its settings.

        Args:
            limit_seconds: What a check may take; then the action runs without. 0: actions are not checked.
            start_seconds: What a check that has to start the server may take besides.
            command: The language server; by default `ty server` of this installation.
        """
        self._limit_seconds = limit_seconds
        self._start_seconds = start_seconds
        self._command = list(command)
        self._lock = anyio.Lock()
        self._folder: Path | None = None
        self._server: LanguageServer | None = None
        self._toolkits: Sequence[ToolkitDefinition] | None = None
        self._judge: Judge | None = None
        self._answers: OrderedDict[Hashable, CheckReport] = OrderedDict()
        self._failures = 0
        self._not_before = 0.0
        self._problem = "" if limit_seconds else "It is switched off (SANCA_TYPE_CHECK_SECONDS is 0)."

    @property
    def detail(self) -> str:
        """Why actions are not checked now; empty when they are."""
        return self._problem

    @property
    def pid(self) -> int | None:
        """The server's process, when there is one."""
        return self._server.pid if self._server is not None else None

    async def check(
        self,
        code: str,
        toolkits: Sequence[ToolkitDefinition],
        names: Mapping[str, str] | None,
        *,
        is_for_now: bool = True,
    ) -> CheckReport:
        """Do as `ActionChecker.check`."""
        if not self._limit_seconds or time.monotonic() < self._not_before:
            return CheckReport(skipped=self._problem)
        if len(code) > _CODE_CHARS:
            return CheckReport(skipped=f"The action is longer than {_CODE_CHARS:,} characters.")
        begun = time.monotonic()
        report = await self._within_limit(_Question(code, toolkits, names, is_for_now))
        return replace(report, seconds=time.monotonic() - begun)

    async def close(self) -> None:
        """End the server and delete its folder."""
        async with self._lock:
            await self._end()
            self._limit_seconds = 0.0
            if self._folder is not None:
                await anyio.to_thread.run_sync(shutil.rmtree, self._folder, True)

    async def _within_limit(self, question: _Question) -> CheckReport:
        """Return the answer, from memory when it was asked before: a skill's text is the same every time."""
        if question.toolkits is self._toolkits and (known := self._answers.get(question.key)) is not None:
            self._answers.move_to_end(question.key)
            return known
        try:
            with anyio.fail_after(self._limit_seconds):
                await self._lock.acquire()
        except TimeoutError:
            return CheckReport(skipped="The checker was busy with other actions.")
        try:
            return await self._answer(question)
        finally:
            self._lock.release()

    async def _answer(self, question: _Question) -> CheckReport:
        limit = self._limit_seconds + (0.0 if self._server is not None else self._start_seconds)
        try:
            with anyio.fail_after(limit):
                report = await self._check(question)
        except TimeoutError:
            return self._failed(f"A check took longer than {limit:g} seconds.")
        except (LanguageServerError, OSError) as error:
            return self._failed(str(error))
        except Exception as error:  # a checker that breaks must never hold up an action
            log.exception("type_check_broke")
            return self._failed(f"The check failed inside ({type(error).__name__}).")
        self._problem, self._failures = "", 0
        self._answers[question.key] = report
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return report

    async def _check(self, question: _Question) -> CheckReport:
        source = await anyio.to_thread.run_sync(Source, question.code)
        prelude = _prelude(source, question.names or {})
        is_done = False
        try:
            server, judge = await self._ready(question.toolkits)
            found = await server.diagnose("\n".join([*prelude, question.code]))
            is_done = True
        finally:
            if not is_done:
                await self._end()
        own = _shifted(found, len(prelude))
        judged = partial(judge.judge, source, own, question.names, is_for_now=question.is_for_now)
        stops, remarks = await anyio.to_thread.run_sync(judged)
        return CheckReport(tuple(stops), tuple(remarks))

    async def _ready(self, toolkits: Sequence[ToolkitDefinition]) -> tuple[LanguageServer, Judge]:
        """Return a server that knows these toolkits."""
        if self._server is None or self._judge is None or toolkits is not self._toolkits:
            await self._end()
            stubs = await anyio.to_thread.run_sync(checker_stubs, toolkits)
            folder = await anyio.to_thread.run_sync(self._write, stubs.text)
            self._answers.clear()
            self._judge, self._toolkits = Judge(toolkits, stubs), toolkits
            self._server = LanguageServer(self._command or [_find_ty(), "server"], folder)
            await self._server.start()
        return self._server, self._judge

    def _write(self, stubs: str) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sanca-type-check-")).resolve()
            version = sys.version_info
            site = self._folder / "python" / "lib" / f"python{version.major}.{version.minor}" / "site-packages"
            site.mkdir(parents=True)
            (self._folder / "python" / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="utf-8")
            settings = _SETTINGS.format(major=version.major, minor=version.minor)
            (self._folder / "ty.toml").write_text(settings, encoding="utf-8")
        (self._folder / "__builtins__.pyi").write_text(stubs, encoding="utf-8")
        return self._folder

    async def _end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.close()

    def _failed(self, reason: str) -> CheckReport:
        log.warning("action_not_checked", reason=reason)
        self._problem = reason
        self._failures += 1
        if self._failures >= _FAILURES_MAX:
            self._not_before = time.monotonic() + _NOT_BEFORE_SECONDS
        return CheckReport(skipped=reason)


def _find_ty() -> str:
    from ty import find_ty_bin  # of the engine's own installation

    return find_ty_bin()


def _prelude(source: Source, names: Mapping[str, str]) -> list[str]:
    """Return a line for each name of earlier rounds that the action may mean, as a value and not as a declaration.

    What the action binds itself may then be of another type.
    """
    kinds = {name: kind if _SURE_TYPES.fullmatch(kind) else "Any" for name, kind in names.items()}
    return [f"{name} = {CAST}({kinds[name]!r}, 0)" for name in sorted(source.names & set(kinds))]


def _shifted(found: Sequence[Diagnostic], lines: int) -> list[Diagnostic]:
    """Return the findings by the action's own lines."""
    own = [one for one in found if one.line >= lines]
    return [replace(one, line=one.line - lines, end_line=one.end_line - lines) for one in own]
