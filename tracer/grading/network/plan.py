"""The rows of a table by batches: a batch has a row per sample, and some quantities once for all of its rows.

The equations count lags of quantities shared by a batch in batches (`w1` of the batch before: lag 1), and others
in rows; a sheet refers to rows. `counted` converts the second form to the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain

import numpy as np
import numpy.typing as npt

from tracer.formulas.notation.numpy import OVER_BATCH, Array
from tracer.formulas.tree import ADD, DIV, ZERO, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.network.place import MEAN, SUM, Place
from tracer.model.batches import Batches


@dataclass(frozen=True)
class Plan:
    """The batches of a table. sizes: how many rows each of them has. shared: what has one value for all rows of a
    batch. whole: whether the last batch has all of its rows."""

    sizes: tuple[int, ...]
    shared: frozenset[str]
    whole: bool = True
    starts: npt.NDArray[np.intp] = field(init=False, repr=False, compare=False)
    batch: npt.NDArray[np.intp] = field(init=False, repr=False, compare=False)
    """The first row of every batch; the batch of every row."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", np.array([0, *accumulate(self.sizes)][:-1], np.intp))
        object.__setattr__(self, "batch", np.repeat(np.arange(len(self.sizes)), self.sizes))

    def place(self, step: int) -> Place:
        """Where a row stands. What the table does not have, before its first batch and behind its last one, counts as
        long as the batch itself."""
        batch = int(self.batch[step])
        own = self.sizes[batch]
        before = self.sizes[batch - 1] if batch else own
        after = self.sizes[batch + 1] if batch + 1 < len(self.sizes) else own
        return Place(step - int(self.starts[batch]), before, own, after)

    def rows(self, name: Name, row: int) -> range:
        """The rows that a name means in the formula of a row: one, or those of a whole batch; of what there is once a
        batch, its first. Empty where the table has none, and then it starts at -1 right before the first."""
        if name.name not in self.shared and not name.batch:
            at, end = row - name.lag, len(self.batch)
            return range(at, at + (0 <= at < end))
        batch = int(self.batch[row]) - name.lag
        if not 0 <= batch < len(self.sizes):
            return range(batch, batch)
        first = int(self.starts[batch])
        return range(first, first + (self.sizes[batch] if name.batch else 1))

    def is_whole(self, step: int) -> bool:
        """Whether the batch of a row is complete."""
        return self.whole or int(self.batch[step]) < len(self.sizes) - 1

    def of_batch(self, column: Array, lag: int) -> Array:
        """What there is once a batch, in every row: its value `lag` batches before, from the last row that has one;
        of the own batch, the row's own value where there is one."""
        filled = np.maximum.reduceat(np.where(np.isfinite(column), np.arange(len(column)), -1), self.starts)
        values = np.where(filled >= 0, column[filled], np.nan)
        spread = self._spread(values, lag)
        return spread if lag else np.where(np.isfinite(column), column, spread)

    def reduced(self, how: str, lag: int, members: Array) -> Array:
        """The sum or the mean over the rows of the batch `lag` batches before, in every row; NaN where a row is
        missing."""
        values = OVER_BATCH[how](np.add.reduceat(members, self.starts), np.array(self.sizes, float))
        if not self.whole:
            values[-1] = np.nan
        return self._spread(values, lag)

    def _spread(self, values: Array, lag: int) -> Array:
        index = self.batch - lag
        there = (index >= 0) & (index < len(values))
        return np.where(there, values[np.where(there, index, 0)], np.nan)


def batches_of(parameters: Iterable[Array], steps: int) -> Batches:
    """The batches of a table in which most parameters stay as they are over several rows, again and again. A batch that
    is smaller than the first one ends a pass.

    parameters: the column of each. steps: rows of the table.
    """
    changing = [changes for column in parameters if (changes := tuple(_changes(column)))]
    common = max(changing, key=changing.count, default=())
    most = common if 2 * changing.count(common) > len(changing) else ()
    every = (_beginning(changes, steps) for changes in (most, sorted({*chain(*changing)})))
    return next((batches for batches in every if batches.several), Batches())


