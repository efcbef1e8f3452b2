"""Why a quantity has its gradient and a parameter its next value, as ordered equations and as lines of text.

First the factors, then their products, the sum of these, the numeric check, and the update.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tracer.explain.blocks import Line
from tracer.explain.derivation import MOST_FACTORS, MOST_PATHS, Derivation, Path
from tracer.explain.document import Equation
from tracer.explain.numeric_check import NumericCheck
from tracer.explain.templates import Slot, filled, template, written
from tracer.explain.words import called, uses_itself, words
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


# ------------------------------------------------------------------------------------------------ equations


def factor_equations(derivation: Derivation, step: Mapping[str, float]) -> list[Equation]:
    """The equation of each factor in a step (name → value)."""
    return [
        Equation(Name(factor.symbol), (factor.expression,), factor.expression, by_name(step), factor.value(step))
        for factor in derivation.factors
    ]


def product_equations(derivation: Derivation, step: Mapping[str, float]) -> list[Equation]:
    """The equation of each product; that of a single one is the equation of the gradient."""
    found = []
    for number, path in enumerate(derivation.paths, 1):
        values = {factor.symbol: factor.value(step) for factor in path}
        left = Name(derivation.gradient if len(derivation.paths) == 1 else part(derivation, number))
        factors = product(path)
        found.append(Equation(left, (factors,), factors, by_name(values), math.prod(values.values())))
    return found


def sum_equation(derivation: Derivation, products: list[Equation]) -> Equation:
    """The equation of a gradient that is the sum of these products, or 0."""
    values = {part(derivation, number): line.result or 0.0 for number, line in enumerate(products, 1)}
    names = tuple(map(Name, values))
    total = Call(ADD, names) if len(names) > 1 else names[0] if names else None
    return Equation(
        Name(derivation.gradient), (total,) if total else ("0",), total, by_name(values), sum(values.values())
    )


def update_equation(line: Line, step: Mapping[str, float], value: Callable[[Slot], float], batch: int = 1) -> Equation:
    """An equation of the update. Raises one of NO_NUMBER if it has no value."""
    expression, is_update = line.expression, line.is_update or uses_itself(line.quantity, line.expression)
    result = update_result(line, step)
    return Equation(Name(line.quantity), (expression,), expression, value, result, batch, is_update=is_update)


def update_result(line: Line, step: Mapping[str, float]) -> float:
    """What an equation of the update gives. Raises one of NO_NUMBER if it has no value."""
    return evaluate(line.expression, step) if line.is_update else step[line.quantity]


def by_name(values: Mapping[str, float]) -> Callable[[Slot], float]:
    """The value of a slot, from values by name."""
    return lambda slot: values[slot.name.name]


def part(derivation: Derivation, number: int) -> str:
    """The name of one of several products, which count from 1."""
    return f"{'term' if derivation.by_layer else 'path'} {number}"


def product(path: Path) -> Expression:
    """The product of some factors by their symbols."""
    names = tuple(Name(factor.symbol) for factor in path)
    return names[0] if len(names) == 1 else Call(MUL, names)


# ------------------------------------------------------------------------------------------------ lines of text


@dataclass(frozen=True, slots=True)
class Explained:
    """A line: what is computed, in symbols; the numbers put in; the result, dimensionless."""

    line: str
    numbers: str
    result: float


def in_words(equation: Equation, names: Names = None, *, left: bool = True) -> Explained:
    """An equation as a line. left: whether it says what is computed."""
    right = "".join(symbols if isinstance(symbols, str) else words(symbols, names) for symbols in equation.symbols[-1:])
    line = f"{words(equation.left, names)} {'←' if equation.is_update else '='} {right}" if left else right
    numbers = ""
    if equation.put_in is not None and equation.value is not None:
        numbers = filled(("= ", *template(equation.put_in, equation.batch)), equation.value)
    assert equation.result is not None
    return Explained(line, numbers, equation.result)


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
        yield sum_line(system, derivation, step, names)
    if is_rounded(system, derivation):
        yield Explained(rounded_in_words(system, derivation.quantity, names), "", step[derivation.gradient])
    gradient = step.get(derivation.gradient, derivation.value(step))
    yield from check_lines(system, derivation.quantity, check, gradient, names)
    for line in updates:
        yield in_words(update_equation(line, step, value, system.batches.rows), names)


def factor_lines(derivation: Derivation, step: Mapping[str, float], names: Names = None) -> list[Explained]:
    """A line for each factor."""
    return [in_words(equation, names) for equation in factor_equations(derivation, step)]


def product_lines(derivation: Derivation, step: Mapping[str, float], names: Names = None) -> list[Explained]:
    """A line for each product; that of a single one is the equation of the gradient."""
    products = product_equations(derivation, step)
    return [in_words(equation, names, left=len(products) == 1) for equation in products]


def sum_line(system: System, derivation: Derivation, step: Mapping[str, float], names: Names = None) -> Explained:
    """The line of a gradient that is a sum, or 0."""
    line = in_words(sum_equation(derivation, product_equations(derivation, step)), names)
    return Explained(sum_in_words(system, derivation, names), line.numbers, line.result)


def sum_in_words(system: System, derivation: Derivation, names: Names = None) -> str:
    """What a gradient is the sum of."""
    gradient = called(derivation.gradient, names)
    if not derivation.count:
        return f"{gradient} = 0: {loss_of(system)} does not depend on {called(derivation.quantity, names)}"
    if not derivation.by_layer:
        return f"{gradient} = the sum over its {counted_paths(len(derivation.paths))}"
    parting = called(derivation.parting, names)
    return f"{gradient} = the sum over what uses {parting} ({many_paths(derivation)})"


def many_paths(derivation: Derivation) -> str:
    """How many paths there are where they are not shown one by one, and why they are not."""
    many = f"more than {MOST_PATHS}" if derivation.count > MOST_PATHS else f"of more than {MOST_FACTORS} factors"
    return f"{counted_paths(derivation.count)}, {many}"


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


def loss_of(system: System) -> str:
    """The loss as it is called in its derivatives."""
    return naming.within(system.quantities[system.loss])
