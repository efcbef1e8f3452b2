"""How one iteration moves a parameter, as data: the equations from its gradient to its next value, and a sentence.

Everything is read from the optimizer's own rule, so that one of the user's is explained like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracer.explain.blocks import Line, of_this_step
from tracer.explain.templates import written
from tracer.explain.words import words
from tracer.formulas.evaluation import evaluate
from tracer.formulas.primitives import FUNCTIONS, unrounded
from tracer.formulas.tree import COMPARISONS, MUL, ONE, SUB, ZERO, Call, Expression, Name, add, mul, neg, sub
from tracer.formulas.tree import names as names_in
from tracer.model import naming
from tracer.model.quantity import Quantity, Role
from tracer.model.system import OF_A_BATCH, System
from tracer.tables.optimizers import title


@dataclass(frozen=True, slots=True)
class Value:
    """The number in a sentence that an expression gives."""

    expression: Expression


Parts = tuple[str | Expression | Value, ...]
"""Text, expressions in symbols, numbers."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a sentence says under a condition, the last case under any other."""

    condition: Expression | None
    parts: Parts


Sentence = tuple[Case, ...]
"""The first case whose condition holds."""


@dataclass(frozen=True, slots=True)
class Update:
    """What happens to a quantity at the end of an iteration.

    lines: the equations from the gradient of a parameter to its next value, in the order of computation; empty for
    what is not trained. change: what the update adds to the parameter, Δw. sentence: why it moves, or what its gradient
    says. Their names mean the values of one step; η and other constants are among them.
    """

    lines: tuple[Line, ...]
    change: Expression | None
    sentence: Sentence


def case_of(sentence: Sentence, step: Mapping[str, float]) -> Case:
    """What the sentence says in a step (name → value)."""
    return next(c for c in sentence if c.condition is None or evaluate(c.condition, step))


def said(sentence: Sentence, step: Mapping[str, float], names: Mapping[str, str] | None = None) -> str:
    """The sentence in a step (name → value). names: how quantities are typeset."""
    return filled(case_of(sentence, step), lambda expression: evaluate(expression, step), names)


def filled(case: Case, value: Callable[[Expression], float], names: Mapping[str, str] | None = None) -> str:
    """The text of a case with its numbers."""
    return "".join(
        written(value(part.expression)) if isinstance(part, Value) else in_text(part, names) for part in case.parts
    )


def in_text(part: str | Expression, names: Mapping[str, str] | None = None) -> str:
    """A text or symbolic part of a sentence, as text."""
    return part if isinstance(part, str) else words(part, names)


def update_of(system: System, quantity: str, optimizer: str) -> Update:
    """How the update moves a parameter; of any other quantity, what its gradient means. optimizer: its name."""
    if quantity in system.updates:
        return _of_parameter(system, quantity, optimizer)
    gradient, shown = Name(system.gradient(quantity)), Name(quantity)
    if any(parameter.name == quantity for parameter in system.parameters):
        return Update((), None, _by_sign(gradient, (), ("; ", shown, " is frozen, so it does not move.")))
    loss = naming.within(system.quantities[system.loss])
    of_sign = [
        (gradient, f" is {sign}, so a slightly larger ", shown, f" would {effect} {loss}.")
        for sign, effect in (("positive", "increase"), ("negative", "decrease"), ("0", "not change"))
    ]
    conditions = (_compared(">", gradient), _compared("<", gradient), None)
    return Update((), None, tuple(map(Case, conditions, of_sign)))


