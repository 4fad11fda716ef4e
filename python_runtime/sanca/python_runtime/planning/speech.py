"""Shows a reply while it comes: reasoning, and the words up to its action. Lines for the planner are left out."""

from __future__ import annotations

import re

from sanca.python_runtime.planning.plan_text import MARK, PLAN_BLOCK
from sanca.python_runtime.reporter import RunReporter

_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:python3?|py)\b", re.MULTILINE)
_OPEN_PLAN = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*plan[ \t]*$", re.MULTILINE)
_MAY_BE_MARK = re.compile(r"^[ \t>*_#-]*(?:(?:sub-?)?goal|子?目标)", re.IGNORECASE)
_HELD_BACK = 24
"""Characters kept until it is sure that no code block begins in them."""


class Speech:
    """One reply on its way to the person. `end` must be called."""

    def __init__(self, reporter: RunReporter) -> None:
        self._reasoning = reporter.reasoning()
        self._words = reporter.text()
        self._shown = 0
        self._is_code = self._has_words = False
        self.text = ""
        """The reply so far, whole."""

    def think(self, piece: str) -> None:
        """Show a piece of reasoning."""
        if piece:
            self._reasoning.add(piece)

    def say(self, piece: str) -> None:
        """Take a piece of the reply, and show what is sure to be words."""
        if not piece:
            return
        self._reasoning.end()
        self.text += piece
        if not self._is_code:
            self._show(self._end_of_words())

    def end(self) -> None:
        """Show what is left, and close the messages."""
        self._reasoning.end()
        if not self._is_code:
            self._show(len(self.text))
        self._words.end()

    def _end_of_words(self) -> int:
        if block := _FENCE.search(self.text):
            self._is_code = True
            return block.start()
        if self.text.lstrip().startswith("<think"):  # thinking aloud in the text is not for the person
            closed = self.text.rfind("</think")
            end = self.text.find(">", closed) if closed >= 0 else -1
            if end < 0:
                return self._shown
            self._shown = max(self._shown, end + 1)
        return max(self._shown, self._sure_end(len(self.text) - _HELD_BACK))

    def _sure_end(self, end: int) -> int:
        """Return up to where nothing is, or can become, a line for the planner."""
        for opening in _OPEN_PLAN.finditer(self.text, self._shown):
            block = PLAN_BLOCK.match(self.text, opening.start())
            if opening.start() < end and (block is None or block.end() > end):
                return opening.start()
        line = self.text.rfind("\n", 0, max(end, 0)) + 1
        return line if _MAY_BE_MARK.match(self.text[line:]) else end

    def _show(self, end: int) -> None:
        if end <= self._shown:
            return
        words = MARK.sub("", PLAN_BLOCK.sub("", self.text[self._shown : end]))
        self._shown = end
        if not self._has_words:
            words = words.lstrip("\n")
        if self._has_words or words.strip():
            self._has_words = True
            self._words.add(words)
