"""Text → expression, by operator precedence: one parser, and a table of tokens per language.

Numbers, names, operators, brackets, functions; nothing is evaluated. The language of our formulas stands here, that of
Excel's in `grading/book`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from tracer.errors import lookalikes
from tracer.formulas import tree
from tracer.formulas.symbols import CONSTANTS, INSTEAD, POWERS, SPELLINGS, TOKEN
from tracer.formulas.tree import ADD, COMPARISONS, DIV, MUL, NEG, POW, SUB, Call, Expression, Function, Name, Number

OPERATORS = {"+": ADD, "-": SUB, "*": MUL, "/": DIV, "^": POW, **COMPARISONS}
MOST_WRITTEN_OUT = 200_000
"""Limit of the operations of a formula with its functions expanded."""


class FormulaError(ValueError):
    """A formula that does not parse. `position` is the offset of the offending character in `text`."""

    def __init__(self, text: str, position: int, problem: str) -> None:
        super().__init__(problem)
        self.text, self.position, self.problem = text, position, problem


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Language(Generic[V]):
    """What the parser needs to know about a language whose formulas are read as values V. A function
    refuses its input by a ValueError whose message is the problem.

    token: a token with the groups `number`, `name`, `symbol` and, where there is such a thing, `cell`.
    binding: how tightly an operator binds, the loosest 1. sign: how tightly one in front of a value does, which is one
    of `signs`. right: operators that group from the right. postfix: what stands behind a value. spellings: other
    spellings of symbols.
    deepest: brackets, functions and operators that may wait for each other.
    number, name, cell: a token's value. signed, operation, after: of a sign, an operator or a postfix, and the values.
    function: a function's name → what makes its value of its arguments'. bound: what makes the value of a function, and
    its arguments so far → the name that it gives a value of them in the rest, and this value; None for none.
    """

    token: re.Pattern[str]
    binding: Mapping[str, int]
    sign: int
    signs: str
    right: str
    postfix: Collection[str]
    commas: str
    deepest: int
    number: Callable[[str], V]
    name: Callable[[str], V]
    cell: Callable[[str], V]
    signed: Callable[[str, V], V]
    operation: Callable[..., V]
    after: Callable[[str, V], V]
    function: Callable[[str], Callable[[Sequence[V]], V]]
    spellings: Mapping[str, str] = field(default_factory=dict)
    bound: Callable[[Callable[..., V], Sequence[V]], tuple[str, V] | None] = lambda _make, _arguments: None


class _Waiting(NamedTuple):
    """An operator or a sign that waits for its right operand, or an open bracket (strength 0).

    make: what makes a value of `takes` others; for a bracket, of all behind the first `below` values, and None where it
    only groups. symbol: the operator. bound: the names that a function gave values, in lower case.
    """

    strength: int
    position: int
    make: Callable[..., object] | None
    takes: int = 0
    below: int = 0
    symbol: str = ""
    bound: Mapping[str, Any] = {}


def read(text: str, language: Language[V]) -> V:
    """The value of a formula.

    Raises FormulaError with the position of the problem.
    """
    return _Parser(text, language).whole()


class _Parser(Generic[V]):
    """Two stacks, of values and of pending operators (Dijkstra's shunting yard): a chain of operators takes time
    linear in its length, and no recursion. The rest of its state is the token it stands on."""

    def __init__(self, text: str, language: Language[V]) -> None:
        self.text, self.language = text, language
        self.values: list[V] = []
        self.waiting: list[_Waiting] = []
        self.end = 0
        self.advance()

    def advance(self) -> None:
        match = self.language.token.match(self.text, self.end)
        if match is None:
            rest = self.text[self.end :]
            self.start = self.end + len(rest) - len(rest.lstrip())
            if rest.strip():
                character = self.text[self.start]
                hint = f", write {INSTEAD[character]}" if character in INSTEAD else lookalikes(character)
                raise self.problem(f"'{character}' is not allowed here{hint}")
            self.kind, self.token = "end", ""
            return
        self.kind = next(kind for kind in KINDS if kind in match.re.groupindex and match[kind] is not None)
        self.token, self.start, self.end = match[self.kind], match.start(self.kind), match.end()
        self.token = self.language.spellings.get(self.token, self.token)

    def problem(self, problem: str, position: int | None = None) -> FormulaError:
        return FormulaError(self.text, self.start if position is None else position, problem)

    def made(self, position: int, make: Callable[..., Any], *arguments: object) -> Any:
        """What the language makes of these. What it refuses is a problem at that position."""
        try:
            return make(*arguments)
        except ValueError as error:
            raise self.problem(str(error), position) from None

    def whole(self) -> V:
        while True:
            self.operand()
            if self.goes_on():
                continue
            if self.kind == "end" and not self.waiting:
                return self.values.pop()
            if self.token and self.token in self.language.commas:
                raise self.problem(f"'{self.token}' may only separate the arguments of a function")
            missing = "')'" if self.waiting else "an operator"
            raise self.problem(f"{missing} is missing" + (f" before '{self.token}'" if self.token else ""))

    def operand(self) -> None:
        """A value, and the signs and brackets that open in front of it."""
        language = self.language
        while True:
            if len(self.waiting) >= language.deepest:
                raise self.problem(f"nested more than {language.deepest} levels deep")
            kind, token, start = self.kind, self.token, self.start
            if kind == "symbol" and token in language.signs:
                self.wait(language.sign, partial(language.signed, token), 1)
            elif token == "(":
                self.wait(0, None)
            elif kind in ("number", "name", "cell"):
                self.advance()
                if kind != "name" or self.token != "(":
                    named = self.waiting[-1].bound.get(token.lower()) if self.waiting else None
                    self.values.append(named or self.made(start, getattr(language, kind), token))
                    return
                self.wait(0, self.made(start, language.function, token), position=start)
                if self.token == ")":
                    return
            else:
                raise self.problem("a value is missing" + (f" before '{token}'" if token else " at the end"))

    def wait(
        self, strength: int, make: Callable[..., object] | None, takes: int = 0, position: int = -1, symbol: str = ""
    ) -> None:
        where = self.start if position < 0 else position
        bound = self.waiting[-1].bound if self.waiting else {}
        self.waiting.append(_Waiting(strength, where, make, takes, len(self.values), symbol, bound))
        self.advance()

    def goes_on(self) -> bool:
        """Whether another value follows the one just read and its operator."""
        language = self.language
        while self.kind == "symbol":
            token = self.token
            if token in language.postfix:
                self.values[-1] = self.made(self.start, language.after, token, self.values[-1])
            elif token in language.binding:
                self.operator(token, language.binding[token])
                return True
            else:
                self.apply(1)
                opened = self.waiting[-1] if self.waiting else None
                if opened and opened.make and token in language.commas:
                    if named := self.made(opened.position, language.bound, opened.make, self.values[opened.below :]):
                        self.waiting[-1] = opened._replace(bound={**opened.bound, named[0]: named[1]})
                    self.advance()
                    return True
                if opened is None or token != ")":
                    return False
                self.close(self.waiting.pop())
            self.advance()
        self.apply(1)
        return False

    def operator(self, symbol: str, strength: int) -> None:
        self.apply(strength + 1)
        before = self.waiting[-1] if self.waiting else None
        if before and before.symbol == symbol and symbol in CHAINS:
            self.waiting[-1] = before._replace(takes=before.takes + 1)
            self.advance()
            return
        if symbol not in self.language.right:
            self.apply(strength)
        self.wait(strength, partial(self.language.operation, symbol), 2, symbol=symbol)

    def apply(self, least: int) -> None:
        """Apply the operators and signs that wait and bind so tightly at least."""
        while self.waiting and self.waiting[-1].strength >= least:
            top = self.waiting.pop()
            assert top.make is not None
            self.values[-top.takes :] = [self.made(top.position, top.make, *self.values[-top.takes :])]

    def close(self, opened: _Waiting) -> None:
        """The content of a pair of brackets, as one value."""
        if opened.make is not None:
            self.values[opened.below :] = [self.made(opened.position, opened.make, self.values[opened.below :])]


KINDS = ("cell", "number", "name", "symbol")
CHAINS = "+*"
"""Operators whose chains become a single call with all operands."""


# ---------------------------------------------------------------------------------------------- our own formulas

_NOT_A_NUMBER = "a comparison is not a number; write if(x > 2, 1, 0)"


def parse(
    text: str,
    functions: Mapping[str, Function],
    quantities: Collection[str] = (),
    hint: Callable[[str], str] = lambda _name: "",
) -> Expression:
    """Read a formula of numbers, names, `+ - * / ^`, brackets, comparisons and the functions given.

    Nothing is evaluated. Powers bind to the right (`2^3^2` is 2⁹) and tighter than a sign (`-x^2` is −(x²)), as
    in mathematics and in Python.

    functions: what may be called, by name. quantities: names of constants that mean something else here. hint: what to
    write in place of an unknown function.
    Raises FormulaError with the position of the problem, also for functions within each other that would be too long
    when written out.
    """
    language = Language(
        token=TOKEN, binding=dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 5}, sign=4,
        signs="-", right="^", postfix=POWERS, commas=",", deepest=100,
        number=number, name=lambda name: _named(name, quantities), cell=Name, signed=signed,
        operation=partial(_operation, functions), function=lambda name: _call_of(name, functions, hint),
        after=lambda power, value: _operation(functions, "^", value, Number(POWERS[power])), spellings=SPELLINGS,
    )  # fmt: skip
    expression = read(text, language)
    if _written_out(expression, {}) > MOST_WRITTEN_OUT:
        problem = (
            "the nested functions expand to more than "
            f"{MOST_WRITTEN_OUT:,} operations; move an inner one to a separate equation"
        )
        raise FormulaError(text, 0, problem)
    return expression


def number(token: str) -> Expression:
    """A number. Raises ValueError if it is too large."""
    if math.isinf(float(token)):
        raise ValueError(f"the number {token} is too large")
    return Number(float(token))


def signed(sign: str, value: Expression) -> Expression:
    """A value with a sign in front; a number takes the sign itself."""
    if sign == "+":
        return value
    return Number(-value.value) if isinstance(value, Number) else Call(NEG, (value,))


def combined(symbol: str, left: Expression, *right: Expression) -> Expression:
    """The operation, not simplified; a chain of + or of * is a single call with all its arguments."""
    function = OPERATORS[symbol]
    if symbol in CHAINS and isinstance(left, Call) and left.function == function:
        return Call(function, (*left.args, *right))
    return Call(function, (left, *right))


def _named(name: str, quantities: Collection[str]) -> Expression:
    return Number(CONSTANTS[name]) if name in CONSTANTS and name not in quantities else Name(name)


def _operation(functions: Mapping[str, Function], symbol: str, *sides: Expression) -> Expression:
    if any(map(is_comparison, sides)):
        raise ValueError(f"{_NOT_A_NUMBER}, one at a time")
    if symbol == "^" and sides[0] == Number(math.e):
        return Call(functions["exp"], sides[1:])
    return combined(symbol, *sides)


def is_comparison(expression: Expression) -> bool:
    """Whether an expression is true or false, not a number."""
    return isinstance(expression, Call) and expression.function.name in COMPARISONS


def _call_of(
    name: str, functions: Mapping[str, Function], hint: Callable[[str], str]
) -> Callable[[Sequence[Expression]], Expression]:
    function = functions.get(name)
    if function is None:
        choice = f"; choose from {', '.join(functions)}"
        raise ValueError(f"'{name}' is not a function{f'.{meant}' if (meant := hint(name)) else choice}")

    def call(args: Sequence[Expression]) -> Expression:
        if any(map(is_comparison, args[1:] if name == "if" else args)):
            raise ValueError(f"{name} takes numbers; {_NOT_A_NUMBER}")
        count = len(function.parameters)
        if function.more and count == 1 and len(args) < 2:  # the mean of one value would be that value
            raise ValueError(
                f"a formula sees one sample at a time; {name} takes two or more values, such as {name}(x, y)"
            )
        if len(args) < count or (len(args) > count and not function.more):
            most = "at least " if function.more else ""
            raise ValueError(f"{name} takes {most}{count} argument{'s' * (count != 1)}, not {len(args)}")
        return Call(function, tuple(args))

    return call


def _written_out(expression: Expression, given: Mapping[str, int]) -> int:
    """The number of names, numbers and operations of an expression with its functions expanded. given: those of the
    names that stand for expressions."""

    def visit(node: Expression, sizes: list[int]) -> int:
        if not isinstance(node, Call):
            return given.get(node.name, 1) if isinstance(node, Name) else 1
        forms = (node.function.formula, *(node.function.far or ()))
        if not isinstance(forms[0], Expression):
            return 1 + sum(sizes)
        of_parameters = dict(zip(node.function.parameters, sizes, strict=True))
        return sum(_written_out(form, of_parameters) for form in forms if isinstance(form, Expression))

    return tree.fold(expression, visit)
