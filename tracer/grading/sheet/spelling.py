"""Headers → quantities: one normalizing rule, then one table of spellings.

`candidates("Etotaldw1")` is the gradient of w1. A spelling that people use for two things has both, the likelier one
first. Besides the quantities of a network, two others occur only in handmade sheets: `w1+` (the weight after the
update of its own row) and `Δw1` (the change that the update makes).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from tracer.grading.sheet.words import in_english, repeats
from tracer.model.quantity import PARAMETERS, Quantity, Role

LONGEST = 60
"""Maximum length of a header; longer texts are notes."""

# ------------------------------------------------------------------------------------------ the normalizing rule

_SYMBOLS = str.maketrans(
    {"∂": "d", "δ": "d", "ð": "d", "𝛿": "d", "𝜕": "d", "∇": "grad", "η": "eta", "ƞ": "eta", "σ": "sig", "ς": "sig",
     "α": "alpha", "β": "beta", "θ": "theta", "φ": "phi", "ϕ": "phi", "ŷ": "yhat", "′": "'", "’": "'", "⁺": "+",
     "ɛ": "e", "ε": "e", "⁄": "/", "∕": "/", "÷": "/", "\N{COMBINING CIRCUMFLEX ACCENT}": "hat"}
)  # fmt: skip
_DROPPED = re.compile(r"[\s_{}\[\]$\\,.:;^()|·\"“”-]+")
_FRACTION = re.compile(r"\\d?frac\s*\{(.*?)\}\s*\{(.*?)\}")
_BAR = re.compile(r"\n\s*[-‐-―─━_]+\s*\n")
"""The line of a fraction, drawn between two lines of text."""
_ZERO_FOR_O = re.compile(r"(?<![a-ce-z])(a|out|net|z|act|sig)0(?=[1-9])")
"""a_01 is often typed for a_o1; behind d it is a derivative's."""


@lru_cache(maxsize=20_000)
def normalize(header: str) -> str:
    """The header in lower case, in ASCII, without blanks, brackets and underscores; what follows an equals sign is
    ignored, unless nothing precedes it."""
    text = _BAR.sub("/", _FRACTION.sub(r"\1/\2", header))
    text = re.sub(r"\\partial|\\delta", "d", re.sub(r"\\(?:text|mathrm)\b", "", text))
    text = re.sub(r"[Σ∑]|\\[Ss]um\b", "sum ", text)  # in lower case it is the sigmoid's σ
    text = re.sub(r"[Δ∆△▵]|\\Delta", "δδ", text)  # two: the capital letter means a step
    text = re.sub(r"([wW])_?\{?(\d),?(\d)\}?\^\{?[(\[]?(\d)[)\]]?\}?", r"\1\4\2\3", text)  # w_12^(1): its layer first
    text = re.sub(r"([zabZAB])_?\{?(\d)\}?\^\{?[(\[]?(\d)[)\]]?\}?", r"\1\3\2", text)
    text = unicodedata.normalize("NFKC", text).strip()
    before, equals, _ = text.partition("=")
    text = before if equals and before.strip() else text
    text = text.lower().translate(_SYMBOLS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"\b(?:w\.?r\.?t\.?|by|over)\b", "/", in_english(text.lower().translate(_SYMBOLS)))
    text = re.sub(r"(?<=[a-z])#(?=\d)", "", _DROPPED.sub("", text))
    return _ZERO_FOR_O.sub(r"\1o", text)


# --------------------------------------------------------------------------------------------- the spellings

