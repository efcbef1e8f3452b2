"""Names that mean something only beside the sheet's other names: neurons numbered through all layers, weights by their
two ends.

`z3` is the net input of an output where z1 and z2 are those of the hidden neurons; `w12` is the weight between neuron 1
and input 2 where there is no w1. Such headers have a provisional name; `settled` replaces it once all headers are
known. What it cannot place stays unmatched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from itertools import product

from tracer.grading.sheet.spelling import NEXT, STEP

Spelling = Callable[[str], tuple[str, ...]]
"""A header → the quantities that it may stand for, the likeliest first."""

_ATOM = re.compile(r"[A-Za-z_]+\d*(?:\[[^\]]*\])?")
_THROUGH = re.compile(r"(a_)?n(\d+)")
_ENDS = re.compile(r"w\[(?:(?P<layer>\w+):)?(?P<first>\w+),(?P<second>\w+)\]")
_COPY = re.compile(r"(.+)\.\d")
"""How programs tell a column from an earlier one of the same name."""
_PAIR = re.compile(r"w(\d?)(\d)(\d)")


def settled(spelling: Spelling, headers: Iterable[str]) -> Spelling:
    """The spelling with every provisional name replaced by what it means among these headers; `bias.1` beside `bias` is
    the second of that name."""
    headers = [header.strip() for header in headers]
    spelling = _without_copies(spelling, {*headers})
    written = [options for header in headers if (options := spelling(header))]
    known = dict.fromkeys(atom for options in written for atom in _atoms(options[0]))
    plainly = (option for options in written if options[0][0] != "∂" for option in options)
    every = {*known, *(atom for option in plainly for atom in _atoms(option))}
    neurons = _neurons(known, every)
    names = {neurons.get(atom, atom) for atom in known}
    meaning = {**neurons, **_biases(known), **_weights_as_biases(known, names), **_weights(known, names)}
    if not meaning and not any(_THROUGH.fullmatch(atom) or "[" in atom for atom in every):
        return spelling

    @lru_cache(maxsize=5_000)
    def plain(header: str) -> tuple[str, ...]:
        options = sorted(spelling(header), key=lambda option: not is_provisional(option))
        named = [_ATOM.sub(lambda m: meaning.get(m[0], m[0]), option) for option in options]
        return tuple(dict.fromkeys(name for name in named if not is_provisional(name)))

    return plain


def _without_copies(spelling: Spelling, headers: Collection[str]) -> Spelling:
    copies = {header: match[1] for header in headers if (match := _COPY.fullmatch(header)) and match[1] in headers}
    return (lambda header: spelling(copies.get(header.strip(), header))) if copies else spelling


def _atoms(name: str) -> list[str]:
    """The quantities that a name is made of: ∂a_h1/∂h1 → a_h1, h1."""
    return _ATOM.findall(name.replace(NEXT, "").replace(STEP, ""))


def is_provisional(name: str) -> bool:
    """Whether a name says what it is only beside the sheet's others."""
    return any(_THROUGH.fullmatch(atom) or "[" in atom for atom in _atoms(name))


def _highest(atoms: Collection[str], stem: str) -> int:
    found = [re.fullmatch(rf"{stem}(\d+)", atom) for atom in atoms]
    return max((int(match[1]) for match in found if match), default=0)


