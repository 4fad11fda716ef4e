"""Day summaries: what was said on a day, in Markdown that a person can read and edit. Importing it opens nothing."""

from sanca.memory.day_summaries.days import OpenDays
from sanca.memory.day_summaries.sections import Wording, brief_of
from sanca.memory.day_summaries.summaries import DayReport, DaySummaries

__all__ = ["DayReport", "DaySummaries", "OpenDays", "Wording", "brief_of"]