_LAYER = r"(?P<layer>h|hidden|hid|o|output|out|y)"
_LAYERS = {"h": "h", "hidden": "h", "hid": "h", "o": "o", "output": "o", "out": "o", "y": "o"}
_NUMBER = r"(?P<number>\d{1,3})"
_WORD_NET = (
    r"(?:net(?:input|in)?|z|sum|s|in|input|weightedsum|ws|pre|preact|preactivation|n|total|totalnetinput|before|raw|"
    r"i|v)"
)
_WORD_ACT = (
    r"(?:a|act|activation|activated|activ|out|output|sig|sigmoid|sigma|logistic|f|g|s|o|phi|y|act?fn|after|post|relu|"
    r"tanh|softmax|')"
)
_TARGET = (
    r"(?:t|target|targ|tgt|tar|(?:target|expected|desired)(?:output|value|y)|expected|exp|desired|goal|label|true|ytrue|"
    r"truey|y)"
)
_RATE = (
    r"(?:eta|lr|l?rate|alpha|stepsize|learn(?:ing)?(?:rate|speed|factor|constant|coefficient|parameter|step|stepsize)?)"
)
_NEW = r"(?:\+|'|\*|new|next|updated|upd|update|after|plus|[tkn]\+1)"
_ONE_ERROR = r"(?:e|err|error|loss|cost|se|sse|mse|j|l|c)"
_WHOLE = r"(?:total|tot|totl|sum|sumof|all|overall|global|network|squared)"
_TOTAL = rf"(?:{_WHOLE}*{_ONE_ERROR}s?(?:{_WHOLE}|t|tt)?|{_WHOLE}e|e1\+e2)"

Make = Callable[[re.Match[str]], Quantity]


def _numbered(role: Role, layer: str = "") -> Make:
    """A quantity numbered by the digits of the match, in the layer that the pattern captures, if any."""

    def make(match: re.Match[str]) -> Quantity:
        indices = tuple(int(group) for group in match.groups() if group.isdigit())
        return Quantity(role, _LAYERS[match["layer"]] if "layer" in match.re.groupindex else layer, indices)

    return make


def _fixed(role: Role, *indices: int, layer: str = "") -> Make:
    return lambda match: Quantity(role, layer, indices)


def _weight_between(match: re.Match[str]) -> Quantity:
    """A weight by the letters of its layer and two numbers, in whatever order."""
    return Quantity(Role.WEIGHT, match[1], (int(match[2]), int(match[3])))


def _weight_from(layers: str, source: int = 1) -> Make:
    """A weight by its two ends. layers: theirs. source: which group of the pattern is where it comes from."""
    return lambda match: Quantity(Role.WEIGHT, layers, (int(match[source]), int(match[3 - source])))