def _of_parameter(system: System, parameter: str, optimizer: str) -> Update:
    update = of_this_step(system.updates[parameter])
    of = system.quantities[parameter]
    lines = [
        Line(equation.quantity, equation.expression)
        for equation in system.equations
        if equation.phase in OF_A_BATCH and _belongs(system.quantities[equation.quantity], of)
    ]
    rule = _added(unrounded(update), parameter)
    change = change_of(update, parameter)
    used = [name for name in names_in(rule) if name.name in system.quantities]
    gradients = [name for name in used if system.quantities[name.name].role in (Role.GRADIENT, Role.CLIPPED)]
    end = "" if system.decimals is None else f", rounded to {system.decimals} decimals"
    eta = Name(naming.ETA)
    if gradients and rule == neg(mul(eta, gradients[0])):
        sentence = _downhill(system, parameter, gradients[0], change, end)
    else:
        gradient = Name(system.gradient(parameter, system.batch_loss))
        moves = (f"{title(optimizer)} moves ", Name(parameter), " by ", rule, " = ", Value(change), f"{end}; ")
        sentence = _by_sign(gradient, moves, (".",))
    return Update((*lines, Line(parameter, update, is_update=True)), change, sentence)


def _belongs(quantity: Quantity, parameter: Quantity) -> bool:
    """Whether a quantity of the batch or of the optimizer is one of this parameter."""
    return parameter == (quantity.by if quantity.role is Role.GRADIENT else quantity.of)


def change_of(update: Expression, parameter: str) -> Expression:
    """What an update adds to the parameter; of one that is rounded, the difference of the two."""
    return _added(update, parameter) if unrounded(update) == update else sub(update, Name(parameter))


def _added(update: Expression, parameter: str) -> Expression:
    """What an update adds to the parameter, in the terms of its rule: −η·g of w − η·g."""
    match update:
        case Name(name) if name == parameter:
            return ZERO
        case Call(function, (first, second)) if function == SUB:
            return sub(_added(first, parameter), second)
        case Call(function, (Name(name), Call(minus, (one, share)))) if (
            function == MUL and minus == SUB and name == parameter and one == ONE
        ):
            return neg(mul(share, Name(parameter)))
    return sub(update, Name(parameter))


def _downhill(system: System, parameter: str, gradient: Name, change: Expression, end: str) -> Sentence:
    """The sentence of gradient descent by itself. end: what is said of the change where it is rounded, which may move
    the parameter against its gradient, or not at all."""
    shown = Name(parameter)
    which = ""
    if system.quantities[gradient.name].role is Role.CLIPPED:
        which = ", the clipped gradient,"
    elif system.batch_loss:
        which = f", the {system.batches.reduction} over the batch,"
    eta = Name(naming.ETA)
    amount = (eta, "·", Value(_size(gradient)), " = ", Value(_size(change)), f"{end}.")
    by_rule = (shown, " moves by −", eta, "·", gradient, " = ", Value(change), f"{end}.")

    def moves(sign: str, way: str) -> Parts:
        return (gradient, f"{which} is {sign}, so ", shown, f" goes {way} by ", *amount)

    by_rounding = (gradient, f"{which} is ", Value(gradient), "; ", shown, " moves by ", Value(change), f"{end}.")
    against = Call(COMPARISONS["<>"], (add(_sign(change), _sign(gradient)), ZERO))
    return (
        Case(Call(COMPARISONS["<="], (eta, ZERO)), by_rule),
        *([Case(against, by_rounding)] if end else []),
        Case(_compared(">", gradient), moves("positive", "down")),
        Case(_compared("<", gradient), moves("negative", "up")),
        Case(None, (gradient, f"{which} is 0, so ", shown, " does not move.")),
    )


def _by_sign(gradient: Name, before: Parts, after: Parts) -> Sentence:
    """A sentence that says which sign a gradient has."""
    conditions = (_compared(">", gradient), _compared("<", gradient), None)
    signs = ("positive", "negative", "0")
    return tuple(
        Case(condition, (*before, gradient, f" is {sign}", *after))
        for condition, sign in zip(conditions, signs, strict=True)
    )


def _compared(comparison: str, gradient: Name) -> Expression:
    return Call(COMPARISONS[comparison], (gradient, ZERO))


def _sign(expression: Expression) -> Expression:
    return Call(FUNCTIONS["sign"], (expression,))


def _size(expression: Expression) -> Expression:
    return Call(FUNCTIONS["abs"], (expression,))
