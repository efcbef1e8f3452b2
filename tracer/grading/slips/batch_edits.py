"""The slips that people make with the mean or the sum over a batch: samples left out, a wrong number divided by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, DIV, Call, Expression, Name, Number
from tracer.grading.network.plan import MEAN, SUM
from tracer.grading.slips.setting import Edit, Setting


def over_batch(right: Expression, setting: Setting) -> Iterator[Edit]:
    """The sum for the mean and the other way round; rows of the batch left out, or rows of another one taken along."""
    for path, node in nodes(right):
        match node:
            case Call(function, (Name(_, batch, True) as over,)) if function in (MEAN, SUM) and abs(batch) < 2:
                for new, cause in _otherwise(function == MEAN, over, setting):
                    yield Edit(put(right, path, new), cause)


def _otherwise(is_mean: bool, over: Name, setting: Setting) -> Iterator[tuple[Expression, str]]:
    total, mean = Call(SUM, (over,)), Call(MEAN, (over,))
    lags = setting.place.lags(over.lag)
    size, text = len(lags), setting.text(Name(over.name, setting.home))
    if is_mean:
        yield total, f"the sum of {text} stands where the mean belongs: the division by the batch's size is missing"
    else:
        yield mean, f"the mean of {text} stands where the sum belongs"
    for number in setting.numbers:
        if is_mean and number != size:
            yield (
                Call(DIV, (total, Number(number))),
                f"the sum of {text} is divided by {number:g}, not by the batch's size",
            )
    for rows, what in _other_rows(list(lags)):
        terms = tuple(Name(over.name, lag) for lag in rows)
        sums: Expression = Call(ADD, terms) if len(terms) > 1 else terms[0]
        for divisor in dict.fromkeys((len(rows), size)) if is_mean else (1,):
            again = f", and the rest divided by {divisor}" if divisor == size != len(rows) else ""
            yield Call(DIV, (sums, Number(float(divisor)))) if divisor > 1 else sums, f"{what} of {text}{again}"


def _other_rows(lags: Sequence[int]) -> Iterator[tuple[list[int], str]]:
    """Rows that are not quite those of the batch."""
    size, (first, *_, last) = len(lags), (*lags, lags[-1])
    for index, lag in enumerate(lags if size > 1 else ()):
        which = "last" if index == size - 1 else "first" if not index else f"{index + 1}th"
        yield [other for other in lags if other != lag], f"the {which} sample of the batch is left out"
    yield [*lags, last - 1], "a row of the next batch is taken along"
    yield [first + 1, *lags], "a row of the batch before is taken along"
    yield [lag - 1 for lag in lags], "the rows are one too far down"
    yield [lag + 1 for lag in lags], "the rows are one too far up"
    for index, lag in enumerate(lags if size > 2 else ()):
        yield [lag], f"only sample {index + 1} of the batch is taken"
