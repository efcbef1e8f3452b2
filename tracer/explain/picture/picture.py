"""Chooses the picture that suits a model."""

from __future__ import annotations

from tracer.explain.picture import equations, network, summary
from tracer.explain.picture.layout import Picture, Sketch
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System

MOST_NEURONS = 8
"""In a layer that is drawn neuron by neuron; a network with a wider one is summarized."""


def is_wide(experiment: Experiment) -> bool:
    """Whether the network has a layer too wide to be drawn neuron by neuron."""
    model = experiment.model
    if not isinstance(model, Network):
        return False
    return max(len(experiment.inputs), *(len(layer.neurons) for layer in model.layers)) > MOST_NEURONS


def picture_of(experiment: Experiment, system: System) -> Picture:
    """The picture of a step. system: the experiment's, with the columns of its trace."""
    model = experiment.model
    full = assemble(experiment) if experiment.columns == "compact" else system
    if not isinstance(model, Network):
        sketch = Sketch(system, full, system.columns())
        equations.draw(sketch)
        return sketch.done()
    sketch = Sketch(system, full, [neuron for layer in model.layers for neuron in layer.neurons])
    draw = summary.draw if is_wide(experiment) else network.draw
    draw(sketch, model, experiment.inputs, experiment.targets)
    return sketch.done()