_PLAIN: tuple[tuple[str, Make], ...] = (
    (rf"{_TARGET}(\d{{1,3}})", _numbered(Role.TARGET)),
    (r"(?:i|x|in|inp|input|inputs|feature|inputneuron)(\d{1,3})", _numbered(Role.INPUT)),
    (r"(?:targeto|to|targetout|toutput|desiredo|expectedo)(\d{1,3})", _numbered(Role.TARGET)),
    (r"(?:o|y|out|output)(\d{1,3})(?:target|desired|expected)", _numbered(Role.TARGET)),
    (r"(?:w|weight|weights|wt|wgt|omega|weightsw|weightw)(\d{1,3})", _numbered(Role.WEIGHT)),
    (r"(?:w|weight)0(\d)", _numbered(Role.SHARED_BIAS)),
    (r"(?:initial|init|old|current|start)(?:w|weight)(\d{1,3})", _numbered(Role.WEIGHT)),
    (r"(?:w|weight)(\d{1,3})(?:initial|init|old|current|start)", _numbered(Role.WEIGHT)),
    (r"h(\d{1,3})", _numbered(Role.NET_INPUT, "h")),
    (r"h(\d{1,3})", _numbered(Role.ACTIVATION, "h")),
    (r"o(\d{1,3})", _numbered(Role.NET_INPUT, "o")),
    (r"(?:y|o|output|out)(\d{1,3})", _numbered(Role.ACTIVATION, "o")),
    (r"(?:b|bias|beta|theta)(\d{1,3})", _numbered(Role.SHARED_BIAS)),
    (r"(?:b|bias|beta|theta)(?P<layer>h|o)(\d{1,3})", _numbered(Role.BIAS)),
    (r"(?:b|bias)(?:h|hidden)", _fixed(Role.SHARED_BIAS, 1)),
    (r"(?:b|bias)(?:o|out|output)", _fixed(Role.SHARED_BIAS, 2)),
    (r"(?:b|bias)", _fixed(Role.SHARED_BIAS, 1)),
    (r"(?:b|bias)", _fixed(Role.SHARED_BIAS, 2)),
    (r"(?:h|hidden|hid|hiddenneuron|neuronh)(\d{1,3})", _numbered(Role.NET_INPUT, "h")),
    (r"(?:o|outputneuron|neurono)(\d{1,3})", _numbered(Role.NET_INPUT, "o")),
    (r"(?:out|output|outo|pred|prediction|predicted|yhat|ypred|actual|result|ist|aout|outputlayer)(\d{1,3})",
     _numbered(Role.ACTIVATION, "o")),
    (r"(?:output|out)(\d{1,3})", _numbered(Role.NET_INPUT, "o")),
    (r"(?:actual|result)(\d{1,3})", _numbered(Role.TARGET)),
    (rf"{_ONE_ERROR}(?:o|of|out|output|ofoutput)?(\d{{1,3}})", _numbered(Role.ERROR)),
    (r"(?:output|out)(?:error|loss)(\d{1,3})", _numbered(Role.ERROR)),
    (_TOTAL, _fixed(Role.LOSS)),
    (rf"{_RATE}(?:{_RATE})?", _fixed(Role.LEARNING_RATE)),
    (r"(?:iteration|iter|iterations|it|epoch|epochs|step|steps|k|n|no|#|nr|num|round|pass|run|count|index|idx|"
     r"iterationno|iteration#|epoch#|epochno|stepno|sno|sl|slno|trial|cycle|generation|time)", _fixed(Role.ITERATION)),
    (r"n", _fixed(Role.LEARNING_RATE)),
    (rf"(?:{_TARGET}|d)", _fixed(Role.TARGET, 1)),
    (r"(?:y|yhat|ypred|pred|prediction|predicted)", _fixed(Role.ACTIVATION, 1, layer="o")),
    (r"(?:x|input)", _fixed(Role.INPUT, 1)),
    (r"(?:z|net|netinput|s|sum)(\d{1,3})", _numbered(Role.NET_INPUT)),
    (r"(?:a|act|activation|out|output|sig|sigmoid)(\d{1,3})", _numbered(Role.ACTIVATION)),
    (r"(?:w|weight)(?:i|x|in|input)(\d)(?:to|>|→)?(?:h|hidden)(\d)", _weight_from("i→h")),
    (r"(?:w|weight)(?:h|hidden)(\d)(?:to|>|→)?(?:o|y|out|output)(\d)", _weight_from("h→o")),
    (r"(?:w|weight)(?:h|hidden)(\d)(?:i|x|in|input)(\d)", _weight_from("i→h", source=2)),
    (r"(?:w|weight)(?:o|y|out|output)(\d)(?:h|hidden)(\d)", _weight_from("h→o", source=2)),
    (r"(?:w|weight)(ih|xh|ho|hy|h|o|i|in|out)(\d)(\d)", _weight_between),
    (r"(u|v)(\d)(\d)", _weight_between),
    (rf"{_WORD_NET}{_LAYER}{_NUMBER}(?:in|net)?", _numbered(Role.NET_INPUT)),
    (rf"{_LAYER}{_NUMBER}(?:{_WORD_NET})", _numbered(Role.NET_INPUT)),
    (rf"{_LAYER}(?:net|in|sum|z){_NUMBER}", _numbered(Role.NET_INPUT)),
    (rf"{_WORD_ACT}{_LAYER}{_NUMBER}", _numbered(Role.ACTIVATION)),
    (rf"{_LAYER}{_NUMBER}{_WORD_ACT}", _numbered(Role.ACTIVATION)),
    (rf"{_LAYER}(?:out|act|a){_NUMBER}", _numbered(Role.ACTIVATION)),
    (rf"{_WORD_ACT}{_WORD_NET}{_LAYER}{_NUMBER}", _numbered(Role.ACTIVATION)),
    (rf"(?:z|net){_NUMBER}{_LAYER}", _numbered(Role.NET_INPUT)),
    (rf"(?:a|act|out){_NUMBER}{_LAYER}", _numbered(Role.ACTIVATION)),
)  # fmt: skip
"""Some are provisional: a neuron without a layer is counted through all of them, a weight has two ends in place of its
number. What these are shows beside the sheet's other headers (see `conventions`)."""

