"""Which role thinks for which zone, by how hard it is. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sanca.core.errors import ConfigurationError
from sanca.python_runtime.models.entries import ROLES, Role
from sanca.python_runtime.models.usage import Effort

Difficulty = Literal["easy", "normal", "hard"]


@dataclass(frozen=True)
class Route:
    """Who is asked, and how much it should think."""

    role: Role = "general"
    reasoning: Effort = ""


DEFAULT_ROUTES: Mapping[str, Route] = {
    "perception": Route("fast", "off"),
    "cognitive": Route("coder"),
    "cognitive.hard": Route("general", "high"),
    "motor": Route("coder"),
    "expression": Route("fast", "off"),
    "self_check": Route("judge"),
}
"""By zone, or by `zone.difficulty` where that matters; any other zone is `general`'s."""
_EFFORTS: tuple[Effort, ...] = ("off", "low", "medium", "high")


def read_routes(text: str) -> dict[str, Route]:
    """Return the routes with those of `SANCA_MODEL_ROUTES` in them: `perception=fast:off, cognitive.hard=general:high`.

    Raises:
        ConfigurationError: It is not of that form.
    """
    routes = dict(DEFAULT_ROUTES)
    for part in filter(None, (one.strip() for one in text.split(","))):
        zone, equals, target = (one.strip() for one in part.partition("="))
        role_name, _, effort_name = target.partition(":")
        role = next((one for one in ROLES if one == role_name), None)
        effort: Effort = next((one for one in _EFFORTS if one == effort_name), "")
        if not zone or not equals or role is None or (effort_name and not effort):
            raise ConfigurationError(
                f"SANCA_MODEL_ROUTES is not usable: {part!r} must be zone=role or zone.difficulty=role:effort, with a "
                f"role of {', '.join(ROLES)} and an effort of {', '.join(_EFFORTS)}.",
                setting="SANCA_MODEL_ROUTES",
            )
        routes[zone] = Route(role, effort)
    return routes


def route_of(routes: Mapping[str, Route], zone: str, difficulty: Difficulty) -> Route:
    """Return the route of a zone at a difficulty."""
    return routes.get(f"{zone}.{difficulty}") or routes.get(zone) or Route()
