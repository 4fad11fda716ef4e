"""Which prompt configuration holds for whom: files laid over each other, checked, read again when they change.

Asks no model. A file that is wrong is never taken into use: the last good one of its name stays, and it is told.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

import structlog
from sanca.core.errors import ConfigurationError
from sanca.prompts.builder import PromptBuilder
from sanca.prompts.configuration import PURPOSES, Purpose
from sanca.prompts.configuration_file import Configuration, folder_state, read_configuration
from sanca.prompts.inputs import FimInputs, JudgeInputs, PromptInputs
from sanca.prompts.layers import Resolved, make_builder, resolve
from sanca.prompts.samples import sample_inputs
from sanca.prompts.settings import PromptSettings

log = structlog.get_logger()

SHIPPED = Path(__file__).parent / "configurations"
_BUILDERS_KEPT = 256

RunPurpose = Literal["cmd", "thought", "summary", "compaction", "custom"]


@dataclass(frozen=True)
class Problem:
    """A configuration that is not in use as it stands on the disk."""

    path: Path
    message: str
    """One sentence: what is wrong and the mend."""
    last_good: str = ""
    """Which version of it stays in use; empty: none."""


class InferencePromptConfigManager:
    """Gives the builder for a purpose, tenant, scenario and model.

    The most specific wins, field by field: tenant before scenario before model before default; at the same rank the
    operator's file before the shipped one. Used from one event loop; it starts no thread: whether a file changed is
    looked at when a builder is wanted, at most every `reload_seconds`.
    """

    def __init__(
        self,
        folder: Path | None = None,
        settings: PromptSettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        logs: bool = True,
    ) -> None:
        """Read the shipped configurations and the operator's.

        Args:
            folder: The operator's; need not be there. `SANCA_PROMPT_FOLDER` comes before it.
            settings: From the environment when not given.
            clock: Seconds, for when to look again.
            logs: Whether it logs what it takes into use and refuses; who shows `problems` needs no log.

        Raises:
            ConfigurationError: `SANCA_PROMPT_FOLDER` names no folder.
        """
        self._settings = settings or PromptSettings()
        self._folder = self._settings.folder or folder
        if self._settings.folder is not None and not self._settings.folder.is_dir():
            raise ConfigurationError(
                f"There is no folder {str(self._settings.folder)!r} of prompt configurations; "
                "set SANCA_PROMPT_FOLDER to one, or leave it out.",
                setting="SANCA_PROMPT_FOLDER",
            )
        self._clock = clock
        self._logs = logs
        self._shipped = tuple(read_configuration(path, is_own=False) for path in sorted(SHIPPED.glob("*.yaml")))
        self._own: dict[Path, Configuration] = {}
        self._problems: tuple[Problem, ...] = ()
        self._state: dict[str, tuple[int, int, int]] | None = None
        self._looked_at = float("-inf")
        self._builders: OrderedDict[tuple[str, ...], PromptBuilder[Any]] = OrderedDict()
        self.refresh()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the operator's files now; empty when all are in use."""
        return self._problems

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """All that are in use, the least specific first."""
        return tuple(sorted((*self._shipped, *self._own.values()), key=lambda one: one.rank))

    @overload
    def builder(
        self, purpose: Literal["repair"], *, tenant: str = "", scenario: str = "", model: str = ""
    ) -> PromptBuilder[FimInputs]: ...

    @overload
    def builder(
        self, purpose: Literal["judge"], *, tenant: str = "", scenario: str = "", model: str = ""
    ) -> PromptBuilder[JudgeInputs]: ...

    @overload
    def builder(
        self, purpose: RunPurpose, *, tenant: str = "", scenario: str = "", model: str = ""
    ) -> PromptBuilder[PromptInputs]: ...

    @overload
    def builder(
        self, purpose: Purpose, *, tenant: str = "", scenario: str = "", model: str = ""
    ) -> PromptBuilder[Any]: ...

    def builder(self, purpose: Purpose, *, tenant: str = "", scenario: str = "", model: str = "") -> PromptBuilder[Any]:
        """Return the builder that holds for these; the same one until a file changes.

        Args:
            purpose: What the prompt is for.
            tenant: Whose user asks.
            scenario: The situation that perception saw; empty when it saw none.
            model: The model's name as the provider spells it; empty when it is not chosen yet.
        """
        if self._clock() - self._looked_at >= self._settings.reload_seconds:
            self.refresh()
        key = (purpose, tenant, scenario, model)
        if key not in self._builders:
            self._builders[key] = self._make(purpose, tenant, scenario, model)
            if len(self._builders) > _BUILDERS_KEPT:
                self._builders.popitem(last=False)
        self._builders.move_to_end(key)
        return self._builders[key]

    def resolved(self, purpose: Purpose, *, tenant: str = "", scenario: str = "", model: str = "") -> Resolved:
        """Return what holds there, and which file says so."""
        return resolve(purpose, self._layers(tenant, scenario, model), self._settings.overrides())

    def refresh(self) -> None:
        """Read the operator's folder again if anything in it changed."""
        self._looked_at = self._clock()
        state = folder_state(self._folder) if self._folder is not None else {}
        if state == self._state:
            return
        before, self._state = self._state or {}, state
        paths = sorted(Path(path) for path in state if path.endswith(".yaml"))
        self._take(paths, lambda made: _slice(before, made) == _slice(state, made))
        self._builders.clear()

    def _take(self, paths: Sequence[Path], is_unchanged: Callable[[Configuration], bool]) -> None:
        """Take each file into use that is right together with those before it; of the others the last good one."""
        before, self._own = self._own, {}
        refused = {one.path for one in self._problems}
        problems = []
        for path in paths:
            good = before.get(path)
            if good is not None and path not in refused and is_unchanged(good) and not self._same_target(good):
                self._own[path] = good
                continue
            try:
                self._own[path] = self._checked(path)
            except ConfigurationError as error:
                if good is not None and self._same_target(good) is None:
                    self._own[path] = good
                problems.append(Problem(path, str(error), good.name if good else ""))
        if self._logs:
            self._tell(problems, before)
        self._problems = tuple(problems)

    def _checked(self, path: Path) -> Configuration:
        """Return the file's configuration, tried on sample inputs over what is in use.

        Raises:
            ConfigurationError: It is wrong, or does not fit what is there.
        """
        made = read_configuration(path, is_own=True)
        if (other := self._same_target(made)) is not None:
            raise made.wrong(
                ("applies_to",), f"{other.path.name!r} is for {made.sheet.applies_to} too; put both into one file"
            )
        target = made.sheet.applies_to
        model = (target.model or "").replace("*", "x").replace("?", "x")
        for purpose in PURPOSES:
            layers = self._layers(target.tenant or "", target.scenario or "", model, (made,))
            _try_out(made, purpose, layers, self._settings.overrides())
        return made

    def _same_target(self, made: Configuration) -> Configuration | None:
        same = (one for one in self._own.values() if one.sheet.applies_to == made.sheet.applies_to)
        return next((one for one in same if one.path != made.path), None)

    def _layers(
        self, tenant: str, scenario: str, model: str, more: Iterable[Configuration] = ()
    ) -> list[Configuration]:
        """Return what holds there, the least specific first."""
        found = (*self._shipped, *self._own.values(), *more)
        fitting = [one for one in found if one.sheet.applies_to.fits(tenant, scenario, model)]
        return sorted(fitting, key=lambda one: one.rank)

    def _make(self, purpose: Purpose, tenant: str, scenario: str, model: str) -> PromptBuilder[Any]:
        problems = tuple(one.message for one in self._problems)
        overrides = self._settings.overrides()
        try:
            return make_builder(purpose, self._layers(tenant, scenario, model), overrides, problems)
        except ConfigurationError as error:
            # Each file was right by itself; together, here, they are not. The shipped ones always are.
            log.error("prompt_configurations_do_not_fit", purpose=purpose, tenant=tenant, problem=str(error))
            shipped = [one for one in self._layers(tenant, scenario, model) if not one.is_own]
            return make_builder(purpose, shipped, overrides, (*problems, str(error)))

    def _tell(self, problems: Sequence[Problem], before: Mapping[Path, Configuration]) -> None:
        known = {one.message for one in self._problems}
        for problem in problems:
            if problem.message not in known:
                log.error("prompt_configuration_refused", problem=problem.message, in_use=problem.last_good or "none")
        for path, made in self._own.items():
            if before.get(path) is not made:
                log.info("prompt_configuration_in_use", file=path.name, version=made.sheet.version)


def _slice(state: Mapping[str, tuple[int, int, int]], made: Configuration) -> dict[str, tuple[int, int, int]]:
    """Return what of a folder's state is about one configuration."""
    folder = f"{made.path.parent / (made.sheet.templates or made.path.stem)}{os.sep}"
    return {path: found for path, found in state.items() if path == str(made.path) or path.startswith(folder)}


def _try_out(
    made: Configuration, purpose: Purpose, layers: Sequence[Configuration], overrides: dict[str, float | int]
) -> None:
    """Build every kind of prompt from sample inputs.

    Raises:
        ConfigurationError: One cannot be built.
    """
    builder = make_builder(purpose, layers, overrides, blamed=made)
    for inputs in sample_inputs(builder.configuration.builder):
        try:
            builder.assemble(inputs)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"The prompt configuration {str(made.path)!r}, for the purpose {purpose!r}: {error}"
            ) from error
