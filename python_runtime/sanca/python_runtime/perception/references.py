"""What the pointing words of a message mean: by its own words, the page, the session's history; or that nobody knows.

A word that points at several things alike points at none: it is told as ambiguous, and never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sanca.memory import SkillLibrary
from sanca.python_runtime.perception.pointers import Pointer
from sanca.python_runtime.perception.surroundings import Named, Surroundings, named_in, named_on_page

_EXCHANGES = 6
_SHOWN_CHARS = 300
_NAME_CHARS = 40
_ITEMS = 8
_KINDS = ("service", "release", "process", "port")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)、:：])\s*(.+)$", re.MULTILINE)
_IS_A_RELEASE = re.compile(
    r"\s*(?:上线|发布|was (?:deployed|released|rolled out)|went (?:live|out)|shipped)", re.IGNORECASE
)
_MUST_BE_THERE = re.compile(r"^(?:that|this|the above)\b|^[这那]", re.IGNORECASE)


@dataclass
class Resolved:
    """What the pointing words of a message mean."""

    references: dict[str, str] = field(default_factory=dict)
    dangling: list[str] = field(default_factory=list)
    """Words that point at nothing we know."""
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that point at several things alike, and those."""


@dataclass(frozen=True)
class Scene:
    """A message among its surroundings, as its pointing words are looked at."""

    text: str
    around: Surroundings
    has_topic: bool
    """Whether the history is about something, so that a pointing word may mean its last answer."""
    inner: bool
    """Whether the message says before the word what it means, by words that are no service."""
    about_words: bool
    """Whether it is about what was said or is selected rather than about a service: translate this, undo that."""


