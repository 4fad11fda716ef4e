"""Makes the skeleton of a run: its actions joined, with parameters for what the message named. Keeps nothing."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable

from sanca.memory.experience.caution import refuse_dangerous
from sanca.memory.experience.joining import join, names_bound, names_read
from sanca.memory.experience.naming_slots import (
    Parameter,
    PutParameters,
    parameters_in,
    phrase_of,
    words_of_slots,
)
from sanca.memory.experience.taught import NotLearnedError, Skeleton, Taught
from sanca.memory.matching.exactness import has_words
from sanca.memory.matching.slots import Reading

_PHRASE_CHARS = 300
_CODE_CHARS = 20_000
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]+|[\u3400-\u9fff]{2,}")
_LEAST_WORDS, _LEAST_CHARACTERS = 2, 4


def skeleton_of(taught: Taught, reading: Reading, mask: Callable[[str], str]) -> tuple[Skeleton, list[Parameter]]:
    """Return a run's skeleton and its parameters with what the message said for them.

    Args:
        taught: The run.
        reading: Its message, as the matcher reads it.
        mask: Returns a text with secrets and personal data replaced.

    Raises:
        NotLearnedError: Nothing is to be learned from it; says why.
    """
    phrase = _phrase(taught, reading, mask)
    tree = join(taught.deeds)
    parameters, why_not = parameters_in(reading, names_bound(tree) | names_read(tree))
    putting = PutParameters(parameters)
    tree = ast.fix_missing_locations(putting.visit(tree))
    code = _text_of(tree)
    refuse_dangerous(tree, taught, [one.name for one in parameters], mask)
    why_not = why_not or _why_only_an_example(taught, reading, parameters, putting.used, phrase)
    skeleton = Skeleton(
        code=code,
        parameters=tuple((one.name, one.kind) for one in parameters),
        phrase=phrase,
        says=() if why_not else _words_taken_for_granted(tree, reading),
        use="example" if why_not else "fast_path",
        why_not=why_not,
        writes=any(call.effect != "READ" for deed in taught.deeds for call in deed.calls),
        digest=_digest(tree, parameters),
    )
    return skeleton, parameters


def _phrase(taught: Taught, reading: Reading, mask: Callable[[str], str]) -> str:
    phrase = phrase_of(reading)
    if len(phrase) > _PHRASE_CHARS or taught.message.strip().count("\n") > 1:
        raise NotLearnedError("Its message is too long to be said again.")
    if mask(taught.message) != taught.message:
        raise NotLearnedError("Its message holds what looks like a secret or personal data.")
    return phrase


def _why_only_an_example(
    taught: Taught, reading: Reading, parameters: list[Parameter], used: set[str], phrase: str
) -> str:
    if taught.points_back or reading.refers_back:
        return "the message means what was said or made before it"
    if taught.read_outside:
        return "its action was written after outside data was read"
    if unused := [one for one in parameters if one.name not in used]:
        return f"the action does not use {str(unused[0].value)!r}, so it may be made for that alone"
    plain = re.sub(r"\{\w+\}", " ", phrase)
    words = _WORD.findall(plain)
    if len(words) < _LEAST_WORDS and len("".join(re.findall(r"[\u3400-\u9fff]", plain))) < _LEAST_CHARACTERS:
        return "the message says too little to be known again"
    return ""


def _words_taken_for_granted(tree: ast.Module, reading: Reading) -> tuple[str, ...]:
    """Return those words of the message that are constants of the action: `north` in "dig the north bed"."""
    named = words_of_slots(reading.slots, reading.text)
    said = reading.text.casefold()
    found: dict[str, None] = {}
    prose = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in prose:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 1:
            small = node.value.casefold().strip()
            if small in named or len(small) > 60 or not small:
                continue
            if has_words(said, small):
                found[small] = None
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            number = f"{node.value:g}"
            if number not in named | {"0", "1"} and re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", said):
                found[number] = None
    return tuple(found)


def _text_of(tree: ast.Module) -> str:
    try:
        code = ast.unparse(tree) + "\n"
        compile(code, "action", "exec", ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError) as error:  # texts within texts that Python 3.11 cannot write
        raise NotLearnedError("Its code cannot be written with parameters in it.") from error
    if len(code) > _CODE_CHARS:
        raise NotLearnedError(f"Its code is longer than {_CODE_CHARS:,} characters.")
    return code


def _digest(tree: ast.Module, parameters: list[Parameter]) -> str:
    """Return a digest of the code with its variables numbered, so that a name alone makes no other skill."""
    given = {one.name: f"p{place}" for place, one in enumerate(parameters)}
    bound = names_bound(tree)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in bound:
            names.setdefault(node.id, f"v{len(names)}")
    text = ast.dump(tree)
    swap = {**names, **given}
    plain = re.sub(r"id='(\w+)'", lambda hit: f"id='{swap.get(hit[1], hit[1])}'", text)
    kinds = ",".join(one.kind for one in parameters)
    return hashlib.sha256(f"{kinds}\n{plain}".encode()).hexdigest()[:16]