def _neurons(known: Collection[str], every: Collection[str]) -> dict[str, str]:
    """n3, a_n3 → the hidden or output neuron that is the third of all; n12 → the second of layer 1."""
    numbers = {int(match[2]) for atom in known if (match := _THROUGH.fullmatch(atom))}
    if not numbers:
        return {}
    if min(numbers - {0}, default=0) > 10:  # layer and neuron
        layers = sorted({number // 10 for number in numbers})
        first = layers[0] if len(layers) > 1 else 0
        of_layer = {layer: "o" if layer == layers[-1] else "h" for layer in layers if layer >= first}
        return {
            f"{act}n{n}": f"{act}{of_layer[n // 10]}{n % 10}" for n in numbers for act in ("", "a_") if len(layers) <= 2
        }
    inputs = _highest(every, "i")
    before = min(numbers) - 1 if min(numbers) == inputs + 1 else 0  # inputs are numbered too: the first neuron is 4
    count = max(numbers) - before
    outputs = max(_highest(every, "t"), _highest(known, "E"), 1)
    hidden = count - outputs
    named = max(_highest(known, "h"), _highest(known, "a_h"))
    if named:  # δ1 … δ4 beside h1, h2, o1, o2: all neurons are counted, otherwise only those of the output
        hidden = named if count == named + outputs else 0
    elif _highest(known, "o") or hidden < 0 or (not hidden and _highest(known, "w") > inputs * outputs):
        hidden = count
    return {
        f"{act}n{before + n}": f"{act}h{n}" if n <= hidden else f"{act}o{n - hidden}"
        for n in range(1, count + 1)
        for act in ("", "a_")
    }


def _biases(known: Collection[str]) -> dict[str, str]:
    """b12 → the bias of the second neuron of layer 1, where there is no b1."""
    numbers = sorted(int(atom[1:]) for atom in known if re.fullmatch(r"b\d+", atom))
    if not numbers or numbers[0] < 11 or numbers[-1] > 29:
        return {}
    return {f"b{n}": f"b_{'h' if n < 20 else 'o'}{n % 10}" for n in numbers}


def _weights_as_biases(known: Collection[str], names: Collection[str]) -> dict[str, str]:
    """w9 … w12 → the biases b1 … b4, where eight weights are all that the network has."""
    inputs, outputs = _highest(names, "i"), _outputs(names)
    hidden = max(_highest(names, "h"), _highest(names, "a_h"))
    weights, last = hidden * (inputs + outputs), _highest(known, "w")
    if not (inputs and weights) or last - weights not in (2, hidden + outputs) or _highest(known, "b"):
        return {}
    numbers = range(weights + 1, last + 1)
    return {f"w{n}": f"b{n - weights}" for n in numbers} if all(f"w{n}" in known for n in range(1, last + 1)) else {}


# ----------------------------------------------------------------------------------------------------- weights


def _weights(known: Collection[str], names: Collection[str]) -> dict[str, str]:
    """Weights by their two ends → their numbers in the order of the layers, neuron by neuron."""
    ends = _ends(known, names)
    if not ends:
        return {}
    hidden = {end for pair in ends.values() for end in pair if end[0] == "h"}
    inputs = _count(ends, "i") or _highest(names, "i")
    width = len(hidden)
    numbered = {}
    for atom, (source, target) in ends.items():
        number = int(target[1:]) - 1
        if source[0] == "i":
            numbered[atom] = f"w{number * inputs + int(source[1:])}"
        else:
            numbered[atom] = f"w{inputs * width + number * width + int(source[1:])}"
    return numbered if len(set(numbered.values())) == len(numbered) else {}


def _count(ends: Mapping[str, tuple[str, str]], kind: str) -> int:
    return max((int(source[1:]) for source, _ in ends.values() if source[0] == kind), default=0)


def _ends(known: Collection[str], names: Collection[str]) -> dict[str, tuple[str, str]]:
    """Weight → (its source, its target), such as (i2, h1)."""
    named = {atom: match for atom in known if (match := _ENDS.fullmatch(atom))}
    explicit = {a: (m["first"], m["second"]) for a, m in named.items() if m["first"][0].isalpha()}
    if explicit:
        return {a: (one, two) if _before(one, two) else (two, one) for a, (one, two) in explicit.items()}
    plain = {atom: match for atom in known if (match := _PAIR.fullmatch(atom))}
    if any(re.fullmatch(r"w\d+", atom) and atom not in plain for atom in known):
        plain = {}
    pairs: dict[str, dict[str, tuple[int, int]]] = {}
    for atom, match in sorted({**named, **plain}.items(), key=lambda item: list(known).index(item[0])):
        layer, first, second = match.groups()
        pairs.setdefault(layer or "", {})[atom] = (int(first), int(second))
    if not pairs:
        return {}
    widths = _highest(names, "i"), max(_highest(names, "h"), _highest(names, "a_h")), _outputs(names)
    if len(pairs) == 1:
        return _of_one_letter(next(iter(pairs.values())), widths)
    if len(pairs) == 2:
        first, second = (pairs[layer] for layer in _in_order(pairs))
        hidden = widths[1] or _common(first, second)
        return {
            **_layer(first, "i", "h", widths[0], hidden),
            **_layer(second, "h", "o", hidden, widths[2]),
        }
    return {}


def _before(one: str, two: str) -> bool:
    return "iho".index(one[0]) < "iho".index(two[0])


def _outputs(names: Collection[str]) -> int:
    return max(_highest(names, "o"), _highest(names, "a_o"), _highest(names, "t"), _highest(names, "E"))


_FIRST, _SECOND = ("1", "ih", "xh", "h", "i", "in"), ("2", "ho", "o", "out", "hy")


def _in_order(layers: Iterable[str]) -> list[str]:
    """The first layer's letter or number, then the second's: 1 and 2, ih and ho; other letters (v11 and w11) in the
    order in which they stand."""
    return sorted(layers, key=lambda layer: 0 if layer in _FIRST else 2 if layer in _SECOND else 1)


def _common(first: Mapping[str, tuple[int, int]], second: Mapping[str, tuple[int, int]]) -> int:
    """The width that two layers have in common; as many neurons as weights leave where it is not plain."""
    sides = [{max(side) for side in zip(*layer.values(), strict=True)} for layer in (first, second)]
    return max(sides[0] & sides[1], default=0)


def _layer(
    pairs: Mapping[str, tuple[int, int]], source: str, target: str, inputs: int, neurons: int
) -> dict[str, tuple[str, str]]:
    """A layer's weights by their ends; the neuron comes first where both orders are possible."""
    first, second = (max(side) for side in zip(*pairs.values(), strict=True))
    by_input = (first, second) == (inputs, neurons) != (second, first) or (neurons and first > neurons)
    one, two = (0, 1) if by_input else (1, 0)
    return {atom: (f"{source}{pair[one]}", f"{target}{pair[two]}") for atom, pair in pairs.items()}


def _of_one_letter(pairs: Mapping[str, tuple[int, int]], widths: tuple[int, int, int]) -> dict[str, tuple[str, str]]:
    """Both layers under one letter, their neurons numbered through: w31 leads to neuron 3, the first output, from
    hidden neuron 1; or every node is numbered, w46 leads from hidden node 4 to node 6."""
    inputs, hidden, outputs = widths
    wanted = set(product(range(1, hidden + 1), range(1, inputs + 1))) | set(
        product(range(hidden + 1, hidden + outputs + 1), range(1, hidden + 1))
    )
    for turned in (False, True):
        given = {atom: (pair[1], pair[0]) if turned else pair for atom, pair in pairs.items()}
        if set(given.values()) == wanted:
            return {
                atom: (f"i{source}", f"h{target}") if target <= hidden else (f"h{source}", f"o{target - hidden}")
                for atom, (target, source) in given.items()
            }
    sources, targets = ({pair[side] for pair in pairs.values()} for side in (0, 1))
    between = sources & targets
    if not between or len(sources | targets) != max(sources | targets):
        return _layer(pairs, "i", "o", inputs, outputs) if not hidden else {}
    if min(sources) > min(targets):
        sources, targets = targets, sources
        pairs = {atom: (two, one) for atom, (one, two) in pairs.items()}
    place = {
        **{node: f"i{k}" for k, node in enumerate(sorted(sources - between), 1)},
        **{node: f"h{k}" for k, node in enumerate(sorted(between), 1)},
        **{node: f"o{k}" for k, node in enumerate(sorted(targets - between), 1)},
    }
    return {atom: (place[one], place[two]) for atom, (one, two) in pairs.items()}


__all__ = ["Spelling", "is_provisional", "settled"]
