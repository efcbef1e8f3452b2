"""Made-up steps of a right network, at which two formulas are told apart: equal there, equal always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tracer import naming
from tracer.expression import Expression, Name
from tracer.grading.model import Model
from tracer.grading.numbers import Array, value

TRIALS = 12
STEPS = 8
AHEAD = 1
"""Steps that are known beyond the one looked at: a formula may use the next row."""
SAME = 1e-9
"""Relative; what differs by less is the same formula."""


class Oracle(Mapping[Name, Array]):
    """The quantities of made-up steps of a right network, by name and lag, one value for each of TRIALS networks.

    Inputs and targets change from step to step, but for those in `constant`, so that no two quantities are equal by
    chance; those in `given` have the values given. η is drawn too, where it is None.
    """

    def __init__(self, model: Model, given: Mapping[str, float], eta: float | None, constant: frozenset[str]) -> None:
        self.model = model
        drawn = np.random.default_rng(20_250)
        self.scheduled = model.equation(naming.ETA) is not None
        self.given = {**model.system.hyper, **given} | ({} if eta is None else {naming.ETA: eta})
        if self.scheduled:
            self.given.pop(naming.ETA, None)
        self.eta: Array = drawn.uniform(0.002, 0.03, TRIALS)  # small: the networks stay as varied as they were drawn
        self.data = [{name: drawn.uniform(0.15, 0.95, TRIALS) for name in model.system.data} for _ in range(STEPS)]
        for step in self.data[1:]:
            step |= {name: value for name, value in self.data[0].items() if name in constant}
        self.start: dict[str, Array] = {
            p.name: drawn.uniform(0.2, 0.9, TRIALS) * drawn.choice([-1.0, 1.0], TRIALS) for p in model.system.parameters
        }
        self._known: dict[tuple[str, int], Array] = {}

    def __getitem__(self, name: Name) -> Array:
        step = STEPS - 1 - AHEAD - name.lag
        if not 0 <= step < STEPS:
            raise KeyError(name)
        return self._at(name.name, step)

    def __iter__(self) -> Iterator[Name]:
        return iter(())

    def __len__(self) -> int:
        return STEPS

    def _at(self, name: str, step: int) -> Array:
        known = self._known.get((name, step))
        if known is None:
            known = self._known[name, step] = self._compute(name, step)
        return known

    def _compute(self, name: str, step: int) -> Array:
        model = self.model
        if name in self.given:
            return np.full(TRIALS, self.given[name])
        if name == naming.ETA and not self.scheduled:
            return self.eta
        if name in (naming.ITERATION, naming.COUNT):
            return np.full(TRIALS, float(step + 1))
        if name in self.data[0]:
            return self.data[step][name]
        if name in model.parameters and (not step or name not in model.system.updates):
            return self.start[name]
        equation = model.equation(name)
        if equation is None or step < 0:
            raise KeyError(name)
        return value(equation, _At(self, step))

    def value(self, expression: Expression) -> Array | None:
        """An expression's value; None where it uses something that made-up steps do not have."""
        try:
            return np.broadcast_to(value(expression, self), (TRIALS,))
        except KeyError:
            return None


class _At(Mapping[Name, Array]):
    def __init__(self, oracle: Oracle, step: int) -> None:
        self.oracle, self.step = oracle, step

    def __getitem__(self, name: Name) -> Array:
        step = self.step - name.lag
        if step == -1 and name.name in self.oracle.model.system.states:
            return np.zeros(TRIALS)
        if not 0 <= step < STEPS:
            raise KeyError(name)
        return self.oracle._at(name.name, step)

    def __iter__(self) -> Iterator[Name]:
        return iter(())

    def __len__(self) -> int:
        return STEPS


def same(x: Array, y: Array, relative: float = SAME) -> bool:
    """Whether two results are the same in every trial. Where neither is a number, nothing is known."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any() or (np.isfinite(x) != np.isfinite(y)).any():
        return False
    scale = np.maximum(np.abs(x), np.abs(y))[both]
    return bool((np.abs(x - y)[both] <= relative * scale + 1e-14).all())


__all__ = ["SAME", "TRIALS", "Oracle", "same"]
