"""Infers the network of a table: its widths from the names, the rest from what fits its numbers best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from tracer.config.sections.network import MAX_SOFTMAX
from tracer.formulas.notation.numpy import value
from tracer.formulas.tree import Expression, Name
from tracer.grading.network.fitting import fit
from tracer.grading.network.model import FACTORS, Model, Shape, model_of
from tracer.grading.network.oracle import made_up, same
from tracer.grading.network.plan import batches_of
from tracer.grading.network.series import Rows
from tracer.grading.sheet.spelling import quantity_of
from tracer.model import naming
from tracer.model.batches import REDUCTIONS, Batches
from tracer.model.quantity import BIASES, PARAMETERS, Quantity, Role
from tracer.tables.activations import ACTIVATIONS, SOFTMAX

_T = TypeVar("_T")

MOST_WEIGHTS = 600
"""Maximum weights of a network that is inferred from headers."""
MOST_ROUNDS = 6
"""Maximum respects in which a network may differ from the first guess."""
BETTER = 0.5
"""Additional columns that must fit for another network to be preferred."""
EXACT = 0.95
"""Share of a column that fits exactly: a rounded value counts less."""
OFFSET = 1e-6
"""Absolute tolerance of a typed bias in all steps."""
FEWEST_STEPS = 3
"""Minimum steps to distinguish a slip from a constant number."""
LOSSES_TRIED = (
    "half_squared_error", "squared_error", "mean_squared_error", "binary_cross_entropy", "cross_entropy",
    "mean_absolute_error",
)  # fmt: skip
_USUAL = ("sigmoid", "tanh", "identity", "relu", SOFTMAX)
ACTIVATIONS_TRIED = (*_USUAL, *(name for name in ACTIVATIONS if name not in _USUAL))


@dataclass(frozen=True, slots=True)
class NotANetwork(Exception):
    """Raised with the reason if no network can be inferred from a table."""

    reason: str


def widths_of(names: Iterable[str]) -> tuple[int, ...]:
    """Inputs, hidden neurons, outputs, as the names of a table's quantities show them. Raises NotANetwork."""
    numbers: defaultdict[Kind, set[int]] = defaultdict(set)
    for part in _parts(names):
        numbers[part.role, part.layer].add(part.index)
    inputs, hidden, outputs = (_count([numbers[kind] for kind in kinds]) for kinds in _LAYERS)
    shown = numbers[Role.WEIGHT, ""]
    highest = max(shown, default=0)
    weights = highest if 2 * len(shown) >= highest else 0  # one of a high number says nothing of the layers
    if not outputs and naming.TOTAL in set(names):
        outputs = 1
    if not hidden:
        if inputs and outputs and weights == inputs * outputs:
            return inputs, outputs
        if inputs and outputs and weights and weights % (inputs + outputs) == 0:
            hidden = weights // (inputs + outputs)
    if hidden and outputs and not inputs and weights > hidden * outputs:
        inputs = (weights - hidden * outputs) // hidden
    if hidden and inputs and not outputs and weights > hidden * inputs:
        outputs = (weights - hidden * inputs) // hidden
    if not (hidden and inputs and outputs):
        raise NotANetwork("the headers do not show a complete network; describe it with --config")
    if hidden * (inputs + outputs) > MOST_WEIGHTS:
        raise NotANetwork(f"a network of more than {MOST_WEIGHTS} weights can only be checked with --config")
    if highest > hidden * (inputs + outputs):
        raise NotANetwork(
            f"{highest} weights do not fit {inputs} inputs, {hidden} hidden and {outputs} output neurons; "
            f"describe the network with --config"
        )
    return inputs, hidden, outputs


