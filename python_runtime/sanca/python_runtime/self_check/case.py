"""A claim, taken apart beside the goal and all that it is held against. Judges nothing yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sanca.core.tools import Effect, ToolkitDefinition
from sanca.python_runtime.self_check import claims, lexicon
from sanca.python_runtime.self_check.claims import Assertion
from sanca.python_runtime.self_check.evidence import Call, Evidence
from sanca.python_runtime.self_check.goals import Wish, asked_for
from sanca.python_runtime.self_check.lexicon import Doing

_CLAIM_CHARS = 12_000
_ASSERTIONS = 40
_EARLIER = re.compile(r"\b(?:earlier|before|previously|in my last|above)\b|之前|刚才|上一", re.IGNORECASE)
_PRONOUN = re.compile(r"\b(?:it|them|this|these|those|both|everything)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A claim with all it is held against."""

    claim: str
    goal: str
    evidence: Evidence
    effects: tuple[str, ...]
    """The names of the effect tools there are."""
    reads: tuple[str, ...]
    doings: tuple[Doing, ...]
    wishes: tuple[Wish, ...]
    assertions: tuple[Assertion, ...]
    known: dict[tuple[str, ...], str] = field(default_factory=dict, compare=False)
    """What `things.text_of` has put together, by the calls' ids."""

    def fitting(self, doing: Doing) -> list[Call]:
        """Return the effects that succeeded and may be meant by a word for what was done."""
        done = self.evidence.done
        if doing.is_generic:
            return done
        if found := [call for call in done if is_of(doing, call.tool)]:
            return found
        if doing.is_strict or any(is_of(doing, tool) for tool in self.effects):
            return [call for call in done if re.search(rf"\b(?:{doing.claimed})\b", call.text)]
        return done

    @property
    def admissions(self) -> list[str]:
        """The parts of the claim that say that something was not done."""
        parts = (lexicon.NO_TROUBLE.sub("", part) for part in claims.clauses(self.claim))
        return [part for part in parts if lexicon.ADMITS.search(part)]


def case_of(claim: str, goal: str, evidence: Evidence, toolkits: Sequence[ToolkitDefinition]) -> Case:
    """Take claim and goal apart, with the words of the tools there are."""
    claim, goal = in_short(claim), in_short(goal)
    own = {"sanca", "card", "page"}
    tools = [tool for kit in toolkits if kit.name not in own for tool in kit.tools]
    effects = tuple(tool.name for tool in tools if tool.effect is not Effect.READ)
    doings = (*lexicon.DOINGS, *lexicon.doings_of(effects))
    wishes = tuple(wish for wish in asked_for(goal, doings) if _is_askable(wish, effects, evidence))
    assertions = claims.asserted(claim, doings, asked={wish.doing.name for wish in wishes}, known=_shown(evidence))
    reads = tuple(tool.name for tool in tools if tool.effect is Effect.READ)
    different = {(one.doing.name, one.items, one.values, one.everything, one.count): one for one in assertions}
    kept = tuple(one for one in different.values() if _is_about_the_world(one, goal, evidence, wishes))[:_ASSERTIONS]
    return Case(claim, goal, evidence, effects, reads, doings, wishes, kept)


def in_short(claim: str) -> str:
    """Return a claim as far as it is looked at: of a very long one the beginning and the end."""
    return claim if len(claim) <= _CLAIM_CHARS else f"{claim[: _CLAIM_CHARS * 2 // 3]}\n{claim[-_CLAIM_CHARS // 3 :]}"


def _shown(evidence: Evidence) -> str:
    """Return what the run was given and has read: who tells of it claims nothing of its own."""
    return " ".join([evidence.given, *(call.text for call in evidence.calls if not call.is_effect)]).casefold()


def is_of(doing: Doing, tool: str) -> bool:
    """Whether a tool is of a kind of effect, by its name."""
    words = set(tool.casefold().split("_"))
    return bool(words & doing.tools) or bool(doing.tools & {word.removesuffix("s") for word in words})


def is_in(name: str, text: str) -> bool:
    """Whether a text, in lower case, has a name; of a longer word either may be the beginning of the other."""
    stem = name[:-1] if name.endswith("s") and len(name) > 4 else name
    return stem in text or (len(name) > 5 and any(name[:size] in words_of(text) for size in range(5, len(name))))


@lru_cache(maxsize=64)
def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(re.findall(r"[\w.\-]+", text))


def _is_askable(wish: Wish, effects: Sequence[str], evidence: Evidence) -> bool:
    """Whether what is asked for needs a tool that there is: work on words and data does not."""
    entities = {name.casefold() for names in evidence.names.values() for name in names}
    names = {name for item in wish.items for name in item}
    if names & entities:
        return wish.doing.is_generic or any(is_of(wish.doing, tool) for tool in effects)
    if wish.doing.is_generic and not wish.doing.tools:
        return False
    is_named = bool(wish.items or wish.everything or wish.values or evidence.done or evidence.undone)
    needs_none = lexicon.OF_ITS_OWN.search(wish.object) and not evidence.done and not evidence.undone
    return is_named and not needs_none and any(is_of(wish.doing, tool) for tool in effects)


def _is_about_the_world(said: Assertion, goal: str, evidence: Evidence, wishes: Sequence[Wish]) -> bool:
    """Leave out what needs no tool: work on data and words, in the sandbox or in the answer itself."""
    entities = {name.casefold() for names in evidence.names.values() for name in names}
    names = {name for item in said.items for name in item}
    if not wishes and not evidence.done and lexicon.DRAFT.search(goal):
        return False
    if _EARLIER.search(said.words) and re.search(rf"\b(?:{said.doing.claimed})\b", evidence.given, re.IGNORECASE):
        return False  # of another run of the session, which had its own check
    text = " ".join(call.text for call in evidence.calls if call.is_effect)
    if names & entities:
        return True
    if said.doing.is_strict:
        return not re.search(r"\b(?:you|your)\b|(?:给|告诉|告知|通知|发)(?:您|你)", said.object)
    if lexicon.OF_ITS_OWN.search(said.object) and not any(is_in(name, text) for name in names):
        return False
    is_asked = any(wish.doing.name == said.doing.name for wish in wishes)
    if is_asked or names or said.everything or said.values or re.search(r"[一-鿿]", said.words):
        return True
    return not evidence.acted and bool(_PRONOUN.search(said.words))  # of an action in the sandbox "it" may be anything
