r"""LaTeX, for what stands between dollar signs: `h_1 = w_1 \cdot i_1`, `\frac{1}{1 + e^{-h_1}}`. It needs amsmath.

No backslash stands before a punctuation mark, so that formulas pass through Markdown as they are; rows end with `\cr`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from tracer.formulas.notation import Notation, Operator, Written, bracketed, infix, shortest
from tracer.formulas.notation.typesetting import Cases, Typesetting, is_compound
from tracer.formulas.symbols import SUBSCRIPT_DIGITS, SUPERSCRIPT_DIGITS
from tracer.formulas.tree import POW, Call, Name

FRACTION, POWER = 5, 6
"""How tightly they bind."""
LONGEST = 40_000
"""Length limit of a formula with its functions written out."""

GREEK = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ϵ": r"\epsilon",
    "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "ϑ": r"\vartheta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda",
    "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ϖ": r"\varpi", "ρ": r"\rho", "ϱ": r"\varrho", "σ": r"\sigma",
    "ς": r"\varsigma", "τ": r"\tau", "υ": r"\upsilon", "φ": r"\varphi", "ϕ": r"\phi", "χ": r"\chi", "ψ": r"\psi",
    "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi",
    "Σ": r"\Sigma", "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega",
}  # fmt: skip
"""Letters → their commands."""
SIGNS = {
    "∂": r"\partial", "−": "-", "·": r"\cdot", "×": r"\times", "±": r"\pm", "≤": r"\le", "≥": r"\ge", "≠": r"\ne",
    "≈": r"\approx", "→": r"\to", "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow", "√": r"\surd",
    "∞": r"\infty", "∇": r"\nabla", "‖": r"\Vert", "Σ": r"\Sigma", "½": r"\tfrac12", "●": r"\bullet", "○": r"\circ",
}  # fmt: skip
"""Signs of texts → how they are written in formulas."""
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "…": r"\dots{}", '"': r"\char34{}", "`": r"\textasciigrave{}", "'": "'{}", "-": "-{}",
    "[": "{[}", "]": "{]}", "*": "{*}",
    **{digit: f"${sign}{number}$" for sign, digits in (("_", SUBSCRIPT_DIGITS), ("^", SUPERSCRIPT_DIGITS))
       for number, digit in enumerate(digits)},
}  # fmt: skip
"""Characters that mean something to LaTeX, or look different there → how they are written in texts."""
WORD, OPERATOR = r"\mathit{", r"\operatorname{"
"""How a word of several letters begins."""
KNOWN = {"exp", "sin", "cos", "tanh", "ln", "min", "max", "arctan", "log"}
"""Functions that LaTeX has."""


def escaped(text: str, blanks: bool = False) -> str:
    """A text outside of formulas. blanks: whether each blank shows."""
    return _HATS.sub(r"\\^{\1}", "".join(_character(character, blanks) for character in text))


_HATS = re.compile("([a-zA-Z])\N{COMBINING CIRCUMFLEX ACCENT}")


def _character(character: str, blanks: bool) -> str:
    command = GREEK.get(character) or SIGNS.get(character)
    if command:
        return f"${command}$"
    if character < " " or character == "\x7f":
        character = " "
    return "~" if blanks and character == " " else SPECIAL.get(character, character)


def plain(text: str) -> str:
    """Words within a formula."""
    return f"\\text{{{escaped(text)}}}"


def word(text: str, is_index: bool = False) -> str:
    """A user's word in a formula: a letter, or a word of several in one piece. is_index: whether it stands at the foot
    of another, where letters need no more."""
    if text.isascii() and (text.isdecimal() or (text.isalpha() and (is_index or len(text) == 1))):
        return text
    found = []
    for kind, run in groupby(text, lambda letter: "greek" if letter in GREEK else "ascii" if letter.isascii() else ""):
        letters = "".join(run)
        if kind == "greek":
            found.append(" ".join(GREEK[letter] for letter in letters))
        else:
            found.append(f"{WORD}{letters}}}" if kind and letters.isalnum() else f"\\textit{{{escaped(letters)}}}")
    return " ".join(found)


def verbatim(text: str) -> str:
    """A name as it stands in the config."""
    return f"\\texttt{{{escaped(text)}}}"


def subscript(base: str, index: str) -> str:
    """Something with an index at its foot; that of a word within its braces: Markdown takes `}_` for the begin of an
    emphasis."""
    if base.startswith((WORD, OPERATOR)) and base.endswith("}"):
        return f"{base[:-1]}_{_argument(index)}}}"
    return f"{base}_{_argument(index)}"


def _argument(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def function(symbol: str) -> str:
    """What a function is called, from its symbol, with an index behind an underscore: σ, softmax_1, E_total."""
    name, _, index = symbol.partition("_")
    if index and not (index.isalnum() and (index.isdecimal() or len(name) == 1)):
        name, index = symbol.replace("_", "-"), ""
    if name in GREEK or (len(name) == 1 and name.isascii()):
        known = word(name)
    else:
        known = f"\\{name}" if name in KNOWN else f"{OPERATOR}{name}}}"
    return subscript(known, index) if index else known


def decimal(digits: str, power: int) -> str:
    """A number from its digits and a power of ten, 0 where there is none."""
    if not power:
        return {"inf": r"\infty", "nan": r"\text{nan}"}.get(digits, digits)
    of_ten = f"10^{_argument(str(power))}"
    return of_ten if digits == "1" else f"{digits} \\cdot {of_ten}"


def _number(value: float) -> str:
    digits, _, power = shortest(abs(value)).partition("e")
    return "-" * (value < 0) + decimal(digits, int(power or 0))


NOTATION = Notation(
    "latex",
    operators={
        "<": infix(" < ", 1), "<=": infix(r" \le ", 1), ">": infix(" > ", 1), ">=": infix(r" \ge ", 1),
        "=": infix(" = ", 1), "<>": infix(r" \ne ", 1),
        "+": infix(" + ", 2), "-": infix(" - ", 2),
        "*": infix(r" \cdot ", 3), "/": Operator(r"\frac{{{}}}{{{}}}", FRACTION, (0, 0), is_tall=True),
        "neg": Operator("-{}", 4, (5, 5)),
        "^": Operator("{}^{{{}}}", POWER, (POWER + 1, 0)),
        "exp": Operator("e^{{{}}}", POWER, (0, 0)),
    },
    function=function,
    number=_number,
    tall_brackets=(r"\left(", r"\right)"),
)  # fmt: skip


def _powers(node: Call, args: Sequence[Written]) -> Written | None:
    """Powers whose exponent is one character, and needs no braces."""
    exponent = args[-1].parts
    if not isinstance(exponent, str) or len(exponent) != 1:
        return None
    if node.function.name == "exp":
        return Written(f"e^{exponent}", POWER)
    if node.function != POW:
        return None
    base = args[0]
    if base.precedence <= POWER or (isinstance(node.args[0], Name) and is_compound(LATEX, base.parts)):
        base = bracketed(NOTATION, base)
    return Written((base.parts, f"^{exponent}"), POWER, base.is_tall)


LATEX = Typesetting(
    NOTATION,
    decimal=decimal,
    negative=lambda number: f"-{number}",
    brackets=("(", ")"),
    word=function,
    plain=plain,
    cut=r"\dots",
    longest=LONGEST,
    equal=" = ",
    assigned=r" \leftarrow ",
    minus="-",
    compound=(r"\frac", r"\Delta", "^+"),
    two_dimensional=True,
    opening=("(", "{", ", ", r"\lvert ", r"\lfloor ", r"\begin{cases} ", r"\cr ", " < ", " > ",
             r"\le ", r"\ge ", " = ", r"\ne "),
    raised=("^",),
    cases=Cases(r"\begin{cases} ", "", r" & \text{if } {", r"} \cr ", r" & \text{otherwise}", r" \end{cases}"),
    special=_powers,
)  # fmt: skip
