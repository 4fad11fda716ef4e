"""What of a tool is searched: its name, its description, its parameters, as words with their weights. No index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sanca.core.tools import ToolDefinition
from sanca.memory.tool_search.glossary import with_english
from sanca.memory.tool_search.words import content_words, grams, spoken, terms

_NAME_WEIGHT, _DESCRIPTION_WEIGHT, _PARAMETER_WEIGHT = 2.0, 1.0, 1.0
Splitter = Callable[[str], list[str]]
_MOST_PARAMETERS = 40
_DESCRIPTION_CHARS = 4_000


@dataclass(frozen=True)
class ToolSheet:
    """The searched text of one tool."""

    name: str
    """As words."""
    description: str
    parameters: str

    @property
    def everything(self) -> str:
        """All of it, as one text."""
        return f"{self.name} {self.description} {self.parameters}".strip()

    @property
    def content(self) -> str:
        """The words of name and description that say something."""
        text = f"{self.name} {self.description}"
        return " ".join(content_words(text)) or text

    def terms(self) -> Mapping[str, float]:
        """Return its terms, those of the name weighing most."""
        return self._weighed(terms)

    def grams(self) -> Mapping[str, float]:
        """Return its character grams, weighed alike."""
        return self._weighed(grams)

    def _weighed(self, split: Splitter) -> Mapping[str, float]:
        weights: defaultdict[str, float] = defaultdict(float)
        for text, weight in (
            (self.name, _NAME_WEIGHT),
            (self.description, _DESCRIPTION_WEIGHT),
            (self.parameters, _PARAMETER_WEIGHT),
        ):
            for term in split(text):
                weights[term] += weight
        return weights


def sheet_of(name: str, tool: ToolDefinition) -> ToolSheet:
    """Return the sheet of a tool under its full name, such as `system.logs`.

    What follows a `#` only tells tools of one name apart and is not searched.
    """
    properties = tool.input_schema.get("properties")
    parameters = []
    for parameter, schema in list(properties.items() if isinstance(properties, dict) else ())[:_MOST_PARAMETERS]:
        described = schema.get("description", "") if isinstance(schema, dict) else ""
        parameters.append(f"{spoken(str(parameter))} {described}".strip())
    return ToolSheet(
        name=with_english(spoken(name.partition("#")[0])),
        description=with_english(tool.description[:_DESCRIPTION_CHARS]),
        parameters=" ".join(parameters),
    )
