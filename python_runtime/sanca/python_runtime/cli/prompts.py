"""`sanca prompts`: checks an operator's prompt configurations, and shows what holds for whom. Needs no engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.core.home import find_home
from sanca.prompts import InferencePromptConfigManager, PromptSettings
from sanca.prompts.configuration import PURPOSES
from sanca.prompts.samples import sample_inputs


def open_manager(folder: Path | None = None) -> InferencePromptConfigManager:
    """Return the configurations of a folder, or of the state folder as the engine reads it.

    Raises:
        ConfigurationError: There is no such folder.
    """
    if folder is None:
        return InferencePromptConfigManager(find_home() / "prompts", logs=False)
    if not folder.is_dir():
        raise ConfigurationError(f"There is no folder {str(folder)!r}; give one with prompt configurations (*.yaml).")
    return InferencePromptConfigManager(None, PromptSettings().model_copy(update={"folder": folder}), logs=False)


def check_prompts(folder: Path | None, *, as_json: bool) -> int:
    """Print each of the operator's files with what is wrong with it; return 1 when something is."""
    manager = open_manager(folder)
    problems = {problem.path.name: problem.message for problem in manager.problems}
    own = {one.path.name: one for one in manager.configurations if one.is_own}
    files: list[dict[str, Any]] = [
        {
            "file": name,
            "ok": name not in problems,
            "version": own[name].sheet.version if name in own else "",
            "applies_to": str(own[name].sheet.applies_to) if name in own else "",
            "templates": sorted(own[name].templates) if name in own else [],
            "problem": problems.get(name, ""),
        }
        for name in sorted({*own, *problems})
    ]
    if as_json:
        print(json.dumps({"ok": not problems, "files": files}, ensure_ascii=False))  # noqa: T201
        return 1 if problems else 0
    for one in files:
        templates = f", {len(one['templates'])} templates" if one["templates"] else ""
        told = f"version {one['version']}, for {one['applies_to']}{templates}" if one["ok"] else one["problem"]
        print(f"{'ok   ' if one['ok'] else 'WRONG'} {one['file']}: {told}")  # noqa: T201
    if not files:
        print("There are no configurations of your own: the shipped ones hold.")  # noqa: T201
    return 1 if problems else 0


def show_prompts(
    *, purpose: str, tenant: str, scenario: str, model: str, with_text: bool, folder: Path | None, as_json: bool
) -> None:
    """Print what holds for these, field by field with the file that says so; with its text, a prompt made from samples.

    Raises:
        ConfigurationError: There is no such purpose or folder.
    """
    wanted = next((one for one in PURPOSES if one == purpose), None)
    if wanted is None:
        raise ConfigurationError(f"There is no purpose {purpose!r}; known are {', '.join(PURPOSES)}.")
    manager = open_manager(folder)
    resolved = manager.resolved(wanted, tenant=tenant, scenario=scenario, model=model)
    builder = manager.builder(wanted, tenant=tenant, scenario=scenario, model=model)
    prompt = builder.assemble(sample_inputs(builder.configuration.builder)[-1])
    fields = resolved.configuration.model_dump(mode="json")
    if as_json:
        shown = {"versions": list(prompt.versions), "configuration": fields, "sources": resolved.sources}
        texts = [message.model_dump(include={"role", "content"}) for message in prompt.request.messages]
        print(json.dumps({**shown, "messages": texts} if with_text else shown, ensure_ascii=False))  # noqa: T201
        return
    print(f"{purpose}: {', '.join(prompt.versions)}")  # noqa: T201
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _flat(fields):
        table.add_row(name, str(value), f"[dim]{resolved.sources.get(name, '')}[/]")
    Console().print(table)
    for message in prompt.request.messages if with_text else ():
        print(f"\n===== {message.role}\n{message.content}")  # noqa: T201


def _flat(fields: dict[str, Any], place: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in fields.items():
        found += _flat(value, f"{place}{name}.") if isinstance(value, dict) else [(f"{place}{name}", value)]
    return found
