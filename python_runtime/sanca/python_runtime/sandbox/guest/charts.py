"""Charts of an action as pictures: figures that are its value or were left open. Never imports matplotlib."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

from .safely import cell, class_name, cut, is_a, is_of, items_of, number, size_of, written

MOST_IMAGES = 4
IMAGE_BYTES = 512 << 10
_SIDE_PIXELS = 1_600
_SERIES = 8
_TITLE_CHARS = 120
_DESCRIPTION_CHARS = 600


class Charts:
    """The figures of one round: drawn, described and closed."""

    def __init__(self) -> None:
        self.images: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def draw(self, value: Any) -> None:
        """Draw the value's own figure and all that were left open; what cannot be drawn is said, not raised."""
        if "matplotlib" not in sys.modules:
            return
        figures = _unique([*_guarded(_figures_of, value), *_guarded(_open_figures)])
        for figure in figures[:MOST_IMAGES]:
            try:
                self.images.append(_picture(figure))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a figure draws with the action's own objects
                self.problems.append(f"A chart could not be drawn: {class_name(error)}: {cut(written(error), 200)}")
        if len(figures) > MOST_IMAGES:
            self.problems.append(
                f"{len(figures) - MOST_IMAGES} charts more were not drawn; {MOST_IMAGES} are shown of a round."
            )
        _guarded(_close_all)


def is_chart(value: Any) -> bool:
    """Whether the value is a figure, axes, or what a plotting function returns."""
    return "matplotlib" in sys.modules and bool(_guarded(_figures_of, value))


def describe_chart(value: Any) -> str:
    """Return a chart value in a few words; the picture says the rest."""
    figures = _figures_of(value)
    return f"{class_name(value)}: {_describe(figures[0])}"


def _guarded(look: Callable[..., Iterable[Any]], *arguments: Any) -> Iterable[Any]:
    """Return what `look` finds; nothing when what the action put in its way raises."""
    try:
        return look(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException:  # matplotlib may be the action's own
        return ()


def _figures_of(value: Any) -> list[Any]:
    if is_of(value, "matplotlib.figure", "Figure"):
        return [value]
    if is_of(value, "matplotlib.artist", "Artist"):
        figure = getattr(value, "figure", None)
        return [figure] if is_of(figure, "matplotlib.figure", "Figure") else []
    if is_a(value, list, tuple) and 0 < size_of(value) <= 64:
        inner = list(items_of(value))
        found = [_figures_of(one) if is_of(one, "matplotlib.artist", "Artist") else [] for one in inner]
        return [figure for each in found for figure in each] if all(found) else []
    if is_of(value, "numpy", "ndarray") and value.dtype.kind == "O" and 0 < value.size <= 64:
        return _figures_of(value.ravel().tolist())
    return []


def _open_figures() -> list[Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return []
    return [manager.canvas.figure for manager in helpers.Gcf.get_all_fig_managers()]


def _close_all() -> tuple[()]:
    """Let go of what was shown, as a notebook does; the action's own names of figures stay good."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is not None:
        helpers.Gcf.destroy_all()
    return ()


def _picture(figure: Any) -> dict[str, Any]:
    width, height = (float(inches) for inches in figure.get_size_inches())
    dpi = min(float(figure.dpi), _SIDE_PIXELS / max(width, height, 0.1))
    for scale in (1.0, 0.7, 0.45):
        data = _draw(figure, dpi * scale)
        if len(data) <= IMAGE_BYTES:
            return {
                "media_type": "image/png",
                "data": data,
                "title": cut(_title(figure), _TITLE_CHARS),
                "description": cut(_describe(figure), _DESCRIPTION_CHARS),
            }
    raise ValueError(f"the picture is larger than {IMAGE_BYTES >> 10} KB even when drawn small")


def _draw(figure: Any, dpi: float) -> bytes:
    before, canvas = figure.dpi, figure.canvas
    buffer = io.BytesIO()
    try:
        _agg().FigureCanvasAgg(figure)
        figure.savefig(buffer, format="png", dpi=dpi)
    finally:
        figure.set_canvas(canvas)
        figure.dpi = before
    return buffer.getvalue()


def _agg() -> Any:
    """Return the part of the action's own matplotlib that draws without a screen."""
    return importlib.import_module("matplotlib.backends.backend_agg")


def _title(figure: Any) -> str:
    whole = figure.get_suptitle() if hasattr(figure, "get_suptitle") else ""
    return written(whole or next((axes.get_title() for axes in figure.axes if axes.get_title()), ""))


def _describe(figure: Any) -> str:
    """Return a figure's size and what its axes hold, for a model that sees no picture."""
    width, height = (round(float(inches * figure.dpi)) for inches in figure.get_size_inches())
    parts = [_describe_axes(axes) for axes in figure.axes[:MOST_IMAGES]]
    title = _title(figure)
    return f"{f'{title!r}, ' if title else ''}{width} × {height} pixels; " + ("; ".join(parts) or "it is empty")


def _describe_axes(axes: Any) -> str:
    said = []
    for name, label in (("x", axes.get_xlabel()), ("y", axes.get_ylabel())):
        said += [f"{name}: {cell(label)}"] if label else []
    lines = [
        f"{_label(line)} of {len(line.get_ydata()):,} points ({_range(line.get_ydata())})"
        for line in axes.lines[:_SERIES]
    ]
    said += [f"lines {', '.join(lines)}"] if lines else []
    for kind, count in (
        ("bars", len(axes.patches)),
        ("collections", len(axes.collections)),
        ("images", len(axes.images)),
    ):
        said += [f"{count:,} {kind}"] if count else []
    return ", ".join(said) or "axes without anything"


def _label(line: Any) -> str:
    label = written(line.get_label())
    return "one" if label.startswith("_") else repr(cut(label, 40))


def _range(values: Any) -> str:
    plain = [float(one) for one in list(values)[:10_000] if is_a(one, int, float) or hasattr(one, "item")]
    return f"{number(min(plain))} … {number(max(plain))}" if plain else "empty"


def _unique(figures: list[Any]) -> list[Any]:
    return list({id(figure): figure for figure in figures}.values())
