"""Headers → quantities: one normalising rule, then one table of spellings.

`candidates("Etotaldw1")` is `["∂E/∂w1"]`. A spelling that people use for two things has both, the likelier one first.
The names are those of `tracer.naming`, and a few that only hand-made sheets have: `w1+` (the weight after the update of
its own row) and `Δw1` (the step that the weight takes).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tracer.grading.sheet.words import in_english, repeats
from tracer.model import naming

NEXT = "+"
"""Behind a parameter: its value after the update of the row."""
STEP = "Δ"
"""In front of a parameter: what the update adds to it, or subtracts from it."""
PARAMETER = re.compile(r"[wb]\d+|b_[ho]\d+")
"""A weight or a bias, by its name here."""
LONGEST = 60
"""Characters of a header; longer texts are notes."""

# ------------------------------------------------------------------------------------------ the normalising rule

_SYMBOLS = str.maketrans(
    {"∂": "d", "δ": "d", "ð": "d", "𝛿": "d", "𝜕": "d", "∇": "grad", "η": "eta", "ƞ": "eta", "σ": "sig", "ς": "sig",
     "α": "alpha", "β": "beta", "θ": "theta", "φ": "phi", "ϕ": "phi", "ŷ": "yhat", "′": "'", "’": "'", "⁺": "+",
     "ɛ": "e", "ε": "e", "⁄": "/", "∕": "/", "÷": "/"}
)  # fmt: skip
_DROPPED = re.compile(r"[\s_{}\[\]$\\,.:;^()|·\"“”-]+")
_FRACTION = re.compile(r"\\d?frac\s*\{(.*?)\}\s*\{(.*?)\}")
_BAR = re.compile(r"\n\s*[-‐-―─━_]+\s*\n")
"""The line of a fraction, drawn between two lines of text."""
_ZERO_FOR_O = re.compile(r"(?<![a-ce-z])(a|out|net|z|act|sig)0(?=[1-9])")
"""a_01 is often typed for a_o1; behind d it is a derivative's."""


@lru_cache(maxsize=5_000)
def normalise(header: str) -> str:
    """The header in lower case, in ASCII, without blanks, brackets and underscores; what follows an equals sign is
    left out, unless nothing stands before it."""
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
_HIDDEN = {"h": "h", "hidden": "h", "hid": "h", "o": "o", "output": "o", "out": "o", "y": "o"}
_NUMBER = r"(?P<number>\d{1,3})"
_WORD_NET = (
    r"(?:net(?:input|in)?|z|sum|s|in|input|weightedsum|ws|pre|preact|preactivation|n|total|totalnetinput|before|raw|"
    r"i|v)"
)
_WORD_ACT = (
    r"(?:a|act|activation|activated|activ|out|output|sig|sigmoid|sigma|logistic|f|g|s|o|phi|y|act?fn|after|post|relu|"
    r"tanh|softmax|')"
)
_NEW = r"(?:\+|'|\*|new|next|updated|upd|update|after|plus|[tkn]\+1)"
_ONE_ERROR = r"(?:e|err|error|loss|cost|se|sse|mse|j|l|c)"
_WHOLE = r"(?:total|tot|totl|sum|sumof|all|overall|global|network|squared)"
_TOTAL = rf"(?:{_WHOLE}*{_ONE_ERROR}s?(?:{_WHOLE}|t|tt)?|{_WHOLE}e|e1\+e2)"

