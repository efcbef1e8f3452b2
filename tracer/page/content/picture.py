"""The picture of a step as data: the diagram that suits the model, its quantities by their slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracer.explain.picture.diagram import Curve, Diagram, Item, Number, Shape, Text, Tiles
from tracer.explain.picture.flow import flow_diagram
from tracer.explain.picture.graph import Graph, Shown, equation_graph, losses_of, network_graph
from tracer.explain.picture.layout import Sketch, Statistic
from tracer.explain.picture.neurons import neuron_diagram
from tracer.explain.picture.picture import is_wide
from tracer.explain.picture.wide import wide_diagram
from tracer.formulas.tree import Expression
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System

Data = dict[str, Any]
BESIDE_A_WEIGHT = 2
"""Numbers at a weight: itself and its gradient. What the update adds to it stands where the weight is explained."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A diagram, and the quantities in it that have no column in the trace (name → expression)."""

    diagram: Diagram
    derived: Mapping[str, Expression]


def drawn(experiment: Experiment, system: System, names: Mapping[str, str]) -> Drawn:
    """The diagram of a model: neuron by neuron, by layers where these are wide, or the graph of its equations. names:
    how quantities are typeset as text."""
    model = experiment.model
    full = assemble(experiment) if experiment.columns == "compact" else system
    if not isinstance(model, Network):
        sketch = Sketch(system, full, system.columns())
        return Drawn(flow_diagram(equation_graph(sketch), names, ""), sketch.gradients)
    sketch = Sketch(system, full, [neuron for layer in model.layers for neuron in layer.neurons])
    if is_wide(experiment):
        diagram = wide_diagram(sketch, model, experiment.inputs, experiment.targets, names, "")
        return Drawn(diagram, sketch.gradients)
    graph = _without_changes(network_graph(sketch, model, experiment.inputs, experiment.targets))
    captions = ["w", system.gradient("w", losses_of(sketch)[-1])]
    return Drawn(neuron_diagram(graph, names, "", captions), sketch.gradients)


def _without_changes(graph: Graph) -> Graph:
    """A parameter with its value and the gradient that moves it: that of a batch where there is one."""
    edges = tuple(
        replace(edge, numbers=(edge.numbers[0], *edge.numbers[1:-1][-1:]) if edge.numbers else ()) for edge in graph.edges
    )
    return replace(graph, edges=edges)


def picture_data(diagram: Diagram, slots: Mapping[str, int]) -> Data:
    """A diagram as data."""
    items = [data for item in diagram.items if (data := _item(item, slots))]
    return {
        "width": diagram.width, "height": diagram.height, "items": items, "legend": list(map(str, diagram.legend)),
    }  # fmt: skip


def _item(item: Item, slots: Mapping[str, int]) -> Data | None:
    match item:
        case Text(text=""):
            return None
        case Text():
            data: Data = {"kind": "text", "look": str(item.look), "x": item.x, "y": item.y, "text": item.text,
                          "anchor": item.anchor}  # fmt: skip
            return data | _given(slot=slots.get(item.quantity), whole=item.whole or None)
        case Number(shown=Statistic() as statistic):
            data = {"of": str(statistic.of), "slots": [slots[name] for name in statistic.quantities]}
            return {"kind": "number", "x": item.x, "y": item.y, "width": item.width, "statistic": data}
        case Number(shown=Shown() as shown):
            return {"kind": "number", "x": item.x, "y": item.y, "width": item.width, "shown": _shown(shown, slots)}
        case Shape():
            data = {"kind": "shape", "x": item.x, "y": item.y, "width": item.width, "height": item.height,
                    "slot": slots[item.quantity], "phase": item.kind, "round": item.is_round}  # fmt: skip
            return data | _given(fill=item.fill and _shown(item.fill, slots))
        case Tiles():
            return {"kind": "tiles", "x": item.x, "y": item.y, "size": item.size, "columns": item.columns,
                    "slots": [slots[name] for name in item.quantities], "scale": item.scale, "title": item.title,
                    "merged": item.merged, "alone": item.alone}  # fmt: skip
        case Curve():
            data = {"kind": "curve", "points": item.points, "backward": item.backward, "faint": item.is_faint,
                    "head": item.has_head}  # fmt: skip
            ends = [slots[name] for name in (item.source, item.target) if name in slots]
            return data | _given(shown=item.shown and _shown(item.shown, slots), ends=ends)


def _shown(shown: Shown, slots: Mapping[str, int]) -> Data:
    return {"slot": slots[shown.quantity], "scale": shown.scale} | ({"frozen": True} if shown.frozen else {})


def _given(**values: Any) -> Data:
    """The values that there are."""
    return {key: value for key, value in values.items() if value is not None}