def _changes(column: Array) -> Iterator[int]:
    """The rows in which a column's number is another than its last one above."""
    rows = np.flatnonzero(np.isfinite(column))
    yield from rows[1:][np.diff(column[rows]) != 0].tolist()


def _beginning(changes: Sequence[int], steps: int) -> Batches:
    """The batches that begin in these rows; single rows where that is no regular pattern."""
    begins = [0, *changes]
    sizes = np.diff([*begins, steps]).tolist()
    size = sizes[0]
    ends = next((n for n, other in enumerate(sizes[:-1]) if other != size), 0)
    batches = Batches(size * ends + sizes[ends], size)
    regular = len(sizes) > 1 and sizes[-1] <= size and begins == [batches.first_row(n) for n in range(len(begins))]
    return batches if regular else Batches()


def plan_of(batches: Batches, shared: frozenset[str], steps: int, numbers: Array | None = None) -> Plan:
    """The batches of a table with this number of rows, which begins with a pass.

    numbers: its column with the number of the iteration. Where that groups the rows into batches of the sizes that the
    config has, it counts: a table may begin anywhere.
    """
    possible = {batches.size, batches.samples % batches.size or batches.size}
    if numbers is not None and np.isfinite(numbers).all():
        begins = np.flatnonzero(np.diff(numbers, prepend=np.nan) != 0)
        sizes = np.diff(begins, append=steps).tolist()
        if len(sizes) < steps and possible.issuperset(sizes[:-1]) and sizes[-1] <= batches.size:
            return Plan(tuple(sizes), shared, sizes[-1] in possible)
    first = [batches.first_row(i) for i in range(batches.iteration(steps - 1) + 1)]
    following = batches.first_row(len(first))
    return Plan(tuple(np.diff([*first, steps]).tolist()), shared, steps == following)


def counted(
    formula: Expression, place: Place, shared: frozenset[str], empty: frozenset[Name] = frozenset()
) -> Expression:
    """A row's formula with its lags counted as the equations count them, sums and means over a whole batch as such, and
    0 for what it takes from empty cells."""
    moved: dict[Name, Expression] = {
        n: Name(n.name, place.batches_back(n.lag)) for n in distinct(formula) if n.name in shared and n.lag
    }
    moved |= dict.fromkeys(empty, ZERO)
    return _over_batches(with_names(formula, moved) if moved else formula, place, shared)


def _over_batches(formula: Expression, place: Place, shared: frozenset[str]) -> Expression:
    if not isinstance(formula, Call):
        return formula
    if formula.function == DIV and isinstance(formula.args[1], Number):
        over = _total(formula.args[0], place, shared)
        if over is not None and formula.args[1].value == _size(over.lag, place):
            return Call(MEAN, (over,))
    over = _total(formula, place, shared) if formula.function == ADD else None
    if over is not None:
        return Call(SUM, (over,))
    return Call(formula.function, tuple(_over_batches(arg, place, shared) for arg in formula.args))


def _size(batch: int, place: Place) -> int:
    return len(place.lags(batch))


def _total(formula: Expression, place: Place, shared: frozenset[str]) -> Name | None:
    """The quantity over a batch, where the formula is its sum there."""
    terms: Sequence[Expression] = formula.args if isinstance(formula, Call) and formula.function == ADD else (formula,)
    found = [term for term in terms if isinstance(term, Name)]
    if len(found) < len(terms) or len({n.name for n in found}) > 1 or found[0].name in shared:
        return None
    batch = place.batches_back(found[0].lag)
    if abs(batch) > 1 or sorted(n.lag for n in found) != sorted(place.lags(batch)):
        return None
    return Name(found[0].name, batch, True)
