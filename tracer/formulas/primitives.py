"""The primitive functions: one row each, shared by grammar, derivative, notations, evaluation and Excel reader.

To add a function, add its row, which states only what differs from the rule of a notation: by default `tanh` is
`tanh(x)` in Python and in text, `np.tanh(x)` in NumPy and `TANH(x)` in Excel, and `math` or NumPy computes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from operator import is_
from typing import Any

from tracer.formulas.grammar import parse
from tracer.formulas.tree import COMPARISONS, ONE, ZERO, Call, Expression, Function, Number, add, div, fold

SlopeRule = Callable[[Call, int], Expression]
"""(the call, the index of an argument) → the partial derivative with respect to it."""
Arguments = tuple[float, ...]

MOST_DECIMALS = 15
"""That numbers can be rounded to."""
REACHED, TIE = 1e14, 1e-14
"""Below this a number has decimals among its first 15 digits; nearer to a tie than this part of it, they decide."""


@dataclass(frozen=True, slots=True)
class Primitive:
    """A function that every notation has a template for.

    slopes: the partial derivative by each parameter, in the parameters and the result `a`.
    parameters: the names of its arguments. further: the slopes where more arguments than these are given, of which it
    takes any number; None if it takes none.
    spelled: notation → how the function is written there, where the rule of the notation does not hold: another name,
    or a template with `{}` for an argument and `{*}` for all of them. excel: further ways to call it in Excel, in which
    a number stands for itself.
    helper: the function of floats, where Python's `math` does not have it.
    kinks: arguments at which the slope jumps → the slopes there, PyTorch's choice.
    sheets_only: whether only spreadsheets have it, and the formulas of a config do not.
    """

    slopes: tuple[str, ...]
    parameters: tuple[str, ...] = ("x",)
    further: SlopeRule | None = None
    spelled: Mapping[str, str] = field(default_factory=dict)
    excel: tuple[str, ...] = ()
    helper: Callable[..., float] | None = None
    kinks: Mapping[Arguments, Arguments] = field(default_factory=dict)
    sheets_only: bool = False


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def _listed(values: Sequence[Any]) -> Sequence[float]:
    """The numbers given, or those of a single sequence, the values of a batch."""
    return values if isinstance(values[0], (int, float)) else values[0]


def _sum(*values: Any) -> float:
    return math.fsum(_listed(values))


def _mean(*values: Any) -> float:
    return math.fsum(_listed(values)) / len(_listed(values))


def _round(x: float, digits: float) -> float:
    """Round to the given decimals, halves away from 0, from the first 15 significant digits, as spreadsheets do. What
    these digits do not reach is not rounded."""
    size = abs(x)
    if 0 <= digits <= MOST_DECIMALS and size < REACHED:
        scale = 10.0**digits
        scaled = size * scale
        whole = math.floor(scaled + 0.5)
        room = TIE * scaled
        if scaled < REACHED and room < scaled + 0.5 - whole < 1 - room:  # no tie, not even in 15 digits
            return math.copysign(whole / scale, x) + 0.0  # never −0
    if not math.isfinite(x) or not x:
        return x
    shown = Decimal(f"{size:.15g}")
    if shown.adjusted() + digits >= 15:
        return x
    last = Decimal(1).scaleb(-int(digits))
    return math.copysign(float((shown / last).to_integral_value(ROUND_HALF_UP) * last), x) + 0.0


def _equal_ones_share(call: Call, index: int) -> Expression:
    """The slope of a minimum or a maximum: ties share it evenly, as in `torch.amax`."""
    extreme = [Call(FUNCTIONS["if"], (Call(COMPARISONS["="], (arg, call)), ONE, ZERO)) for arg in call.args]
    return div(extreme[index], add(*extreme))


PRIMITIVES: dict[str, Primitive] = {
    "exp": Primitive(("a",), spelled={"text": "e^({})"}),
    "log": Primitive(("1 / x",), spelled={"excel": "LN", "text": "ln", "latex": r"\ln", "mathml": "<mi>ln</mi>"}),
    "log10": Primitive(
        ("1 / (x * log(10))",), excel=("LOG(x)", "LOG(x,10)"),
        spelled={
            "text": "log₁₀", "latex": r"\log_{{10}}({})",
            "mathml": "<msub><mi>log</mi><mn>10</mn></msub>"
        },
    ),
    "sqrt": Primitive(
        ("1 / (2 * a)",), spelled={"text": "√({})", "latex": r"\sqrt{{{}}}", "mathml": "<msqrt>{}</msqrt>"}
    ),
    "abs": Primitive(
        ("sign(x)",), helper=math.fabs, kinks={(0.0,): (0.0,)},
        spelled={
            "text": "|{}|", "latex": r"\left\lvert {} \right\rvert", "mathml": "<mrow><mo>|</mo>{}<mo>|</mo></mrow>"
        },
    ),
    "sign": Primitive(("0",), helper=_sign, kinks={(0.0,): (0.0,)}),
    "floor": Primitive(
        ("0",), excel=("FLOOR(x,1)", "FLOOR.MATH(x)"),
        spelled={
            "excel": "INT", "text": "⌊{}⌋", "latex": r"\left\lfloor {} \right\rfloor",
            "mathml": "<mrow><mo>⌊</mo>{}<mo>⌋</mo></mrow>",
        },
        helper=lambda x: float(math.floor(x)), kinks={(2.0,): (0.0,)},
    ),
    "sin": Primitive(("cos(x)",)),
    "cos": Primitive(("-sin(x)",)),
    "tanh": Primitive(("1 - a^2",)),
    "atan": Primitive(
        ("1 / (1 + x^2)",),
        spelled={"numpy": "np.arctan", "text": "arctan", "latex": r"\arctan", "mathml": "<mi>arctan</mi>"},
    ),
    "erf": Primitive(
        ("2 * exp(-x^2) / sqrt(3.141592653589793)",), spelled={"javascript": "erf"},
        excel=("ERF(0,x)", "ERF.PRECISE(x)"),
    ),
    "normal_cdf": Primitive(
        ("exp(-x^2 / 2) / sqrt(2 * 3.141592653589793)",),
        spelled={
            "excel": "NORMSDIST", "text": "Φ", "javascript": "normal_cdf", "latex": r"\Phi", "mathml": "<mi>Φ</mi>"
        },
        excel=("NORM.S.DIST(x,1)",), helper=_normal_cdf,
    ),
    "min": Primitive(
        ("if(x < y, 1, if(x = y, 0.5, 0))", "if(y < x, 1, if(x = y, 0.5, 0))"), ("x", "y"), _equal_ones_share,
        {"numpy": "minimum", "javascript": "smallest"}, helper=min, kinks={(1.0, 1.0): (0.5, 0.5)},
    ),
    "max": Primitive(
        ("if(x > y, 1, if(x = y, 0.5, 0))", "if(y > x, 1, if(x = y, 0.5, 0))"), ("x", "y"), _equal_ones_share,
        {"numpy": "maximum", "javascript": "largest"}, helper=max, kinks={(1.0, 1.0): (0.5, 0.5)},
    ),
    "mean": Primitive(
        ("1",), ("x",), lambda call, _: Number(1 / len(call.args)),
        {"numpy": "mean", "excel": "AVERAGE", "javascript": "mean"}, helper=_mean,
    ),
    "sum": Primitive(
        ("1",), ("x",), lambda _call, _: ONE, {"numpy": "sum", "javascript": "sum"}, helper=_sum
    ),
    "if": Primitive((), ("condition", "x", "y"), spelled={"numpy": "choice", "text": "({1} if {0}, else {2})"}),
    "round": Primitive(
        ("0", "0"), ("x", "digits"), spelled={"numpy": "round", "javascript": "round"}, helper=_round, sheets_only=True,
    ),
}  # fmt: skip
"""`normal_cdf` is the standard normal distribution function Φ. `if` is differentiated by its branches."""

FUNCTIONS: dict[str, Function] = {
    name: Function(name, row.parameters, more=row.further is not None)
    for name, row in PRIMITIVES.items()
    if not row.sheets_only
}
"""The primitive functions that a formula may call, by name."""

ROUND = Function("round", PRIMITIVES["round"].parameters)
"""ROUND(x; digits), which the formulas of a config do not have: `decimals` rounds everything, a sheet what it likes."""


def rounded(expression: Expression, decimals: int) -> Expression:
    """The expression rounded to so many decimals; a number that has no more stays."""
    if isinstance(expression, Number) and _round(expression.value, decimals) == expression.value:
        return expression
    return Call(ROUND, (expression, Number(float(decimals))))


def unrounded(expression: Expression) -> Expression:
    """The expression without its roundings."""

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call) or (node.function != ROUND and all(map(is_, args, node.args))):
            return node
        return args[0] if node.function == ROUND else Call(node.function, tuple(args))

    return fold(expression, visit)


@cache
def slopes(name: str) -> tuple[Expression, ...]:
    """The partial derivatives of a primitive function by parameter. Raises KeyError for an unknown function."""
    return tuple(parse(slope, FUNCTIONS) for slope in PRIMITIVES[name].slopes)
