"""Slips with the mean or the sum over a batch: confusing the two, a wrong divisor, missing or extra rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, DIV, Call, Expression, Function, Name, Number
from tracer.grading.network.place import MEAN, SUM
from tracer.grading.slips.slip import Edits, Parts, Setting

Lags = Sequence[int]
"""The lags of the rows of a batch, from the first on."""


def _over_batches(right: Expression, setting: Setting) -> Iterator[tuple[tuple[int, ...], bool, Name, Lags, Name]]:
    """(its path, whether it is a mean, what is reduced, the rows of the batch, its name)."""
    for path, node in nodes(right):
        match node:
            case Call(function, (Name(name, batch, True) as over,)) if function in (MEAN, SUM) and abs(batch) < 2:
                yield path, function == MEAN, over, setting.place.lags(batch), Name(name, setting.home)


def other_reduction(function: Function, other: Function) -> Edits:
    """The edits that use the sum instead of the mean, or vice versa."""

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, is_mean, over, _, name in _over_batches(right, setting):
            if is_mean == (function == MEAN):
                yield put(right, path, Call(other, (over,))), {"quantity": name}

    return edits


def other_divisor(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
    """The sum divided by a number of the person's formula that is not the batch size."""
    for path, is_mean, over, lags, name in _over_batches(right, setting):
        for number in setting.numbers:
            if is_mean and number != len(lags):
                wrong = Call(DIV, (Call(SUM, (over,)), Number(number)))
                yield put(right, path, wrong), {"quantity": name, "divisor": Number(number)}


def other_rows(choices: Callable[[Lags], Iterator[tuple[str, Lags]]]) -> Edits:
    """The edits that use other rows than those of the batch, divided by how many these are, or by the batch size.

    choices: (in words which row makes the difference, the rows taken), for the rows of a batch.
    """

    def edits(right: Expression, setting: Setting) -> Iterator[tuple[Expression, Parts]]:
        for path, is_mean, over, lags, name in _over_batches(right, setting):
            for which, rows in choices(lags):
                terms = tuple(Name(over.name, lag) for lag in rows)
                total: Expression = Call(ADD, terms) if len(terms) > 1 else terms[0]
                for divisor in dict.fromkeys((len(rows), len(lags))) if is_mean else (1,):
                    wrong = Call(DIV, (total, Number(float(divisor)))) if divisor > 1 else total
                    still = f", but the divisor is still {divisor}" if divisor == len(lags) != len(rows) else ""
                    yield put(right, path, wrong), {"quantity": name, "which": which, "divided": still}

    return edits


def all_but_one(lags: Lags) -> Iterator[tuple[str, Lags]]:
    for index, lag in enumerate(lags if len(lags) > 1 else ()):
        which = "last" if index == len(lags) - 1 else "first" if not index else f"{index + 1}th"
        yield which, [other for other in lags if other != lag]


def only_one(lags: Lags) -> Iterator[tuple[str, Lags]]:
    for index, lag in enumerate(lags if len(lags) > 2 else ()):
        yield str(index + 1), [lag]
