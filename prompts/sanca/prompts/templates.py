"""Renders templates: those of the layers before the shipped ones, in a sandbox. Knows no segment and no budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CodeType

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
)
from jinja2.bccache import Bucket
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sanca.core.errors import ConfigurationError

_SHIPPED = Path(__file__).parent / "templates"
_OUTPUT_CHARS = 1_000_000


_COMPILED_MOST = 2_000


class _Compiled(BytecodeCache):
    """What was compiled once, by name and text: the layers of every tenant share the shipped templates."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code that was made from the same text."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code."""
        if len(self._codes) >= _COMPILED_MOST:
            self._codes.clear()
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Templates:
    """Templates by name. One of a builder's own folder comes before a common one, an operator's before a shipped."""

    def __init__(self, layers: Sequence[Mapping[str, str]] = (), builder: str = "cmd") -> None:
        """Take whose templates count.

        Args:
            layers: Templates by name of the operator's files, the most specific first.
            builder: `thought/output` comes before `output` for the builder `thought`.
        """
        self._builder = builder
        loaders: list[BaseLoader] = [
            DictLoader({f"{name}.md.j2": text for name, text in one.items()}) for one in layers
        ]
        # Markdown for a model is no HTML: escaping would change the code in it.
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*loaders, _shipped()]),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
            auto_reload=False,  # a configuration's templates rest; another one has templates of its own
        )
        self._found: dict[str, Template] = {}
        self._environment.globals.pop("range", None)  # no template needs it, and a loop over it need not end

    def has(self, name: str) -> bool:
        """Whether there is such a template."""
        try:
            self._environment.select_template(self._places(name))
        except TemplateNotFound:
            return False
        except TemplateError:
            return True  # there, and faulty: said when it is rendered
        return True

    def render(self, name: str, **values: object) -> str:
        """Return the template's text.

        Raises:
            ConfigurationError: It is not there, or cannot be rendered; says which and why.
        """
        try:
            if (template := self._found.get(name)) is None:
                template = self._found[name] = self._environment.select_template(self._places(name))
            text = template.render(**values).strip()
        except TemplateNotFound as error:
            wanted = (error.name or name).removesuffix(".md.j2")
            by = "" if wanted.endswith(name) else f", which {name}.md.j2 includes"
            raise ConfigurationError(f"There is no prompt template {wanted!r} ({wanted}.md.j2){by}.") from None
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}," if line else ""
            raise ConfigurationError(f"The prompt template {name}.md.j2{where} cannot be rendered: {error}.") from error
        except (
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
            MemoryError,
        ) as error:
            problem = f"{type(error).__name__}: {error}"
            raise ConfigurationError(f"The prompt template {name}.md.j2 cannot be rendered: {problem}.") from error
        if len(text) > _OUTPUT_CHARS:
            raise ConfigurationError(f"The prompt template {name}.md.j2 gives more than {_OUTPUT_CHARS:,} characters.")
        return text

    def _places(self, name: str) -> list[str]:
        return [f"{self._builder}/{name}.md.j2", f"{name}.md.j2"]


@cache
def _shipped() -> FileSystemLoader:
    return FileSystemLoader(_SHIPPED)