Kind = tuple[Role, str]
"""The role of a quantity, and its layer."""
_OF_NEURONS = (Role.NET_INPUT, Role.ACTIVATION, Role.BIAS)
_LAYERS: tuple[tuple[Kind, ...], ...] = (
    ((Role.INPUT, ""),),
    tuple((role, naming.HIDDEN_LAYER) for role in _OF_NEURONS),
    (*((role, naming.OUTPUT_LAYER) for role in _OF_NEURONS), (Role.TARGET, ""), (Role.ERROR, "")),
)
"""What is numbered by the neurons of a layer."""


def _parts(names: Iterable[str]) -> set[Quantity]:
    """The quantities that names refer to: the weight of ∂E/∂w1 and of w1+."""
    return {part for name in names if (quantity := quantity_of(name)) for part in quantity.parts()}


def _count(numbers: Sequence[Set[int]]) -> int:
    """How many neurons a layer has, by the numbers of each kind of header: the highest up to which a kind shows more
    than half of them, so that one header does not make a network; the highest of all where no kind shows so many.

    Raises NotANetwork where most of the layer is not shown.
    """
    shown: set[int] = set().union(*numbers)
    highest = max(shown, default=0)
    count = max((n for kind in numbers for n in kind if 2 * sum(m <= n for m in kind) > n), default=highest)
    if 2 * len(shown) < count:
        reason = f"the headers number the neurons of a layer up to {highest} but show only {len(shown)} of them"
        raise NotANetwork(f"{reason}; describe the network with --config")
    return count


def first_guess(rows: Rows) -> Shape:
    """The classic network with the table's widths and biases. Raises NotANetwork."""
    names = {*rows.columns, *rows.scalars}
    widths = widths_of(names)
    layers = len(widths) - 1
    parts = _parts(names)
    numbers = [part.index for part in parts if part.role is Role.SHARED_BIAS]
    biases = tuple(
        "each" if any((part.role, part.layer) == (Role.BIAS, layer) for part in parts) else "none"
        for layer in (("h", "o") if layers == 2 else ("o",))
    )
    numbered = False
    if numbers and "each" not in biases:
        if max(numbers) > layers:
            numbered = True
            biases = ("each",) * layers if max(numbers) > widths[1] else ("each", *("none",) * (layers - 1))
        else:
            biases = tuple("shared" if index + 1 in numbers else "none" for index in range(layers))
    parameters = [name for name in rows.columns if (q := quantity_of(name)) and q.role in PARAMETERS]
    updated = (q.of for q in map(quantity_of, names) if q and q.role is Role.AFTER_UPDATE)
    trained = any(parameter and parameter.role in BIASES for parameter in updated)
    moving = any(rows.varies(name) for name in parameters if (q := quantity_of(name)) and q.role in BIASES)
    return Shape(
        widths,
        ("sigmoid",) * layers,
        biases=biases,
        numbered=numbered,
        by_input=(False,) * layers,
        frozen_biases=not (trained or moving),
        batches=batches_of((rows.columns[name] for name in parameters), rows.steps),
    )


@dataclass(slots=True)
class Effort:
    """The remaining number of networks to try for a workbook; a table that fits none tries all. Trying one takes time
    linear in the length of its equations, and these have MOST_WEIGHTS weights at most."""

    left: int = 300


def infer(rows: Rows, effort: Effort) -> tuple[Shape, Rows]:
    """The network that fits a table best, and the table's numbers with what had to be inferred: biases that
    stand in the formulas only. The classic conventions win where others fit no better. Raises NotANetwork.

    In each of MOST_ROUNDS rounds every alternative is tried that differs in one respect, some 70 of a network with two
    layers, as far as `effort` goes; the best one is where the next round begins.
    """
    shape = first_guess(rows)
    shares = fit(model_of(shape), rows)
    typed = _typed_biases(shape, rows)
    if typed:
        rows = rows.with_scalars(**typed)
        shape = replace(shape, biases=("shared",) * len(shape.activations), frozen_biases=True)
        shares = fit(model_of(shape), rows)
    for _ in range(MOST_ROUNDS):
        total = sum(shares.values())
        best, best_shares = shape, shares
        for other in _alternatives(shape, shares):
            other_shares = _tried(other, rows, effort)
            if sum(other_shares.values()) > sum(best_shares.values()) + BETTER:
                best, best_shares = other, other_shares
        if best is shape or sum(best_shares.values()) <= total + BETTER:
            break
        shape, shares = best, best_shares
    # weights may stay the same by rounding, by chance
    every = (shape, *_by_batches(shape), replace(shape, batches=Batches()))
    return max(every, key=lambda other: _exactly(fit(model_of(other), rows))) if shape.batches.several else shape, rows


