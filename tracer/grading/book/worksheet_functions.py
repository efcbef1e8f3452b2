"""Excel's functions, as expressions of ours; an argument is the list of its cells."""

from __future__ import annotations

from collections.abc import Callable

from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import ADD, DIV, MUL, ONE, POW, SUB, Call, Expression, Function, Number

ROUND = Function("round", ("x", "digits"))
"""ROUND(x; digits), which the expression language does not have: a sheet may round on its way."""

Values = list[Expression]
"""A value, or the cells of a range, row by row."""
Arguments = list[Values]


def _flat(arguments: Arguments) -> list[Expression]:
    return [value for argument in arguments for value in argument]


def _one(arguments: Arguments, index: int = 0) -> Expression:
    (value,) = arguments[index]
    return value


def _chain(function: Function, values: list[Expression]) -> Expression:
    if not values:
        raise ValueError
    return values[0] if len(values) == 1 else Call(function, tuple(values))


def _call(name: str) -> Callable[[Arguments], Values]:
    """A function of single values; of a range, it is that of each cell."""
    function = FUNCTIONS[name]

    def rule(arguments: Arguments) -> Values:
        if len(arguments) != len(function.parameters):
            raise ValueError
        count = max(map(len, arguments))
        columns = [values * (count // len(values)) for values in arguments]
        return [Call(function, values) for values in zip(*columns, strict=True)]

    return rule


def _single(rule: Callable[[Arguments], Expression]) -> Callable[[Arguments], Values]:
    """A function that makes one value of all its arguments."""
    return lambda arguments: [rule(arguments)]


def _nested(name: str) -> Callable[[Arguments], Expression]:
    def rule(arguments: Arguments) -> Expression:
        first, *rest = _flat(arguments)
        for value in rest:
            first = Call(FUNCTIONS[name], (first, value))
        return first

    return rule


def _sum_of_products(arguments: Arguments) -> Expression:
    columns = zip(*arguments, strict=True)
    return _chain(ADD, [_chain(MUL, list(factors)) for factors in columns])


def _logarithm(arguments: Arguments) -> Expression:
    log = FUNCTIONS["log"]
    base = _one(arguments, 1) if len(arguments) > 1 else Number(10.0)
    return Call(DIV, (Call(log, (_one(arguments),)), Call(log, (base,))))


def _square(value: Expression) -> Expression:
    return Call(POW, (value, Number(2.0)))


_PI = Number(3.141592653589793)


def _item(arguments: Arguments) -> Expression:
    """INDEX of a row or a column of cells."""
    cells, *numbers = arguments
    place = int(max(map(_value, numbers)))  # the row or the column; the other one is 1 or is left out
    if place < 1:
        raise ValueError
    return cells[place - 1]


def _value(argument: Values) -> float:
    (number,) = argument
    if not isinstance(number, Number):
        raise ValueError
    return number.value


CALLS: dict[str, Callable[[Arguments], Values]] = {
    **{excel: _call(ours) for excel, ours in {
        "EXP": "exp", "LN": "log", "SQRT": "sqrt", "ABS": "abs", "SIGN": "sign", "SIN": "sin", "COS": "cos",
        "TANH": "tanh", "NORMSDIST": "normal_cdf", "IF": "if",
    }.items()},
    "TRANSPOSE": lambda arguments: arguments[0],
    **{excel: _single(rule) for excel, rule in {
        "MIN": _nested("min"),
        "MAX": _nested("max"),
        "LOG": _logarithm,
        "LOG10": _logarithm,
        "NORM.S.DIST": lambda arguments: Call(FUNCTIONS["normal_cdf"], (_one(arguments),)),
        "SUM": lambda arguments: _chain(ADD, _flat(arguments)),
        "PRODUCT": lambda arguments: _chain(MUL, _flat(arguments)),
        "SUMPRODUCT": _sum_of_products,
        "MMULT": _sum_of_products,  # of a row and a column, as far as one cell shows it
        "INDEX": _item,
        "SUMSQ": lambda arguments: _chain(ADD, [_square(value) for value in _flat(arguments)]),
        "SUMXMY2": lambda arguments: _chain(
            ADD, [_square(Call(SUB, (x, y))) for x, y in zip(arguments[0], arguments[1], strict=True)]
        ),
        "AVERAGE": lambda arguments: Call(
            DIV, (_chain(ADD, _flat(arguments)), Number(float(len(_flat(arguments)))))
        ),
        "POWER": lambda arguments: Call(POW, (_one(arguments), _one(arguments, 1))),
        "PI": lambda arguments: _PI,
        "ROUND": lambda arguments: Call(ROUND, (_one(arguments), _one(arguments, 1))),
        "IFERROR": lambda arguments: _one(arguments),
        "N": lambda arguments: _one(arguments),
        "VALUE": lambda arguments: _one(arguments),
        "TRUE": lambda arguments: ONE,
    }.items()},
}  # fmt: skip
