"""Experiment → System: the forward equations, the chain rule over them, then what the batch and the optimizer do; last,
what hand arithmetic rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from tracer.errors import required
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Call, Expression, Name, Number, add, names, power, replace, with_names
from tracer.model import naming
from tracer.model.backward import backward_equations, compact
from tracer.model.batches import REDUCTIONS
from tracer.model.experiment import Choice, Experiment, Network, OwnEquations
from tracer.model.network import forward_equations
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Equation, Parameter, Phase, System
from tracer.model.vocabulary import vocabulary
from tracer.tables.activations import read_formula
from tracer.tables.optimizers import BEFORE, CLIPPINGS, Optimizer
from tracer.tables.settings import defaults

OWN_LAYER = "equations"
"""The single layer of a user's own equations."""
BATCH_LAYER, OPTIMIZER_LAYER = "batch", "optimizer"
"""The layer of what a batch and the optimizer compute, which belongs to no layer of the network."""


def assemble(experiment: Experiment) -> System:
    """The complete system of equations of the experiment."""
    required(experiment, Experiment, "an experiment")
    forward, loss, layer_of = _forward(experiment)
    parameters = tuple(
        Parameter(name, experiment.start[name], layer, name not in experiment.frozen)
        for name, layer in layer_of.items()
    )
    trained = [parameter.name for parameter in parameters if parameter.trained]
    settings = {**defaults(experiment.rule.settings), **dict(experiment.optimizer.settings)}
    hyper = {naming.setting(name): value for name, value in settings.items() if value != 0}
    quantities = vocabulary(experiment)
    equations = [*forward, *backward_equations(forward, parameters, loss, quantities)]
    above = naming.within(quantities[loss])
    gradients = {name: naming.derivative(above, name) for name in trained}
    batch_loss = None
    if experiment.batches.several:
        batch_loss = naming.batch_loss(above)
        of_batch = {name: naming.derivative(batch_loss, name) for name in trained}
        reduced = {loss: batch_loss} | {gradients[name]: of_batch[name] for name in trained}
        reduction = REDUCTIONS[experiment.batches.reduction]
        equations += [
            Equation(result, Call(reduction, (Name(of, batch=True),)), Phase.BATCH, BATCH_LAYER)
            for of, result in reduced.items()
        ]
        gradients = of_batch
        quantities[batch_loss] = Quantity(Role.BATCH_LOSS, of=quantities[loss])
        quantities |= {
            gradients[name]: Quantity(Role.GRADIENT, of=quantities[batch_loss], by=quantities[name]) for name in trained
        }
    if experiment.clip:
        hyper |= {naming.setting(name): value for name, value in experiment.clip.settings}
        equations += _clipped(experiment.clip, gradients)
        gradients = {name: naming.clipped(name) for name in trained}
        quantities |= {gradients[name]: Quantity(Role.CLIPPED, of=quantities[name]) for name in trained}
    if experiment.schedule:
        hyper |= experiment.schedule.rates
        equations.append(_of_optimizer(naming.ETA, experiment.schedule.formula))
    rule = _Rule(experiment.rule, experiment.rule.columns, gradients, _with_settings(experiment.rule, settings))
    quantities |= {name: Quantity(Role.SETTING, word=naming.label(name)) for name in hyper}
    quantities |= {
        naming.state(name, parameter): Quantity(Role.STATE, word=naming.state_word(name), of=quantities[parameter])
        for parameter in trained
        for name in rule.columns
    }
    of_optimizer = {parameter: rule.states(parameter) for parameter in trained}
    system = System(
        data=(*experiment.targets, *experiment.inputs),
        samples=experiment.samples,
        batches=experiment.batches,
        parameters=parameters,
        equations=(*equations, *chain.from_iterable(of_optimizer.values())),
        updates={parameter: rule.update(parameter) for parameter in trained},
        hyper=hyper,
        quantities=quantities,
        states=_remembered(of_optimizer, experiment.rule.start),
        loss=loss,
        batch_loss=batch_loss,
        until=experiment.until,
    )
    return system if experiment.decimals is None else system.rounded(experiment.decimals)


def shown(experiment: Experiment, system: System) -> System:
    """The system with the columns that the experiment shows: all, or those of the classic sheet."""
    return compact(system) if experiment.columns == "compact" else system


