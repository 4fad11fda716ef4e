"""Numbers and times as a person reads them, in the engine's own texts. The page has the browser's own for its cards."""

from __future__ import annotations

import functools
import re
from datetime import datetime, tzinfo

from babel.dates import LOCALTZ, format_datetime, get_timezone
from babel.numbers import format_decimal

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_US"}
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_ZONE_CHARS = 64
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$")


class Locale:
    """A person's language and time zone. Without a zone times are in the machine's own."""

    def __init__(self, language: str, time_zone: str = "") -> None:
        self.language = "zh" if language.lower().startswith("zh") else "en"
        self._name = _LOCALES[self.language]
        self._zone = _zone(time_zone)

    def number(self, value: float, digits: int = 3) -> str:
        """Return a number with groups of digits and at most so many decimals."""
        return str(format_decimal(value, f"#,##0.{'#' * digits}", locale=self._name))

    def moment(self, value: datetime) -> str:
        """Return a time of the person's own day."""
        aware = value if value.tzinfo else value.replace(tzinfo=self._zone)
        return str(format_datetime(aware, "medium", tzinfo=self._zone, locale=self._name))

    def cell(self, value: object) -> str:
        """Return a value of a card as text: numbers grouped, times of the person's own day, the rest as is."""
        if isinstance(value, bool) or value is None:
            return {True: "✓", False: "✗", None: "–"}[value]
        if isinstance(value, int | float):
            return self.number(value)
        text = str(value)
        if _ISO.fullmatch(text):
            return self.moment(datetime.fromisoformat(text.replace("Z", "+00:00")))
        return text


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    """Return the zone of that name; the machine's own when there is none: the name comes from a browser."""
    if len(name) > _ZONE_CHARS or not _ZONE_NAME.fullmatch(name):
        return LOCALTZ
    try:
        return get_timezone(name)
    except (LookupError, OSError):  # a folder of the zones' data, say
        return LOCALTZ
