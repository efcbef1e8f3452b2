"""The whole trajectory from a table's first row: the right one, and the one that a single mistake leads to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

from tracer import naming
from tracer.expression import Expression, Name, names, replace
from tracer.grading.model import Model
from tracer.grading.series import Rows
from tracer.numeric import NO_NUMBER, compiled

_Formula = tuple[list[tuple[str, int]], Callable[..., float]]
"""The (quantity, lag) pairs that a formula needs, and a function of their values."""


@lru_cache(maxsize=4_000)
def _function(expression: Expression) -> _Formula:
    """The (quantity, lag) pairs that an expression needs, and a function of their values."""
    places = list(dict.fromkeys((n.name, n.lag) for n in names(expression)))
    local: dict[Expression, Expression] = {Name(q, lag): Name(f"{q}\n{lag}") for q, lag in places}
    needed, function = compiled(replace(expression, local) if local else expression)
    order = [(q, int(lag)) for q, lag in (name.split("\n") for name in needed)]
    return order, function


def walked(model: Model, rows: Rows, eta: float, instead: Mapping[str, Expression]) -> list[dict[str, float]] | None:
    """Every quantity in every step of the table, from its first weights, with its inputs and targets.

    instead: formulas in place of the right ones. None where the table does not give what the run needs; a run that
    meets a number without a value ends there.
    """
    system = model.system
    start = {p.name: _first(rows, p.name) for p in system.parameters}
    data = {name: rows[Name(name)].tolist() for name in system.data}
    if any(math.isnan(x) for x in start.values()) or any(math.isnan(x) for column in data.values() for x in column):
        return None
    order = [e.quantity for e in system.equations]
    if any(name not in order and name not in system.updates for name in instead):
        return None
    if any(n.lag < 0 for expression in instead.values() for n in names(expression)):
        return None
    try:
        right = {name: _function(_right(model, name)) for name in (*order, *system.updates)}
        wrong = {name: _function(expression) for name, expression in instead.items()}
    except (KeyError, SyntaxError, RecursionError):
        return None
    history: list[dict[str, float]] = []
    for step in range(rows.steps):
        now: dict[str, float] = {naming.ETA: eta, naming.ITERATION: float(step + 1)}
        now |= {name: column[step] for name, column in data.items()}
        history.append(now)
        try:
            for name in (*start, *order):
                given = name in start and (not step or name not in system.updates)
                now[name] = start[name] if given else _either(wrong.get(name), right[name], history)
        except NO_NUMBER:
            history.pop()
            break
        except LookupError:
            return None
    return history if history and all(math.isfinite(now[system.loss]) for now in history) else None


def _right(model: Model, name: str) -> Expression:
    return model.system.updates[name] if name in model.system.updates else model.forward_or_backward[name]


def _first(rows: Rows, name: str) -> float:
    return float(rows[Name(name)][0]) if rows.steps else math.nan


def _either(wrong: _Formula | None, right: _Formula, history: list[dict[str, float]]) -> float:
    """The mistaken value; the right one in the first steps, which a mistaken reference leads out of."""
    if wrong is not None and all(lag < len(history) for _, lag in wrong[0]):
        return _value(wrong, history)
    return _value(right, history)


def _value(formula: _Formula, history: list[dict[str, float]]) -> float:
    needed, function = formula
    values = []
    for name, lag in needed:
        index = len(history) - 1 - lag
        if not 0 <= index < len(history):
            raise LookupError(name)
        values.append(history[index][name])
    return float(function(*values))
