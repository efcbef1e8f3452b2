"""How quantities are written in equations that are shown, as in a textbook: h₁, w₁₂, β₁, or in LaTeX h_1, w_{12}, or in
MathML. Nothing reads it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracer.formulas.notation.text import TYPESET
from tracer.formulas.notation.typesetting import Typesetting
from tracer.formulas.symbols import LETTERS, SUBSCRIPT_DIGITS
from tracer.model.naming import UNICODE, Alphabet, spell
from tracer.model.quantity import Quantity, Role

TYPOGRAPHIC = Alphabet(
    {**UNICODE.templates, Role.SETTING: "{word}"},
    digits=str.maketrans(dict(zip("0123456789", SUBSCRIPT_DIGITS, strict=True))),
    words=LETTERS,
)


@dataclass(frozen=True, slots=True)
class Typeface:
    """A notation for people, and how quantities are written in it: each one, and by its name where two look alike.
    word: what is no quantity, by its name."""

    setting: Typesetting
    spell: Callable[[Quantity], str]
    verbatim: Callable[[str], str]
    word: Callable[[str], str] = str


NOTATIONS = ("text", "latex", "mathml")
"""The notations of documents."""


def typeface(notation: str) -> Typeface:
    """One of NOTATIONS. Raises KeyError for any other."""
    if notation == "text":
        return Typeface(TYPESET, lambda quantity: spell(quantity, TYPOGRAPHIC), str)
    from tracer.formulas.notation.latex import LATEX
    from tracer.formulas.notation.mathml import MATHML
    from tracer.model import lettering

    setting, script = {"latex": (LATEX, lettering.LATEX), "mathml": (MATHML, lettering.MATHML)}[notation]
    return Typeface(
        setting,
        lambda quantity: lettering.in_script(quantity, script),
        script.verbatim,
        lambda name: lettering.words(name, script),
    )


def typeset(quantities: Mapping[str, Quantity], notation: str = "text") -> dict[str, str]:
    """How quantities (name → quantity) are written in equations that are shown, in one of NOTATIONS. Two never look
    alike: where they would, those whose name differs from that keep their name."""
    face = typeface(notation)
    texts = {name: face.spell(quantity) for name, quantity in quantities.items()}
    while True:
        seen = Counter(texts.values())
        plain = {name: face.verbatim(name) for name, text in texts.items() if seen[text] > 1}
        alike = {name: text for name, text in plain.items() if text != texts[name]}
        if not alike:
            return texts
        texts |= alike
