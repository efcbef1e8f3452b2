"""The decision regions of a model with two inputs, as data: a grid of points around the samples, and what the model
gives at each, written out as one expression of the inputs and the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.formulas.grammar import parse
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Expression, Name, distinct, replace
from tracer.model import naming
from tracer.model.experiment import Experiment, OwnEquations
from tracer.model.system import Phase, System
from tracer.tables.activations import SOFTMAX

POINTS, MARGIN = 21, 5
"""Along each side of the grid; of these, beyond the samples at each end."""


@dataclass(frozen=True, slots=True)
class Regions:
    """inputs: the two along the sides of the grid. targets: those of the samples.

    drawn: what is drawn at a point, as an expression of the inputs and the parameters: the first output, or, where
    `classes` is not 0, the number of the largest of so many outputs. outputs: their names.
    parameters: those in the expression, in the order of their numbers.
    """

    inputs: tuple[str, str]
    targets: tuple[str, ...]
    outputs: tuple[str, ...]
    drawn: Expression
    classes: int
    parameters: tuple[str, ...]

    def marks(self, system: System) -> list[int]:
        """How each sample is marked: by the number of its class, the largest target; or 1 where its target is above the
        middle of all targets, 0 where it is not. 1 without targets."""
        targets = [[sample[system.data.index(name)] for name in self.targets] for sample in system.samples]
        if self.classes:
            return [each.index(max(each[: self.classes])) + 1 for each in targets]
        firsts = [each[0] for each in targets if each]
        return [int(2 * first > min(firsts) + max(firsts)) for first in firsts] or [1] * len(targets)


def regions(experiment: Experiment, system: System) -> Regions | None:
    """The decision regions; None without two inputs, several samples and something that depends on inputs alone."""
    if len(experiment.inputs) != 2 or not system.several_samples:
        return None
    formulas: dict[Expression, Expression] = {}
    for equation in system.equations:
        if equation.phase is Phase.FORWARD:
            formulas[Name(equation.quantity)] = replace(equation.expression, formulas)
    if isinstance(experiment.model, OwnEquations):
        of_inputs = [name for name, formula in formulas.items() if _is_output(formula, experiment)]
        compared = of_inputs[-1:]
        outputs = [name.name for name in compared if isinstance(name, Name)]
    else:
        layer = experiment.model.layers[-1]
        outputs = [naming.activation(neuron) for neuron in layer.neurons]
        monotonic = len(outputs) > 1 and all(choice.name == SOFTMAX for choice in layer.activations)
        compared = [Name(name) for name in (layer.neurons if monotonic else outputs)]
    if not compared:
        return None
    several = len(compared) > 1
    drawn = replace(_largest(len(compared)), {Name(f"c{n}"): formulas[name] for n, name in enumerate(compared, 1)})
    if not several:
        drawn = formulas[compared[0]]
    x, y = experiment.inputs
    needed = {name.name for name in distinct(drawn)}
    parameters = tuple(parameter.name for parameter in system.parameters if parameter.name in needed)
    return Regions(
        (x, y), tuple(experiment.targets), tuple(outputs), drawn, len(compared) if several else 0, parameters
    )


def _is_output(formula: Expression, experiment: Experiment) -> bool:
    """Whether a formula depends on the inputs and on no target."""
    needed = {name.name for name in distinct(formula)}
    return bool(needed & {*experiment.inputs}) and not needed & {*experiment.targets}


def _largest(count: int) -> Expression:
    """The number of the largest of c1, c2, …; of equal ones, the first."""
    text = str(count)
    for number in range(count - 1, 0, -1):
        others = ", ".join(f"c{other}" for other in range(number + 1, count + 1))
        text = f"if(c{number} >= {f'max({others})' if number < count - 1 else others}, {number}, {text})"
    return parse(text, FUNCTIONS)


def axis(values: Sequence[float]) -> tuple[float, float]:
    """The least of the values of the samples, and the distance of two points of the grid along their axis."""
    least, largest = min(values), max(values)
    return least, ((largest - least) or 1.0) / (POINTS - 1 - 2 * MARGIN)


def coordinates(least: float, step: float) -> list[float]:
    """The points along an axis."""
    return [least + step * number for number in range(-MARGIN, POINTS - MARGIN)]
