"""JavaScript source, and the functions that it needs and JavaScript lacks.

Python raises where a function has no finite value, JavaScript goes on with Infinity or NaN. That shows in the result,
unless something hides it, as `1/∞` does; `strict` marks what could be hidden, so that it raises there too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tracer.formulas.notation import Notation, Operator, infix, shortest
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.notation.source import Syntax
from tracer.formulas.primitives import PRIMITIVES
from tracer.formulas.tree import Call, Expression, Function, fold

JAVASCRIPT = Notation(
    "javascript",
    operators={
        **PYTHON.operators,
        "if": Operator("{0} ? {1} : {2}", 0, (1, 1)),
        "max": Operator("{0} > {1} ? {0} : {1}", 0, (2, 2)),
        "min": Operator("{0} < {1} ? {0} : {1}", 0, (2, 2)),
        "*": infix("*", 3), "/": infix("/", 3), "^": infix("**", 5, first=6, following=4),
        "neg": Operator("-{}", 4, (6, 6)),  # JavaScript has no -x**2, and --x is something else
    },
    function=lambda name: f"Math.{name}" if name in PRIMITIVES else name,
    number=shortest,
)  # fmt: skip
SYNTAX = Syntax("{} = {};", "var {} = {};", "if ({}) {{", "}} else if ({}) {{", "}} else {{", "}")

OK = Function("ok")
"""Of a value: the same, or an exception where it is not finite."""
RAISING = frozenset({"/", "^", "exp", "log", "log10", "sqrt", "sin", "cos", "floor", "mean", "sum"})
"""Functions that have no finite value for some arguments; Python raises there."""
SHOWING = frozenset({"+", "-", "neg", "*", "abs", "sqrt", "log", "log10", "sin", "cos", "floor", "mean", "sum"})
"""Functions whose value is not finite if an argument is not."""

HELPERS: Mapping[str, str] = {
    "ok": """\
function ok(x) {
  if (Number.isFinite(x)) return x;
  throw NO_NUMBER;
}""",
    "largest": "const largest = (...values) => values.reduce((x, y) => y > x ? y : x);",
    "smallest": "const smallest = (...values) => values.reduce((x, y) => y < x ? y : x);",
    "sum": """\
/** The sum of numbers, or of those in one array, as exact as if it were rounded only at the end (Neumaier, 1974). */
function sum(...values) {
  if (values[0].length) values = values[0];
  let total = 0, lost = 0;
  for (let n = 0; n < values.length; n++) {
    const x = values[n];
    const next = total + x;
    lost += Math.abs(total) >= Math.abs(x) ? (total - next) + x : (x - next) + total;
    total = next;
  }
  return total + lost;
}""",
    "mean": "const mean = (...values) => sum(...values)/(values[0].length ?? values.length);",
    "erfc": """\
/** 1 - erf(x): the Chebyshev series of (1 + 2x)·exp(x²)·erfc(x) in (x - 3.75)/(x + 3.75), after Shepherd and
    Laframboise (1981), with coefficients from mpmath. */
function erfc(x) {
  if (x < 0.5) return 1 - erf(x);
  const t = 2*(x - 3.75)/(x + 3.75);
  let now = 0, before = 0;
  for (let n = ERFC.length - 1; n > 0; n--) [now, before] = [t*now - before + ERFC[n], now];
  const h = Math.fround(x);  // its square has no rounding error
  return Math.exp(-h*h)*Math.exp((h - x)*(h + x))*(t/2*now - before + ERFC[0])/(1 + 2*x);
}
const ERFC = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-5, 4.13902798607301e-6,
  7.74038306619849e-7, -2.1886401049234397e-7, 1.076499946567091e-8, 4.521959811218287e-9, -7.754400208831351e-10,
  -6.318088340886684e-11, 2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
  3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17,
  5.068148904796111e-17, -2.2370566594359995e-18, -2.187342944303018e-18];""",
    "erf": """\
/** Near 0 by 2/√π·exp(-x²)·(x + 2x³/3 + 4x⁵/15 + …), whose terms have one sign. */
function erf(x) {
  if (Math.abs(x) >= 0.5) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x, total = 0;
  for (let n = 1; total + term !== total; n += 2) {
    total += term;
    term *= 2*x*x/(n + 2);
  }
  return 1.1283791670955126*Math.exp(-x*x)*total;
}""",
    "normal_cdf": "const normal_cdf = x => erfc(-x/Math.SQRT2)/2;",
    "round": """\
/** x with so many decimals, halves away from 0, from its first 15 significant digits, as spreadsheets round. */
function round(x, decimals) {
  const size = Math.abs(x), sign = x < 0 ? -1 : 1;
  if (size < 1e14) {
    const scale = 10**decimals, scaled = size*scale, whole = Math.floor(scaled + 0.5), room = 1e-14*scaled;
    const over = scaled + 0.5 - whole;
    if (scaled < 1e14 && room < over && over < 1 - room) return sign*whole/scale + 0;  // no tie; never -0
  }
  if (!Number.isFinite(x) || x === 0) return x;
  const [digits, power] = size.toExponential(14).split("e");
  const dropped = 14 - power - decimals;
  if (dropped < 0) return x;
  if (dropped > 15) return 0;
  const unit = 10n**BigInt(dropped);
  return sign*Number(`${(2n*BigInt(digits.replace(".", "")) + unit)/(2n*unit)}e${-decimals}`) + 0;
}""",
}
"""The source of functions that JavaScript lacks, or has with other values."""


def helpers(source: str) -> list[str]:
    """The definitions that a source needs, in the order in which they can stand."""
    found: dict[str, str] = {}
    pending = [source]
    while pending:
        words = {*re.findall(r"(?<![\w.])[a-z_]+(?=\()", pending.pop())}
        for name in words & HELPERS.keys() - found.keys():
            found[name] = HELPERS[name]
            pending.append(HELPERS[name])
    return [text for name, text in HELPERS.items() if name in found]


def strict(expression: Expression, hidden: bool = False) -> Expression:
    """The expression with `ok` around every call that may have no finite value where the result would not show it.

    hidden: whether the result does not show either. The expression holds primitive functions only.
    """
    seen: set[tuple[int, bool]] = set()
    pending = [(expression, hidden)]
    while pending:
        node, inside = pending.pop()
        if isinstance(node, Call) and (id(node), inside) not in seen:
            seen.add((id(node), inside))
            shown = {"/": (0,), "if": (1, 2), "round": (0,)}.get(node.function.name, ())
            every = node.function.name in SHOWING
            pending += [(arg, inside or not (every or index in shown)) for index, arg in enumerate(node.args)]

    def visit(node: Expression, args: list[Expression]) -> Expression:
        if not isinstance(node, Call):
            return node
        call = Call(node.function, tuple(args))
        return Call(OK, (call,)) if node.function.name in RAISING and (id(node), True) in seen else call

    return fold(expression, visit)