_COMPILED = [(re.compile(pattern), make) for pattern, make in _PLAIN]
_LOSS = Quantity(Role.LOSS)
_ERRORS = [
    (re.compile(_TOTAL), _fixed(Role.LOSS)),
    (re.compile(rf"{_ONE_ERROR}o?(\d{{1,3}})"), _numbered(Role.ERROR)),
]
"""What is derived: the total error, or that of one output."""


def is_provisional(quantity: Quantity) -> bool:
    """Whether the meaning of a quantity depends on the sheet's other headers."""
    return any(
        len(part.indices) > 1 if part.role is Role.WEIGHT else part.role in OF_NEURON and not part.layer
        for part in quantity.parts()
    )


OF_NEURON = frozenset({Role.NET_INPUT, Role.ACTIVATION})


def is_parameter(quantity: Quantity) -> bool:
    """Whether a quantity is a weight or a bias that is known."""
    return quantity.role in PARAMETERS and not is_provisional(quantity)


def _plain(text: str, table: list[tuple[re.Pattern[str], Make]] = _COMPILED) -> list[Quantity]:
    """The meaning of a text that is not a derivative."""
    found = [make(match) for pattern, make in table if (match := pattern.fullmatch(text))]
    return list(dict.fromkeys(found))


def _by(of: Quantity, by: Quantity) -> Quantity:
    return Quantity(Role.GRADIENT if of == _LOSS else Role.LOCAL_DERIVATIVE, of=of, by=by)


def _derivative(text: str) -> list[Quantity]:
    """∂E/∂x, ∂y/∂x, in any of their spellings."""
    above, slash, below = text.partition("/")
    if slash:
        for lower in _undone(below):
            under = _plain(lower)
            for upper in _undone(above):
                of = _plain(upper, _ERRORS)[:1] or _plain(upper)
                if of and under:
                    return [_by(one, two) for one in of[:2] for two in under[:2]]
        return []
    for match in re.finditer("d", text):
        if match.start() == 0:
            continue
        of, under = _plain(text[: match.start()].removeprefix("d"), _ERRORS), _plain(text[match.end() :])
        if of and under:
            return [_by(of[0], quantity) for quantity in under[:2]]
    headed = re.fullmatch(r"(.+?)(?:gradients?|grad)", text)
    if headed and (named := _plain(headed[1])):
        return [_by(_LOSS, quantity) for quantity in named[:2] if _is_derived_by(quantity)]
    numbered = re.fullmatch(r"(delta|d|err|error)(\d)", text)
    if numbered:
        index = (int(numbered[2]),)
        target = [Quantity(Role.TARGET, indices=index)] if numbered[1] == "d" else []
        return [_by(_LOSS, Quantity(Role.NET_INPUT, indices=index)), *target]
    gradient = _GRADIENT.fullmatch(text)
    if gradient:
        by = [quantity for quantity in _plain(gradient[1])[:2] if _is_derived_by(quantity)]
        slopes = [
            _by(replace(quantity, role=Role.ACTIVATION), replace(quantity, role=Role.NET_INPUT))
            for quantity in by
            if quantity.role in OF_NEURON and quantity.layer
        ]
        return [*(_by(_LOSS, quantity) for quantity in by), *slopes]
    return []


