"""What kinds of things people want, and which situation each belongs to. Names only: classifier.py tells them apart."""

from __future__ import annotations

import re
from enum import StrEnum


class Intent(StrEnum):
    """What a message wants."""

    ASK_STATE = "ask_state"
    """To know how something is or was: status, logs, settings, releases, who changed what."""
    FIND_CAUSE = "find_cause"
    """To know why something fails or is slow; nothing is to be changed yet."""
    FIX = "fix"
    """That a broken thing works again, the means left to us."""
    CHANGE = "change"
    """A named operation with an effect: restart, deploy, roll back, change a setting, delete."""
    ANALYSE_DATA = "analyse_data"
    """Computing: tables, files, sums, charts, converting, dates."""
    LOOK_UP = "look_up"
    """Knowledge: a runbook, how something is done, what a concept is, a policy."""
    WRITE = "write"
    """A text: report, summary, translation, mail."""
    MAKE_TOOL = "make_tool"
    """Something lasting: a tool, a skill, a schedule, a watch, a reminder."""
    TALK = "talk"
    """Greeting, thanks, small talk, "what can you do"."""
    CONTROL = "control"
    """To steer the conversation or run itself: stop, go on, undo that, answer in Chinese."""
    UNCLEAR = "unclear"
    """No goal can be formed from it."""


WITH_EFFECT = frozenset({Intent.CHANGE, Intent.FIX})
"""Intents that change something: their target is never guessed."""

_SCENARIOS = {
    Intent.ASK_STATE: "status",
    Intent.FIND_CAUSE: "incident",
    Intent.FIX: "incident",
    Intent.CHANGE: "change",
    Intent.ANALYSE_DATA: "data",
    Intent.LOOK_UP: "knowledge",
    Intent.WRITE: "writing",
    Intent.MAKE_TOOL: "automation",
    Intent.TALK: "conversation",
    Intent.CONTROL: "conversation",
    Intent.UNCLEAR: "conversation",
}
_INCIDENT_PAGE = re.compile(r"/(?:incidents?|alerts?|alarms?|outages?|faults?)(?:[/?#]|$)", re.IGNORECASE)
_BROKEN = frozenset({"broken", "slow", "incident"})


def scenario_of(intent: Intent, concepts: frozenset[str] = frozenset(), url: str = "") -> str:
    """Return the situation: incident, status, change, data, knowledge, writing, automation or conversation.

    A question about the state of something becomes an incident when it is said to be broken, or is asked on the page of
    an alert.
    """
    scenario = _SCENARIOS[intent]
    if scenario in ("status", "change") and (concepts & _BROKEN or _INCIDENT_PAGE.search(url)):
        return "incident"
    return scenario
