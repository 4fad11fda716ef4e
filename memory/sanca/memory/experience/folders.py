"""Folders of learned skills: one for each tenant and user, in the form of the shipped skills. Knows no record."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import yaml
from sanca.core.memory import Scope
from sanca.memory.experience.records import Experience, LearnedParameter
from sanca.memory.skills import Skill, read_skill

_ORDER = 500
"""Learned skills stand behind the shipped ones in lists."""
_ASK = {
    "service": ("Which service do you mean?", "您指的是哪个服务?"),
    "release": ("Which release do you mean?", "您指的是哪个版本?"),
    "setting": ("Which setting do you mean?", "您指的是哪个配置项?"),
    "number": ("Which number?", "数值是多少?"),
    "minutes": ("Over how many minutes?", "多少分钟的时间范围?"),
    "text": ("Which text or file do you mean?", "您指的是哪段文字或哪个文件?"),
}


class SkillFolders:
    """`<home>/skills/<tenant>/<user or _tenant>/<name>/`. Blocking; each file is there whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def of(self, scope: Scope) -> Path:
        """Return where a scope's own skills lie; it may not exist yet."""
        return self._root / _as_name(scope.tenant) / (_as_name(scope.user) if scope.user else "_tenant")

    def write(self, scope: Scope, experience: Experience, code: str = "") -> Skill:
        """Write or update a skill's folder and read it back.

        Args:
            scope: Whose it is.
            experience: What its SKILL.md says.
            code: Its action; empty: it stays as it is.

        Raises:
            ConfigurationError: What was written cannot be read as a skill; says what is wrong.
            OSError: It cannot be written.
        """
        folder = self.of(scope) / experience.skill
        folder.mkdir(parents=True, exist_ok=True)
        if code:
            _write(folder / "action.py", code)
        _write(folder / "SKILL.md", _sheet(experience))
        return read_skill(folder / "SKILL.md")

    def read(self, scope: Scope, name: str) -> Skill:
        """Read a skill.

        Raises:
            ConfigurationError: It is not there, or not right.
        """
        return read_skill(self.of(scope) / name / "SKILL.md")

    def names(self, scope: Scope) -> list[str]:
        """Return the skills that lie there."""
        folder = self.of(scope)
        return sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []

    def age_seconds(self, scope: Scope, name: str, now: float) -> float:
        """Return how long ago a skill was written."""
        file = self.of(scope) / name / "SKILL.md"
        return now - (file if file.exists() else file.parent).stat().st_mtime

    def remove(self, scope: Scope, name: str) -> None:
        """Delete a skill's folder."""
        shutil.rmtree(self.of(scope) / name, ignore_errors=True)


def _as_name(text: str) -> str:
    """Return a file name for any text, another one for each: no way out of the folder, and never `_tenant`."""
    plain = quote(text, safe="@ +,=").replace("~", "%7E")
    if plain.startswith((".", "_")):
        plain = f"%{ord(plain[0]):02X}{plain[1:]}"
    return plain if len(plain) <= 200 else f"{plain[:150]}~{_digest(text)}"


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _sheet(experience: Experience) -> str:
    phrases = [re.sub(r"\s+", " ", one) for one in experience.phrases]
    english = [one for one in phrases if one.isascii()] or phrases
    chinese = [one for one in phrases if not one.isascii()] or phrases
    sheet = {
        "title": {"en": experience.title, "zh": experience.title},
        "order": _ORDER,
        "phrases": {"en": english, "zh": chinese},
        "parameters": [_declared(one) for one in experience.parameters],
        "changes": experience.writes,
        "exact": True,
        "says": list(experience.says),
    }
    front = {
        "name": experience.skill,
        "description": f"Learned from {_runs(experience.run_ids)}: {experience.title}.",
        "metadata": {"sanca": sheet},
    }
    text = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=118)
    return f"---\n{text}---\nWritten by the engine; how often it helped is in its record (`sanca skills list`).\n"


def _declared(parameter: LearnedParameter) -> dict[str, object]:
    english, chinese = _ASK[parameter.kind]
    take = {"take": parameter.take} if parameter.kind == "text" else {}
    asked = {"en": english, "zh": chinese}
    return {"name": parameter.name, "kind": parameter.kind, "required": True, "ask": asked, **take}


def _runs(run_ids: Sequence[str]) -> str:
    more = f" and {len(run_ids) - 1} more" if len(run_ids) > 1 else ""
    return f"run {run_ids[0]}{more}" if run_ids else "a run"