_UNDONE = re.compile(r"(?:derivative|deriv|gradient|grad|partial|delta|dd|d)(?:of)?")
_GRADIENT = re.compile(
    r"(?:(?:error|loss)?(?:gradient|gradients|grad|derivative|deriv|delta|slope|partial|d|g)(?:of|e)?|e')"
    r"(?:d(?=d))?(.+)"
)
_NOT_DERIVED_BY = frozenset({Role.TARGET, Role.ERROR, Role.LOSS, Role.LEARNING_RATE, Role.ITERATION})


def _undone(text: str) -> list[str]:
    """Above or below a fraction's line: what is derived, its d taken off first."""
    sign = _UNDONE.match(text)
    return [text[sign.end() :] or "e", text] if sign else [text]


def _is_derived_by(quantity: Quantity) -> bool:
    return quantity.role not in _NOT_DERIVED_BY


_CHANGED = re.compile(r"(dd|delta|change(?:in|of)?|step|diff|update(?:of)?)(.+)")
_AFTER = re.compile(rf"(?:(.+?){_NEW}|{_NEW}(.+))")


def _changed(text: str) -> list[Quantity]:
    """A parameter's change, or its value after the update."""
    change = _CHANGED.fullmatch(text)
    parameters = list(filter(is_parameter, _plain(change[2]))) if change else []
    if change and parameters:
        changes = [Quantity(Role.CHANGE, of=parameter) for parameter in parameters]
        slopes = [_by(_LOSS, parameter) for parameter in parameters]
        return [*slopes, *changes] if change[1] == "delta" else [*changes, *slopes]
    new = _AFTER.fullmatch(text)
    return [after_update(q) for q in _plain(new[1] or new[2]) if is_parameter(q)] if new else []


def after_update(parameter: Quantity) -> Quantity:
    """A parameter after the update of its own row."""
    return Quantity(Role.AFTER_UPDATE, of=parameter)


@lru_cache(maxsize=20_000)
def candidates(header: str) -> tuple[Quantity, ...]:
    """The meanings of a header, the likeliest first; empty if unknown."""
    if len(header) > LONGEST or _NO_NAME.match(header) or not _has_meaning(_shape(header)):
        return ()
    return _candidates(header)


def _candidates(header: str) -> tuple[Quantity, ...]:
    return tuple(dict.fromkeys(_meanings(header) or _without_a_remark(header)))


_NO_NAME = re.compile(r"\s*\d")
"""No name of a quantity begins with a digit."""
_ALIKE, _LONG_NUMBER = str.maketrans("345678", "999999"), re.compile(r"[0-9]{5,}")


def _shape(header: str) -> str:
    """The header with others of its digits that no spelling tells apart: a log of thousands of texts has few shapes."""
    return _LONG_NUMBER.sub("99999", header.translate(_ALIKE))


@lru_cache(maxsize=20_000)
def _has_meaning(shape: str) -> bool:
    return bool(_candidates(shape))


def quantity_of(name: str) -> Quantity | None:
    """The quantity that a name of a table stands for without a config: the inverse of `naming.spell`."""
    return next(iter(candidates(name)), None)


def _meanings(header: str) -> list[Quantity]:
    text = normalize(header)
    if not text or text.replace("/", "").isdigit():
        return []
    return _plain(text) or _changed(text) or _derivative(text)


_REMARKS = (
    re.compile(r"(?P<name>.+?)\s*[(\[](?P<remark>[^()\[\]]+)[)\]]\s*", re.DOTALL),
    re.compile(r"(?P<name>.+?)[\s:,]+(?P<remark>\S+)\s*", re.DOTALL),
    re.compile(r"\s*(?P<remark>\S+?)[\s:,]+(?P<name>.+)", re.DOTALL),
)
"""A name with a remark in brackets, behind it, in front of it."""


def _without_a_remark(header: str) -> list[Quantity]:
    """`i1 (input)`, `Input i1`, `learning rate (η)`: a name beside a word that repeats what the name says."""
    for form in _REMARKS:
        parts = form.fullmatch(header)
        if parts:
            said, word = _meanings(parts["remark"]), normalize(parts["remark"])
            named = [name for name in _meanings(parts["name"]) if name in said or repeats(word, name)]
            if named:
                return named
    return []
