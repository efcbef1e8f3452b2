"""Names that mean something only beside the sheet's other names: neurons numbered through all layers, weights by their
two ends.

`z3` is the net input of an output where z1 and z2 are those of the hidden neurons; `w12` is the weight between neuron 1
and input 2 where there is no w1. Such headers have a provisional quantity; `settled` replaces it once all headers are
known. What it cannot place stays unmatched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from itertools import product

from tracer.grading.sheet.spelling import OF_NEURON, is_provisional
from tracer.model.quantity import DERIVATIVES, Quantity, Role

Spelling = Callable[[str], tuple[Quantity, ...]]
"""A header → the quantities that it may stand for, the likeliest first."""
Settling = Callable[[Iterable[str]], Spelling]
"""All headers of a sheet → what each of them means beside the others."""
Meaning = dict[Quantity, Quantity]
"""Provisional quantity → what it is."""
End = tuple[str, int]
"""A node that a weight leads from or to: "i", "h" or "o", and its number."""

_COPY = re.compile(r"(.+)\.\d")
"""How programs tell a column from an earlier one of the same name."""


def settled(spelling: Spelling, headers: Iterable[str]) -> Spelling:
    """The spelling with every provisional quantity replaced by what it is among these headers; `bias.1` beside `bias`
    is the second of that name."""
    headers = [header.strip() for header in headers]
    spelling = _without_copies(spelling, {*headers})
    written = [options for header in headers if (options := spelling(header))]
    known = list(dict.fromkeys(part for options in written for part in options[0].parts()))
    plainly = (option for options in written if options[0].role not in DERIVATIVES for option in options)
    every = {*known, *(part for option in plainly for part in option.parts())}
    neurons = _neurons(known, every)
    names = {neurons.get(part, part) for part in known}
    meaning = {**neurons, **_biases(known), **_weights_as_biases(known, names), **_weights(known, names)}
    if not meaning and not any(map(is_provisional, every)):
        return spelling

    @lru_cache(maxsize=5_000)
    def plain(header: str) -> tuple[Quantity, ...]:
        options = sorted(spelling(header), key=lambda option: not is_provisional(option))
        named = [option.with_parts(meaning) for option in options]
        return tuple(dict.fromkeys(quantity for quantity in named if not is_provisional(quantity)))

    return plain


def _without_copies(spelling: Spelling, headers: Collection[str]) -> Spelling:
    copies = {header: match[1] for header in headers if (match := _COPY.fullmatch(header)) and match[1] in headers}
    return (lambda header: spelling(copies.get(header.strip(), header))) if copies else spelling


Kind = tuple[Role, str | None]
"""A role and a layer, None for any."""
_INPUTS, _TARGETS, _ERRORS = (Role.INPUT, None), (Role.TARGET, None), (Role.ERROR, None)
_WEIGHTS, _BIASES = (Role.WEIGHT, None), (Role.SHARED_BIAS, None)
_HIDDEN = (Role.NET_INPUT, "h"), (Role.ACTIVATION, "h")
_OUTPUTS = (Role.NET_INPUT, "o"), (Role.ACTIVATION, "o"), _TARGETS, _ERRORS


def _numbers(quantities: Collection[Quantity], kind: Kind) -> set[int]:
    """The numbers of the quantities of a kind; a weight by its two ends has none."""
    role, layer = kind
    of_kind = (q for q in quantities if q.role is role and layer in (None, q.layer))
    return {quantity.index for quantity in of_kind if len(quantity.indices) == 1}


def _highest(quantities: Collection[Quantity], *kinds: Kind) -> int:
    return max((number for kind in kinds for number in _numbers(quantities, kind)), default=0)


def _neurons(known: Collection[Quantity], every: Collection[Quantity]) -> Meaning:
    """The third neuron of all → a hidden or an output neuron; n12 → the second of layer 1."""
    numbers = {number for role in OF_NEURON for number in _numbers(known, (role, ""))}
    if not numbers:
        return {}
    if min(numbers - {0}, default=0) > 10:  # layer and neuron
        layers = sorted({number // 10 for number in numbers})
        if len(layers) > 2:
            return {}
        return _meaning({n: ("o" if n // 10 == layers[-1] else "h", n % 10) for n in numbers})
    inputs = _highest(every, _INPUTS)
    before = min(numbers) - 1 if min(numbers) == inputs + 1 else 0  # inputs are numbered too: the first neuron is 4
    count = max(numbers) - before
    outputs = max(_highest(every, _TARGETS), _highest(known, _ERRORS), 1)
    hidden = count - outputs
    single = inputs * outputs + (outputs if inputs > 1 else 0)  # weights of one layer, and its biases called so
    named = _highest(known, *_HIDDEN)
    if named:  # δ1 … δ4 beside h1, h2, o1, o2: all neurons are counted, otherwise only those of the output
        hidden = named if count == named + outputs else 0
    elif _highest(known, _OUTPUTS[0]) or hidden < 0 or (not hidden and _highest(known, _WEIGHTS) > single):
        hidden = count
    return _meaning({before + n: ("h", n) if n <= hidden else ("o", n - hidden) for n in range(1, count + 1)})


def _meaning(neurons: Mapping[int, End]) -> Meaning:
    """Both quantities of each neuron, from its number to its place."""
    return {
        Quantity(role, indices=(number,)): Quantity(role, layer, (index,))
        for number, (layer, index) in neurons.items()
        for role in OF_NEURON
    }


def _biases(known: Collection[Quantity]) -> Meaning:
    """b12 → the bias of the second neuron of layer 1, if there is no b1."""
    numbers = _numbers(known, _BIASES)
    if not numbers or min(numbers) < 11 or max(numbers) > 29:
        return {}
    places = {n: ("h" if n < 20 else "o", n % 10) for n in numbers}
    return {_bias(n): Quantity(Role.BIAS, layer, (index,)) for n, (layer, index) in places.items()}


def _bias(number: int) -> Quantity:
    return Quantity(Role.SHARED_BIAS, indices=(number,))


def _weight(number: int) -> Quantity:
    return Quantity(Role.WEIGHT, indices=(number,))


def _weights_as_biases(known: Collection[Quantity], names: Collection[Quantity]) -> Meaning:
    """w9 … w12 → the biases b1 … b4, where eight weights are all that the network has; w3 → b1 of a single neuron."""
    inputs, hidden, outputs = _highest(names, _INPUTS), _highest(names, *_HIDDEN), _highest(names, *_OUTPUTS)
    weights, last = hidden * (inputs + outputs) or inputs * outputs, _highest(known, _WEIGHTS)
    if not weights or not inputs or (inputs == 1 and not hidden) or _highest(known, _BIASES):
        return {}
    if last - weights not in ((2, hidden + outputs) if hidden else (outputs,)):
        return {}
    if not _numbers(known, _WEIGHTS) >= set(range(1, last + 1)):
        return {}
    return {_weight(n): _bias(n - weights) for n in range(weights + 1, last + 1)}


# ----------------------------------------------------------------------------------------------------- weights


Pair = tuple[int, int]
Ends = dict[Quantity, tuple[End, End]]
"""Weight → (its source, its target)."""


def _weights(known: Collection[Quantity], names: Collection[Quantity]) -> Meaning:
    """Weights by their two ends → their numbers in the order of the layers, neuron by neuron."""
    ends = _ends(known, names)
    width = len({end for pair in ends.values() for end in pair if end[0] == "h"})
    inputs = max((index for (kind, index), _ in ends.values() if kind == "i"), default=0) or _highest(names, _INPUTS)
    numbered = {
        weight: _weight(first + (target - 1) * (inputs if kind == "i" else width) + source)
        for weight, ((kind, source), (_, target)) in ends.items()
        for first in (0 if kind == "i" else inputs * width,)
    }
    return numbered if len({*numbered.values()}) == len(numbered) else {}


_BETWEEN = {"i→h": ("i", "h"), "h→o": ("h", "o")}


def _ends(known: Collection[Quantity], names: Collection[Quantity]) -> Ends:
    weights = [quantity for quantity in known if quantity.role is Role.WEIGHT]
    explicit = {
        weight: ((source, weight.indices[0]), (target, weight.indices[1]))
        for weight in weights
        if weight.layer in _BETWEEN
        for source, target in (_BETWEEN[weight.layer],)
    }
    if explicit:
        return explicit
    numbered = not all(len(w.indices) > 1 or 10 <= w.index < 1000 for w in weights)
    pairs: dict[str, dict[Quantity, Pair]] = {}
    for weight in weights:
        if len(weight.indices) > 1:
            first, second = weight.indices
            pairs.setdefault(weight.layer, {})[weight] = first, second
        elif not numbered:  # w12, and w112 with the number of its layer in front
            layer, ends = divmod(weight.index, 100)
            pairs.setdefault(str(layer or ""), {})[weight] = divmod(ends, 10)
    widths = _highest(names, _INPUTS), _highest(names, *_HIDDEN), _highest(names, *_OUTPUTS)
    if len(pairs) == 1:
        return _of_one_letter(next(iter(pairs.values())), widths)
    if len(pairs) == 2:
        one, two = (pairs[layer] for layer in sorted(pairs, key=_place_of_layer))
        hidden = widths[1] or _common(one, two)
        return {**_layer(one, "i", "h", widths[0], hidden), **_layer(two, "h", "o", hidden, widths[2])}
    return {}


_FIRST, _SECOND = ("1", "ih", "xh", "h", "i", "in"), ("2", "ho", "o", "out", "hy")


def _place_of_layer(layer: str) -> int:
    """The first layer's letter or number, then the second's: 1 and 2, ih and ho; other letters (v11 and w11) keep the
    order in which they stand."""
    return 0 if layer in _FIRST else 2 if layer in _SECOND else 1


def _common(first: Mapping[Quantity, Pair], second: Mapping[Quantity, Pair]) -> int:
    """The common width of two layers; if ambiguous, the number of neurons that the weights leave."""
    sides = [{max(side) for side in zip(*layer.values(), strict=True)} for layer in (first, second)]
    return max(sides[0] & sides[1], default=0)


def _layer(pairs: Mapping[Quantity, Pair], source: str, target: str, inputs: int, neurons: int) -> Ends:
    """A layer's weights by their ends; the neuron comes first where both orders are possible."""
    first, second = (max(side) for side in zip(*pairs.values(), strict=True))
    by_input = (first, second) == (inputs, neurons) != (second, first) or (neurons and first > neurons)
    one, two = (0, 1) if by_input else (1, 0)
    return {weight: ((source, pair[one]), (target, pair[two])) for weight, pair in pairs.items()}


