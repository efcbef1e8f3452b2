"""The explanation of a gradient: the chain rule, its factors, the products of its paths, the numeric check."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from tracer.explain.derivation import Derivation
from tracer.explain.document import Equation, Heading, Inline, Paragraph, Part, Table
from tracer.explain.explanation import (
    MOST_FACTOR_LINES,
    MOST_PRODUCT_LINES,
    by_name,
    counted_paths,
    factor_equations,
    is_rounded,
    many_paths,
    part,
    product,
    product_equations,
    sum_equation,
)
from tracer.explain.lesson.equations import in_full
from tracer.explain.lesson.operands import deeper, operands
from tracer.explain.lesson.subject import Subject
from tracer.explain.numeric_check import CLOSE, NumericCheck, forward, numeric_check
from tracer.explain.templates import DIGITS
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import ADD, Call, Expression, Function, Name, Number, add, div, mul, sub
from tracer.model.typography import typeset

MOST_SUMMANDS = 3
"""Of products that the chain rule shows as one sum; of more, each has an equation of its own."""
MOST_WAYS = 12
"""Paths that are written as a sequence of quantities."""
TWO = Number(2.0)
EPSILONS = ("ε", "δ", "Δ", "ε′")
"""Names of a small number; Adam has an ε of its own."""
FEW = 3
"""Digits of a difference."""


def gradient_parts(subject: Subject, quantity: str) -> Iterator[Part]:
    """The derivation of ∂E/∂q in a step. Raises KeyError if it has none."""
    derivation = subject.derivations.of(quantity)
    subject.use(derivation.factors)
    if not derivation.count:
        yield Paragraph((subject.loss, " does not depend on ", Name(quantity), ":"))
        yield Equation(Name(derivation.gradient), ("0",), digits=subject.digits)
        return
    is_single = len(derivation.factors) == 1
    if not is_single:
        yield Heading(("The chain rule",), 2)
        yield from _paths(subject, derivation)
    if is_single or subject.depth:
        yield from _factors(subject, derivation)
    made_of = [name for factor in derivation.factors for name in operands(factor.expression)]
    yield from deeper(subject, made_of, {derivation.gradient, *(f.symbol for f in derivation.factors)}, 2)
    if not is_single:
        yield from _products(subject, derivation)
    if is_rounded(subject.system, derivation):
        yield Paragraph((f"With every result rounded to {subject.system.decimals} decimals, as the run computes it:",))
        yield Equation(Name(derivation.gradient), result=subject.step.now[derivation.gradient], digits=subject.digits)
    yield from check_parts(subject, derivation)


def _paths(subject: Subject, derivation: Derivation) -> Iterator[Part]:
    """Which paths there are, and the chain rule along them."""
    quantity, gradient, loss = Name(derivation.quantity), Name(derivation.gradient), subject.loss
    paths = derivation.paths
    if len(paths) == 1:
        yield Paragraph(("One path leads from ", quantity, " to ", loss, ": ", *_way(subject, derivation, 0), "."))
        yield Equation(gradient, (product(paths[0]),))
        return
    if derivation.by_layer:
        yield Paragraph(
            (f"{many_paths(derivation)}: too many to follow one by one. They part at ", Name(derivation.parting),
             f", which {len(paths):,} quantities use; each term below stands for all paths through one of them.")
        )  # fmt: skip
    else:
        yield Paragraph((f"{counted_paths(len(paths))} lead from ", quantity, " to ", loss, ":"))
        rows: list[tuple[Inline, ...]] = [
            ((subject.made_up(part(derivation, number + 1)),), _way(subject, derivation, number))
            for number in range(min(len(paths), MOST_WAYS))
        ]
        yield Table((("path",), ("through",)), tuple(rows))
        if len(paths) > MOST_WAYS:
            yield Paragraph((f"… and {len(paths) - MOST_WAYS:,} more.",))
    if len(paths) <= MOST_SUMMANDS:
        yield Equation(gradient, (Call(ADD, tuple(map(product, paths))),))
    else:
        names = tuple(subject.made_up(part(derivation, number)) for number in range(1, len(paths) + 1))
        yield Equation(gradient, (Call(ADD, names),))


def _way(subject: Subject, derivation: Derivation, number: int) -> Inline:
    """The quantities on a path, from the one that is derived by to the loss."""
    path = derivation.paths[number]
    found: list[str | Expression] = [Name(derivation.quantity)]
    for factor in reversed(path):
        found += [" → ", subject.loss if factor.of == subject.full.loss else Name(factor.of)]
    return tuple(found)


def _factors(subject: Subject, derivation: Derivation) -> Iterator[Part]:
    if len(derivation.factors) > MOST_FACTOR_LINES:
        count = len(derivation.factors)
        yield Paragraph((f"These have {count:,} factors; each appears with its number in the products below.",))
        return
    if len(derivation.factors) > 1:
        yield Heading(("The factors",), 2)
    for equation in factor_equations(derivation, subject.step.now):
        yield in_full(equation, subject.digits)


def _products(subject: Subject, derivation: Derivation) -> Iterator[Part]:
    digits = subject.digits
    products = product_equations(derivation, subject.step.now)
    for line in products:
        if isinstance(line.left, Name):
            subject.made_up(line.left.name)
    if len(products) == 1:
        yield Heading(("Their product",), 2)
        yield replace(in_full(_as_in_the_trace(subject, products[0]), digits), symbols=())
        return
    yield Heading(("The terms and their sum" if derivation.by_layer else "The paths and their sum",), 2)
    cut = len(products) > MOST_PRODUCT_LINES
    for line in products[: MOST_PRODUCT_LINES - 1 if cut else None]:
        yield in_full(line, digits)
    if cut:
        rest = products[MOST_PRODUCT_LINES - 1 :]
        total = sum(line.result or 0.0 for line in rest)
        yield Paragraph((f"… and {len(rest):,} more, whose sum is ", subject.number(total), "."))
    yield in_full(_as_in_the_trace(subject, sum_equation(derivation, products)), digits)


def _as_in_the_trace(subject: Subject, equation: Equation) -> Equation:
    """The equation of a gradient with all digits that the trace has of it; products in another order differ in the
    last ones. With decimals the trace has another number."""
    assert isinstance(equation.left, Name)
    if subject.system.decimals is not None:
        return equation
    return replace(equation, result=subject.step.now.get(equation.left.name, equation.result))


def _reliable(check: NumericCheck) -> int:
    """Digits of the central difference that the difference of two losses keeps."""
    change, step = abs(check.above - check.below), math.ulp(max(abs(check.above), abs(check.below)))
    return max(1, min(DIGITS, math.floor(math.log10(change / step)) - 1)) if change else DIGITS


def _epsilon(subject: Subject) -> Name:
    """The name of what a quantity is moved by; ε, unless something else is called so."""
    taken = set(typeset(subject.full.quantities).values())
    return subject.made_up(next(sign for sign in EPSILONS if sign not in taken))


def check_parts(subject: Subject, derivation: Derivation) -> Iterator[Part]:
    """The numeric check beside a gradient."""
    system, step, quantity = subject.system, subject.step.now, derivation.quantity
    yield Heading(("The numeric check",), 2)
    moved = Name(quantity)
    try:
        check = numeric_check(system, step, quantity)
    except NO_NUMBER:
        yield Paragraph((subject.loss, " has no value that close to ", moved, "."))
        return
    epsilon, loss = _epsilon(subject), Function(subject.loss.name)
    exact = "" if system.decimals is None else ", without rounding"
    yield Paragraph(
        (f"The same slope from two more forward passes{exact}: ", moved, " moved up and down by ", epsilon, " = ",
         subject.number(check.epsilon), ".")
    )  # fmt: skip
    above, below = Name("E above"), Name("E below")
    symbols = [Call(loss, (of(moved, epsilon),)) for of in (add, sub)]
    twice = mul(TWO, epsilon)
    values = {above.name: check.above, below.name: check.below, epsilon.name: check.epsilon}
    yield in_full(
        Equation(div(sub(*symbols), twice), put_in=div(sub(above, below), twice), value=by_name(values),
                 result=check.slope),
        min(subject.digits, _reliable(check)),
    )  # fmt: skip
    gradient = step.get(derivation.gradient, derivation.value(step))
    yield Paragraph(_said(subject, derivation, check, gradient, epsilon))


def _said(subject: Subject, derivation: Derivation, check: NumericCheck, gradient: float, epsilon: Name) -> Inline:
    """How close the check comes to a gradient, and why it may not."""
    of, moved, number = Name(derivation.gradient), Name(derivation.quantity), subject.number
    if check.is_within_noise(gradient):
        by = number(abs(check.slope - gradient), FEW)
        return "It differs from ", of, " by ", by, ", which is within the rounding error of the two losses."
    said: Inline = ("Relative difference to ", of, ": ", number(check.difference(gradient), FEW), ".")
    if subject.system.decimals is not None and check.difference(gradient) > CLOSE:
        return (*said, f" The run rounds every result to {subject.system.decimals} decimals, and this check does not.")
    loss = forward(subject.system, subject.step.now, derivation.quantity)[subject.system.loss]
    if not check.spans_a_kink(gradient, loss):
        return said
    return (*said, " The slope of ", subject.loss, " jumps between ", sub(moved, epsilon), " and ", add(moved, epsilon),
            ", as that of |x| does at 0: the difference mixes the slopes on both sides, and is no check of ", of,
            " here.")  # fmt: skip
