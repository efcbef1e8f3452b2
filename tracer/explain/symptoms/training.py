"""Conditions on how a run is trained: nothing to train, nothing to learn, a learning rate of 0."""

from __future__ import annotations

from collections.abc import Collection

from tracer.explain.rounding import lost
from tracer.explain.symptoms.evidence import Evidence, Found, listed
from tracer.explain.symptoms.losses import is_learning
from tracer.explain.symptoms.neurons import is_dead
from tracer.model import naming


def all_frozen(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """No parameter is trained."""
    return [] if evidence.subject.trained else [{}]


def rate_is_zero(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """η is 0 in the whole run."""
    rate = evidence.run.learning_rate
    if rate is None:
        return [{}] if naming.ETA in evidence.run.columns and evidence.is_zero(naming.ETA, evidence.all) else []
    return [{}] if rate == 0 else []


def reached(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """The loss, and with it every gradient, is 0 from the first to the last pass."""
    subject = evidence.subject
    quantities = [subject.system.loss, *map(subject.system.gradient, subject.trained)]
    passes = (evidence.last, evidence.first)
    if evidence.all and all(evidence.is_zero(name, steps) for steps in passes for name in quantities):
        return [{"loss": listed([subject.system.loss])}]
    return []


def rounded_to_zero(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Quantities that are 0 only because they are rounded."""
    sentence = lost(evidence.subject.system, evidence.run)
    return [{"sentence": (sentence,)}] if sentence else []


def without_gradient(evidence: Evidence, earlier: Collection[str]) -> list[Found]:
    """Parameters whose gradient is 0 in every step, where nothing else was found to say why and no neuron is dead; in a
    run whose loss falls, those that the loss does not depend on."""
    if earlier or not evidence.all:
        return []
    idle = [name for name in evidence.subject.trained if evidence.is_zero(evidence.gradient(name), evidence.all)]
    if is_learning(evidence):
        idle = [name for name in idle if name in evidence.subject.without_path()]
    dead = [unit.of for unit in evidence.subject.units if is_dead(evidence, unit)]
    behind = {name for neuron in dead for name in evidence.subject.parameters_before(neuron)}
    idle = [name for name in idle if name not in behind]
    if not idle:
        return []
    verbs: Found = {"are": ("are",), "move": ("move",)} if len(idle) > 1 else {"are": ("is",), "move": ("moves",)}
    return [{"gradients": listed([*map(evidence.gradient, idle)]), "parameters": listed(idle), **verbs}]
