"""What an iteration computes, as data: ordered assignments to numbered slots.

A `Program` contains all that a consumer needs to run the equations of a system: which assignments are made for every
sample and which once an iteration, what an iteration starts from, and what it hands to the next one. `python_emitter`
writes it as Python source, `interpreter` executes it quantity by quantity; a page or a sweep would emit its own form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracer.formulas.expansion import expand
from tracer.formulas.tree import Expression, Name, Number, add, names, with_names
from tracer.model import naming
from tracer.model.system import Equation, System


@dataclass(frozen=True, slots=True)
class Assignment:
    """target = expression. The expression holds primitive functions only; its names are keys of `Program.slots`, or
    stand for a quantity in all rows of the batch, as the only argument of a reduction."""

    target: Name
    expression: Expression


@dataclass(frozen=True, slots=True)
class Program:
    """One iteration of a system; every value is dimensionless.

    slots: a number for every value that an iteration knows. First the columns, each by its position; then the
        hyper-parameters and k; then what a state of the optimizer was before the iteration (lag 1).
    columns: the quantities of a step.
    data: the columns that a sample fills.
    start: what an iteration starts from: parameters, states before, hyper-parameters, k; with the values of the first
        iteration. A hyper-parameter that is specific to each run, such as η, is NaN.
    of_sample, of_batch: what is computed for every sample of an iteration, and then once; in that order.
    updates: what the next iteration starts from; all of it is computed before any of it is assigned.
    loss: the quantity that is minimized. until: the condition that ends a run.
    """

    slots: Mapping[Name, int]
    columns: tuple[str, ...]
    data: tuple[str, ...]
    start: Mapping[Name, float]
    of_sample: tuple[Assignment, ...]
    of_batch: tuple[Assignment, ...]
    updates: tuple[Assignment, ...]
    loss: str
    until: Expression | None = None

    @property
    def shared(self) -> tuple[str, ...]:
        """The columns with one value for all rows of a batch, besides the parameters."""
        return tuple(assignment.target.name for assignment in self.of_batch)

    def needed_for(self, quantity: str) -> list[str]:
        """What is computed for every sample on the way to a quantity, in its order."""
        wanted, chosen = {quantity}, []
        for assignment in reversed(self.of_sample):
            if assignment.target.name in wanted:
                chosen.append(assignment.target.name)
                wanted |= {name.name for name in names(assignment.expression)}
        return chosen[::-1]


def program_of(system: System) -> Program:
    """The program of a system."""
    columns = tuple(system.columns())
    before = {Name(state, 1): value for state, value in system.states.items()}
    start = {Name(p.name): p.start for p in system.parameters} | before
    start |= {Name(name): value for name, value in system.hyper.items()}
    if naming.ETA not in columns:
        start[Name(naming.ETA)] = float("nan")
    start[Name(naming.COUNT)] = 1.0
    slots = {Name(name): index for index, name in enumerate(columns)}
    for name in start:
        slots.setdefault(name, len(slots))
    updates = [
        _assignment(Name(parameter), with_names(update, {n: Name(n.name, n.lag - 1) for n in names(update) if n.lag}))
        for parameter, update in system.updates.items()
    ]
    updates += [Assignment(state, Name(state.name)) for state in before]
    count = Name(naming.COUNT)
    return Program(
        slots=slots,
        columns=columns,
        data=system.data,
        start=start,
        of_sample=_assignments(e for e in system.equations if not system.once_an_iteration(e.phase)),
        of_batch=_assignments(e for e in system.equations if system.once_an_iteration(e.phase)),
        updates=(*updates, Assignment(count, add(count, Number(1.0)))),
        loss=system.loss,
        until=system.until,
    )


def _assignments(equations: Iterable[Equation]) -> tuple[Assignment, ...]:
    return tuple(_assignment(Name(equation.quantity), equation.expression) for equation in equations)


def _assignment(target: Name, expression: Expression) -> Assignment:
    return Assignment(target, expand(expression, far=True))