_PLAIN: tuple[tuple[str, str], ...] = (
    (r"(?:t|target|targ|tgt|tar|targetoutput|expected|exp|desired|goal|label|true|ytrue|y)(\d{1,3})", "t{0}"),
    (r"(?:i|x|in|inp|input|inputs|feature|inputneuron)(\d{1,3})", "i{0}"),
    (r"(?:targeto|to|targetout|toutput|desiredo|expectedo)(\d{1,3})", "t{0}"),
    (r"(?:o|y|out|output)(\d{1,3})(?:target|desired|expected)", "t{0}"),
    (r"(?:w|weight|weights|wt|wgt|omega|weightsw|weightw)(\d{1,3})", "w{0}"),
    (r"(?:w|weight)0(\d)", "b{0}"),
    (r"(?:initial|init|old|current|start)(?:w|weight)(\d{1,3})", "w{0}"),
    (r"(?:w|weight)(\d{1,3})(?:initial|init|old|current|start)", "w{0}"),
    (r"h(\d{1,3})", "h{0}"),
    (r"h(\d{1,3})", "a_h{0}"),
    (r"o(\d{1,3})", "o{0}"),
    (r"(?:y|o|output|out)(\d{1,3})", "a_o{0}"),
    (r"(?:b|bias|beta|theta)(\d{1,3})", "b{0}"),
    (r"(?:b|bias|beta|theta)(h|o)(\d{1,3})", "b_{0}{1}"),
    (r"(?:b|bias)(?:h|hidden)", "b1"),
    (r"(?:b|bias)(?:o|out|output)", "b2"),
    (r"(?:b|bias)", "b1"),
    (r"(?:b|bias)", "b2"),
    (r"(?:h|hidden|hid|hiddenneuron|neuronh)(\d{1,3})", "h{0}"),
    (r"(?:o|outputneuron|neurono)(\d{1,3})", "o{0}"),
    (r"(?:out|output|outo|pred|prediction|predicted|yhat|ypred|actual|result|ist|aout|outputlayer)(\d{1,3})", "a_o{0}"),
    (r"(?:output|out)(\d{1,3})", "o{0}"),
    (r"(?:actual|result)(\d{1,3})", "t{0}"),
    (rf"{_ONE_ERROR}(?:o|of|out|output|ofoutput)?(\d{{1,3}})", "E{0}"),
    (r"(?:output|out)(?:error|loss)(\d{1,3})", "E{0}"),
    (_TOTAL, naming.TOTAL),
    (r"(?:eta|lr|learningrate|alpha|learnrate|learningspeed|stepsize|rate|learningratelr|etalearningrate|"
     r"learningrateeta|lreta|etalr|alphalearningrate|learningratealpha|lrate)", naming.ETA),
    (r"(?:iteration|iter|iterations|it|epoch|epochs|step|steps|k|n|no|#|nr|num|round|pass|run|count|index|idx|"
     r"iterationno|iteration#|epoch#|epochno|stepno|sno|sl|slno|trial|cycle|generation|time)", naming.ITERATION),
    (r"n", naming.ETA),
    (r"(?:t|target)", "t1"),
    (r"(?:x|input)", "i1"),
    (r"(?:z|net|netinput|s|sum)(\d{1,3})", "n{0}"),
    (r"(?:a|act|activation|out|output|sig|sigmoid)(\d{1,3})", "a_n{0}"),
    (r"(?:w|weight)(?:i|x|in|input)(\d)(?:to|>|→)?(?:h|hidden)(\d)", "w[i{0},h{1}]"),
    (r"(?:w|weight)(?:h|hidden)(\d)(?:to|>|→)?(?:o|y|out|output)(\d)", "w[h{0},o{1}]"),
    (r"(?:w|weight)(?:h|hidden)(\d)(?:i|x|in|input)(\d)", "w[h{0},i{1}]"),
    (r"(?:w|weight)(?:o|y|out|output)(\d)(?:h|hidden)(\d)", "w[o{0},h{1}]"),
    (r"(?:w|weight)(ih|xh|ho|hy|h|o|i|in|out)(\d)(\d)", "w[{0}:{1},{2}]"),
    (r"(u|v)(\d)(\d)", "w[{0}:{1},{2}]"),
)  # fmt: skip
"""The last ones are provisional: n3 is the net input of neuron 3 of all, w[h1,o2] a weight by its ends, and what they
are shows beside the sheet's other headers (see `conventions`)."""

_NEURON: tuple[tuple[str, str], ...] = (
    (rf"{_WORD_NET}{_LAYER}{_NUMBER}(?:in|net)?", "{layer}{number}"),
    (rf"{_LAYER}{_NUMBER}(?:{_WORD_NET})", "{layer}{number}"),
    (rf"{_LAYER}(?:net|in|sum|z){_NUMBER}", "{layer}{number}"),
    (rf"{_WORD_ACT}{_LAYER}{_NUMBER}", "a_{layer}{number}"),
    (rf"{_LAYER}{_NUMBER}{_WORD_ACT}", "a_{layer}{number}"),
    (rf"{_LAYER}(?:out|act|a){_NUMBER}", "a_{layer}{number}"),
    (rf"{_WORD_ACT}{_WORD_NET}{_LAYER}{_NUMBER}", "a_{layer}{number}"),
    (rf"(?:z|net){_NUMBER}{_LAYER}", "{layer}{number}"),
    (rf"(?:a|act|out){_NUMBER}{_LAYER}", "a_{layer}{number}"),
)

_COMPILED = [(re.compile(pattern), name) for pattern, name in _PLAIN]
_OF_NEURON = [(re.compile(pattern), name) for pattern, name in _NEURON]
_ERROR_ONLY = re.compile(_TOTAL)
_NUMBERED_ERROR = re.compile(rf"{_ONE_ERROR}o?(\d{{1,3}})")


def _plain(text: str) -> list[str]:
    """A quantity that is no derivative."""
    found = []
    for pattern, name in _COMPILED:
        match = pattern.fullmatch(text)
        if match:
            found.append(
                name.format(*(group.lstrip("0") or "0" if group.isdigit() else group for group in match.groups()))
            )
    for pattern, name in _OF_NEURON:
        match = pattern.fullmatch(text)
        if match:
            found.append(name.format(layer=_HIDDEN[match["layer"]], number=match["number"]))
    return list(dict.fromkeys(found))


