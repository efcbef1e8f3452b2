"""Experiment → System: the forward equations, the chain rule over them, and the update of every parameter."""

from __future__ import annotations

from tracer import naming
from tracer.backward import backward_equations
from tracer.experiment import Experiment, Network, OwnEquations
from tracer.expression import Expression, Name, replace
from tracer.network import forward_equations
from tracer.optimizers import OPTIMIZERS
from tracer.parser import parse
from tracer.system import Equation, Parameter, Phase, System

UPDATE_RULE = "sgd"
OWN_LAYER = "equations"
"""The one layer that a user's own equations make up."""


def assemble(experiment: Experiment) -> System:
    """All equations of the experiment, ready to run."""
    match experiment.model:
        case Network() as network:
            loss = naming.TOTAL
            forward = forward_equations(network, experiment.inputs, experiment.targets)
            layer_of = {name: layer.name for layer in network.layers for name in layer.parameters()}
        case OwnEquations(equations, loss):
            forward = tuple(
                Equation(name, expression, Phase.LOSS if name == loss else Phase.FORWARD, OWN_LAYER)
                for name, expression in equations.items()
            )
            layer_of = dict.fromkeys(experiment.start, OWN_LAYER)
    parameters = tuple(
        Parameter(name, experiment.start[name], layer, name not in experiment.frozen)
        for name, layer in layer_of.items()
    )
    return System(
        data={**experiment.targets, **experiment.inputs},
        parameters=parameters,
        equations=forward + backward_equations(forward, parameters, loss),
        updates={p.name: _update(p.name, loss) for p in parameters if p.trained},
        hyper=(naming.ETA,),
        loss=loss,
    )


def _update(parameter: str, loss: str) -> Expression:
    return replace(
        parse(OPTIMIZERS[UPDATE_RULE].update),
        {
            Name("p"): Name(parameter, lag=1),
            Name("g"): Name(naming.gradient(parameter, loss), lag=1),
            Name("eta"): Name(naming.ETA),
        },
    )