def _of_one_letter(pairs: Mapping[Quantity, Pair], widths: tuple[int, int, int]) -> Ends:
    """Both layers under one letter, their neurons numbered through: w31 leads to neuron 3, the first output, from
    hidden neuron 1; or every node is numbered, w46 leads from hidden node 4 to node 6."""
    inputs, hidden, outputs = widths
    wanted = set(product(range(1, hidden + 1), range(1, inputs + 1))) | set(
        product(range(hidden + 1, hidden + outputs + 1), range(1, hidden + 1))
    )
    for swapped in (False, True):
        given = {weight: pair[::-1] if swapped else pair for weight, pair in pairs.items()}
        if set(given.values()) == wanted:
            return {
                weight: (("i", source), ("h", target)) if target <= hidden else (("h", source), ("o", target - hidden))
                for weight, (target, source) in given.items()
            }
    sources, targets = ({pair[side] for pair in pairs.values()} for side in (0, 1))
    between = sources & targets
    if not between or len(sources | targets) != max(sources | targets):
        return _layer(pairs, "i", "o", inputs, outputs) if not hidden else {}
    if min(sources) > min(targets):
        sources, targets = targets, sources
        pairs = {weight: (two, one) for weight, (one, two) in pairs.items()}
    place = {
        node: (kind, index)
        for kind, nodes in (("i", sources - between), ("h", between), ("o", targets - between))
        for index, node in enumerate(sorted(nodes), 1)
    }
    return {weight: (place[one], place[two]) for weight, (one, two) in pairs.items()}