def _by_batches(shape: Shape) -> Iterator[Shape]:
    """The network with every reduction of its batches."""
    ways = REDUCTIONS if shape.batches.several else (shape.batches.reduction,)
    yield from (replace(shape, batches=replace(shape.batches, reduction=how)) for how in ways)


def _exactly(shares: Mapping[str, float]) -> tuple[int, float]:
    """How many columns fit exactly, and how well all do: within a batch, a weight is nearly as any update makes it."""
    return sum(share > EXACT for share in shares.values()), sum(shares.values())


def refine(shape: Shape, rows: Rows, readings: Mapping[str, Expression], effort: Effort) -> Shape:
    """The network among those that fit the numbers as well whose formulas are the person's: relu and identity give the
    same numbers where no net input is negative.

    readings: the formula of a quantity, as the person wrote it. For each layer's activations, the errors, and each
    layer's net inputs, the alternatives that change these are tried once.
    """
    nets = [shape.neurons(index) for index in range(len(shape.layers))]
    activations = [[naming.activation(neuron) for neuron in layer] for layer in nets]
    for group in (*activations, [*naming.errors(shape.widths[-1]), naming.TOTAL], *nets):
        written = {name: readings[name] for name in group if name in readings}
        right = _right_formulas(shape, written)
        if right * 2 >= len(written):
            continue
        fitting = sum(fit(model_of(shape), rows).values())
        for other in _alternatives(shape, {**dict.fromkeys(rows.columns, 1.0), **dict.fromkeys(group, 0.0)}):
            shares = _tried(other, rows, effort)
            if sum(shares.values()) >= fitting - 0.01 and _right_formulas(other, written) > right:
                shape = other
                break
    return shape


def _tried(shape: Shape, rows: Rows, effort: Effort) -> dict[str, float]:
    """What fits of another network; nothing where there is no such network, or where the factor of its loss should
    stand at the total and does not, or where enough have been tried."""
    if effort.left <= 0:
        return {}
    effort.left -= 1
    shares = fit(model_of(shape), rows)
    return {} if shape.factored and shares.get(naming.TOTAL, 0.0) < 0.5 else shares


def _right_formulas(shape: Shape, written: Mapping[str, Expression]) -> int:
    """The number of formulas that match the network."""
    view = made_up(model_of(shape)).at()
    return sum((x := view.value(e)) is not None and same(x, view[Name(name)]) for name, e in written.items())


def _typed_biases(shape: Shape, rows: Rows) -> dict[str, float]:
    """Where the net inputs of a layer are off by the same number in all steps, that number is a bias typed into the
    formulas. A slip in a net input may hide it there; most of them have to show it, and in every layer one."""
    if any(kind != "none" for kind in shape.biases):
        return {}
    model = model_of(shape)
    found: dict[str, float] = {}
    showing = 0
    for index in range(len(shape.layers)):
        nets = shape.neurons(index)
        if not all(net in rows.columns for net in nets):
            return {}
        offsets = [offset for net in nets if (offset := _offset(model, net, rows)) is not None]
        middle = float(np.round(np.median(offsets), 9)) if offsets else 0.0
        agreeing = sum(abs(offset - middle) < OFFSET for offset in offsets)
        if abs(middle) < OFFSET or not agreeing or (rows.steps < FEWEST_STEPS and agreeing < len(nets)):
            return {}
        showing += agreeing
        found[naming.shared_bias(index + 1)] = middle
    return found if 2 * showing > sum(shape.widths[1:]) else {}


