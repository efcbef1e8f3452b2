"""Conditions on single neurons: no slope, no gradient, the same numbers as another neuron."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tracer.explain.symptoms.evidence import Evidence, Found, Text, Unit, listed
from tracer.explain.symptoms.losses import FALLEN, is_learning
from tracer.formulas.derivative import IF, partials
from tracer.formulas.expansion import expand
from tracer.formulas.paths import nodes
from tracer.formulas.tree import ZERO, Call, Name, mul, sub
from tracer.model import naming
from tracer.model.quantity import Role
from tracer.model.system import Phase
from tracer.tables.activations import ACTIVATIONS, SOFTMAX
from tracer.tables.losses import LOSSES

FLAT = 1e-3
"""A slope below which an activation is saturated: a sigmoid's beyond |z| = 6.9, that of tanh beyond 4.1. A neuron then
learns a hundred times as slowly as it can: the largest slopes are 1/4 and 1 (Goodfellow, Bengio and Courville, Deep
Learning, 2016, section 6.2.2.2)."""
WRONG = 1e-2
"""∂E/∂a of an output from which on it is not where it should be."""
MOST_DEAD = 0.5
"""The share of a layer that is dead, from which on it may be the reason that a run does not learn. Of wide layers of
relu some neurons are, and half of all activations are 0 (Glorot, Bordes and Bengio, AISTATS, 2011, section 3)."""
MOST_SAMPLED = 8
"""Steps in which quantities are compared before they are in all."""


def softmax_of_one(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """A softmax layer of one neuron."""
    network = evidence.subject.network
    return [
        {"activation": listed([naming.activation(layer.neurons[0])])}
        for layer in (network.layers if network else ())
        if len(layer.neurons) == 1 and layer.activations[0].name == SOFTMAX
    ]


def no_slope(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Equations whose slope is the constant 0, with the parameters that get no gradient for it."""
    subject = evidence.subject
    constant = subject.without_path()
    if not constant:
        return []
    units = [unit for unit in subject.units if partials(unit.expression).get(Name(unit.of)) == ZERO]
    cut_off = _of_all(evidence, units, constant)
    if not cut_off:
        return []
    return [
        {
            "results": listed([unit.result for unit in units]),
            "parameters": listed(cut_off),
            "way_out": _rule(evidence, units),
        }
    ]


def _rule(evidence: Evidence, units: Sequence[Unit]) -> Text:
    """What to do: the perceptron rule of an output, an activation with a slope for any other."""
    network = evidence.subject.network
    outputs = network.layers[-1].neurons if network else ()
    if len(units) == 1 and units[0].of in outputs:
        target = evidence.subject.experiment.targets[outputs.index(units[0].of)]
        error = sub(Name(units[0].result), Name(target))
        return (
            "the perceptron rule is the gradient of ",
            mul(error, Name(units[0].of)),
            ", minimized by own equations",
        )
    return ("choose one with a slope, such as sigmoid",)


