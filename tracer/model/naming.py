"""Names of quantities: how they are spelled, and how a spelling is read back.

Inputs `i1…`, targets `t1…`, net inputs `h1…` and activations `a_h1…` of a layer `h`; weights are numbered through the
whole network, layer by layer, neuron by neuron, input by input, as in the classic figure.

Everywhere else a name is a key, never parsed: `System.quantities` says what it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tracer.formulas.symbols import SUPERSCRIPT_DIGITS
from tracer.model.quantity import DERIVATIVES, LOSSES, PARAMETERS, Quantity, Role

ETA = "η"
SCHEDULE = "η(k)"
"""A learning rate that changes with the iteration."""
ITERATION, SAMPLE = "iteration", "sample"
COUNT = "k"
"""The number of the iteration in formulas."""
TOTAL = "E_total"
SHORT_TOTAL = "E"
"""The letter of the total within the name of another quantity."""
GRADIENT_NORM = "norm_g"
"""The 2-norm of all gradients of an iteration."""
OUTPUT_LAYER = "o"
HIDDEN_LAYER = "h"


# --------------------------------------------------------------------------------------------------- the alphabets


@dataclass(frozen=True, slots=True)
class Alphabet:
    """How quantities are spelled.

    templates: the spelling of each role, from `{index}`, `{layer}`, `{neuron}`, `{word}` and the spellings `{of}` and
        `{by}`.
    characters: what is written in place of single characters, at the end.
    digits: what indices are written in, and the number at the end of a user's word; words: what is written in place of
        that of a setting.
    """

    templates: Mapping[Role, str]
    characters: Mapping[int, str] = field(default_factory=dict)
    digits: Mapping[int, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


_TEMPLATES = {
    Role.INPUT: "i{index}",
    Role.TARGET: "t{index}",
    Role.WEIGHT: "w{index}",
    Role.BIAS: "b_{neuron}",
    Role.SHARED_BIAS: "b{index}",
    Role.NET_INPUT: "{neuron}",
    Role.ACTIVATION: "a_{neuron}",
    Role.ERROR: "E{index}",
    Role.PENALTY: "{word}",
    Role.LOSS: TOTAL,
    Role.OWN: "{word}",
    Role.OWN_PARAMETER: "{word}",
    Role.GRADIENT: "∂{of}/∂{by}",
    Role.LOCAL_DERIVATIVE: "∂{of}/∂{by}",
    Role.BATCH_LOSS: "{of}_batch",
    Role.CLIPPED: "g_{of}",
    Role.GRADIENT_NORM: GRADIENT_NORM,
    Role.STATE: "{word}_{of}",
    Role.LEARNING_RATE: ETA,
    Role.SETTING: "setting.{word}",
    Role.COUNT: COUNT,
    Role.ITERATION: ITERATION,
    Role.SAMPLE: SAMPLE,
    Role.AFTER_UPDATE: "{of}+",
    Role.CHANGE: "Δ{of}",
}
UNICODE = Alphabet(_TEMPLATES)
"""The names themselves, as they are keys everywhere."""
ASCII = Alphabet(
    _TEMPLATES,
    characters=str.maketrans(
        {
            "∂": "d",
            "η": "eta",
            "ε": "eps",
            "δ": "delta",
            "·": "*",
            "−": "-",
            "≤": "<=",
            "≥": ">=",
            "≠": "<>",
            "←": "<-",
            "…": "...",
            "●": "x",
            "○": "o",
            "—": "-",
            "→": "->",
            "π": "pi",
            "±": "+-",
            "½": "1/2",
            **{sign: f"^{power}" for power, sign in enumerate(SUPERSCRIPT_DIGITS)},
            "Σ": "sum",
            "√": "sqrt",
            "Φ": "Phi",
            "Δ": "Delta_",
            "‖": "||",
            "\N{COMBINING CIRCUMFLEX ACCENT}": "_hat",
        }
    ),
)
ALPHABETS: Mapping[str, Alphabet] = {"unicode": UNICODE, "ascii": ASCII}


def spell(quantity: Quantity, alphabet: Alphabet = UNICODE) -> str:
    """The spelling of a quantity in an alphabet; in Unicode its name."""
    return _written(quantity, alphabet).translate(alphabet.characters)


def _written(quantity: Quantity, alphabet: Alphabet) -> str:
    template = alphabet.templates[quantity.role]
    word = _word(quantity, alphabet)
    if word and "{word}" not in template:
        return word
    layer, index = quantity.layer, str(quantity.index).translate(alphabet.digits)
    of, by = quantity.of and within(quantity.of, alphabet), quantity.by and _written(quantity.by, alphabet)
    neuron = f"{layer}{index}" if alphabet.digits else _neuron(layer, quantity.index)
    return template.format(index=index, layer=layer, neuron=neuron, word=word, of=of, by=by)


_NUMBERED = re.compile(r"(?P<word>.*[^\W\d_])(?P<number>[0-9]+)")


def _word(quantity: Quantity, alphabet: Alphabet) -> str:
    """A user's word, or that of a state or a setting."""
    match = _NUMBERED.fullmatch(quantity.word) if alphabet.digits else None
    word, number = match.groups() if match else (quantity.word, "")
    if quantity.role is Role.SETTING:
        word = alphabet.words.get(word, word)
    return word + number.translate(alphabet.digits)


