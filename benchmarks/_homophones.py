"""Makes `homophones.json`: how common Chinese characters sound, and which words only sound like one we know.

The input methods of Chinese offer words by sound, so a slip is another word of the same sound. Sounds are without
tones, and with the pairs that many do not tell apart (z and zh, n and ng …) folded. Needs `pypinyin`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from pathlib import Path

import yaml
from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

ROOT = Path(__file__).resolve().parent.parent
PERCEPTION = ROOT / "python_runtime" / "sanca" / "python_runtime" / "perception"
_TEXTS = ("tests/memory/data/variants.txt", "tests/python_runtime/perception/messages/phrases.txt")
"""Chinese without slips: what stands in it is meant so."""
_REAL = ("网管", "停职", "回复", "定是", "发不", "那不", "表哥", "情理", "会退")
_SLIPS = ("部属", "定单", "结帐", "手车", "总合", "改称", "配制")
"""Real words that nobody means in a message to an operations assistant."""
_LEVEL_ONE = [bytes([high, low]).decode("gb2312", "ignore") for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF)]
"""The 3,755 common characters of GB 2312."""


def sounds_of(word: str) -> list[str]:
    """Return how the characters of a word sound in it, folded."""
    folded = (re.sub(r"^([zcs])h", r"\1", sound) for sound in lazy_pinyin(word))
    return [re.sub(r"([aei]n)g$", r"\1", sound) for sound in folded]


def write() -> int:
    """Write the file; returns its size in bytes."""
    sounds: dict[str, list[str]] = defaultdict(list)
    for character in filter(None, _LEVEL_ONE):
        sounds[sounds_of(character)[0]].append(character)
    words = yaml.safe_load((PERCEPTION / "vocabulary.yaml").read_text(encoding="utf-8"))["mend"]["zh"]
    text = "\n".join((ROOT / path).read_text(encoding="utf-8") for path in _TEXTS)
    others = {other for word in words for other in _others(word, sounds)} - set(words)
    real = sorted({other for other in others if other in phrases_dict or other in text} - set(_SLIPS) | set(_REAL))
    said = {word: sounds_of(word) for word in words}
    data = {"words": said, "sounds": {sound: "".join(found) for sound, found in sorted(sounds.items())}, "real": real}
    path = PERCEPTION / "homophones.json"
    path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    return path.stat().st_size


def _others(word: str, sounds: dict[str, list[str]]) -> list[str]:
    """Return what sounds like the word and shares a character with it."""
    choices = [[*sounds.get(sound, []), character] for character, sound in zip(word, sounds_of(word), strict=True)]
    if len(word) > 3:
        return []
    found = ("".join(other) for other in itertools.product(*choices))
    return [other for other in found if other != word and any(a == b for a, b in zip(other, word, strict=True))]


if __name__ == "__main__":
    print(f"{write():,} bytes")