def _error(text: str) -> str | None:
    """What is derived: E for the total, E1 for one output's."""
    numbered = _NUMBERED_ERROR.fullmatch(text)
    if numbered:
        return f"E{numbered[1]}"
    return "E" if _ERROR_ONLY.fullmatch(text) else None


def _derivative(text: str) -> list[str]:
    """∂E/∂x, ∂y/∂x, in any of their spellings."""
    above, slash, below = text.partition("/")
    if slash:
        uppers, lowers = _undone(above), _undone(below)
        for lower in lowers:
            under = _plain(lower)
            for upper in uppers:
                of = [of] if (of := _error(upper)) else _plain(upper)
                if of and under:
                    return [f"∂{one}/∂{two}" for one in of[:2] for two in under[:2]]
        return []
    for match in re.finditer("d", text):
        if match.start() == 0 and len(text) > 1:
            continue
        of_error = _error(text[: match.start()].removeprefix("d")) if match.start() else None
        under = _plain(text[match.end() :])
        if of_error and under:
            return [f"∂{of_error}/∂{name}" for name in under[:2]]
    turned = re.fullmatch(r"(.+?)(?:gradients?|grad)", text)
    if turned and (named := _plain(turned[1])):
        return [f"∂E/∂{name}" for name in named[:2] if _is_derived_by(name)]
    numbered = re.fullmatch(r"(?:delta|d|err|error)(\d)", text)
    if numbered:
        return [f"∂E/∂n{numbered[1]}", *([f"t{numbered[1]}"] if text[:-1] == "d" else [])]
    gradient = _GRADIENT.fullmatch(text)
    if gradient:
        inner = gradient[1].removeprefix("d") if gradient[1].startswith("dd") else gradient[1]
        by = [name for name in _plain(inner)[:2] if _is_derived_by(name)]
        slopes = [
            f"∂a_{name.removeprefix('a_')}/∂{name.removeprefix('a_')}" for name in by if _NEURON_S.fullmatch(name)
        ]
        return [*(f"∂E/∂{name}" for name in by), *slopes]
    return []


_UNDONE = re.compile(r"(?:derivative|deriv|gradient|grad|partial|delta|dd|d)(?:of)?")
_GRADIENT = re.compile(
    r"(?:(?:error|loss)?(?:gradient|gradients|grad|derivative|deriv|delta|slope|partial|d|g)(?:of|e)?|e')(.+)"
)
_NEURON_S = re.compile(r"(?:a_)?[ho]\d+")


def _undone(text: str) -> list[str]:
    """Above or below a fraction's line: what is derived, its d taken off first."""
    sign = _UNDONE.match(text)
    return [text[sign.end() :] or "e", text] if sign else [text]


def _is_derived_by(name: str) -> bool:
    return name[0] not in "tE" and name not in _COUNTERS


_COUNTERS = (naming.ETA, naming.ITERATION, naming.TOTAL)


def _changed(text: str) -> list[str]:
    """A parameter's step, or its value after the update."""
    step = re.fullmatch(r"(?:dd|delta|change(?:in|of)?|step|diff|update(?:of)?)(.+)", text)
    names = [name for name in _plain(step[1]) if PARAMETER.fullmatch(name)] if step else []
    if names:
        steps, slopes = [f"{STEP}{name}" for name in names], [f"∂E/∂{name}" for name in names]
        return [*slopes, *steps] if text.startswith("delta") else [*steps, *slopes]
    new = re.fullmatch(rf"(?:(.+?){_NEW}|{_NEW}(.+))", text)
    if new:
        return [f"{name}{NEXT}" for name in _plain(new[1] or new[2]) if PARAMETER.fullmatch(name)]
    return []


@lru_cache(maxsize=5_000)
def candidates(header: str) -> tuple[str, ...]:
    """What a header may stand for, the likeliest first; empty where nothing is known."""
    if len(header) > LONGEST:
        return ()
    return tuple(dict.fromkeys(_meanings(header) or _without_a_remark(header)))


def _meanings(header: str) -> list[str]:
    text = normalise(header)
    if not text or text.replace("/", "").isdigit():
        return []
    return _plain(text) or _changed(text) or _derivative(text)


_REMARKS = (
    re.compile(r"(?P<name>.+?)\s*[(\[](?P<remark>[^()\[\]]+)[)\]]\s*", re.DOTALL),
    re.compile(r"(?P<name>.+?)[\s:,]+(?P<remark>\S+)\s*", re.DOTALL),
    re.compile(r"\s*(?P<remark>\S+?)[\s:,]+(?P<name>.+)", re.DOTALL),
)
"""A name with a remark in brackets, behind it, in front of it."""


def _without_a_remark(header: str) -> list[str]:
    """`i1 (input)`, `Input i1`, `learning rate (η)`: a name beside a word that repeats what the name says."""
    for form in _REMARKS:
        parts = form.fullmatch(header)
        if parts:
            said, word = _meanings(parts["remark"]), normalise(parts["remark"])
            named = [name for name in _meanings(parts["name"]) if name in said or repeats(word, name)]
            if named:
                return named
    return []