def _offset(model: Model, net: str, rows: Rows) -> float | None:
    """The surplus of a net input, if it is the same in all steps."""
    expression = model.in_terms_of(net, rows.names)
    assert expression is not None
    apart = rows.columns[net] - value(expression, rows)
    apart = apart[np.isfinite(apart)]
    return float(np.median(apart)) if len(apart) and np.ptp(apart) < OFFSET else None


def _with(values: tuple[_T, ...], index: int, value: _T) -> tuple[_T, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _alternatives(shape: Shape, shares: dict[str, float]) -> Iterator[Shape]:
    """Other networks that may explain what does not fit; only if most of a group of columns does not fit."""

    def wrong(names: Iterable[str]) -> bool:
        judged = [shares[name] for name in names if name in shares]
        return bool(judged) and min(sum(share >= 0.5 for share in judged), sum(judged)) * 2 < len(judged)

    everything = wrong(shares)
    for index, neurons in enumerate(map(shape.neurons, range(len(shape.layers)))):
        nets, outs = wrong(neurons), wrong(map(naming.activation, neurons))
        if nets or outs or everything:
            if min(shape.widths[index : index + 2]) > 1:
                yield replace(shape, by_input=_with(shape.by_input, index, not shape.by_input[index]))
            if any(kind != "none" for kind in shape.biases):
                yield replace(shape, biases=_with(shape.biases, index, "none"))
                if not shape.numbered and shape.biases[0] == "shared":
                    yield replace(shape, biases=("each", *shape.biases[1:]), numbered=True)
                yield replace(shape, biases=tuple(reversed(shape.biases)))
        if outs or everything:
            no_softmax = index < len(shape.layers) - 1 or not 1 < shape.widths[-1] <= MAX_SOFTMAX
            for activation in ACTIVATIONS_TRIED:
                if activation != shape.activations[index] and not (activation == SOFTMAX and no_softmax):
                    changed = replace(shape, activations=_with(shape.activations, index, activation))
                    yield changed
                    if activation == SOFTMAX:
                        yield replace(changed, loss="cross_entropy")
    known = {name: quantity for name in shares if (quantity := quantity_of(name))}
    errors = [name for name, quantity in known.items() if quantity.role is Role.ERROR] or [naming.TOTAL]
    slopes = {name: q.by for name, q in known.items() if q.by and q.of and q.of.role in (Role.LOSS, Role.ERROR)}
    gradients = (name for name in slopes if known[name].role is Role.GRADIENT)
    if wrong(errors) or everything or wrong(gradients):
        for loss in LOSSES_TRIED:
            for factored in (False, True):
                if (loss, factored) != (shape.loss, shape.factored) and (loss in FACTORS or not factored):
                    yield from _by_batches(replace(shape, loss=loss, factored=factored))
    families = {naming.family(name) for name in slopes}
    turnable = {f for f in families if wrong(name for name in shares if naming.family(name) == f)}
    weights = Quantity(Role.WEIGHT), Quantity(Role.AFTER_UPDATE, of=Quantity(Role.WEIGHT))
    updates = wrong(name for name, quantity in known.items() if quantity.kind in weights)
    for one in turnable:
        yield replace(shape, negated=shape.negated ^ {one})
    if turnable or (updates and any(shares[name] < 0.5 for name in slopes)):  # right gradients show their sign
        numbered = (name for name, by in slopes.items() if by.role in (Role.WEIGHT, Role.SHARED_BIAS))
        yield replace(shape, negated=shape.negated ^ families)
        yield replace(shape, negated=shape.negated ^ {*map(naming.family, numbered)})
    if wrong(name for name, quantity in known.items() if quantity.role is Role.CHANGE):
        yield replace(shape, step=-shape.step)