def dead(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Activations with a slope of 0 for all samples of the last pass, because of a branch without one, as of relu: all
    of a layer, or half of one in a run whose loss does not fall."""
    found: dict[tuple[str, str, str], list[Unit]] = {}
    for unit in _dead(evidence):
        what = "" if evidence.is_zero(unit.result, evidence.last) else "slope"
        when = "" if evidence.is_zero(unit.slope, evidence.all) else " in the last pass"
        found.setdefault((what, when, _activation(unit)), []).append(unit)
    findings: list[Found] = []
    for (what, when, name), units in found.items():
        idle = [p for p in evidence.subject.trained if _is_idle(evidence, p, units)]
        if cut_off := _of_all(evidence, units, idle):
            names = [unit.slope if what else unit.result for unit in units]
            findings.append({
                "quantities": listed(names), "are": ("are" if len(names) > 1 else "is",), "when": (when,),
                "parameters": listed(cut_off), "why": (f" (dead {name})" if name else "",),
            })  # fmt: skip
    return findings


def _dead(evidence: Evidence) -> list[Unit]:
    """The dead activations of the layers that have too many of them."""
    least = 1.0 if is_learning(evidence) else MOST_DEAD
    layers: dict[str, list[Unit]] = {}
    for unit in evidence.subject.units:
        layers.setdefault(evidence.subject.system.quantities[unit.of].layer, []).append(unit)
    found = []
    for units in layers.values():
        dead = [unit for unit in units if is_dead(evidence, unit)]
        found += dead if len(dead) >= least * len(units) else []
    return found


def is_dead(evidence: Evidence, unit: Unit) -> bool:
    """Whether the slope is 0 for all samples of the last pass, because of a branch without one."""
    is_zero = unit.slope in evidence.run.columns and evidence.is_zero(unit.slope, evidence.last)
    return is_zero and _has_branches(unit)


def _is_idle(evidence: Evidence, parameter: str, units: Sequence[Unit]) -> bool:
    """Whether no gradient reaches a parameter, besides that of a penalty on it."""
    subject = evidence.subject
    if evidence.is_zero(subject.system.gradient(parameter), evidence.last):
        return True
    penalized = subject.network and subject.network.penalties
    is_weight = subject.system.quantities[parameter].role is Role.WEIGHT
    return bool(penalized) and is_weight and any(parameter in subject.direct[unit.of] for unit in units)


def _has_branches(unit: Unit) -> bool:
    """Whether the slope is 0 by a case distinction, not because it became too small for a float."""
    slope = expand(partials(unit.expression)[Name(unit.of)])
    return any(isinstance(node, Call) and node.function == IF for _, node in nodes(slope))


def _activation(unit: Unit) -> str:
    """The name of an activation from the table; "" for a formula."""
    name = unit.expression.function.name if isinstance(unit.expression, Call) else ""
    return name if name in ACTIVATIONS else ""


def _of_all(evidence: Evidence, units: Iterable[Unit], those: Collection[str]) -> list[str]:
    """The parameters that any of the units depends on, as far as they are among those."""
    found = {name for unit in units for name in evidence.subject.parameters_before(unit.of)}
    return [name for name in evidence.subject.trained if name in found and name in those]


def saturated(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Activations that are nearly flat for all samples of the last pass: from the first pass on, or since steps that
    did not make the loss smaller."""
    network, run, loss = evidence.subject.network, evidence.run, evidence.subject.system.loss
    if not evidence.all:
        return []
    outputs = network.layers[-1].neurons if network else ()
    got_worse = run.over_pass(loss, last=True) >= FALLEN * run.over_pass(loss)
    found: dict[bool, list[str]] = {}
    for unit in evidence.subject.units:
        if _is_flat(evidence, unit, evidence.last) and (unit.of not in outputs or _is_off(evidence, unit)):
            from_start = _is_flat(evidence, unit, evidence.first)
            if not is_dead(evidence, unit) and (from_start or got_worse):
                found.setdefault(from_start, []).append(unit.slope)
    ways_out = {True: "start with smaller weights, or scale the inputs", False: "try a smaller η"}
    return [
        {
            "slopes": listed(slopes), "are": ("are" if len(slopes) > 1 else "is",),
            "when": ("" if from_start else " in the last pass",), "way_out": (ways_out[from_start],),
        }
        for from_start, slopes in found.items()
    ]  # fmt: skip


def _is_flat(evidence: Evidence, unit: Unit, steps: range) -> bool:
    """Whether the slope is below FLAT in all of these steps."""
    if unit.slope not in evidence.run.columns:
        return False
    return all(-FLAT < value < FLAT for part in (steps[-1:], steps) for value in evidence.run.over(unit.slope, part))


def _is_off(evidence: Evidence, unit: Unit) -> bool:
    """Whether an output is wrong for a sample of the last pass, and its loss does not make up for the slope, as cross
    entropy does."""
    network, gradient = evidence.subject.network, evidence.subject.system.gradient(unit.result)
    assert network is not None
    pairs = None if network.loss.is_formula else LOSSES[network.loss.name].from_net_input
    if pairs and pairs[0] == network.layers[-1].activations[0].name:
        return False
    columns = evidence.run.columns
    return gradient in columns and any(abs(value) > WRONG for value in evidence.run.over(gradient, evidence.last))


def input_is_zero(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Inputs of a network that are 0 in all samples, and their weights, in a run whose loss does not fall."""
    subject = evidence.subject
    if subject.network is None or is_learning(evidence):
        return []
    findings: list[Found] = []
    inputs, first = subject.experiment.inputs, subject.network.layers[0]
    places = [subject.system.data.index(name) for name in inputs]
    silent = [number for number, place in enumerate(places) if not any(s[place] for s in subject.system.samples)]
    weights = [row[number] for row in first.weights for number in silent if row[number] in subject.trained]
    if silent and weights:
        names = [inputs[number] for number in silent]
        findings.append(
            {"inputs": listed(names), "are": ("are" if len(names) > 1 else "is",), "weights": listed(weights)}
        )
    return findings


def equal(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Neurons with weights of their own that are equal, with equal gradients, in every step."""
    subject, run = evidence.subject, evidence.run
    steps = _sampled(evidence)
    groups: dict[tuple[object, ...], list[str]] = {}
    for layer, quantity in _candidates(evidence):
        gradient = subject.system.gradient(quantity)
        if steps and gradient in run.columns:
            values = tuple(tuple(evidence.row((quantity, gradient), step)) for step in steps)
            groups.setdefault((layer, values), []).append(quantity)
    same = [
        alike for group in groups.values() if len(group) > 1 for alike in [_alike(evidence, group)] if len(alike) > 1
    ]
    if not same:
        return []
    starts = {parameter.name: parameter.start for parameter in subject.system.parameters}
    began = all(len({tuple(starts[p] for p in subject.direct[name]) for name in group}) == 1 for group in same)
    text = tuple(part for number, group in enumerate(same) for part in (*(("; ",) if number else ()), *listed(group)))
    return [{"groups": text, "why": (" (equal initial weights)" if began else "",)}]


def _sampled(evidence: Evidence) -> list[int]:
    """Some steps: of the first pass, in the middle, the last one."""
    steps = evidence.all
    return sorted({*evidence.first[:MOST_SAMPLED], *steps[len(steps) // 2 :][:1], *steps[-1:]})


def _candidates(evidence: Evidence) -> list[tuple[str, str]]:
    """The net inputs of hidden neurons by their layers; the user's own quantities, those that are not the loss."""
    subject = evidence.subject
    if subject.network:
        return [(layer.name, neuron) for layer in subject.network.layers[:-1] for neuron in layer.neurons]
    return [("", e.quantity) for e in subject.system.equations if e.phase is Phase.FORWARD]


def _alike(evidence: Evidence, group: Sequence[str]) -> list[str]:
    """Those of a group that are equal in all steps to its first one, and share no trained parameter with another."""
    subject, run, steps = evidence.subject, evidence.run, evidence.all
    first, *others = group
    taken = {*subject.direct[first]}
    alike = [first]
    for name in others:
        own = {*subject.direct[name]}
        pairs = ((first, name), (subject.system.gradient(first), subject.system.gradient(name)))
        if own and taken and not own & taken and all(run.over(a, steps) == run.over(b, steps) for a, b in pairs):
            alike.append(name)
            taken |= own
    return alike
