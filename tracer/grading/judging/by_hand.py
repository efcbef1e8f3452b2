"""Hand arithmetic: tells whether every value of a table is rounded to the same decimals as it is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import numpy as np

from tracer.formulas.notation.numpy import value
from tracer.formulas.primitives import MOST_DECIMALS, ROUND, rounded
from tracer.formulas.tree import Call, Expression, Name, Number
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.judging.exactness import HALF, shown_decimals
from tracer.grading.network.understanding import Understood
from tracer.model import naming

FOLLOWING = 2 / 3
"""Minimum share of columns whose values all follow from the rounded ones of their rows; others may hold mistakes."""
MOST_TYPED = 12
"""Most decimals of typed values that were rounded."""
FEWEST = 3
"""Minimum columns of typed values that tell hand arithmetic from a later rounding."""


def decimals_by_hand(shown: Understood) -> int | None:
    """The decimals to which all computed values of a table are rounded as they are computed; None if they are not.

    All formulas end in the same ROUND, or there is none, and the typed values follow from the rounded ones of their
    rows; no typed value has more decimals.
    """
    computed = [name for name in shown.computed if name != naming.ETA]
    written = {digits for name in computed for digits in _written(shown, name)}
    most = max((shown_decimals(x) for name in computed for x in _typed(shown, name)), default=0)
    if len(written) > 1 or most > MOST_TYPED:
        return None
    if written:
        kept = written.pop()
        return kept if kept is not None and most <= kept else None
    return most if _follow(shown, computed, most) else None


def decimals_of(reading: Expression) -> int | None:
    """The decimals to which a formula rounds its result; None if it does not."""
    match reading:
        case Call(function, (_, Number(digits))) if function == ROUND and digits in range(MOST_DECIMALS + 1):
            return int(digits)
    return None


def decimals_written(shown: Understood, name: str) -> int | None:
    """The decimals to which all formulas of a quantity round; None if they do not."""
    written = {*_written(shown, name)}
    return written.pop() if len(written) == 1 else None


def _written(shown: Understood, name: str) -> Iterator[int | None]:
    """How each formula of a quantity rounds its result; one that is only another cell, or a number, does not count."""
    for step, cell in enumerate(shown.found.of(name)):
        if cell is not None and cell.formula is not None:
            reading = None
            with suppress(UnknownFormula):
                reading = shown.translator.read(shown.table.series[name][step], step)
            if not isinstance(reading, (Name, Number)):
                yield None if reading is None else decimals_of(reading)


def _typed(shown: Understood, name: str) -> Iterator[float]:
    """The typed values of a quantity, but for the given one that a parameter starts from."""
    cells = shown.found.of(name)
    given = cells[0].number if cells[0] and name in shown.model.parameters else None
    for cell in cells[shown.model.first_step(name) :]:
        if cell is not None and cell.formula is None and cell.number is not None and cell.number != given:
            yield cell.number


def _follow(shown: Understood, computed: Iterable[str], kept: int) -> bool:
    """Whether the values of most columns are what the rounded numbers of their rows give, rounded; with the factors
    that the table does not show rounded or not."""
    rows, judged = shown.rows, []
    for name in computed:
        of_columns = []
        for model in (shown.model, shown.model.rounded(kept)):
            form = model.in_terms_of(name, rows.names)
            if form is not None:
                apart = np.abs(rows.columns[name] - value(rounded(form, kept), rows))[model.first_step(name) :]
                apart = apart[np.isfinite(apart)]
                of_columns += [bool((apart < HALF * 10.0**-kept).all())] * bool(len(apart))
        if of_columns:
            judged.append(any(of_columns))
    return len(judged) >= FEWEST and sum(judged) >= FOLLOWING * len(judged)
