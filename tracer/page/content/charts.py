"""What is drawn over the iterations and over the plane of two inputs, as data."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from tracer.explain.regions import MARGIN, POINTS, axis, regions
from tracer.formulas.tree import Name
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.page.content.shapes import Data, Shapes

MOST_LINES, MOST_CHARTS = 24, 12
"""Curves in a chart, and charts; in a wide network those of the first parameters stand for the others."""


def histories(system: System, shapes: Shapes) -> list[Data]:
    """The parameters of each layer, and their gradients, as titles and slots."""
    columns, slots = system.columns(), shapes.slots
    found: list[Data] = []
    for layer, parameters in groupby(system.parameters, key=lambda parameter: parameter.layer):
        names = [parameter.name for parameter in parameters]
        gradients = [system.gradient(name, system.batch_loss) for name in names]
        for what, shown in (("parameters", names), ("gradients", [name for name in gradients if name in columns])):
            more = f", the first {MOST_LINES} of {len(shown):,}" if len(shown) > MOST_LINES else ""
            if shown:
                of = [slots[Name(name)] for name in shown[:MOST_LINES]]
                found.append({"title": f"{layer}: {what}{more}", "slots": of})
    return found[:MOST_CHARTS]


def plane(experiment: Experiment, system: System, shapes: Shapes, texts: Mapping[str, str]) -> Data | None:
    """The decision regions, where there are any. texts: how quantities are typeset."""
    found = regions(experiment, system)
    if not found:
        return None
    places = [system.data.index(name) for name in found.inputs]
    return {
        "inputs": [shapes.slots[Name(name)] for name in found.inputs],
        "axes": [axis([sample[place] for sample in system.samples]) for place in places],
        "points": POINTS,
        "margin": MARGIN,
        "classes": found.classes,
        "outputs": [texts.get(name, name) for name in found.outputs],
        "expression": shapes.of(found.drawn),
        "marks": found.marks(system),
    }
