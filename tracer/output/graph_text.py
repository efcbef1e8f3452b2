"""A picture of a step as lines of text: the values of the forward pass, then the gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracer.charts.screen.canvas import Row, Span
from tracer.charts.screen.picture import drawn
from tracer.model import naming
from tracer.model.experiment import Experiment, Network
from tracer.model.system import FORWARD_PASS, Phase, System

GIVEN_OR_FORWARD = (Phase.DATA, Phase.PARAMETER, *FORWARD_PASS)
MOST_ROWS = 1_000


def rows(
    experiment: Experiment, system: System, values: Mapping[str, float], title: str, width: int, ascii: bool
) -> Iterator[Row]:
    """The lines, of at most so many columns; a network that is deeper than these allow in several parts."""
    phases = system.columns()
    forward = {name: value for name, value in values.items() if phases.get(name) in GIVEN_OR_FORWARD}
    yield (Span(naming.to_ascii(title) if ascii else title, "head"),)
    for head, known in (("forward", forward), ("backward", values)):
        yield (Span(f"{head}:", "dim"),)
        parts = (drawn(experiment, system, known.get, width, MOST_ROWS, ascii, of) for of in _layers(experiment))
        for part in dict.fromkeys(tuple(map(_unmarked, part)) for part in parts):
            yield from part


def _layers(experiment: Experiment) -> list[tuple[str, ...]]:
    """The neurons of each layer, which stand for the parts of a deep network."""
    model = experiment.model
    return [layer.neurons for layer in model.layers] if isinstance(model, Network) else [()]


def _unmarked(row: Row) -> Row:
    """A row in which nothing is pointed out."""
    return tuple(Span(span.text, " ".join(word for word in span.style.split() if word != "current")) for span in row)
