"""Conditions on how gradients change from layer to layer."""

from __future__ import annotations

from collections.abc import Collection

from tracer.explain.symptoms.evidence import Evidence, Found

FOLD = 1_000.0
"""How much smaller, or larger, ∂E/∂z of the first layer is than that of the last. The first layer then learns a
thousandth as fast as the last one, or the last as the first (Hochreiter, Diploma thesis, 1991; Glorot and Bengio,
AISTATS, 2010, find 10 to 100 in networks of five layers that are hard to train)."""

MOST_SHOWN = 1e6
"""Of which the exact factor says nothing."""


def vanishing(evidence: Evidence, earlier: Collection[str]) -> list[Found]:
    """Gradients that become smaller on their way back, in the first and in the last pass, for another reason than that
    neurons have no slope."""
    return [] if earlier else _changes(evidence, 1)


def exploding(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """Gradients that become larger on their way back, in the first and in the last pass."""
    return _changes(evidence, -1)


def _changes(evidence: Evidence, direction: int) -> list[Found]:
    network, run = evidence.subject.network, evidence.run
    if network is None or len(network.layers) < 2 or not evidence.all:
        return []
    folds = []
    for steps in (evidence.first, evidence.last):
        sizes = []
        for layer in (network.layers[0], network.layers[-1]):
            gradients = [evidence.subject.system.gradient(neuron) for neuron in layer.neurons]
            sizes.append(evidence.size([name for name in gradients if name in run.columns], steps))
        if not all(sizes):
            return []
        fold = (sizes[1] / sizes[0]) ** direction
        if not fold >= FOLD:
            return []
        folds.append(fold)
    a_layer = folds[0] ** (1 / (len(network.layers) - 1))
    shown = f"{float(f'{a_layer:.2g}'):,.0f}" if a_layer < MOST_SHOWN else f"more than {MOST_SHOWN:,.0f}"
    return [{"fold": (shown,)}]
