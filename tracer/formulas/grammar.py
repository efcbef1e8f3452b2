"""Text → expression, by a grammar of our own: numbers, names, operators, brackets, functions. Nothing is evaluated."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from tracer.formulas.tree import ADD, COMPARISONS, DIV, MUL, NEG, POW, SUB, Call, Expression, Function, Name, Number


class FormulaError(ValueError):
    """A formula that does not parse. `position` is the offset of the offending character in `text`."""

    def __init__(self, text: str, position: int, problem: str) -> None:
        super().__init__(problem)
        self.text, self.position, self.problem = text, position, problem


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<symbol><=|>=|<>|[-+*/^(),<>=]))"
)
_BINDING = dict.fromkeys(COMPARISONS, 1) | {"+": 2, "-": 2, "*": 3, "/": 3, "^": 5}
_UNARY = 4
_DEPTH_LIMIT = 100


def parse(text: str, functions: Mapping[str, Function]) -> Expression:
    """Read a formula of numbers, names, `+ - * / ^`, brackets, comparisons and the functions given.

    The formula is parsed by this grammar alone, nothing of it is evaluated. Powers bind to the right (`2^3^2` is
    2⁹) and tighter than a sign (`-x^2` is −(x²)), as in mathematics and in Python.

    functions: what may be called, by name.
    Raises FormulaError with the position of the problem.
    """
    return _Parser(text, functions).whole()


class _Parser:
    """A precedence-climbing parser; its state is the token it stands on."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self.text, self.functions = text, functions
        self.end = 0
        self.depth = 0
        self.advance()

    def advance(self) -> None:
        rest = self.text[self.end :]
        self.start = self.end + len(rest) - len(rest.lstrip())
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            if rest.strip():
                raise FormulaError(self.text, self.start, f"'{self.text[self.start]}' has no meaning here")
            self.kind, self.token = "end", ""
            return
        self.kind, self.token = str(match.lastgroup), match.group(str(match.lastgroup))
        self.end = match.end()

    def problem(self, problem: str) -> FormulaError:
        return FormulaError(self.text, self.start, problem)

    def expect(self, symbol: str) -> None:
        if self.token != symbol:
            raise self.problem(f"'{symbol}' is missing" + (f" before '{self.token}'" if self.token else ""))
        self.advance()

    def whole(self) -> Expression:
        expression = self.operation(0)
        if self.kind != "end":
            raise self.problem(f"an operator is missing before '{self.token}'")
        return expression

    def operation(self, weakest: int) -> Expression:
        self.depth += 1
        if self.depth > _DEPTH_LIMIT:
            raise self.problem(f"nested more than {_DEPTH_LIMIT} deep")
        left = self.operand()
        while self.kind == "symbol" and _BINDING.get(self.token, 0) > weakest:
            at, symbol, binding = self.start, self.token, _BINDING[self.token]
            self.advance()
            right = self.operation(binding - 1 if symbol == "^" else binding)
            if any(isinstance(side, Call) and side.function.name in COMPARISONS for side in (left, right)):
                raise FormulaError(self.text, at, "a comparison is no number; write if(x > 2, 1, 0), one at a time")
            left = _combine(symbol, left, right)
        self.depth -= 1
        return left

    def operand(self) -> Expression:
        kind, token = self.kind, self.token
        if kind == "number":
            if math.isinf(float(token)):
                raise self.problem(f"{token} is too large a number")
            self.advance()
            return Number(float(token))
        if token == "-":
            self.advance()
            inner = self.operation(_UNARY)
            return Number(-inner.value) if isinstance(inner, Number) else Call(NEG, (inner,))
        if token == "(":
            self.advance()
            inner = self.operation(0)
            self.expect(")")
            return inner
        if kind == "name":
            start = self.start
            self.advance()
            return self.call(token, start) if self.token == "(" else Name(token)
        raise self.problem("a value is missing" + (f" before '{token}'" if token else " at the end"))

    def call(self, name: str, start: int) -> Expression:
        function = self.functions.get(name)
        if function is None:
            raise FormulaError(self.text, start, f"'{name}' is no function; there are {', '.join(self.functions)}")
        self.advance()
        args = [self.operation(0)]
        while self.token == ",":
            self.advance()
            args.append(self.operation(0))
        self.expect(")")
        values = args[1:] if name == "if" else args
        if any(isinstance(arg, Call) and arg.function.name in COMPARISONS for arg in values):
            raise FormulaError(self.text, start, f"{name} takes numbers, and a comparison is none: if(x > 2, 1, 0)")
        if len(args) != len(function.parameters):
            problem = f"{name} takes {len(function.parameters)} arguments, not {len(args)}"
            raise FormulaError(self.text, start, problem)
        return Call(function, tuple(args))


def _combine(symbol: str, left: Expression, right: Expression) -> Expression:
    """The operation as it was written; a chain of + or of * is one call of all its arguments."""
    function = COMPARISONS.get(symbol) or {"+": ADD, "-": SUB, "*": MUL, "/": DIV, "^": POW}[symbol]
    if function in (ADD, MUL) and isinstance(left, Call) and left.function == function:
        return Call(function, (*left.args, right))
    return Call(function, (left, right))
