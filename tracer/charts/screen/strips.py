"""Quantities in rows: a wide network layer by layer, equations of one's own level by level. Where a row has no room for
all, it shows the part around what is pointed out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tracer.charts.screen.canvas import Canvas, Row
from tracer.charts.screen.numbers import Marks, Numbers
from tracer.columns import cut
from tracer.explain.picture.equations import levels
from tracer.model import naming
from tracer.model.experiment import Experiment, Layer, Network
from tracer.model.system import Phase

EDGE, LABEL, GAP = 1, 15, 1
"""Columns that stay free at the left; the width of the labels there, and of what stands between two quantities."""
LONG_LABEL = 8
"""The labels of quantities take the same width in all strips, unless one is longer."""
MORE = "…"


@dataclass(frozen=True, slots=True)
class Strip:
    """Quantities beside each other, and what they are. focus: the one to show in any case where none is pointed out."""

    label: str
    names: Sequence[str]
    focus: int = 0


def drawn(experiment: Experiment, numbers: Numbers, width: int, height: int) -> list[Row]:
    """The rows in so many columns and lines."""
    strips = [strip for strip in _strips(experiment, numbers) if strip.names]
    if len(strips) > height:
        first = max(0, min(_middle(strips, numbers.marks) - height // 2, len(strips) - height))
        strips = strips[first : first + height]
    labels, beside, needed = _measured(strips, with_gradients := replace(numbers, beside=True), width)
    if sum(needed) <= height:
        numbers = with_gradients
    else:
        labels, beside, needed = _measured(strips, numbers, width)
    lines = _shared_out(needed, [_is_marked(strip, numbers.marks) for strip in strips], height)
    canvas, row = Canvas(width, sum(lines)), 0
    for strip, widest, count, rows in zip(strips, labels, beside, lines, strict=True):
        _put(canvas, row, strip, numbers, widest, count, rows)
        row += rows
    return canvas.rows()


def _strips(experiment: Experiment, numbers: Numbers) -> Iterator[Strip]:
    system = numbers.system
    match experiment.model:
        case Network(layers=layers):
            yield Strip(f"{len(experiment.inputs)} inputs", experiment.inputs)
            before: Sequence[str] = experiment.inputs
            for layer in layers:
                yield _weights(layer, before, numbers)
                before = [naming.activation(neuron) for neuron in layer.neurons]
                nodes = [*zip(layer.neurons, before, strict=True)]
                focus = next((i for i, node in enumerate(nodes) if any(n in numbers.marks.current for n in node)), 0)
                yield Strip(f"{layer.name}: net inputs", layer.neurons, focus)
                yield Strip(", ".join(dict.fromkeys(map(str, layer.activations))), before, focus)
            errors = naming.errors(len(experiment.targets))
            yield Strip("targets", experiment.targets)
            yield Strip("errors", errors)
            yield Strip("loss", [*_losses(numbers, errors), *filter(None, [system.batch_loss])])
        case _:
            yield Strip("given", system.data)
            yield Strip("parameters", [parameter.name for parameter in system.parameters])
            for number, equations in enumerate(levels(system), 1):
                yield Strip(f"step {number}", [equation.quantity for equation in equations])
            yield Strip("batch", [*filter(None, [system.batch_loss])])


def _losses(numbers: Numbers, errors: Sequence[str]) -> list[str]:
    return [name for name, phase in numbers.phases.items() if phase is Phase.LOSS and name not in errors]


def _weights(layer: Layer, sources: Sequence[str], numbers: Numbers) -> Strip:
    """The weights of a layer that are pointed out, with those beside them: all into one neuron, or all from one."""
    marks = numbers.marks
    marked = [
        (row, column) for row, names in enumerate(layer.weights) for column, name in enumerate(names) if name in marks
    ] or [(row, 0) for row, name in enumerate(layer.biases) if name and name in marks]
    if not marked:
        return Strip("", ())
    row, column = next((place for place in marked if layer.weights[place[0]][place[1]] in marks.current), marked[0])
    if len({other for other, _ in marked}) > 1 and len({other for _, other in marked}) == 1:
        return Strip(f"from {numbers.label(sources[column])}", [names[column] for names in layer.weights])
    bias = layer.biases[row]
    return Strip(f"into {numbers.label(layer.neurons[row])}", [*layer.weights[row], *([bias] if bias else [])])


def _middle(strips: Sequence[Strip], marks: Marks) -> int:
    """The place of the first strip with what is current, or else with what that is computed from."""
    for pointed_out in (marks.current, marks.operands):
        for place, strip in enumerate(strips):
            if any(name in pointed_out for name in strip.names):
                return place
    return 0


def _is_marked(strip: Strip, marks: Marks) -> bool:
    return any(name in marks for name in strip.names)


def _measured(strips: Sequence[Strip], numbers: Numbers, width: int) -> tuple[list[int], list[int], list[int]]:
    """For each strip the width of its labels, how many of its quantities have room beside each other, and how many
    lines all of them take."""
    labels = [numbers.label_width(strip.names) for strip in strips]
    of_several = [widest for widest, strip in zip(labels, strips, strict=True) if len(strip.names) > 1]
    if of_several and max(of_several) <= LONG_LABEL:
        labels = [max(widest, *of_several) for widest in labels]
    beside = [max(1, (width - EDGE - LABEL - 1) // (numbers.width(widest) + GAP)) for widest in labels]
    return labels, beside, [-(-len(strip.names) // count) for strip, count in zip(strips, beside, strict=True)]


def _shared_out(needed: Sequence[int], marked: Sequence[bool], height: int) -> list[int]:
    """How many lines each strip gets: one, and more where there is room, those with marks first."""
    lines = [1] * len(needed)
    for wanted in (True, False):
        waiting = [place for place in range(len(needed)) if marked[place] is wanted]
        while (waiting := [place for place in waiting if lines[place] < needed[place]]) and sum(lines) < height:
            for place in waiting[: height - sum(lines)]:
                lines[place] += 1
    return lines


def _put(canvas: Canvas, row: int, strip: Strip, numbers: Numbers, labels: int, count: int, lines: int) -> None:
    """Write a strip into so many lines of so many quantities each."""
    room, total = count * lines, len(strip.names)
    marked = [place for place, name in enumerate(strip.names) if name in numbers.marks.current] or [
        place for place, name in enumerate(strip.names) if name in numbers.marks.operands
    ]
    first = max(0, min((marked[0] if marked else strip.focus) - room // 3, total - room))
    canvas.put(row, EDGE, cut(strip.label, LABEL - 1), "head")
    if first:
        canvas.put(row, EDGE + LABEL - 1, MORE, "dim")
    column = EDGE + LABEL
    for place, name in enumerate(strip.names[first : first + room]):
        line, column = row + place // count, EDGE + LABEL + place % count * (numbers.width(labels) + GAP)
        numbers.put(canvas, line, column, name, labels)
    if first + room < total:
        canvas.put(row + lines - 1, column + numbers.width(labels), MORE, "dim")
