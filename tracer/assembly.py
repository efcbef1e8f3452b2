"""Experiment → System: the forward equations, the chain rule over them, and the update of every parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer import naming
from tracer.backward import backward_equations
from tracer.experiment import Experiment, Network, OwnEquations
from tracer.expression import Expression, Name, Number, replace
from tracer.network import forward_equations
from tracer.optimizers import OPTIMIZERS, Optimizer
from tracer.parser import parse
from tracer.system import Equation, Parameter, Phase, System

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
    settings = {**OPTIMIZERS[experiment.optimizer.name].settings, **dict(experiment.optimizer.settings)}
    trained = [parameter.name for parameter in parameters if parameter.trained]
    rule = _Rule(OPTIMIZERS[experiment.optimizer.name], settings, loss)
    return System(
        data={**experiment.targets, **experiment.inputs},
        parameters=parameters,
        equations=(
            *forward,
            *backward_equations(forward, parameters, loss),
            *(equation for parameter in trained for equation in rule.states(parameter)),
        ),
        updates={parameter: rule.update(parameter) for parameter in trained},
        hyper={naming.setting(name): value for name, value in settings.items() if value != 0},
        loss=loss,
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """An optimizer's formulas, as they read for one parameter; a setting that is 0 leaves them."""

    optimizer: Optimizer
    settings: Mapping[str, float]
    loss: str

    def states(self, parameter: str) -> list[Equation]:
        """The states' equations, each from its value in the step before."""
        return [
            Equation(naming.state(name, parameter), self.written(formula, parameter, name), Phase.OPTIMIZER, parameter)
            for name, formula in self.optimizer.states.items()
        ]

    def update(self, parameter: str) -> Expression:
        """The parameter's next value, from the step before."""
        return self.written(self.optimizer.update, parameter, lag=1)

    def written(self, formula: str, parameter: str, own: str = "", lag: int = 0) -> Expression:
        """A formula for this parameter; `own` is the state that it computes."""
        values: dict[Expression, Expression] = {
            Name("p"): Name(parameter, lag),
            Name("g"): Name(naming.gradient(parameter, self.loss), lag),
            Name("k"): Name(naming.COUNT, lag),
            Name("eta"): Name(naming.ETA),
        }
        for state in self.optimizer.states:
            values[Name(state)] = Name(naming.state(state, parameter), 1 if state == own else lag)
        for name, value in self.settings.items():
            values[Name(name)] = Name(naming.setting(name)) if value else Number(0.0)
        return replace(parse(formula), values)
