"""What a model's reply is taken for: nasty ones too."""

from __future__ import annotations

import random
from typing import Literal

import pytest
from sanca.python_runtime.models import extract_action

ACTIONS = [
    ("```python\nx = 1\n```", "x = 1"),
    ("First I look.\n\n```python\nsystem.services()\n```\n", "system.services()"),
    ("```py\nx\n```", "x"),
    ("```Python3\nx\n```", "x"),
    ("``` python title='a.py'\nx\n```", "x"),
    ("~~~python\nx\n~~~", "x"),
    ("````python\nx = '```'\n````", "x = '```'"),
    ("```python\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2"),
    ("1. look\n   ```python\n   if x:\n       y()\n   ```", "if x:\n    y()"),
    ("- look\n\t```python\n\tif x:\n\t\ty()\n\t```", "if x:\n\ty()"),
    ("```python\ncard.text('''\n```text\nhello\n```\n''')\n```", "card.text('''\n```text\nhello\n```\n''')"),
    ('```python\nanswer = """\n```python\nx\n```\n"""\n```', 'answer = """\n```python\nx\n```\n"""'),
    ("```python\nx = (\n```", "x = ("),
    ("```python\nx\n```\nObservation:\n```text\n42\n```", "x"),
    ("```json\n{}\n```\n```python\nx\n```", "x"),
    ("<think>```python\nwrong\n```</think>\n```python\nright\n```", "right"),
    ("```python\nprint('你好，世界')\n```", "print('你好，世界')"),
]
ANSWERS = [
    "All four services are up.",
    "结账服务已恢复。",
    "It said:\n\n```text\nERROR pool exhausted\n```",
    "```diff\n-a\n+b\n```",
    "```\nno language, a table\na | b\n```",
    "Use `python` for that, not ``print``.",
    "    print('an indented block is text')",
    "```yaml\npool: 2",
]
MALFORMED = [
    ("", "empty"),
    (" \n\t\n", "empty"),
    ("<think>so", "inside <think>"),
    ("<think>done</think>", "empty"),
    ("```python\nx", "not closed"),
    ("```python", "not closed"),
    ("```python\n```", "no statement"),
    ("```python\n# only a comment\n```", "no statement"),
    ("```python\na\n```\n```python\nb\n```", "2 ```python blocks"),
    ("```bash\nls\n```", "'bash'"),
    ("```javascript\nf()\n```", "'javascript'"),
    ("```tool_code\nf()\n```", "'tool_code'"),
    ("```\nsystem.restart('checkout')\n```", "no language"),
    ("```python print(1)```", "line of its own"),
    ("Do it: ```python\nx\n```", "line of its own"),
]


@pytest.mark.parametrize(("text", "code"), ACTIONS)
def test_one_python_block_is_an_action(text: str, code: str) -> None:
    reply = extract_action(text)
    assert (reply.kind, reply.code) == ("action", code)


@pytest.mark.parametrize("text", ANSWERS)
def test_no_block_to_run_is_the_answer(text: str) -> None:
    reply = extract_action(text)
    assert (reply.kind, reply.answer) == ("answer", text.strip())


@pytest.mark.parametrize(("text", "words"), MALFORMED)
def test_anything_else_is_malformed_with_a_reason(text: str, words: str) -> None:
    reply = extract_action(text)
    assert reply.kind == "malformed"
    assert words in reply.reason
    assert "\n" not in reply.reason


def test_thought_is_what_stands_before_the_block() -> None:
    reply = extract_action("<think>hm</think>I look at the logs.\n```python\nx\n```\nafter")
    assert reply.thought == "hm\n\nI look at the logs."


PIECES = ["```", "```python\n", "```py", "~~~", "\n```\n", "x = 1\n", "'''", "<think>", "</think>", "\r\n", "\x00"]
PIECES += ["print(", ")", "`", "   ```python\n", "你好", "```bash\n", "# c\n", "\\", "\t", "````", "\u2028", "𝕏", ""]


@pytest.mark.parametrize("seed", range(20))
def test_every_reply_is_exactly_one_of_the_three(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(200):
        text = "".join(chance.choices(PIECES, k=chance.randint(0, 30)))
        reply = extract_action(text)
        filled: dict[Literal["action", "answer", "malformed"], bool] = {
            "action": bool(reply.code),
            "answer": bool(reply.answer),
            "malformed": bool(reply.reason),
        }
        assert filled == {kind: kind == reply.kind for kind in filled}, repr(text)


@pytest.mark.parametrize("seed", range(20))
def test_code_in_a_long_enough_fence_comes_out_unchanged(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    lines = ["a = 1", "if a:\n    b = 2", 's = """\n```\n"""', "t = '```python'", "# note", "", "f(a,\n  b)"]
    code = "\n".join(["x = 0", *chance.choices(lines, k=8), "x"])
    before = chance.choice(["", "I look.\n\n", "```json\n{}\n```\n"])
    after = chance.choice(["", "\n", "\nDone.", "\n```text\n1\n```"])
    reply = extract_action(f"{before}````python\n{code}\n````{after}")
    assert (reply.kind, reply.code) == ("action", code)


def test_reply_of_thousands_of_fences_is_read_in_time() -> None:
    reply = extract_action("```python\nx = (\n" + "```\n" * 5000)
    assert reply.kind in {"action", "malformed"}
