"""Finds Python toolkits: installed ones by entry point, the operator's own (trusted) as files in `<home>/toolkits`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from sanca.core.ports import Toolkit
from sanca.toolkit_bridge.python_tools import PythonToolkit
from sanca.toolkit_bridge.tool_marks import is_tool

ENTRY_POINT_GROUP = "sanca.toolkits"


@dataclass(frozen=True, slots=True)
class FoundToolkits:
    """What was found, and one sentence for everything that could not be used."""

    toolkits: list[Toolkit] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    """Entry point or file → why it is left out."""


def find_toolkits(home: Path) -> FoundToolkits:
    """Return the Python toolkits of this installation and of the state folder; one that fails stops no other."""
    found = FoundToolkits()
    for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        _collect(found, f"entry point {point.name!r}", point.name, point.load)
    for path in sorted((home / "toolkits").glob("*.py")):
        _collect(found, str(path.name), path.stem, lambda path=path: _import_file(path))
    return found


def _collect(found: FoundToolkits, source: str, name: str, load: Any) -> None:
    try:
        made = _toolkits_of(load(), name)
    except Exception as error:
        found.problems[source] = f"The toolkit of {source} is left out: {type(error).__name__}: {error}"
        return
    if not made:
        found.problems[source] = f"{source} holds no toolkit; mark a function with @tool or make a PythonToolkit."
    found.toolkits.extend(made)


def _toolkits_of(loaded: Any, name: str) -> list[Toolkit]:
    if isinstance(loaded, ModuleType):
        return _toolkits_of_module(loaded, name)
    if is_tool(loaded):
        return [PythonToolkit(name, tools=[loaded])]
    made = loaded() if callable(loaded) and not isinstance(loaded, Toolkit) else loaded
    if isinstance(made, Toolkit):
        return [made]
    if isinstance(made, list | tuple):
        return [each for part in made for each in _toolkits_of(part, name)]
    raise TypeError(f"{type(made).__name__} is no toolkit")


def _toolkits_of_module(module: ModuleType, name: str) -> list[Toolkit]:
    """Return the module's toolkits, and one named after it of its loose tools."""
    members = [member for key, member in vars(module).items() if not key.startswith("_")]
    toolkits: list[Toolkit] = [member for member in members if isinstance(member, PythonToolkit)]
    own = [member for member in members if getattr(member, "__module__", "") == module.__name__]
    for member in own:
        if (
            inspect.isclass(member)
            and issubclass(member, PythonToolkit)
            and not any(type(each) is member for each in toolkits)
        ):
            toolkits.append(member())
    if loose := [member for member in own if is_tool(member)]:
        toolkits.append(PythonToolkit(name, description=inspect.cleandoc(module.__doc__ or ""), tools=loose))
    return toolkits


def _import_file(path: Path) -> ModuleType:
    name = f"sanca_toolkits_{path.stem}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
