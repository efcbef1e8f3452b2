"""The picture of a step as data: the diagram that suits the model, its quantities by their slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracer.explain.picture.diagram import NUMBER_WIDTH, Curve, Diagram, Item, Number, Shape, Text, Tiles
from tracer.explain.picture.graph import Graph, Shown, equation_graph, losses_of, network_graph
from tracer.explain.picture.layout import Sketch, Statistic
from tracer.explain.picture.picture import is_wide
from tracer.formulas.tree import Expression
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System
from tracer.page.content.closer import closer
from tracer.page.content.shapes import Data


@dataclass(frozen=True, slots=True)
class Drawn:
    """A diagram, and the quantities in it that have no column in the trace (name → expression)."""

    diagram: Diagram
    derived: Mapping[str, Expression]


def drawn(experiment: Experiment, system: System, names: Mapping[str, str]) -> Drawn:
    """The diagram of a model: neuron by neuron, by layers where these are wide, or the graph of its equations. names:
    how quantities are typeset as text. Only the kind that is drawn is loaded: loading takes most of a page's time."""
    model = experiment.model
    full = assemble(experiment) if experiment.columns == "compact" else system
    if not isinstance(model, Network):
        from tracer.explain.picture.flow import flow_diagram

        sketch = Sketch(system, full, system.columns())
        return Drawn(flow_diagram(equation_graph(sketch), names, ""), sketch.gradients)
    sketch = Sketch(system, full, [neuron for layer in model.layers for neuron in layer.neurons])
    if is_wide(experiment):
        from tracer.explain.picture.wide import wide_diagram

        diagram = wide_diagram(sketch, model, experiment.inputs, experiment.targets, names, "")
        return Drawn(diagram, sketch.gradients)
    from tracer.explain.picture.neurons import neuron_diagram

    graph = _without_changes(network_graph(sketch, model, experiment.inputs, experiment.targets))
    captions = ["w", system.gradient("w", losses_of(sketch)[-1])]
    return Drawn(neuron_diagram(graph, names, "", captions), sketch.gradients)


def _without_changes(graph: Graph) -> Graph:
    """A parameter with its value and the gradient that moves it, that of a batch where there is one; what the update
    adds stands where the parameter is explained."""
    edges = tuple(
        replace(edge, numbers=(edge.numbers[0], *edge.numbers[1:-1][-1:]) if edge.numbers else ())
        for edge in graph.edges
    )
    return replace(graph, edges=edges)


def picture_data(diagram: Diagram, slots: Mapping[str, int]) -> Data:
    """A diagram as data; what most items have in common is left out."""
    diagram = closer(diagram)
    items = [_item(item, slots) for item in diagram.items]
    return {"width": _at(diagram.width), "height": _at(diagram.height), "items": items}


def _item(item: Item, slots: Mapping[str, int]) -> Data:
    match item:
        case Text(look, x, y, text, anchor, quantity, whole):
            data: Data = {"kind": "text", "look": str(look), "x": _at(x), "y": _at(y), "text": text}
            if anchor != "start":
                data["anchor"] = anchor
            return data | _given(slot=slots.get(quantity), whole=whole or None)
        case Number(x, y, shown, width):
            data = {"kind": "number", "x": _at(x), "y": _at(y)} | ({"width": width} if width != NUMBER_WIDTH else {})
            if isinstance(shown, Statistic):
                of = [slots[name] for name in shown.quantities]
                return data | {"statistic": {"of": str(shown.of), "slots": of}}
            return data | {"shown": _shown(shown, slots)}
        case Shape(quantity, kind, x, y, width, height, is_round, fill):
            data = {"kind": "shape", "x": _at(x), "y": _at(y), "width": _at(width), "height": _at(height),
                    "slot": slots[quantity], "phase": kind}  # fmt: skip
            return data | _given(round=is_round or None, fill=fill and _shown(fill, slots))
        case Tiles(title, x, y, size, columns, quantities, scale, merged, alone):
            return {"kind": "tiles", "x": _at(x), "y": _at(y), "size": _at(size), "columns": columns, "scale": scale,
                    "slots": [slots[name] for name in quantities], "title": title, "merged": merged,
                    "alone": alone}  # fmt: skip
        case Curve(source, target, points, shown, backward, is_faint, has_head):
            data = {"kind": "curve", "points": [[_at(x), _at(y)] for x, y in points]}
            data |= _given(backward=backward or None, faint=is_faint or None, head=None if has_head else False)
            ends = [slots[name] for name in (source, target) if name in slots]
            return data | _given(shown=shown and _shown(shown, slots), ends=ends)


def _at(place: float) -> float:
    return round(place, 1)


def _shown(shown: Shown, slots: Mapping[str, int]) -> Data:
    return {"slot": slots[shown.quantity], "scale": shown.scale} | ({"frozen": True} if shown.frozen else {})


def _given(**values: Any) -> Data:
    """The values that there are."""
    return {key: value for key, value in values.items() if value is not None}
