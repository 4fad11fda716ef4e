"""What to say when an import finds nothing: what is there instead, and what is there at all. Imports none of it."""

from __future__ import annotations

import difflib
import importlib.util
import pkgutil
import sys
from typing import Any

from . import places
from .safely import exact, is_a
from .substitutes import CALLED, INSTEAD, OUTSIDE

ADDED_FOLDER = "/input/.libraries"
"""Where libraries lie that a person agreed to add to a session; not listed among its files."""
_WORTH_NAMING = ("numpy", "pandas", "matplotlib", "pydantic", "orjson", "pytest", "PIL", "dateutil", "cloudpickle")
_STANDARD_SHOWN = "asyncio, collections, csv, datetime, json, math, re, sqlite3, statistics, zoneinfo"


def missing_name(error: BaseException) -> str | None:
    """Return the top-level name that an import did not find; None for any other error, and for a missing submodule."""
    name: Any = getattr(error, "name", None)
    if not is_a(error, ModuleNotFoundError) or not is_a(name, str):
        return None
    top = exact(name).partition(".")[0]
    return top if top.isidentifier() and not _is_there(top) else None


def explain_missing(name: str, toolkits: tuple[str, ...]) -> str:
    """Return what to use instead of a library that is not there, and what there is."""
    said = [f"There is no library {name!r} in the sandbox.", _instead(name, toolkits), _all()]
    return " ".join(part for part in said if part)


def index_name(name: str) -> str:
    """Return what the library is called where it would come from."""
    start, version = name.partition("==")[0], name.partition("==")[1:]
    return "".join((CALLED.get(start, start), *version))


def _instead(name: str, toolkits: tuple[str, ...]) -> str:
    if name in OUTSIDE:
        names = ", ".join(toolkits[:8]) or "none in this session"
        return f"Actions have no network and start no program; what reaches out are the toolkits ({names})."
    there = [other for other in INSTEAD.get(name, ()) if _is_usable(other)]
    if there:
        return f"Use {' or '.join(there)} instead."
    near = difflib.get_close_matches(name.lower(), _names_by_lower(), n=2, cutoff=0.75)
    if near:
        return f"Did you mean {' or '.join(repr(_names_by_lower()[one]) for one in near)}?"
    return "" if name not in INSTEAD else "Write what is needed of it with the standard library."


def _all() -> str:
    libraries = ", ".join(_library_names())
    others = f"{libraries} and " if libraries else ""
    return f"There are: {others}Python's standard library ({_STANDARD_SHOWN}, …)."


def _is_usable(said: str) -> bool:
    top = said.partition(" ")[0].partition(".")[0]
    return top in {"print", "a"} or _is_there(top)


def _is_there(name: str) -> bool:
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _names_by_lower() -> dict[str, str]:
    names = (*sys.stdlib_module_names, *_library_names())
    return {name.lower(): name for name in names if not name.startswith("_")}


def _library_names() -> list[str]:
    """Return the libraries worth naming, and all that were added to this session; not what is only there for others."""
    added = (module.name for module in pkgutil.iter_modules([places.real(ADDED_FOLDER)]))
    shown = sorted(name for name in added if not name.startswith("_"))
    return [*(name for name in _WORTH_NAMING if _is_there(name)), *shown]
