"""Expressions as they are shown to people, in text, LaTeX or MathML: functions written out, long sums cut short, as few
brackets as a textbook has, and the numbers of a product put together where they make a whole one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import is_

from tracer.formulas.expansion import expand
from tracer.formulas.notation import (
    ATOM,
    Notation,
    Parts,
    TooLong,
    Written,
    bracketed,
    called,
    compose,
    joined,
    shortest,
    tokens,
)
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import (
    ADD,
    DIV,
    MUL,
    NEG,
    POW,
    SUB,
    Call,
    Expression,
    Name,
    Number,
    fold,
    is_negative,
    mul,
    neg,
)

LONGEST_SUM = 8
"""A longer sum is shortened to its first three terms and its last."""
LARGEST = 1000
"""Denominator of a fraction that numbers are put together to."""
CHOICE = FUNCTIONS["if"]
CUT = "…"
"""Stands for the omitted terms."""

Spell = Callable[[Name], Parts]
"""How a quantity is written."""


@dataclass(frozen=True, slots=True)
class Cases:
    """How a choice is written, a case a row: what stands before and behind all, before each, between a value and its
    condition, between two cases, and behind the value of the last one, which has no condition."""

    begin: str
    case: str
    condition: str
    following: str
    otherwise: str
    end: str


@dataclass(frozen=True, slots=True)
class Typesetting:
    """A notation for people.

    decimal: a number from its digits and a power of ten, 0 where there is none. negative: such a number with its sign.
    brackets: around a number. word: what a function is called there, from its symbol, such as σ or softmax_1. plain:
    words within a formula. cut: what stands for omitted terms. longest: limit of the characters of an expression with
    its functions written out; a longer one keeps their names. equal, assigned: the signs of an equation and of an
    update. minus: how a text begins that needs brackets behind an operator; empty where none does. compound: what a
    name has in it that needs brackets as the base of a power. two_dimensional: whether it has fractions with a bar, and
    numbers with a power of ten as 2·10⁻⁸.
    opening: behind what a negative number needs no brackets. raised: what may follow the base of a power; raising: what
    may stand before one.
    cases: how a choice is written, if not as the notation says.
    special: how a call is written where the notation's operators do not say it; None for as they say.
    """

    notation: Notation
    decimal: Callable[[str, int], str]
    negative: Callable[[str], str]
    brackets: tuple[str, str]
    word: Callable[[str], str]
    plain: Callable[[str], str]
    cut: str
    longest: int
    equal: str = " = "
    assigned: str = " ← "
    minus: str = ""
    compound: tuple[str, ...] = ()
    two_dimensional: bool = False
    opening: tuple[str, ...] = ()
    raised: tuple[str, ...] = ()
    raising: tuple[str, ...] = ()
    cases: Cases | None = None
    special: Callable[[Call, Sequence[Written]], Written | None] | None = None

    def number(self, digits: str, power: int = 0, is_negative: bool = False, in_brackets: bool = False) -> str:
        """digits·10^power, or the negative of it."""
        text = self.decimal(digits, power)
        text = self.negative(text) if is_negative else text
        return text.join(self.brackets) if in_brackets else text


def typeset(expression: Expression, setting: Typesetting, spell: Spell) -> str:
    """The expression with its functions written out as the formulas that they stand for, such as 1/(1 + e^−h) for σ(h),
    unless that takes too long, and tidied."""
    return joined(parts_of(expression, setting, spell))


def as_it_stands(expression: Expression, setting: Typesetting, spell: Spell) -> str:
    """The expression neither written out nor tidied; long sums are cut short."""
    return joined(_parts(expression, setting, spell))


def lines_as_it_stands(expression: Expression, setting: Typesetting, spell: Spell) -> list[str]:
    """The same in pieces, between which a line may end."""
    return [joined(piece) for piece in lines(_parts(expression, setting, spell), setting)]


def forms(expression: Expression) -> tuple[Expression, ...]:
    """An expression as it is rewritten step by step: its functions by their symbols, then written out, as in
    σ(h) = 1/(1 + e^−h); a single one where these are the same."""
    return tuple(dict.fromkeys((tidied(expand(expression, symbols=True)), written_out(expression))))


def written_out(expression: Expression) -> Expression:
    """The expression with its functions spelled out, tidied."""
    return tidied(expand(expression))


def parts_of(expression: Expression, setting: Typesetting, spell: Spell) -> Parts:
    """What `typeset` shows in parts, among which `spell` may have put slots."""
    try:
        parts = _parts(written_out(expression), setting, spell)
        tokens(parts, setting.longest)
    except TooLong:
        parts = _parts(tidied(expand(expression, symbols=True)), setting, spell)
    return parts


def _parts(expression: Expression, setting: Typesetting, spell: Spell) -> Parts:
    def visit(node: Expression, args: list[Written]) -> Written:
        if isinstance(node, Name):
            name = setting.cut if node.name == CUT else spell(node)
            return Written(name, ATOM, setting.two_dimensional and is_compound(setting, name))
        if isinstance(node, Number):
            return _number(setting, node.value)
        assert isinstance(node, Call)
        return _call(setting, node, args)

    if setting.two_dimensional:
        expression = tidied(expression, fractions=True)
    return fold(shortened(expression), visit).parts


def _number(setting: Typesetting, value: float) -> Written:
    text = setting.notation.number(value)
    if setting.minus and value < 0:
        return Written(text, setting.notation.operators[NEG.name].precedence)
    if setting.two_dimensional and "e" in shortest(value):  # 2·10⁻⁸
        return Written(text, setting.notation.operators[DIV.name].precedence)
    return Written(text, ATOM)


def _call(setting: Typesetting, node: Call, args: Sequence[Written]) -> Written:
    notation, function = setting.notation, node.function
    special = setting.special(node, args) if setting.special else None
    if special:
        return special
    if setting.cases and function == CHOICE:
        return _choice(setting.cases, node, args)
    if function.symbol:
        return called(notation, setting.word(function.symbol), args)
    if setting.minus and function in (ADD, SUB, MUL):
        signed = [index > 0 and _first(arg).startswith(setting.minus) for index, arg in enumerate(args)]
        args = [bracketed(notation, arg) if sign else arg for arg, sign in zip(args, signed, strict=True)]
    if function == POW and isinstance(node.args[0], Name) and is_compound(setting, args[0].parts):
        args = [bracketed(notation, args[0]), *args[1:]]
    return compose(notation, function.name, args)


def _choice(cases: Cases, node: Call, args: Sequence[Written]) -> Written:
    """A choice; one in its last case goes on in further rows."""
    condition, yes, no = (arg.parts for arg in args)
    last: Parts = (cases.case, no, cases.otherwise)
    if isinstance(node.args[2], Call) and node.args[2].function == CHOICE and isinstance(no, tuple):
        last = no[1]
    rows = ((cases.case, yes, cases.condition, condition, cases.following), last)
    return Written((cases.begin, rows, cases.end), 0, is_tall=True)


def is_compound(setting: Typesetting, name: Parts) -> bool:
    """Whether the spelling of a name needs brackets as the base of a power."""
    return isinstance(name, str) and any(sign in name for sign in setting.compound)


def _first(written: Written) -> str:
    """The text that a written expression begins with."""
    part = written.parts
    while isinstance(part, tuple) and part:
        part = part[0]
    return part if isinstance(part, str) else ""


def lines(parts: Parts, setting: Typesetting) -> list[Parts]:
    """A sum or a product in pieces, each but the first with its sign before it: where a line may end. Anything else is
    one piece."""
    for functions in ((ADD, SUB), (MUL,)):
        signs = [setting.notation.operators[function.name].template for function in functions]
        pieces = _split(parts, signs)
        if len(pieces) > 1:
            return pieces
    return [parts]


def _split(parts: Parts, signs: Sequence[str]) -> list[Parts]:
    pieces: list[Parts] = []
    while isinstance(parts, tuple) and len(parts) > 2 and all(sign in signs for sign in parts[1::2]):
        pieces[:0] = zip(parts[1::2], parts[2::2], strict=True)
        parts = parts[0]
    return [parts, *pieces]


def tidied(expression: Expression, fractions: bool = False) -> Expression:
    """The expression with the numbers of each product as one, where fractions of numbers make a whole one. fractions:
    also where they make a fraction, and with the signs of fractions before these."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if node.function == MUL:
            ratios = {place: ratio for place, arg in enumerate(args) if (ratio := _ratio(arg)) is not None}
            whole = math.prod(ratios.values())
            if len(ratios) > 1 and isinstance(whole, Fraction) and whole.denominator <= (LARGEST if fractions else 1):
                rest = [arg for place, arg in enumerate(args) if place not in ratios]
                if whole.denominator == 1:
                    return mul(Number(float(whole)), *rest)
                return Call(MUL, (_signed(Number(float(whole.numerator)), Number(float(whole.denominator))), *rest))
        if fractions and node.function == DIV:
            return _signed(*args)
        return node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))

    return fold(expression, visit)


def _signed(above: Expression, below: Expression) -> Expression:
    """A fraction with the sign before it."""
    return Call(NEG, (Call(DIV, (neg(above), below)),)) if is_negative(above) else Call(DIV, (above, below))


def _ratio(expression: Expression) -> Fraction | None:
    """The number that an expression is, or the ratio of two."""
    match expression:
        case Number(value) if math.isfinite(value):
            return Fraction(value)
        case Call(function, (Number(value), Number(by))) if function == DIV and by and math.isfinite(value / by):
            return Fraction(value) / Fraction(by)
        case Call(function, (inner,)) if function == NEG and (ratio := _ratio(inner)) is not None:
            return -ratio
    return None


def shortened(expression: Expression) -> Expression:
    """The expression with its long sums cut, and long lists of arguments."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        if (node.function == ADD or node.function.symbol) and len(args) > LONGEST_SUM:
            args = [*args[:3], Name(CUT), args[-1]]
        return Call(node.function, tuple(args))

    return fold(expression, visit)
