"""Experiment → System: the forward equations, the chain rule over them, and the update of every parameter."""

from __future__ import annotations

from tracer import naming
from tracer.backward import backward_equations
from tracer.experiment import Experiment
from tracer.expression import Expression, Name, replace
from tracer.network import forward_equations, parameters
from tracer.optimizers import OPTIMIZERS
from tracer.parser import parse
from tracer.system import System

UPDATE_RULE = "sgd"


def assemble(experiment: Experiment) -> System:
    """All equations of the experiment's network, ready to run."""
    weights = parameters(experiment)
    forward = forward_equations(experiment)
    return System(
        data={**experiment.targets, **experiment.inputs},
        parameters=weights,
        equations=forward + backward_equations(forward, weights, naming.TOTAL),
        updates={p.name: _update(p.name) for p in weights if p.trained},
        hyper=(naming.ETA,),
        loss=naming.TOTAL,
    )


def _update(parameter: str) -> Expression:
    return replace(
        parse(OPTIMIZERS[UPDATE_RULE].update),
        {
            Name("p"): Name(parameter, lag=1),
            Name("g"): Name(naming.gradient(parameter), lag=1),
            Name("eta"): Name(naming.ETA),
        },
    )