def within(quantity: Quantity, alphabet: Alphabet = UNICODE) -> str:
    """The spelling of what is derived, or reduced over a batch: E for the total loss."""
    return SHORT_TOTAL if quantity == _TOTAL_LOSS else _written(quantity, alphabet)


_TOTAL_LOSS = Quantity(Role.LOSS)


def called(quantity: Quantity, name: str) -> Quantity:
    """The quantity with this name; a name that does not follow from its role and place is the user's word."""
    return quantity if spell(quantity) == name else replace(quantity, word=name)


def read(name: str, quantities: Mapping[str, Quantity]) -> Quantity | None:
    """What a spelling in any alphabet stands for, given all quantities of a system (name → quantity): one of them, a
    derivative of one by another, a parameter after its update, the change of one; None for none of these. The inverse
    of `spell`: `v_h1` is the user's own where the user calls a quantity so."""
    return reader(quantities)(name)


def reader(quantities: Mapping[str, Quantity]) -> Callable[[str], Quantity | None]:
    """`read` for many spellings, given the same quantities."""
    whole: dict[str, Quantity] = {}
    inner: dict[str, Quantity] = {}

    def read(name: str) -> Quantity | None:
        if name in quantities:
            return quantities[name]
        if not whole:
            for alphabet in ALPHABETS.values():
                for quantity in quantities.values():
                    whole.setdefault(spell(quantity, alphabet), quantity)
                    inner.setdefault(within(quantity, alphabet).translate(alphabet.characters), quantity)
        return whole.get(name) or _composed(name, whole, inner)

    return read


def _composed(name: str, whole: Mapping[str, Quantity], inner: Mapping[str, Quantity]) -> Quantity | None:
    """A quantity that is composed of those that are spelled so, by themselves and where they are derived."""
    for role, pattern in _COMPOSED:
        if match := pattern.fullmatch(name):
            of, by = inner.get(match["of"]), whole.get(match.groupdict().get("by", ""))
            if of and by:
                return Quantity(Role.GRADIENT if of.role in LOSSES else role, of=of, by=by)
            if of and of.role in PARAMETERS and role not in DERIVATIVES:
                return Quantity(role, of=of)
    return None


_COMPOSED = [
    (role, re.compile(alphabet.templates[role].translate(alphabet.characters)
                      .replace("+", r"\+").replace("{of}", "(?P<of>.+)").replace("{by}", "(?P<by>.+)")))
    for alphabet in ALPHABETS.values()
    for role in (Role.LOCAL_DERIVATIVE, Role.AFTER_UPDATE, Role.CHANGE)
]  # fmt: skip


def number(name: str, role: Role) -> int | None:
    """The number of a name that is spelled as the quantities of a role are: 12 for i12 among inputs."""
    stem, _, rest = _TEMPLATES[role].partition("{index}")
    digits = name.removeprefix(stem)
    return int(digits) if name == f"{stem}{digits}{rest}" and digits.isdecimal() else None


def family(name: str) -> str:
    """The common part of the names of a family: w of w3, ∂E/∂w of ∂E/∂w3."""
    return name.rstrip("0123456789")


def to_ascii(text: str) -> str:
    """The ASCII spelling of a name or of an equation: `∂E/∂w5` → `dE/dw5`."""
    return text.translate(ASCII.characters)


