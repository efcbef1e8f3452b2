"""Why a quantity has its gradient, and a parameter its next value, in lines: symbols, numbers put in, result.

First the factors, then their products, the sum of these, the numeric check, and the update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tracer.explain.blocks import Line
from tracer.explain.derivation import MOST_FACTORS, MOST_PATHS, Derivation, Path
from tracer.explain.numeric_check import NumericCheck
from tracer.explain.templates import Slot, filled, template, written
from tracer.explain.words import called, equation, words
from tracer.formulas.evaluation import evaluate
from tracer.formulas.tree import ADD, MUL, Call, Expression, Name
from tracer.model import naming
from tracer.model.system import System

Names = Mapping[str, str] | None
"""How quantities are typeset (see `typography.typeset`); without, they keep their names."""
MOST_FACTOR_LINES = MOST_FACTORS
"""Factors of more than one product that get a line each; where there are more, the products alone show them."""
MOST_PRODUCT_LINES = 32
"""Of more products the last line is the sum of those that remain."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A line: what is computed, in symbols; the numbers put in; the result, dimensionless."""

    line: str
    numbers: str
    result: float


def explanation(
    system: System,
    derivation: Derivation,
    step: Mapping[str, float],
    check: NumericCheck,
    updates: tuple[Line, ...],
    value: Callable[[Slot], float],
    names: Names = None,
) -> Iterator[Explained]:
    """The lines of a quantity in a step (name → value). updates: the lines of its update. value: of a slot in these,
    whose names may mean other rows of the batch or the iteration before. names: how quantities are typeset."""
    products = product_lines(derivation, step, names)
    if len(derivation.factors) <= MOST_FACTOR_LINES:
        yield from factor_lines(derivation, step, names)
    if len(products) != 1 or len(derivation.factors) > 1:
        yield from products[: MOST_PRODUCT_LINES - 1 if len(products) > MOST_PRODUCT_LINES else None]
    if len(products) > MOST_PRODUCT_LINES:
        rest = sum(line.result for line in products[MOST_PRODUCT_LINES - 1 :])
        yield Explained(rest_in_words(len(products)), "", rest)
    if len(products) != 1:
        yield sum_line(system, derivation, products, names)
    if is_rounded(system, derivation):
        yield Explained(rounded_in_words(system, derivation.quantity, names), "", step[derivation.gradient])
    gradient = step.get(derivation.gradient, derivation.value(step))
    yield from check_lines(system, derivation.quantity, check, gradient, names)
    for line in updates:
        numbers = filled(line.template(system.batches.rows), value)
        yield Explained(update_in_words(line, names), numbers, update_result(line, step))


def factor_lines(derivation: Derivation, step: Mapping[str, float], names: Names = None) -> list[Explained]:
    """A line for each factor."""
    return [
        Explained(
            f"{factor.symbol} = {words(factor.expression, names)}",
            _put_in(factor.expression, step),
            factor.value(step),
        )
        for factor in derivation.factors
    ]


def product_lines(derivation: Derivation, step: Mapping[str, float], names: Names = None) -> list[Explained]:
    """A line for each product; that of a single one is the equation of the gradient."""
    begin = f"{called(derivation.gradient, names)} = " if len(derivation.paths) == 1 else ""
    found = []
    for path in derivation.paths:
        values = {factor.symbol: factor.value(step) for factor in path}
        numbers = _put_in(product(path), values)
        found.append(Explained(begin + "·".join(values), numbers, math.prod(values.values())))
    return found


def product(path: Path) -> Expression:
    """The product of some factors by their symbols."""
    names = tuple(Name(factor.symbol) for factor in path)
    return names[0] if len(names) == 1 else Call(MUL, names)


def sum_line(system: System, derivation: Derivation, products: list[Explained], names: Names = None) -> Explained:
    """The equation of a gradient that is a sum, or 0."""
    values = {str(number): line.result for number, line in enumerate(products)}
    numbers = ""
    if values:
        numbers = _put_in(Call(ADD, tuple(map(Name, values))), values)
    return Explained(sum_in_words(system, derivation, names), numbers, sum(values.values()))


def _put_in(expression: Expression, values: Mapping[str, float]) -> str:
    return filled(("= ", *template(expression)), lambda slot: values[slot.name.name])


def sum_in_words(system: System, derivation: Derivation, names: Names = None) -> str:
    """What a gradient is the sum of."""
    gradient = called(derivation.gradient, names)
    if not derivation.count:
        return f"{gradient} = 0: {loss_of(system)} does not depend on {called(derivation.quantity, names)}"
    if not derivation.by_layer:
        return f"{gradient} = the sum over its {counted_paths(len(derivation.paths))}"
    parting, paths = called(derivation.parting, names), counted_paths(derivation.count)
    many = f"more than {MOST_PATHS}" if derivation.count > MOST_PATHS else f"of more than {MOST_FACTORS} factors"
    return f"{gradient} = the sum over what uses {parting} ({paths}, {many})"


def rest_in_words(products: int) -> str:
    """What the last line of many products is."""
    return f"… and {products - MOST_PRODUCT_LINES + 1} more: their sum"


def counted_paths(count: int) -> str:
    """How many paths there are."""
    digits = f"{count:,}" if count < 10**9 else f"{count:.2e}".replace("e+", "e")
    return f"{digits} path{'' if count == 1 else 's'}"


def is_rounded(system: System, derivation: Derivation) -> bool:
    """Whether a run has a rounded gradient, which need not be the rounded sum of the products."""
    return system.decimals is not None and derivation.gradient in system.columns()


def rounded_in_words(system: System, quantity: str, names: Names = None) -> str:
    """What that gradient is."""
    return f"{called(system.gradient(quantity), names)} with every result rounded to {system.decimals} decimals"


def check_lines(
    system: System, quantity: str, check: NumericCheck, gradient: float, names: Names = None
) -> Iterator[Explained]:
    """The central difference, and how far it is from the gradient."""
    epsilon, difference = written(check.epsilon), written(check.above - check.below)
    yield Explained(f"{check_in_words(system, quantity, names)}{epsilon}", f"= {difference}/(2·{epsilon})", check.slope)
    yield Explained(difference_in_words(system, quantity, names), "", check.difference(gradient))


def check_in_words(system: System, name: str, names: Names = None) -> str:
    """What is computed to check a gradient; ε follows."""
    loss, quantity = loss_of(system), called(name, names)
    exact = "" if system.decimals is None else "without rounding, "
    return f"check: {exact}({loss}({quantity} + ε) − {loss}({quantity} − ε))/(2ε), ε = "


def difference_in_words(system: System, quantity: str, names: Names = None) -> str:
    """What it is compared with."""
    return f"its relative difference to {called(system.gradient(quantity), names)}"


def update_in_words(line: Line, names: Names = None) -> str:
    """An equation of the update in symbols."""
    return equation(line.quantity, line.expression, line.is_update, names)


def update_result(line: Line, step: Mapping[str, float]) -> float:
    """What an equation of the update gives. Raises one of NO_NUMBER if it has no value."""
    return evaluate(line.expression, step) if line.is_update else step[line.quantity]


def loss_of(system: System) -> str:
    """The loss as it is called in its derivatives."""
    return naming.within(system.quantities[system.loss])