def _forward(experiment: Experiment) -> tuple[tuple[Equation, ...], str, dict[str, str]]:
    """The forward pass of one sample, the quantity to minimize, and the layer of every parameter."""
    match experiment.model:
        case Network() as network:
            equations = forward_equations(network, experiment.inputs, experiment.targets)
            layer_of = {name: layer.name for layer in network.layers for name in layer.parameters()}
            return equations, naming.TOTAL, layer_of
        case OwnEquations(own, loss):
            equations = tuple(
                Equation(name, expression, Phase.LOSS if name == loss else Phase.FORWARD, OWN_LAYER)
                for name, expression in own.items()
            )
            return equations, loss, dict.fromkeys(experiment.start, OWN_LAYER)


def _clipped(clip: Choice, gradients: Mapping[str, str]) -> list[Equation]:
    """The clipped gradients (parameter → name of its gradient before clipping)."""
    formula = read_formula(CLIPPINGS[clip.name].formula)
    known: dict[Expression, Expression] = {Name("limit"): Name(naming.setting(name)) for name, _ in clip.settings}
    known |= {Name("n"): Name(naming.GRADIENT_NORM)}
    equations = []
    if Name("n") in names(formula):
        squares = add(*(power(Name(gradient), Number(2.0)) for gradient in gradients.values()))
        equations.append(_of_optimizer(naming.GRADIENT_NORM, Call(FUNCTIONS["sqrt"], (squares,))))
    return equations + [
        _of_optimizer(naming.clipped(parameter), replace(formula, known | {Name("g"): Name(gradient)}))
        for parameter, gradient in gradients.items()
    ]


def _of_optimizer(quantity: str, expression: Expression) -> Equation:
    return Equation(quantity, expression, Phase.OPTIMIZER, OPTIMIZER_LAYER)


def _with_settings(optimizer: Optimizer, settings: Mapping[str, float]) -> dict[str, Expression]:
    """The formulas of an optimizer, by their texts, with the names of its settings; a setting that is 0 leaves them."""
    values: dict[Expression, Expression] = {
        Name(name): Name(naming.setting(name)) if value else Number(0.0) for name, value in settings.items()
    }
    return {text: replace(read_formula(text), values) for text in (*optimizer.columns.values(), optimizer.update)}


def _remembered(equations: Mapping[str, Sequence[Equation]], start: Mapping[str, float]) -> dict[str, float]:
    """The states (parameter → their equations) that the next iteration refers to, with their values before the first
    one."""
    before = {name.name for own in equations.values() for e in own for name in names(e.expression) if name.lag}
    begin = {naming.state(name, parameter): value for parameter in equations for name, value in start.items()}
    return {e.quantity: begin.get(e.quantity, 0.0) for own in equations.values() for e in own if e.quantity in before}


@dataclass(frozen=True, slots=True)
class _Rule:
    """An optimizer's formulas, as they read for one parameter. columns: the optimizer's. gradients: parameter → the
    gradient that the optimizer gets. formulas: text → the formula, with its settings."""

    optimizer: Optimizer
    columns: Mapping[str, str]
    gradients: Mapping[str, str]
    formulas: Mapping[str, Expression]

    def states(self, parameter: str) -> list[Equation]:
        """The equations of the states. A state that is not computed yet refers to the previous iteration."""
        lags = dict.fromkeys(self.columns, 1)
        equations = []
        for name, formula in self.columns.items():
            expression = self._written(formula, parameter, lags)
            equations.append(Equation(naming.state(name, parameter), expression, Phase.OPTIMIZER, parameter))
            lags[name] = 0
        return equations

    def update(self, parameter: str) -> Expression:
        """The parameter's next value, from the previous iteration."""
        return self._written(self.optimizer.update, parameter, dict.fromkeys(self.columns, 1), lag=1)

    def _written(self, formula: str, parameter: str, lags: Mapping[str, int], lag: int = 0) -> Expression:
        """A formula for this parameter. lags: those of the states; lag: that of everything else."""
        values = {
            Name("p"): Name(parameter, lag),
            Name("g"): Name(self.gradients[parameter], lag),
            Name("k"): Name(naming.COUNT, lag),
            Name("eta"): Name(naming.ETA, lag),
        }
        values |= {Name(state + BEFORE): Name(naming.state(state, parameter), 1) for state in self.optimizer.states}
        values |= {Name(state): Name(naming.state(state, parameter), own) for state, own in lags.items()}
        return with_names(self.formulas[formula], values)
