"""Which formulas stand behind the loss: those of gradients and updates, not those of the forward pass."""

from __future__ import annotations

import numpy as np

from tracer.formulas.tree import distinct
from tracer.grading.graph.graph import Flags
from tracer.grading.steps.steps import NONE, Steps
from tracer.grading.updates.region import Region, region
from tracer.grading.updates.shapes import differences, pairs, slot_of


class Behind:
    """Tells gradients and updates from the forward pass. Its state is what was found out about the graph."""

    def __init__(self, steps: Steps) -> None:
        self.updates: Flags = steps.cut
        """The updates, and the parameters that they start from."""
        seeds = [training.seeds[training.seeds != NONE] for training in steps.trainings]
        present = np.unique(np.concatenate(seeds)) if seeds else np.empty(0, int)
        within = region(steps.network, present, steps.cut)
        compared = _compared(steps, within.inside)
        self.gradients: Flags = _after(within, compared) if compared.any() else _for_updates_alone(within)
        """What depends on an error; in a sheet without targets, what only updates depend on, and no loss."""
        self.gradients &= within.inside


def _compared(steps: Steps, inside: Flags) -> Flags:
    """The cells that subtract what no parameter changes from what one does, or the other way round."""
    found = np.zeros(len(inside), bool)
    for form in steps.network.graph.forms:
        operands = inside[form.operands]
        for first, second in pairs(form.expression):
            found[form.nodes] |= operands[:, first] != operands[:, second]
        for difference in differences(form.expression):
            used = [slot for slot in map(slot_of, distinct(difference.prediction)) if slot is not None]
            found[form.nodes] |= operands[:, used].any(1) & ~operands[:, difference.target]
    return found


def _after(within: Region, start: Flags) -> Flags:
    """Which cells depend on these within their step, and themselves."""
    found = start.copy()
    for level in (*within.levels, within.ends):
        if len(level.cells):
            found[level.cells] |= np.logical_or.reduceat(found[level.operands], level.starts)
    return found


def _before(within: Region, nodes: Flags) -> Flags:
    """Which cells these depend on within their step, and themselves."""
    found = nodes.copy()
    for level in reversed(within.levels):
        found[level.operands[found[level.owners]]] = True
    return found


def _for_updates_alone(within: Region) -> Flags:
    """The cells that updates depend on, and nothing that no update depends on, if there is such a thing."""
    leading = np.zeros_like(within.inside)
    leading[within.ends.operands] = True
    leading = _before(within, leading)
    shown = within.inside & ~leading
    found: Flags = leading & ~_before(within, shown)
    return found if shown.any() else shown
