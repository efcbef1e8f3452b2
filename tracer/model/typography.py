"""How quantities are written in equations that are shown, as in a textbook: h₁, w₁₂, β₁, or in LaTeX h_1, w_{12}, or in
MathML. Nothing reads it back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracer.formulas.notation import latex, mathml
from tracer.formulas.notation.latex import LATEX
from tracer.formulas.notation.mathml import MATHML
from tracer.formulas.notation.text import TYPESET
from tracer.formulas.notation.typesetting import Typesetting
from tracer.formulas.symbols import SUBSCRIPT_DIGITS
from tracer.model import naming
from tracer.model.naming import UNICODE, Alphabet, spell
from tracer.model.quantity import Quantity, Role

_GREEK = {"alpha": "α", "beta": "β", "eps": "ε", "rho": "ρ"}
"""How settings are written."""

TYPOGRAPHIC = Alphabet(
    {**UNICODE.templates, Role.SETTING: "{word}"},
    digits=str.maketrans(dict(zip("0123456789", SUBSCRIPT_DIGITS, strict=True))),
    words=_GREEK,
)


@dataclass(frozen=True, slots=True)
class Script:
    """How the parts of a name are put together in a notation of two dimensions.

    word: a word, and whether it stands at the foot of another. plain: several words. subscript: something with another
    at its foot. listed: between several things there. derivative: of something by another. hat, change, after: a letter
    with a hat, the change of something, its value after an update. verbatim: a name as it stands in the config.
    """

    word: Callable[[str, bool], str]
    plain: Callable[[str], str]
    subscript: Callable[[str, str], str]
    listed: str
    derivative: str
    hat: str
    change: str
    after: str
    verbatim: Callable[[str], str]


_LATEX = Script(
    latex.word, latex.plain, latex.subscript, ",",
    r"\frac{{\partial {}}}{{\partial {}}}", r"\hat {}", r"\Delta {}", "{}^+", latex.verbatim,
)  # fmt: skip
_MATHML = Script(
    mathml.word, mathml.plain, mathml.subscript, "<mo>,</mo>",
    "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>",
    '<mover accent="true">{}<mo>^</mo></mover>', "<mrow><mo>Δ</mo>{}</mrow>", "<msup>{}<mo>+</mo></msup>",
    mathml.verbatim,
)  # fmt: skip


def _in_script(quantity: Quantity, script: Script, is_index: bool = False) -> str:
    """The spelling of a quantity; derivatives are those of the loss by its full name."""
    match quantity:
        case Quantity(role=Role.GRADIENT | Role.LOCAL_DERIVATIVE, of=Quantity() as of, by=Quantity() as by, word=word):
            remark = "".join(word.partition(" ")[1:])  # such as `directly`
            derivative = script.derivative.format(_in_script(of, script), _in_script(by, script))
            return derivative + script.plain(remark) if remark else derivative
        case Quantity(role=Role.CHANGE, of=Quantity() as of):
            return script.change.format(_in_script(of, script))
        case Quantity(role=Role.AFTER_UPDATE, of=Quantity() as of):
            return script.after.format(_in_script(of, script))
        case Quantity(role=Role.STATE, of=Quantity() as of, word=word):
            letter = word.removesuffix(_HAT)
            base = script.hat.format(script.word(letter, False)) if letter != word else _words(word, script)
            return script.subscript(base, _in_script(of, script, True))
        case Quantity(role=Role.CLIPPED, of=Quantity() as of):
            return script.subscript(script.word("g", False), _in_script(of, script, True))
        case Quantity(role=Role.BATCH_LOSS, of=Quantity(word=word)):
            return _words(naming.batch_loss(word or naming.SHORT_TOTAL), script)
        case Quantity(role=Role.ACTIVATION | Role.BIAS, word=""):
            neuron = Quantity(Role.NET_INPUT, quantity.layer, quantity.indices)
            letter = "a" if quantity.role is Role.ACTIVATION else "b"
            return script.subscript(script.word(letter, False), _in_script(neuron, script, True))
        case Quantity(role=Role.SETTING, word=word):
            return _words(word, script, is_index, _GREEK)
    return _words(spell(quantity), script, is_index)


_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_NUMBERED = re.compile(r"(?P<word>.*[^\W\d_])(?P<number>[0-9]+)")
_DIGITS = str.maketrans(dict(zip(SUBSCRIPT_DIGITS, "0123456789", strict=True)))


def _words(name: str, script: Script, is_index: bool = False, instead: Mapping[str, str] | None = None) -> str:
    """A name whose underscores and last digits are indices: E_total, w12, h1_12. instead: what is written for words."""
    first, *rest = name.translate(_DIGITS).split("_")
    if " " in name:
        return script.plain(name)
    if not first or not all(rest):
        return script.verbatim(name)
    match = _NUMBERED.fullmatch(first)
    word, number = match.groups() if match else (first, "")
    base = script.word((instead or {}).get(word, word), is_index and not (number or rest))
    index = [script.word(number, True)] if number else []
    if rest:
        index.append(_words("_".join(rest), script, True))
    return script.subscript(base, script.listed.join(index)) if index else base


@dataclass(frozen=True, slots=True)
class Typeface:
    """A notation for people, and how quantities are written in it: each one, and by its name where two look alike.
    word: what is no quantity, by its name."""

    setting: Typesetting
    spell: Callable[[Quantity], str]
    verbatim: Callable[[str], str]
    word: Callable[[str], str] = str


TYPEFACES: Mapping[str, Typeface] = {
    "text": Typeface(TYPESET, lambda quantity: spell(quantity, TYPOGRAPHIC), str),
    "latex": Typeface(
        LATEX, lambda quantity: _in_script(quantity, _LATEX), latex.verbatim, lambda name: _words(name, _LATEX)
    ),
    "mathml": Typeface(
        MATHML, lambda quantity: _in_script(quantity, _MATHML), mathml.verbatim, lambda name: _words(name, _MATHML)
    ),
}
"""The notations of documents, by name."""


def typeset(quantities: Mapping[str, Quantity], notation: str = "text") -> dict[str, str]:
    """How quantities (name → quantity) are written in equations that are shown, in one of TYPEFACES. Two never look
    alike: where they would, those whose name differs from that keep their name."""
    face = TYPEFACES[notation]
    texts = {name: face.spell(quantity) for name, quantity in quantities.items()}
    while True:
        seen = Counter(texts.values())
        plain = {name: face.verbatim(name) for name, text in texts.items() if seen[text] > 1}
        alike = {name: text for name, text in plain.items() if text != texts[name]}
        if not alike:
            return texts
        texts |= alike
