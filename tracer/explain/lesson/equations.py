"""The equations of a step in three forms: symbols, the numbers put in, the result.

The numbers put in give the result: they get as many digits as it takes for who computes with them to find every digit
that is shown of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from operator import attrgetter

from tracer.execution.interpreter import formula_of
from tracer.explain.blocks import Line
from tracer.explain.document import Equation
from tracer.explain.step import Step
from tracer.explain.templates import BATCH_SIZE, DIGITS, MOST_DIGITS, Slot, rounded, written
from tracer.explain.words import uses_itself
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.exact import exact
from tracer.formulas.notation import TooLong, render
from tracer.formulas.notation.text import LONGEST, TEXT, TYPESET
from tracer.formulas.notation.typesetting import CUT, LONGEST_SUM, as_it_stands, forms
from tracer.formulas.tree import Expression, Name, Number, distinct

Values = Callable[[Slot], float]
TIES = 9
"""Digits in which a number may be a tie: other programs may round it to the other side."""


def equation_of(step: Step, quantity: str, digits: int = DIGITS) -> Equation:
    """The equation of a quantity in a step. digits: significant digits of the result. Raises KeyError for one that has
    no equation."""
    found = next((e for e in step.system.equations if e.quantity == quantity), None)
    if found is None:
        raise KeyError(quantity)
    return of_line(step, Line(quantity, found.expression), digits)


def of_line(step: Step, line: Line, digits: int = DIGITS) -> Equation:
    """The equation of a line in a step; without a result where there is none."""
    expression = line.expression
    if line.is_update:
        result = (
            step.iteration.after[line.quantity]
            if line.quantity in step.iteration.after
            else _evaluated(expression, step)
        )
    else:
        result = step.now[line.quantity] if line.quantity in step.now else _evaluated(expression, step)
    overwrites = line.is_update or uses_itself(line.quantity, expression)
    equation = Equation(
        Name(line.quantity),
        (expression,),
        expression,
        step.value,
        result,
        len(step.iteration.rows),
        is_update=overwrites,
    )
    return in_full(equation if result is not None and math.isfinite(result) else replace(equation, result=None), digits)


def _evaluated(expression: Expression, step: Step) -> float | None:
    try:
        return evaluate(expression, step.now)
    except NO_NUMBER:
        return None


def in_full(equation: Equation, digits: int = DIGITS) -> Equation:
    """An equation with its functions spelled out, and with as many digits of the numbers put in as the result needs."""
    forms: tuple[Expression | str, ...] = equation.symbols
    put_in = equation.put_in
    if forms and isinstance(forms[0], Expression):
        forms = forms_of(forms[0])
        if put_in == equation.symbols[0] and isinstance(forms[-1], Expression):
            put_in = forms[-1]
    if isinstance(put_in, Number):
        forms, put_in = (), None  # the number is the result
    elif isinstance(put_in, Name) and not put_in.batch:
        put_in = None  # the number would be the result once more
    enough = digits
    if put_in is not None and equation.value is not None and equation.result is not None:
        enough = digits_for(put_in, equation.value, equation.result, digits, equation.batch)
    return replace(equation, symbols=forms, put_in=put_in, digits=digits, digits_put_in=enough)


def forms_of(expression: Expression) -> tuple[Expression, ...]:
    """An expression as it is rewritten: an activation by its symbol, then written out where that is not too long."""
    found = forms(expression)
    try:
        render(found[-1], TEXT, attrgetter("name"), LONGEST)
    except TooLong:
        return found[:1]
    return found


def digits_for(expression: Expression, value: Values, result: float, digits: int, batch: int = 1) -> int:
    """How many digits numbers must have for an expression to give all digits of its result."""
    is_cut = CUT in as_it_stands(expression, TYPESET, attrgetter("name"))
    if is_cut or (batch > LONGEST_SUM and any(name.batch for name in distinct(expression))):
        return digits  # who reads it does not see all numbers
    shown = written(result, digits=digits)
    needed, compute = formula_of(expression)
    near = 10.0 ** -max(TIES, digits + 3)
    numbers = {name: _numbers(name, value, batch) for name in needed}

    def gives(found: float) -> bool:
        return all(written(found * size, digits=digits) == shown for size in (1 - near, 1.0, 1 + near))

    for count in range(digits, MOST_DIGITS):
        rough = [_rounded(numbers[name], count) for name in needed]
        with suppress(*NO_NUMBER):
            if gives(float(compute(*map(_floats, rough)))):
                without_loss = exact(expression, dict(zip(needed, rough, strict=True)))
                if without_loss is None or gives(float(without_loss)):
                    return count
    return MOST_DIGITS


def _numbers(name: Name, value: Values, batch: int) -> float | list[float]:
    if name.batch and name != BATCH_SIZE:
        return [value(Slot(name, row=row)) for row in range(batch)]
    return value(Slot(name))


def _rounded(numbers: float | list[float], digits: int) -> Fraction | list[Fraction]:
    """The numbers as they are put in."""
    if isinstance(numbers, list):
        return [Fraction(rounded(number, digits)) for number in numbers]
    return Fraction(rounded(numbers, digits))


def _floats(numbers: Fraction | list[Fraction]) -> float | list[float]:
    return [*map(float, numbers)] if isinstance(numbers, list) else float(numbers)
