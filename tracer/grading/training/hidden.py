"""What derivatives do not tell: parameters behind a step function, and updates that are skipped by a condition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.formulas.tree import distinct
from tracer.grading.graph.forms import comparisons, slopes
from tracer.grading.graph.graph import Array, Flags, Form, IntArray
from tracer.grading.losses.sampling import Sample
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.steps import NONE, Training
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Judgement
from tracer.grading.updates.shapes import condition_slots, slot_of

BEHIND_STEPS = "a step function, such as SIGN or IF, stands between parameters and the loss: its derivative is 0"
COMPETITION = (
    "which parameters learn follows from a comparison, as in a self-organizing map: no loss tells how they learn"
)


def behind_steps(case: Case, judgement: Judgement) -> IntArray:
    """The rows of the parameters all of whose ways to the loss lead through a step function."""
    if not judgement.loss:
        return np.empty(0, int)
    cells = case.cells
    loss = np.array([case.graph.number[place] for place in judgement.loss])
    smooth, all_ways = _leading(cells, loss, ~_stepped(cells)), cells.feeding(loss)
    seeds = np.where(cells.seeds == NONE, 0, cells.seeds)
    own = cells.seeds != NONE
    hidden = (all_ways[seeds] & own).any(1) & ~(smooth[seeds] & own).any(1)
    return np.flatnonzero(hidden)


def _stepped(cells: Cells) -> Flags:
    """The edges of the graph by whose operand a cell has no derivative but 0."""
    graph = cells.graph
    found = np.zeros(len(graph.operands), bool)
    for number in np.unique(cells.form).tolist():
        form = graph.forms[number]
        with_slope = {slot for _, by, _ in slopes(form.expression) for slot in by}
        without = [slot for slot in range(form.operands.shape[1]) if slot not in with_slope]
        for slot in without:
            found[graph.starts[form.nodes] + slot] = True
    return found


def _leading(cells: Cells, nodes: IntArray, edges: Flags) -> Flags:
    """Which nodes lead to these by some of the edges."""
    found = np.zeros(len(cells.step), bool)
    found[nodes] = True
    for level in reversed(cells.region.levels):
        used = edges[level.edges] & found[level.owners]
        found[level.operands[used]] = True
    return found


def without(case: Case, rows: IntArray) -> Case | None:
    """The case without some parameters; None if no other is left."""
    kept = np.setdiff1d(np.arange(len(case.training.updates)), rows)
    if not len(kept):
        return None
    updates = tuple(case.training.updates[row] for row in kept.tolist())
    return Case(case.steps, Training(updates, case.training.seeds[kept]), case.points)


class Skipping(Case):
    """A training in which updates by IF that change nothing are not judged, where their condition depends on the
    parameters: only the winner of a competition learns."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.steps, case.training, case.points)
        self._conditional = _conditional(case)
        sample, chosen = case.sample, case.sample.cells.steps
        rows = np.ix_(sample.parameters, chosen)
        self.sample: Sample = replace(sample, change=_without_skipped(sample.change, self._conditional[rows]))
        self.changes: Array = _without_skipped(case.changes, self._conditional)

    @property
    def skips(self) -> bool:
        """Whether an update may be skipped."""
        return bool(self._conditional.any())


def compete(case: Case, judgement: Judgement) -> bool:
    """Whether the updates depend on a comparison of cells that both depend on parameters, and the loss of a judgement
    compares no predictions with targets."""
    cells = case.cells
    leading = cells.leading_to_updates()
    leading[cells.region.ends.cells] = True
    numbers = np.unique(case.graph.form[np.flatnonzero(leading)])
    if not any(_compares(cells, leading, case.graph.forms[number]) for number in numbers[numbers >= 0].tolist()):
        return False
    loss = {case.graph.number[place] for place in judgement.loss}
    usual = (role for role, _, _ in case.usual)
    known = [*usual, *case.shown]
    return bool(loss) and not any(loss.intersection(role.nodes(case.cells).tolist()) for role in known)


def _compares(cells: Cells, leading: Flags, form: Form) -> bool:
    """Whether a formula compares two operands that depend on parameters, in cells that updates depend on."""
    own = leading[form.nodes]
    inner = {slot for slot, operands in enumerate(form.operands[own].T) if cells.region.inside[operands].any()}
    return any(
        all({slot_of(name) for name in distinct(side)} & inner for side in call.args)
        for call in comparisons(form.expression)
    )


def _conditional(case: Case) -> Flags:
    """The updates whose condition depends on the parameters, [parameters, steps]."""
    graph, inside = case.graph, case.cells.region.inside
    found = np.zeros(case.training.seeds.shape, bool)
    for row, updates in enumerate(case.training.updates):
        for step, update in enumerate(updates):
            if update is not None and graph.form[update.node] >= 0:
                slots = condition_slots(graph.forms[graph.form[update.node]].expression)
                operands = graph.operands_of(update.node)
                found[row, step] = any(inside[operands[slot]] for slot in slots)
    return found


def _without_skipped(change: Array, conditional: Flags) -> Array:
    return np.where(conditional[..., None] & (change == 0.0), np.nan, change)
