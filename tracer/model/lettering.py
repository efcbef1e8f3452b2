"""How quantities are written in LaTeX and in MathML: h_1, w_{12}, derivatives as fractions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracer.formulas.notation import latex, mathml
from tracer.formulas.symbols import LETTERS, SUBSCRIPT_DIGITS
from tracer.model import naming
from tracer.model.naming import spell
from tracer.model.quantity import Quantity, Role


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


LATEX = Script(
    latex.word, latex.plain, latex.subscript, ",",
    r"\frac{{\partial {}}}{{\partial {}}}", r"\hat {}", r"\Delta {}", "{}^+", latex.verbatim,
)  # fmt: skip
MATHML = Script(
    mathml.word, mathml.plain, mathml.subscript, "<mo>,</mo>",
    "<mfrac><mrow><mo>∂</mo>{}</mrow><mrow><mo>∂</mo>{}</mrow></mfrac>",
    '<mover accent="true">{}<mo>^</mo></mover>', "<mrow><mo>Δ</mo>{}</mrow>", "<msup>{}<mo>+</mo></msup>",
    mathml.verbatim,
)  # fmt: skip


def in_script(quantity: Quantity, script: Script, is_index: bool = False) -> str:
    """The spelling of a quantity; derivatives are those of the loss by its full name."""
    match quantity:
        case Quantity(role=Role.GRADIENT | Role.LOCAL_DERIVATIVE, of=Quantity() as of, by=Quantity() as by, word=word):
            remark = "".join(word.partition(" ")[1:])  # such as `directly`
            derivative = script.derivative.format(in_script(of, script), in_script(by, script))
            return derivative + script.plain(remark) if remark else derivative
        case Quantity(role=Role.CHANGE, of=Quantity() as of):
            return script.change.format(in_script(of, script))
        case Quantity(role=Role.AFTER_UPDATE, of=Quantity() as of):
            return script.after.format(in_script(of, script))
        case Quantity(role=Role.STATE, of=Quantity() as of, word=word):
            letter, foot = word.removesuffix(_HAT), in_script(of, script, True)
            if letter != word:
                return script.subscript(script.hat.format(script.word(letter, False)), foot)
            return words(word, script, foot=foot)
        case Quantity(role=Role.CLIPPED, of=Quantity() as of):
            return script.subscript(script.word("g", False), in_script(of, script, True))
        case Quantity(role=Role.BATCH_LOSS, of=Quantity(word=word)):
            return words(naming.batch_loss(word or naming.SHORT_TOTAL), script)
        case Quantity(role=Role.ACTIVATION | Role.BIAS, word=""):
            neuron = Quantity(Role.NET_INPUT, quantity.layer, quantity.indices)
            letter = "a" if quantity.role is Role.ACTIVATION else "b"
            return script.subscript(script.word(letter, False), in_script(neuron, script, True))
        case Quantity(role=Role.SETTING, word=word):
            return words(word, script, is_index, LETTERS)
    return words(spell(quantity), script, is_index)


_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_NUMBERED = re.compile(r"(?P<word>.*[^\W\d_])(?P<number>[0-9]+)")
_DIGITS = str.maketrans(dict(zip(SUBSCRIPT_DIGITS, "0123456789", strict=True)))


def words(
    name: str, script: Script, is_index: bool = False, instead: Mapping[str, str] | None = None, foot: str = ""
) -> str:
    """A name whose underscores and last digits are indices: E_total, w12, h1_12. instead: what is written for words.
    foot: a further index, beside those of the name: what has one takes no other."""
    first, *rest = name.translate(_DIGITS).split("_")
    index = [foot] if foot else []
    if " " in name:
        base = script.plain(name)
    elif not first or not all(rest):
        base = script.verbatim(name)
    else:
        match = _NUMBERED.fullmatch(first)
        word, number = match.groups() if match else (first, "")
        base = script.word((instead or {}).get(word, word), is_index and not (number or rest))
        if rest:
            index.insert(0, words("_".join(rest), script, True))
        if number:
            index.insert(0, script.word(number, True))
    return script.subscript(base, script.listed.join(index)) if index else base
