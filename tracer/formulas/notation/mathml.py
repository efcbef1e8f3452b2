"""MathML, as browsers read it (MathML Core): the inner of a `<math>` element, every piece of which is one element."""

from __future__ import annotations

from tracer.formulas.notation import Notation, Operator, infix, shortest
from tracer.formulas.notation.typesetting import Cases, Typesetting

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
FRACTION, POWER = 5, 6
"""How tightly they bind."""
LONGEST = 400_000
"""Length limit of a formula with its functions written out."""
MINUS = '<mo form="prefix">−</mo>'
LOW = '<mo stretchy="false">{}</mo>'
"""A bracket as high as a line; browsers set more space around the others."""
APPLIED = "<mo>\N{FUNCTION APPLICATION}</mo>"
"""Stands between a function and its arguments; it takes no room, and screen readers say `of`."""
STYLES = "mtable.cases mtd { text-align: left; } mtext.name { font-family: monospace; }"
"""The style sheet of a page that shows it."""


def escape(text: str) -> str:
    """A text within an element; `html.escape` would load the names of all characters."""
    return text.translate(_ESCAPED)


def plain(text: str) -> str:
    """Words within a formula. Spaces at their ends stay."""
    return f"<mtext>{escape(text).replace(' ', NO_BREAK)}</mtext>"


NO_BREAK = "\N{NO-BREAK SPACE}"


def word(text: str, is_index: bool = False) -> str:
    """A user's word."""
    return f"<mn>{text}</mn>" if text.isdecimal() and text.isascii() else f"<mi>{escape(text)}</mi>"


def verbatim(text: str) -> str:
    """A name as it stands in the config."""
    return f'<mtext class="name">{escape(text)}</mtext>'


def subscript(base: str, index: str) -> str:
    """Something with an index at its foot."""
    return f"<msub>{base}{row(index)}</msub>"


def row(inner: str) -> str:
    """One element of what may be several."""
    return f"<mrow>{inner}</mrow>"


def function(symbol: str) -> str:
    """What a function is called, from its symbol, with an index behind an underscore: σ, softmax_1."""
    name, _, index = symbol.partition("_")
    if not index or "_" in index:
        return word(symbol.replace("_", "-"))
    return subscript(word(name), word(index))


def decimal(digits: str, power: int) -> str:
    """A number from its digits and a power of ten, 0 where there is none."""
    number = f"<mn>{'∞' if digits == 'inf' else digits}</mn>"
    if not power:
        return number
    sign = MINUS if power < 0 else ""
    of_ten = f"<msup><mn>10</mn><mrow>{sign}<mn>{abs(power)}</mn></mrow></msup>"
    return of_ten if digits == "1" else f"<mrow>{number}<mo>·</mo>{of_ten}</mrow>"


def _number(value: float) -> str:
    digits, _, power = shortest(abs(value)).partition("e")
    return MINUS * (value < 0) + decimal(digits, int(power or 0))


NOTATION = Notation(
    "mathml",
    operators={
        **{sign: infix(f"<mo>{escape(shown)}</mo>", 1) for sign, shown in zip(
            ("<", "<=", ">", ">=", "=", "<>"), "<≤>≥=≠", strict=True)},
        "+": infix("<mo>+</mo>", 2), "-": infix("<mo>−</mo>", 2),
        "*": infix("<mo>·</mo>", 3),
        "/": Operator("<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>", FRACTION, (0, 0), is_tall=True),
        "neg": Operator(f"{MINUS}{{}}", 4, (5, 5)),
        "^": Operator("<msup>{}<mrow>{}</mrow></msup>", POWER, (POWER + 1, 0)),
        "exp": Operator("<msup><mi>e</mi><mrow>{}</mrow></msup>", POWER, (0, 0)),
    },
    function=function,
    number=_number,
    comma="<mo>,</mo>",
    brackets=(f"<mrow>{LOW.format('(')}", f"{LOW.format(')')}</mrow>"),
    tall_brackets=("<mrow><mo>(</mo>", "<mo>)</mo></mrow>"),
    applied=APPLIED,
    call=("<mrow>", "</mrow>"),
)  # fmt: skip

MATHML = Typesetting(
    NOTATION,
    decimal=decimal,
    negative=lambda number: row(MINUS + number),
    brackets=NOTATION.brackets,
    word=function,
    plain=plain,
    cut="<mi>⋯</mi>",
    longest=LONGEST,
    equal="<mo>=</mo>",
    assigned="<mo>←</mo>",
    minus=MINUS,
    compound=("<mfrac>", "Δ"),
    two_dimensional=True,
    opening=("<mrow>", "<msqrt>", "<mtd>", LOW.format("("), plain("if "),
             *(f"<mo>{escape(sign)}</mo>" for sign in "(,|⌊<≤>≥=≠")),
    raising=("<msup>",),
    cases=Cases(
        '<mrow><mo>{</mo><mtable class="cases">', "<mtr><mtd>", f"</mtd><mtd>{plain('if ')}", "</mtd></mtr>",
        f"</mtd><mtd>{plain('otherwise')}</mtd></mtr>", "</mtable></mrow>",
    ),
)  # fmt: skip
