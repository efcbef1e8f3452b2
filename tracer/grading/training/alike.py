"""Optimizers by hand: whether the updates of all parameters are made alike, and the cells of one that are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from tracer.grading.graph.graph import Array
from tracer.grading.graph.values import evaluate
from tracer.grading.losses.factors import TOLERANCE
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.updates.shapes import appearances
from tracer.grading.updates.updates import Update, added

NOT_ALIKE = "some updates are not made like the others"
MOST_COMPARED, LARGEST = 24, 20_000
"""Parameters whose formulas are compared, and nodes of a graph in which they are."""
REFERENCES = 4
"""Parameters that the others are compared with."""
LEAST_ALIKE = 3
"""Parameters that agree with each other, where one that does not is wrong whatever its formulas are."""
MOST_FORMULAS = 2
"""Formulas that one mistake makes wrong: those of the first step may begin with numbers."""


@dataclass(frozen=True, slots=True)
class Unlike:
    """A cell in the updates of a parameter, and its counterpart for another one, with another formula."""

    node: int
    counterpart: int


class Comparison:
    """Compares the updates of parameters by their formulas: what those of one would make of the gradients and values of
    another, and cell by cell. Its state is the training."""

    def __init__(self, case: Case) -> None:
        self._case, self._graph = case, case.graph
        self._seeds, self._taken, self._values = case.cells.seeds, case.all_taken.nodes, case.points[0].values
        self._roles = _roles(case)

    def odd_ones(self) -> dict[int, list[Unlike]]:
        """The parameters whose updates are not made like the others: a single one, or those that have the learning rate
        twice or not at all. With their cells that differ, where one formula does."""
        rows = np.flatnonzero((self._taken != NONE).all(1) & (self._seeds != NONE).all(1))
        if not 1 < len(rows) <= MOST_COMPARED or len(self._graph.text) > LARGEST:
            return {}
        groups = self._groups(rows.tolist())
        main = max(groups, key=len, default=[])
        odd: dict[int, list[Unlike]] = {}
        for group in groups:
            if group is not main:
                single = self._single(group[0], main) if len(group) == 1 else {}
                odd |= single or {row: [] for row in self._with_another_rate(main, group)}
        return dict(sorted(odd.items()))

    # ------------------------------------------------------------------------------------------------ what they compute

    def _groups(self, rows: list[int]) -> list[list[int]]:
        """Parameters whose formulas compute the same."""
        groups: list[list[int]] = []
        while rows and len(groups) < REFERENCES:
            first = rows[0]
            alike = [row for row in rows if row == first or _is_one(self._ratio(first, row))]
            groups.append(alike)
            rows = [row for row in rows if row not in alike]
        return [] if rows else groups

    def _ratio(self, reference: int, row: int) -> Array:
        """The updates of a parameter over what the formulas of the reference make of its gradients and values."""
        seeds, values = self._seeds, self._values
        changed = dict(zip(seeds[reference].tolist(), values[seeds[row]].tolist(), strict=True))
        changed |= dict(zip(self._taken[reference].tolist(), values[self._taken[row]].tolist(), strict=True))
        expected = added(self._graph, evaluate(self._graph, changed, exact=True), self._updates(reference))
        actual = added(self._graph, values, self._updates(row))
        with np.errstate(all="ignore"):
            return np.where(actual == expected, 1.0, actual / expected)

    def _updates(self, row: int) -> list[Update]:
        return [update for update in self._case.training.updates[row] if update is not None]

    def _with_another_rate(self, main: list[int], group: list[int]) -> list[int]:
        """The one of two groups whose updates have a factor twice or not at all that the others have once."""
        ratio = self._ratio(main[0], group[0])
        if not _is_one(ratio / ratio[0]):
            return []
        first, second = (self._factors(rows[0]) for rows in (main, group))
        for node in first.keys() | second.keys():
            value = abs(float(self._values[node]))
            if value and any(abs(abs(ratio[0]) - v) <= TOLERANCE * v for v in (value, 1.0 / value)):
                return group if first[node] == 1 else main
        return []

    def _factors(self, row: int) -> Counter[int]:
        """How often the first update of a parameter refers to each cell outside the training."""
        node = self._updates(row)[0].node
        often = appearances(self._graph.forms[self._graph.form[node]].expression)
        operands = self._graph.operands_of(node).tolist()
        outside = [slot for slot, operand in enumerate(operands) if not self._case.cells.region.inside[operand]]
        return Counter({operands[slot]: often[slot] for slot in outside})

    # ------------------------------------------------------------------------------------------------- their formulas

    def _single(self, row: int, main: Sequence[int]) -> dict[int, list[Unlike]]:
        """The odd one of a parameter and those that are alike, where that is clear, with its cells that differ."""
        unlike = self._unlike(row, main[0])
        if unlike and all(self._may_differ(each) for each in unlike):
            return {}
        texts = {int(self._graph.text[each.node]) for each in unlike} - {NONE}
        relative = {self._graph.texts[text].relative for text in texts}
        told = unlike if 0 < len(relative) <= MOST_FORMULAS else []
        if len(main) >= LEAST_ALIKE:
            return {row: told}
        if len(main) > 1:
            return {row: told} if told else {}
        back = [Unlike(each.counterpart, each.node) for each in told]
        crossing = {own: cells for own, cells in ((row, told), (main[0], back)) if self._mixes(cells, own)}
        return crossing if len(crossing) == 1 else {}

    def _unlike(self, row: int, other: int) -> list[Unlike]:
        """The cells in the updates of a parameter that have other formulas than those of another."""
        alignment = Alignment(self._case, self._roles, row, other)
        for own in self._case.training.nodes[[row, other]].T.tolist():
            if NONE not in own:
                alignment.compare(*own)
        return alignment.unlike

    def _may_differ(self, unlike: Unlike) -> bool:
        """Whether cells may have other formulas: weights may decay where biases do not, and a parameter may have a
        learning rate of its own."""
        graph = self._graph
        own, other = (self._kinds(node) for node in (unlike.node, unlike.counterpart))
        decays = own[_Is.PARAMETER] != other[_Is.PARAMETER]
        is_update = unlike.node in self._case.training.nodes
        return decays or (is_update and graph.form[unlike.node] == graph.form[unlike.counterpart] and own == other)

    def _kinds(self, node: int) -> Counter[object]:
        """How often a formula takes what: without telling apart parameters, steps, nor constants."""
        graph, root = self._graph, self._case.steps.root
        found: Counter[object] = Counter()
        if graph.form[node] >= 0:
            often = appearances(graph.forms[graph.form[node]].expression)
            for slot, operand in enumerate(graph.operands_of(node).tolist()):
                role = self._roles.get(int(root[operand]))
                found[role.kind if role else bool(graph.form[operand] < 0)] += often[slot]
        return found

    def _mixes(self, cells: Sequence[Unlike], row: int) -> bool:
        """Whether cells of a parameter take values or gradients of another one."""
        root = self._case.steps.root
        roles = (self._roles.get(int(root[o])) for each in cells for o in self._graph.operands_of(each.node).tolist())
        return any(role is not None and role.row != row for role in roles)


class _Is(Enum):
    PARAMETER = auto()
    GRADIENT = auto()


@dataclass(frozen=True, slots=True)
class Role:
    """What a cell is: the value of a parameter, or its gradient, in a step."""

    kind: _Is
    row: int
    step: int


def _roles(case: Case) -> dict[int, Role]:
    found: dict[int, Role] = {}
    root = case.steps.root
    for kind, nodes in ((_Is.PARAMETER, case.cells.seeds), (_Is.GRADIENT, case.all_taken.nodes)):
        for (row, step), node in np.ndenumerate(nodes):
            if node != NONE:
                found[int(root[node])] = Role(kind, row, step)
    return found


class Alignment:
    """Finds the cells in the updates of a parameter that have another formula than those of another one in their place.

    Its state is which cells it has compared. unlike: what it found.
    """

    def __init__(self, case: Case, roles: dict[int, Role], row: int, other: int) -> None:
        self._graph, self._root, self._roles, self._rows = case.graph, case.steps.root, roles, (row, other)
        self._compared: set[tuple[int, int]] = set()
        self.unlike: list[Unlike] = []

    def compare(self, node: int, other: int) -> None:
        """Compare the formulas of two cells, and what these refer to."""
        graph = self._graph
        operands = (graph.operands_of(each).tolist() for each in (node, other))
        if graph.form[node] != graph.form[other] or not all(self._alike(*pair) for pair in zip(*operands, strict=True)):
            self.unlike.append(Unlike(node, other))

    def _alike(self, node: int, other: int) -> bool:
        """Whether two cells may stand for each other in two formulas."""
        node, other = int(self._root[node]), int(self._root[other])
        own, theirs = self._roles.get(node), self._roles.get(other)
        if own or theirs:
            return bool(
                own and theirs and (own.kind, own.step, own.row, theirs.row) == (theirs.kind, theirs.step, *self._rows)
            )
        if node == other:
            return True
        computed = self._graph.form[[node, other]] >= 0
        if not computed.any():
            return bool(self._graph.values[node] == self._graph.values[other])
        if (node, other) not in self._compared:
            self._compared.add((node, other))
            if computed.all():
                self.compare(node, other)
            else:
                self.unlike.append(Unlike(node, other))
        return True


def _is_one(ratio: Array) -> bool:
    """Whether a ratio is 1 in all steps in which it is known."""
    known = np.isfinite(ratio)
    return bool(known.any() and (np.abs(ratio - 1.0) <= TOLERANCE)[known].all())
