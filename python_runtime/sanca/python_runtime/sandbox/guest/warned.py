"""What Python warns of while an action runs: each warning once, with the action's own line. Prints nothing."""

from __future__ import annotations

import linecache
import sys
import warnings
from typing import TextIO

from .safely import class_name, cut, exact, written

_MOST = 20
_CHARS = 400
_LINE_CHARS = 60
_NOT_TOLD = ("FigureCanvasAgg is non-interactive",)
"""`plt.show()` says so; the figure is shown all the same."""


class WarningLog:
    """Takes the place of `warnings.showwarning`; begins anew with each round."""

    def __init__(self, own_files: set[str]) -> None:
        self._own_files = own_files
        self._told: dict[str, None] = {}
        self._more = 0

    def begin(self, space: dict[str, object]) -> None:
        """Listen, and let a line that warned in an earlier round warn again."""
        self._told, self._more = {}, 0
        space.pop("__warningregistry__", None)
        warnings.showwarning = self._note

    def take(self) -> list[str]:
        """Return the round's warnings."""
        more = [f"… and {self._more:,} warnings more"] if self._more else []
        return [*self._told, *more]

    def _note(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is not None and file is not sys.stderr:
            file.write(warnings.formatwarning(message, category, filename, lineno, line))
            return
        text = written(message)
        if text.startswith(_NOT_TOLD):
            return
        told = f"{self._place(filename, lineno)}{_category(message, category)}: {cut(text, _CHARS)}"
        if told in self._told:
            return
        if len(self._told) < _MOST:
            self._told[told] = None
        else:
            self._more += 1

    def _place(self, filename: str, lineno: int) -> str:
        """Return the action's line that led here; a library's own place would tell nobody anything."""
        if filename not in self._own_files:
            frame = sys._getframe()
            while frame is not None and frame.f_code.co_filename not in self._own_files:
                if frame.f_back is None:
                    return ""
                frame = frame.f_back
            filename, lineno = frame.f_code.co_filename, frame.f_lineno
        code = linecache.getline(filename, lineno).strip()
        return f"line {lineno} ({cut(code, _LINE_CHARS)}): " if code else f"line {lineno}: "


def _category(message: Warning | str, category: type[Warning]) -> str:
    return class_name(message) if isinstance(message, Warning) else exact(category.__name__)
