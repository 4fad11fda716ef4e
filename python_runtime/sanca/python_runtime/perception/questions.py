"""The clarifying question in both languages, its choices, and the message that an answer makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanca.python_runtime.perception.clarity import Clue
from sanca.python_runtime.perception.intents import Intent
from sanca.python_runtime.perception.surroundings import Surroundings
from sanca.python_runtime.rounds import Clarification

_CHOICES = 8
_QUESTIONS = {
    "target": {
        Intent.CHANGE: ("What is that to be done to?", "要对哪个操作？"),
        Intent.FIX: ("What is to be repaired?", "要修复哪个？"),
        Intent.FIND_CAUSE: ("What is it about?", "是关于哪个的？"),
        Intent.ASK_STATE: ("What do you want to know about?", "想了解哪个？"),
    },
    "data": {Intent.ANALYSE_DATA: ("Which data do you mean?", "指的是哪份数据？")},
}
_OTHER = {
    "target": ("What do you mean by that?", "您指的是什么？"),
    "data": ("Which data do you mean?", "指的是哪份数据？"),
    "choice": ("There are several. Which one do you mean?", "有好几个，您指的是哪一个？"),
    "deed": ("What shall I do?", "您想让我做什么？"),
}
_GOALS = (
    ("Check {0}", "检查{0}"),
    ("Find out what is wrong with {0}", "查一下{0}有什么问题"),
    ("Show the latest errors of {0}", "看看{0}最近的错误"),
    ("Show what changed lately in {0}", "看看{0}最近有什么变更"),
)
_EVERYTHING = ("all services", "所有服务")


def clarification(lack: str, intent: Intent, clue: Clue, language: str) -> Clarification:
    """Return the question for what a message lacks."""
    place = 1 if language == "zh" else 0
    text = _QUESTIONS.get(lack, {}).get(intent, _OTHER[lack])[place]
    return Clarification(text, tuple(_choices(lack, clue, place)[:_CHOICES]))


def _choices(lack: str, clue: Clue, place: int) -> list[str]:
    around = clue.around
    if lack == "choice":
        several = {**clue.resolved.ambiguous, **clue.data.ambiguous}
        return list(dict.fromkeys(name for names in several.values() for name in names))
    if lack == "data":
        return [*(around.names or ()), *around.files]
    if lack == "target":
        return list(around.entities.get("service", ())) or [*(around.names or ()), *around.files]
    about = clue.implied or (_EVERYTHING[place] if around.entities.get("service") else "")
    goals = [goal[place].format(about) for goal in _GOALS] if about else []
    data = [*(around.names or ()), *around.files][:2]
    goals += [("Analyse {0}", "分析{0}")[place].format(name) for name in data]
    return [*goals, ("Say what you can do", "说说你能做什么")[place]]


def answered(text: str, answer: str, asked: Clarification, pointing: Sequence[str], around: Surroundings) -> str:
    """Return the message as the answer completes it.

    A name takes the place of the pointing word, or is added; anything longer says by itself what is wanted.
    """
    answer = answer.strip()
    names = {*around.entities.get("service", ()), *(around.names or ()), *around.files}
    is_goal = answer in asked.choices and answer not in names
    if is_goal or (answer not in names and len(answer.split()) > 2):
        return answer
    for words in pointing:
        bound = r"\b" if words.isascii() else ""
        found = re.sub(rf"{bound}{re.escape(words)}{bound}", lambda _: answer, text, count=1)
        if found != text:
            return found
    return f"{text.rstrip(' ?？!！.。')} {answer}"