# ---------------------------------------------------------------------------- names, from those they are composed of


def _named(role: Role, **parts: str | int) -> str:
    return _TEMPLATES[role].format(**parts)


def inputs(count: int) -> list[str]:
    return [_named(Role.INPUT, index=index) for index in range(1, count + 1)]


def targets(count: int) -> list[str]:
    return [_named(Role.TARGET, index=index) for index in range(1, count + 1)]


def layers(count: int) -> list[str]:
    """Default names for `count` layers: `h, o`, or `h1, h2, …, o`."""
    hidden = count - 1
    return [HIDDEN_LAYER if hidden == 1 else f"{HIDDEN_LAYER}{index}" for index in range(1, count)] + [OUTPUT_LAYER]


def _neuron(layer: str, index: int) -> str:
    return f"{layer}_{index}" if layer[-1:].isdigit() else f"{layer}{index}"


def neurons(layer: str, count: int) -> list[str]:
    """The net inputs of a layer: `h1, h2, …`; `h1_1, h1_2, …` where the layer's own name ends in a digit."""
    return [_neuron(layer, index) for index in range(1, count + 1)]


def activation(neuron: str) -> str:
    return _named(Role.ACTIVATION, neuron=neuron)


def weights(widths: Sequence[int]) -> list[list[list[str]]]:
    """The names of all weights by layer, neuron and input, for the widths of the inputs and of every layer."""
    number = 0
    table = []
    for fan_in, width in pairwise(widths):
        first = number + 1
        number += fan_in * width
        table.append([[f"w{first + neuron * fan_in + index}" for index in range(fan_in)] for neuron in range(width)])
    return table


def shared_bias(layer_number: int) -> str:
    """The bias that all neurons of a layer share; layers count from 1."""
    return _named(Role.SHARED_BIAS, index=layer_number)


def neuron_bias(neuron: str) -> str:
    return _named(Role.BIAS, neuron=neuron)


def errors(count: int) -> list[str]:
    return [_named(Role.ERROR, index=index) for index in range(1, count + 1)]


def penalty(name: str) -> str:
    """The penalty on the weights, a part of the loss: l2 → `L2`."""
    return name.upper()


def above(loss: str, names: Container[str]) -> str:
    """The name of the loss in its derivatives: E for E_total, unless E names another quantity."""
    return SHORT_TOTAL if loss == TOTAL and SHORT_TOTAL not in names else loss


def derivative(of: str, by: str) -> str:
    """A gradient or a local derivative: `∂E/∂w1`. of: see `above`."""
    return _named(Role.GRADIENT, of=of, by=by)


def batch_loss(loss: str) -> str:
    """The loss of a batch: `E_batch`; its gradients are `∂E_batch/∂w1`. loss: see `above`."""
    return _named(Role.BATCH_LOSS, of=loss)


def clipped(parameter: str) -> str:
    """The gradient after clipping: `g_w1`."""
    return _named(Role.CLIPPED, of=parameter)


def state_word(name: str) -> str:
    """The name of a state of an optimizer; a letter with `_hat` is one with a hat: `m_hat` → `m̂`."""
    letter = name.removesuffix("_hat")
    return letter + "\N{COMBINING CIRCUMFLEX ACCENT}" if letter != name and len(letter) == 1 else name


def state(name: str, parameter: str) -> str:
    """A state of the optimizer for a parameter: `v_w1`, for a state `m_hat` `m̂_w1`."""
    return _named(Role.STATE, word=state_word(name), of=parameter)


def after_update(parameter: str) -> str:
    """A parameter after the update of its own row: `w1+`."""
    return _named(Role.AFTER_UPDATE, of=parameter)


def change(parameter: str) -> str:
    """What the update adds to a parameter, or subtracts from it: `Δw1`."""
    return _named(Role.CHANGE, of=parameter)


def phase_rate(number: int) -> str:
    """The learning rate of a phase, under a name that no quantity can have; phases count from 1."""
    return setting(f"{ETA}{number}")


def setting(name: str) -> str:
    """A number that holds for a whole run, such as the momentum, under a name that no quantity can have."""
    return _named(Role.SETTING, word=name)


def label(name: str) -> str:
    """A name as displayed."""
    return name.removeprefix(_named(Role.SETTING, word=""))
