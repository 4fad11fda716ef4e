"""Mends replies where nothing can be meant but one thing; each mend has a sentence for the journal.

Never guesses: what could be meant in two ways is left to the model (`reply.py` sends it back).
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from sanca.python_runtime.models.reply_blocks import Block, parses, tree_of

_END_TOKENS = re.compile(
    r"(?:<\|(?:im_end|eot_id|eom_id|endoftext|end|return|end_of_text|END_OF_TURN_TOKEN|user|observation)\|>"
    r"|<｜end▁of▁sentence｜>|</s>|<end_of_turn>)\Z"
)
_HARMONY_FINAL = re.compile(r"<\|channel\|>\s*(?:final|commentary)\s*(?:<\|constrain\|>\w+)?<\|message\|>")
_QUOTED_FENCE = re.compile(r"^> ?(?:`{3,}|~{3,})", re.MULTILINE)
_PYTHON_TAG = re.compile(r"\A\s*<\|python_tag\|>(?P<code>.+)\Z", re.DOTALL)
_EXECUTE = re.compile(r"^[ \t]*<execute>[ \t]*\n?(?P<code>.*?)</execute>[ \t]*$", re.DOTALL | re.MULTILINE)
_INVISIBLE = str.maketrans({"\u00a0": " ", "\u200b": None, "\u200c": None, "\ufeff": None, "\u2060": None})
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_NOT_ONE_ACTION = re.compile(
    r"observation|output|result|alternativ|option|instead|corrected|or\b|wait\b|actually|expected|returns|once|if\b|"
    r"after (?:that|this|you|the)|round|step|观察|输出|结果|或者|方案|改为|更正|等等|返回|如果|之后|步",
    re.IGNORECASE,
)
"""Words between two blocks that say they are not one: an invented outcome, a choice, a correction, a later round."""
_BETWEEN_CHARS = 200
_BLOCKS_JOINED = 4
_OVERLAP_CHARS = 400


def clean(text: str) -> tuple[str, list[str]]:
    """Take a model's own control tokens off, and return what was done."""
    repairs = []
    cut = text
    while found := _END_TOKENS.search(cut.rstrip()):
        cut = cut[: found.start()]
    if cut != text:
        repairs.append("took off the model's end token")
    if channels := list(_HARMONY_FINAL.finditer(cut)):
        cut = cut[channels[-1].end() :]
        repairs.append("took the final channel of the reply")
    if _QUOTED_FENCE.search(cut):
        cut = re.sub(r"^> ?", "", cut, flags=re.MULTILINE)
        repairs.append("took the code out of a quotation")
    if (fenced := _fence_tags(cut)) != cut:
        cut = fenced
        repairs.append("took the code out of the model's own tags")
    return cut, repairs


def _fence_tags(text: str) -> str:
    """Some models were trained to write an action as <execute>…</execute>, or behind <|python_tag|>."""
    if "```" in text:
        return text
    tagged = _PYTHON_TAG.match(text)
    if tagged and _calls(tagged["code"].strip()):
        return f"```python\n{tagged['code'].strip()}\n```"
    return _EXECUTE.sub(
        lambda found: f"```python\n{found['code'].strip()}\n```" if parses(found["code"].strip()) else found[0], text
    )


def _calls(code: str) -> bool:
    tree = tree_of(code)
    return tree is not None and any(isinstance(node, ast.Call) for node in ast.walk(tree))


def mend_code(code: str) -> tuple[str, str]:
    """Return code that parses and what was done for it; as it is, and nothing, when it parses or cannot be mended."""
    if parses(code):
        return code, ""
    for mend, said in _MENDS:
        mended = mend(code)
        if mended != code and mended.strip() and parses(mended):
            return mended, said
    return code, ""


def _without_prompts(code: str) -> str:
    """Keep what stands behind `>>>` and `...`; lines without are outcomes that the model made up."""
    lines = code.splitlines()
    if not lines or not lines[0].startswith(">>>"):
        return code
    return "\n".join(line[4:] for line in lines if line.startswith((">>> ", "... ")) or line in {">>>", "..."})


def _without_line_numbers(code: str) -> str:
    lines = code.splitlines()
    numbered = [re.match(r"\s*(\d+)[|:.)]? ?(.*)", line) for line in lines]
    if len(lines) < 2 or not all(found and int(found[1]) == at for at, found in enumerate(numbered, start=1)):
        return code
    return "\n".join(found[2] for found in numbered if found)


_MENDS: tuple[tuple[Callable[[str], str], str], ...] = (
    (lambda code: code.translate(_INVISIBLE), "took invisible characters out of the code"),
    (lambda code: code.translate(_STRAIGHT), "made typographic quotes of the code straight"),
    (html.unescape, "turned HTML's escapes in the code back"),
    (_without_prompts, "took the prompts of an interactive session out of the code"),
    (_without_line_numbers, "took line numbers out of the code"),
)


def join_blocks(actions: Sequence[Block], blocks: Sequence[Block], lines: Sequence[str]) -> str:
    """Return the one action that several Python blocks are; empty when they may be something else.

    They are one when they repeat each other, or when each parses, each later one uses a name that an earlier one
    made, and nothing between them speaks of an outcome, a choice, a correction or a later round.
    """
    if len({block.code.strip() for block in actions}) == 1:
        return actions[0].code
    if len(actions) > _BLOCKS_JOINED or not all(block.is_closed and parses(block.code) for block in actions):
        return ""
    between = ["\n".join(lines[one.end : two.start]) for one, two in pairwise(actions)]
    if any(len(text) > _BETWEEN_CHARS or _NOT_ONE_ACTION.search(text) for text in between):
        return ""
    if any(not block.is_python and actions[0].start < block.start < actions[-1].start for block in blocks):
        return ""
    made, _ = _names(actions[0].code)
    for block in actions[1:]:
        new, wanted = _names(block.code)
        if not wanted & made:
            return ""
        made |= new
    joined = "\n\n".join(block.code.rstrip() for block in actions)
    return joined if parses(joined) else ""


def _names(code: str) -> tuple[set[str], set[str]]:
    """Return the names that a code makes, and those that it wants made before."""
    made: set[str] = set()
    wanted: set[str] = set()
    tree = tree_of(code)
    for statement in tree.body if tree else ():
        new: set[str] = set()
        loaded: set[str] = set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                (loaded if isinstance(node.ctx, ast.Load) else new).add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                new.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                new |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        own = set() if isinstance(statement, ast.Assign | ast.AugAssign) else new  # a loop makes its own name first
        wanted |= loaded - made - own
        made |= new
    return made, wanted


def continued(text: str, more: str) -> str:
    """Return a reply that was cut off with what the model wrote to continue it.

    A fence that opens the continuation again is dropped, and so is what it says a second time.
    """
    if text.count("```") % 2:
        more = re.sub(r"\A\s*```(?:python3?|py)?[ \t]*\n", "", more, count=1)
    longest = min(len(text), len(more), _OVERLAP_CHARS)
    overlap = next((size for size in range(longest, 7, -1) if text.endswith(more[:size])), 0)
    return text + more[overlap:]
