"""Names of the languages that a person may ask for, as they are said in English and Chinese. No detection."""

from __future__ import annotations

LANGUAGE_NAMES = {
    "english": "English", "英文": "English", "英语": "English", "chinese": "Chinese", "mandarin": "Chinese",
    "中文": "Chinese", "汉语": "Chinese", "普通话": "Chinese", "简体中文": "Chinese", "german": "German",
    "deutsch": "German", "德语": "German", "德文": "German", "french": "French", "法语": "French", "法文": "French",
    "spanish": "Spanish", "西班牙语": "Spanish", "japanese": "Japanese", "日语": "Japanese", "日文": "Japanese",
    "korean": "Korean", "韩语": "Korean", "russian": "Russian", "俄语": "Russian", "portuguese": "Portuguese",
    "italian": "Italian",
}  # fmt: skip
"""As it is said, in small letters → its English name."""
LANGUAGE_PATTERN = "|".join(sorted(LANGUAGE_NAMES, key=len, reverse=True))
"""For regular expressions: any of the names, the longest first."""
