"""What the conditions examine: a run, its equations, and which quantities depend on which parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.execution.runs import Run
from tracer.formulas.tree import ZERO, Expression, Name, distinct
from tracer.model import naming
from tracer.model.experiment import Experiment, Network
from tracer.model.system import FORWARD_PASS, Equation, System

Text = tuple[str | Expression, ...]
"""Words and expressions, such as a quantity by its name."""
Found = Mapping[str, Text]
"""What a condition found: what is put into the sentence, by the names of its places."""
MOST_NAMES = 6
"""That a sentence lists."""
MOST_ROWS = 64
"""Of a pass, from which a size is estimated; what is said of all samples is looked up in all of them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An equation of one quantity that varies, as an activation is: result = expression(of).

    slope: the name of its local derivative, which is a column of a run unless it is a constant.
    """

    result: str
    of: str
    slope: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Subject:
    """What is the same in all runs: an experiment, its equations, the names of what is trained.

    direct: the trained parameters in the equation of each quantity of the forward pass; before: the quantities in it
    that vary with a parameter.
    """

    experiment: Experiment
    system: System
    trained: tuple[str, ...]
    units: tuple[Unit, ...]
    direct: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]

    def parameters_before(self, quantity: str) -> list[str]:
        """The trained parameters that a quantity depends on, in their order."""
        found: set[str] = set()
        seen, pending = {quantity}, [quantity]
        while pending:
            name = pending.pop()
            found.update(self.direct.get(name, ()))
            further = [before for before in self.before.get(name, ()) if before not in seen]
            seen.update(further)
            pending += further
        return [name for name in self.trained if name in found]

    def without_path(self) -> set[str]:
        """The trained parameters whose gradient is the constant 0."""
        gradients = {self.system.gradient(name): name for name in self.trained}
        constant = {equation.quantity for equation in self.system.equations if equation.expression == ZERO}
        return {name for gradient, name in gradients.items() if gradient in constant}

    @property
    def network(self) -> Network | None:
        """The layers; None if there are equations of the user's own."""
        return self.experiment.model if isinstance(self.experiment.model, Network) else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run and its subject. Steps are ranges of rows; those of a run that diverged are the complete ones."""

    subject: Subject
    run: Run

    @property
    def first(self) -> range:
        """The first pass through the samples."""
        return self.run.pass_steps()

    @property
    def last(self) -> range:
        """The last pass through the samples."""
        return self.run.pass_steps(last=True)

    @property
    def all(self) -> range:
        """All complete steps."""
        return range(self.run.complete)

    def is_zero(self, quantity: str, steps: range) -> bool:
        """Whether a quantity is 0 in all of these steps; True for one that is a constant 0, and has no column."""
        if quantity not in self.run.columns:
            return True
        return not any(self.run.over(quantity, steps[-1:])) and not any(self.run.over(quantity, steps))

    def row(self, quantities: Iterable[str], step: int) -> list[float]:
        """The quantities in a step."""
        columns, width = self.run.columns, len(self.run.columns)
        values = self.run.rows[step * width : (step + 1) * width]
        return [values[columns[quantity]] for quantity in quantities]

    def size(self, quantities: Sequence[str], steps: range) -> float:
        """The root mean square of some quantities in some of these steps."""
        some = steps[:MOST_ROWS]
        values = [value for quantity in quantities for value in self.run.over(quantity, some)]
        return math.hypot(*values) / math.sqrt(len(values)) if values else 0.0

    def gradient(self, parameter: str) -> str:
        """The gradient of a parameter: that of the batch, where there are batches."""
        return self.subject.system.gradient(parameter, self.subject.system.batch_loss)


def subject_of(experiment: Experiment, system: System) -> Subject:
    """What is the same in all runs of a system."""
    trained = tuple(parameter.name for parameter in system.parameters if parameter.trained)
    parameters = {parameter.name for parameter in system.parameters}
    forward = {e.quantity: e for e in system.equations if e.phase in FORWARD_PASS}
    direct: dict[str, tuple[str, ...]] = {}
    before: dict[str, tuple[str, ...]] = {}
    units = []
    for quantity, equation in forward.items():
        names = [name.name for name in distinct(equation.expression)]
        direct[quantity] = tuple(name for name in names if name in parameters)
        before[quantity] = tuple(name for name in names if name in forward and (direct[name] or before[name]))
        if len(before[quantity]) == 1 and not direct[quantity]:
            units.append(_unit(equation, *before[quantity]))
    chosen = {*trained}
    direct = {quantity: tuple(name for name in names if name in chosen) for quantity, names in direct.items()}
    return Subject(experiment, system, trained, tuple(units), direct, before)


def _unit(equation: Equation, of: str) -> Unit:
    return Unit(equation.quantity, of, naming.derivative(equation.quantity, of), equation.expression)


def listed(names: Sequence[str], joint: str = " and ") -> Text:
    """Quantities as a person lists them: h1, h2 and h3. joint: what stands before the last one."""
    return tuple(_listed(names, joint))


def _listed(names: Sequence[str], joint: str) -> Iterator[str | Expression]:
    shown, more = names[:MOST_NAMES], len(names) - MOST_NAMES
    for number, name in enumerate(shown):
        if number:
            yield joint if number == len(shown) - 1 and more <= 0 else ", "
        yield Name(name)
    if more > 0:
        yield f" and {more:,} more"
