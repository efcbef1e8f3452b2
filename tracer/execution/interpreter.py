"""Evaluates a program lazily: any value of any row, computed on demand.

The engine uses it to find where an iteration stopped; a grader replaces formulas to see where a mistake leads.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from tracer.execution.program import Program
from tracer.formulas.evaluation import compiled
from tracer.formulas.tree import Expression, Name, names, replace
from tracer.model import naming

Replacements = Mapping[str, Mapping[int, Expression]]
"""Formulas in place of others: quantity → row → formula."""
COUNT = Name(naming.COUNT)


class Formula(NamedTuple):
    """The names that an expression needs, and a function of their values."""

    needed: tuple[Name, ...]
    value: Callable[..., float]


@lru_cache(maxsize=4_000)
def formula_of(expression: Expression) -> Formula:
    """The compiled form of an expression."""
    needed, value = compiled(expression)
    return Formula(tuple(needed), value)


def formulas_of(program: Program) -> dict[str, Expression]:
    """Every quantity's formula, as its own row refers to others: the update of a parameter takes the iteration before,
    lag 1."""
    updates = {
        a.target.name: replace(a.expression, {n: Name(n.name, n.lag + 1, n.batch) for n in names(a.expression)})
        for a in program.updates
        if not a.target.lag and a.target != COUNT
    }
    return updates | {a.target.name: a.expression for a in (*program.of_sample, *program.of_batch)}


class Interpreter:
    """The iterations of a program from a given start. It is stateful, so that every value is computed only once.

    program: what is executed.
    start: what the first iteration starts from, as in `Program.start`; hyper-parameters included.
    values: a row for every sample that the iterations take, each with the data of its sample. Computed values are
        added to it, once an iteration in its first row. A value that is already present is used unchanged.
    sizes: how many rows every iteration has; one each if it is empty.
    formula: the formula of a quantity, in the form of `formulas_of(program)`, which is the default. A caller with
        quantities or forms of its own passes its own function; it returns None for an unknown quantity.
    replaced: formulas of single rows, in place of `formula`. Lags count iterations for what there is once an iteration,
        rows otherwise, and may be negative. Where one refers to a row that does not exist, `formula` holds.
    shared: what there is once an iteration; by default the program's parameters, constants and `Program.shared`.

    The trajectory of a single mistake: `Interpreter(program, start, rows, replaced={"w5": {3: wrong}})`, then
    `value(quantity, row)` for the quantities of interest, row by row.
    """

    def __init__(
        self,
        program: Program,
        start: Mapping[Name, float],
        values: list[dict[str, float]],
        sizes: Sequence[int] = (),
        *,
        formula: Callable[[str], Expression | None] | None = None,
        replaced: Replacements | None = None,
        shared: Container[str] | None = None,
    ) -> None:
        self.values, self.sizes, self.replaced = values, sizes, replaced or {}
        self.formula = formula or formulas_of(program).get
        once = {*program.shared, *(name.name for name in program.start)} if shared is None else shared
        self.shared: Container[str] = once if sizes else ()
        self._start = {name.name: value for name, value in start.items() if not name.lag}
        self._before = {name.name: value for name, value in start.items() if name.lag}
        self._firsts = [0, *accumulate(sizes)]
        self._iterations = [index for index, size in enumerate(sizes) for _ in range(size)]
        self._own: dict[str, Formula | None] = {}
        self._under_way: set[tuple[str, int]] = set()

    def value(self, name: str, row: int) -> float:
        """The value of a quantity in a row, counted from 0; if shared by an iteration, in any of its rows.

        Raises LookupError if a dependency is missing or circular, one of NO_NUMBER if a formula
        has no value.
        """
        row = self.rows_of(row)[0] if name in self.shared else row
        now = self.values[row]
        if name not in now:
            if (name, row) in self._under_way:
                raise LookupError(f"circular definition of {name}")
            self._under_way.add((name, row))
            now[name] = self._computed(name, row)
            self._under_way.discard((name, row))
        return now[name]

    def iteration(self, row: int) -> int:
        """The iteration that a row belongs to, counted from 0."""
        return self._iterations[row] if self.sizes else row

    def rows_of(self, row: int) -> range:
        """The rows of the iteration that a row belongs to."""
        if not self.sizes:
            return range(row, row + 1)
        iteration = self._iterations[row]
        return range(self._firsts[iteration], self._firsts[iteration + 1])

    def _computed(self, name: str, row: int) -> float:
        if name == naming.COUNT:
            return self._start[name] + self.iteration(row)
        if name not in self._own:
            expression = self.formula(name)
            self._own[name] = None if expression is None else formula_of(expression)
        formula = self._own[name]
        if name in self._start and (formula is None or not self.iteration(row)):
            return self._start[name]
        others = self.replaced.get(name, {})
        for at in self.rows_of(row) if name in self.shared else (row,):
            if at in others:
                other = formula_of(others[at])
                if all(0 <= self._row(needed, at) < len(self.values) for needed in other.needed):
                    return self._of(other, at)
        if formula is None:
            raise LookupError(name)
        return self._of(formula, row)

    def _of(self, formula: Formula, row: int) -> float:
        taken, here = self._taken, None if self.sizes else self.values[row]
        arguments: list[float | list[float]] = []
        for name in formula.needed:
            known = None if here is None or name.lag else here.get(name.name)  # the usual case, without a call
            arguments.append(taken(name, row) if known is None else known)
        return float(formula.value(*arguments))

    def _taken(self, name: Name, row: int) -> float | list[float]:
        """The value of a name in a formula of that row: a number, or a list with one per row of an iteration."""
        at = self._row(name, row)
        if at < 0 and name.name in self._before:
            return self._before[name.name]
        if not 0 <= at < len(self.values):
            raise LookupError(name.name)
        if name.batch and self.sizes:
            return [self.value(name.name, other) for other in self.rows_of(at)]
        known = self.values[at].get(name.name)
        return self.value(name.name, at) if known is None else known

    def _row(self, name: Name, row: int) -> int:
        """The row that a name means in a formula of that row, of an iteration the first one; −1 before the first
        iteration, the number of rows after the last one."""
        if not self.sizes or (name.name not in self.shared and not name.batch):
            return row - name.lag
        iteration = self._iterations[row] - name.lag
        if not 0 <= iteration < len(self.sizes):
            return -1 if iteration < 0 else len(self.values)
        return self._firsts[iteration]