class ReferenceResolver:
    """Resolves pointing words; what can point at the page is looked for there first."""

    def __init__(self, library: SkillLibrary) -> None:
        self._library = library

    def resolve(self, scene: Scene, pointers: Sequence[Pointer]) -> Resolved:
        """Return what the pointing words of a message mean."""
        found = Resolved()
        for pointer in pointers:
            self._resolve(pointer, scene, found)
        return found

    def _resolve(self, pointer: Pointer, scene: Scene, found: Resolved) -> None:
        before = self._named(scene.text[: pointer.start], scene)
        if pointer.kind == "data":
            if not scene.around.has_data and not scene.has_topic and not scene.inner:
                found.dangling.append(pointer.words)
        elif pointer.kind == "noun":
            if not scene.has_topic and not scene.inner and not scene.around.page:
                found.dangling.append(pointer.words)
        elif pointer.kind == "item":
            self._resolve_item(pointer, scene, found, inner=scene.inner or bool(before.service))
        elif not pointer.kind and before.service and not scene.about_words:
            found.references[pointer.words] = before.service[-1]
        elif pointer.kind in ("answer", "selection") or (scene.about_words and not pointer.kind):
            self._resolve_words(pointer, scene, found)
        else:
            self._resolve_thing(pointer, scene, found)

    def _resolve_words(self, pointer: Pointer, scene: Scene, found: Resolved) -> None:
        """Look for a text: what is selected, then what was said last, then what the page shows."""
        page = scene.around.page
        if page is not None and page.selection and (pointer.is_deictic or pointer.kind == "selection"):
            found.references[pointer.words] = _shown(page.selection)
        elif scene.has_topic:
            found.references[pointer.words] = _last_said(scene)
        elif not pointer.kind:
            self._resolve_thing(pointer, scene, found)
        elif not scene.inner and _MUST_BE_THERE.match(pointer.words):
            found.dangling.append(pointer.words)

    def _resolve_thing(self, pointer: Pointer, scene: Scene, found: Resolved) -> None:
        kinds: Sequence[str] = (pointer.kind,) if pointer.kind in _KINDS else ("service",)
        if not pointer.kind and _IS_A_RELEASE.match(scene.text[pointer.end :]):
            kinds = ("release", "service")
        prefers_page = pointer.is_deictic or not scene.around.history
        if prefers_page and self._from_page(pointer, kinds, scene, found):
            return
        if self._from_history(pointer, kinds, scene, found) or self._from_page(pointer, kinds, scene, found):
            return
        if scene.has_topic and not pointer.kind:
            found.references[pointer.words] = _last_said(scene)
        elif not scene.inner:
            found.dangling.append(pointer.words)

    def _from_page(self, pointer: Pointer, kinds: Sequence[str], scene: Scene, found: Resolved) -> bool:
        page = scene.around.page
        if page is None:
            return False
        if page.selection and pointer.is_deictic and not pointer.kind:
            found.references[pointer.words] = _shown(page.selection)
            return True
        named = named_on_page(scene.around, self._library)
        for kind in kinds if pointer.kind else (*kinds, "release"):
            if values := named.of(kind):
                found.references[pointer.words] = values[0]
                return True
        if page.title and pointer.is_deictic and not pointer.kind and not scene.around.history:
            found.references[pointer.words] = _shown(page.title)
            return True
        return False

    def _from_history(self, pointer: Pointer, kinds: Sequence[str], scene: Scene, found: Resolved) -> bool:
        for said in _exchanges(scene.around)[:_EXCHANGES]:
            named = self._named(said, scene)
            if not pointer.kind and named.process:
                found.references[pointer.words] = f"process {named.process[-1]}"
                return True
            for kind in kinds:
                if values := named.of(kind):
                    _take_most(pointer.words, kind, values, found)
                    return True
        return False

    def _resolve_item(self, pointer: Pointer, scene: Scene, found: Resolved, *, inner: bool) -> None:
        items = self._items(scene)
        place = pointer.place if pointer.place is not None else 0
        files = scene.around.files
        if -len(items) <= place < len(items):
            item = items[place]
            found.references[pointer.words] = next(iter(self._named(item, scene).service), _shown(item))
        elif "file" in pointer.words and -len(files) <= place < len(files):
            found.references[pointer.words] = files[place]
        elif not inner and re.search(r"one|个|张|份", pointer.words):
            found.dangling.append(pointer.words)

    def _items(self, scene: Scene) -> list[str]:
        """Return what the last answer lists: its numbered lines, the services it names, or what commas part."""
        answer = next((one.content for one in reversed(scene.around.history) if one.role == "assistant"), "")
        if len(lines := _ITEM.findall(answer)) > 1:
            return [line.strip() for line in lines]
        services = list(dict.fromkeys(self._named(answer, scene).service))
        if len(services) > 1:
            return services
        _, colon, last = answer.replace("：", ":").rpartition(":")
        parts = [part.strip() for part in re.split(r"[,、;；，]| or | and |和|或", last) if part.strip()]
        return parts if colon and 1 < len(parts) <= _ITEMS else []

    def _named(self, text: str, scene: Scene) -> Named:
        return named_in(text, scene.around.entities, self._library)


def _take_most(words: str, kind: str, values: Sequence[str], found: Resolved) -> None:
    """Take the service that was named most often, when it is one; of the other kinds what was named last."""
    counts = Counter(values).most_common()
    if kind != "service":
        found.references[words] = values[-1]
    elif len(counts) == 1 or counts[0][1] > counts[1][1]:
        found.references[words] = counts[0][0]
    else:
        found.ambiguous[words] = tuple(name for name, count in counts if count == counts[0][1])


def _last_said(scene: Scene) -> str:
    return _shown(scene.around.history[-1].content)


def _exchanges(around: Surroundings) -> list[str]:
    """Return question and answer together, the newest first."""
    found: list[str] = []
    pending = ""
    for message in reversed(around.history):
        pending = f"{message.content}\n{pending}"
        if message.role == "user":
            found.append(pending)
            pending = ""
    return [*found, pending] if pending else found


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def replace_words(text: str, references: Mapping[str, str]) -> str:
    """Return the text with pointing words replaced by short names they stand for."""
    for words, name in sorted(references.items(), key=lambda one: -len(one[0])):
        if len(name) <= _NAME_CHARS and "\n" not in name:
            bound = r"\b" if words.isascii() else ""
            text = re.sub(
                rf"{bound}{re.escape(words)}{bound}", name.replace("\\", r"\\"), text, count=1, flags=re.IGNORECASE
            )
    return text
