"""Breaks in the succession of parameters: cells that hold something else than the updated parameter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tracer.formulas.tree import Call
from tracer.grading.graph.facts import IF
from tracer.grading.graph.graph import Flags, IntArray
from tracer.grading.steps.cells import Cells, cells_of
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.updates.chains import NONE
from tracer.grading.updates.shapes import leads, slot_of

MOST_CELLS = 2_000
"""Cells of a step that are compared with those of the next one."""
COMPARED_STEPS = 3
"""Steps that are compared cell by cell: later breaks divide a chain of updates."""
LEAST_USUAL = 0.3
"""The part of the parameters that are as far from those of the next step as is usual."""

ENOUGH = 3
"""Parameters updated alike that it takes to call another cell broken."""
_SHEET = re.compile(r"(?:'[^']*'|\w+)!")

Offset = tuple[int, int, int]
"""Sheets, rows and columns between two cells."""


class Break(NamedTuple):
    """node: a cell that should be an updated parameter, or show one. blamed: the cell whose formula is to blame."""

    node: int
    blamed: int


def breaks(steps: Steps) -> list[Break]:
    """All breaks in the succession of parameters, each once."""
    search = _Search(steps)
    return list(dict.fromkeys(found for training in steps.trainings for found in search.breaks(training)))


class _Search:
    """Compares steps of trainings; its state are the graph's places as numbers."""

    def __init__(self, steps: Steps) -> None:
        self._steps, self._graph, self._root = steps, steps.network.graph, steps.root
        rows = [row for training in steps.trainings for row in training.updates]
        self._made = {update.node: update.parameter for row in rows for update in row if update is not None}

    @cached_property
    def _rates(self) -> set[int]:
        """The cells that most updates refer to besides their parameter."""
        used = Counter(
            node
            for made, parameter in self._made.items()
            for node in set(self._graph.operands_of(made).tolist()) - {parameter}
        )
        return {node for node, count in used.items() if 2 * count > len(self._made)}

    @cached_property
    def _sheets(self) -> list[str]:
        return list(dict.fromkeys(sheet for sheet, _ in self._graph.places))

    def _between(self, node: int, other: int) -> Offset:
        (sheet, (row, column)), (sheet_2, (row_2, column_2)) = self._graph.places[node], self._graph.places[other]
        sheets = 0 if sheet == sheet_2 else self._sheets.index(sheet_2) - self._sheets.index(sheet)
        return sheets, row_2 - row, column_2 - column

    def _at(self, node: int, offset: Offset) -> int | None:
        """The node at a distance from another."""
        sheet, (row, column) = self._graph.places[node]
        if offset[0]:
            index = self._sheets.index(sheet) + offset[0]
            if not 0 <= index < len(self._sheets):
                return None
            sheet = self._sheets[index]
        return self._graph.number.get((sheet, (row + offset[1], column + offset[2])))

    def _usual(self, pairs: Iterable[tuple[int, int]]) -> list[Offset]:
        """The usual distances of pairs of nodes."""
        votes = Counter(self._between(*pair) for pair in pairs)
        return [offset for offset, count in votes.most_common() if count >= LEAST_USUAL * votes.total()]

    def _parameters(self, training: Training) -> IntArray:
        """The cells that the updates add to, like the nodes of a training."""
        return np.array([[NONE if u is None else u.parameter for u in row] for row in training.updates])

    def _is_formula(self, node: int) -> bool:
        return bool(self._graph.text[node] >= 0)

    def breaks(self, training: Training) -> list[Break]:
        nodes = training.nodes
        if nodes.shape[1] > 1:
            between = list(self._between_steps(training, nodes))
            if between:
                return between
            late = [*self._late(training, nodes), *self._last(training, nodes)]
            return late or list(self._shown_last(training, nodes))
        return list(self._beside(training, nodes))

    # ------------------------------------------------------------------------------------- chains that begin later

    def _late(self, training: Training, nodes: IntArray) -> Iterator[Break]:
        """Parameters that do not come from an update of the step before, where those of others do."""
        first = (nodes != NONE).argmax(1)
        own = set(nodes.ravel().tolist())
        claimed = Counter(training.seeds[training.seeds != NONE].tolist())
        for row, step in enumerate(first.tolist()):
            seed, update = int(training.seeds[row, step]), int(nodes[row, step])
            root = int(self._root[seed])
            if seed in self._rates:
                yield Break(update, update)
            elif claimed[seed] > 1:
                if self._is_rival(training, nodes, row, step):
                    yield Break(update, update)
            elif root in own or (step and (self._is_formula(root) or self._follow(nodes, step))):
                shown = self._parameters(training)[:, step]
                others = [other for other in shown.tolist() if other not in (NONE, shown[row])]
                yield Break(seed, self._to_blame(int(shown[row]), others))

    def _is_rival(self, training: Training, nodes: IntArray, row: int, step: int) -> bool:
        """Whether another parameter that the seed belongs to goes on where this row has no step before."""
        seed = training.seeds[row, step]
        others = [other for other in np.flatnonzero(training.seeds[:, step] == seed).tolist() if other != row]
        return any((nodes[other] != NONE).sum() > (nodes[row] != NONE).sum() for other in others)

    def _follow(self, nodes: IntArray, step: int) -> bool:
        """Whether most parameters of a step follow on updates of the step before."""
        both = (nodes[:, step] != NONE) & (nodes[:, step - 1] != NONE)
        return bool(2 * both.sum() > (nodes[:, step] != NONE).sum())

    def _path(self, node: int) -> list[int]:
        """A cell, and those that it shows one after the other."""
        path = [node]
        while self._root[path[-1]] != path[-1]:
            operands = self._graph.operands_of(path[-1]).tolist()
            path.append(next(o for o in operands if self._root[o] == self._root[node]))
        return path

    def _to_blame(self, node: int, siblings: list[int]) -> int:
        """The first cell on the way from a shown parameter to its formula that is not made like its siblings."""
        path = self._path(node)
        others = [self._path(sibling) for sibling in siblings]
        for index, cell in enumerate(path[:-1]):
            texts = {int(self._graph.text[other[index]]) for other in others if len(other) > index}
            if texts and int(self._graph.text[cell]) not in texts:
                return cell
        is_update = self._made.get(path[-1], path[-1]) not in {path[-1], *self._rates}
        return path[-2] if is_update and len(path) > 1 else path[-1]

    # ------------------------------------------------------------------------------------------------- last updates

    def _last(self, training: Training, nodes: IntArray) -> Iterator[Break]:
        """Cells after the last update of a parameter in place of one more, and before the first in place of one."""
        form = self._graph.form
        for row in range(len(nodes)):
            made = nodes[row][nodes[row] != NONE]
            last = int(np.flatnonzero(nodes[row] != NONE)[-1])
            if last + 1 >= nodes.shape[1]:
                yield from self._beyond(made[::-1])
                yield from self._beyond(made)
                continue
            both = [other for other in range(len(nodes)) if NONE not in nodes[other, last : last + 2]]
            alike = [other for other in both if form[nodes[other, last]] == form[nodes[other, last + 1]]]
            if 2 * len(alike) <= len(both):
                continue
            pairs = zip(nodes[alike, last].tolist(), nodes[alike, last + 1].tolist(), strict=True)
            for offset in self._usual(pairs)[:1]:
                node = self._at(int(nodes[row, last]), offset)
                if node is not None and self._differs(node, int(nodes[row, last])):
                    yield Break(node, node)

    def _differs(self, node: int, other: int) -> bool:
        """Whether a cell's formula is neither an update nor a copy."""
        text = self._graph.text
        return bool(self._root[node] == node and text[node] >= 0 and text[node] != text[other])

    def _beyond(self, made: IntArray) -> Iterator[Break]:
        """The cell beyond the first two of these updates, if it refers to the same cells as one more would."""
        if len(made) < 2:
            return
        near, far = int(made[0]), int(made[1])
        node = self._at(near, self._between(far, near))
        if node is None or node in self._made or not self._differs(node, near):
            return
        previous = [self._graph.operands_of(update).tolist() for update in (far, near)]
        if len(previous[0]) != len(previous[1]):
            return
        expected = {
            operand if operand == before else self._at(operand, self._between(before, operand))
            for before, operand in zip(*previous, strict=True)
        }
        if expected == set(self._graph.operands_of(node).tolist()):
            yield Break(node, node)

    def _shown_last(self, training: Training, nodes: IntArray) -> Iterator[Break]:
        """Copies of another cell after the last step, where those of the other parameters show their last update."""
        shown = self._parameters(training)
        made = [(row, np.flatnonzero(nodes[row] != NONE).tolist()) for row in range(len(nodes))]
        following = []
        for row, steps in made:
            if len(steps) > 1 and self._root[shown[row, steps[-1]]] != shown[row, steps[-1]]:
                first, last = int(shown[row, steps[-2]]), int(shown[row, steps[-1]])
                node = self._at(last, self._between(first, last))
                if node is not None and self._root[node] != node:
                    following.append((node, bool(self._root[node] == nodes[row, steps[-1]])))
        if 2 * sum(right for _, right in following) > len(following):
            yield from (Break(node, node) for node, right in following if not right)

    # --------------------------------------------------------------------------------------------- a step and the next

    def _between_steps(self, training: Training, nodes: IntArray) -> Iterator[Break]:
        """Cells that the forward pass takes in place of a parameter of the step before."""
        compared = min(nodes.shape[1], COMPARED_STEPS)
        cells = cells_of(self._steps, training, np.arange(compared))
        shown = self._parameters(training)
        often = 2 * (nodes != NONE).sum(1) > nodes.shape[1]
        for step in range(compared - 1):
            both = shown[:, step : step + 2][(nodes[:, step : step + 2] != NONE).all(1)]
            operands = [
                self._graph.operands_of(node) for node in nodes[often & (nodes[:, step] != NONE), step].tolist()
            ]
            if not operands:
                continue
            following = self._following(training, nodes, step)
            own = cells.region.inside & ~cells.feeding(np.concatenate(operands))
            for offset in self._usual((first, second) for first, second in both.tolist()):
                for taken in self._taken(cells, step, offset):
                    for before, after in taken:
                        if cells.step[before] < 0 and self._is_broken(before, after, following, own):
                            siblings = [other for _, other in taken if other != after]
                            blamed = self._to_blame(after, [s for s in siblings if self._root[s] in following.values()])
                            yield from self._copies(Break(after, blamed), offset)

    def _taken(self, cells: Cells, step: int, offset: Offset) -> Iterator[list[tuple[int, int]]]:
        """For each formula of a step that updates depend on, what it refers to, each with what the one in the next step
        refers to, as far from it as the formulas are."""
        graph, copies = self._graph, self._root != np.arange(len(self._root))
        users = np.flatnonzero((cells.step == step) & cells.leading_to_updates() & ~copies)
        for user in users[:MOST_CELLS].tolist():
            other = self._at(user, offset)
            if other is not None and graph.form[other] == graph.form[user]:
                pairs = zip(graph.operands_of(user).tolist(), graph.operands_of(other).tolist(), strict=True)
                yield [pair for pair in pairs if self._between(*pair) == offset]

    def _is_broken(self, before: int, after: int, following: Mapping[int, int], own: Flags) -> bool:
        """Whether what the next step takes in place of a cell is no update of it, but comes from this step. own: the
        cells that depend on this step's parameters and that no update of it depends on."""
        root = int(self._root[after])
        own_parameter = self._made.get(root)
        if self._root[before] in (root, None if own_parameter is None else self._root[own_parameter]):
            return False
        if self._chooses(root, before):
            return False
        expected = next((following[cell] for cell in self._path(before) if cell in following), None)
        if expected is not None:
            return root != expected
        if not self._is_formula(root) or (len(following) < ENOUGH and self._adds_to(root, before)):
            return False
        shown = self._root[self._graph.operands_of(root)].tolist()
        return root in self._made or bool(own[root]) or not set(following.values()).isdisjoint(shown)

    def _chooses(self, node: int, other: int) -> bool:
        """Whether a cell shows another one or a third, as weights do that are copied every few steps."""
        form = self._graph.forms[self._graph.form[node]].expression if self._graph.form[node] >= 0 else None
        if not isinstance(form, Call) or form.function != IF:
            return False
        slots = [slot_of(branch) for branch in form.args[1:]]
        shown = [self._root[self._graph.operands_of(node)[slot]] for slot in slots if slot is not None]
        return len(shown) == 2 and self._root[other] in shown

    def _adds_to(self, node: int, other: int) -> bool:
        """Whether a cell adds to another one, as an update does."""
        graph = self._graph
        slots = [lead.slot for lead in leads(graph.forms[graph.form[node]].expression)] if graph.form[node] >= 0 else []
        return any(self._root[graph.operands_of(node)[slot]] == self._root[other] for slot in slots)

    def _following(self, training: Training, nodes: IntArray, step: int) -> dict[int, int]:
        """Seeds of a step → their updates. Of several updates of a seed, that of the longest chain counts; what another
        update refers to is no seed, but a learning rate."""
        rows = np.flatnonzero(nodes[:, step] != NONE).tolist()
        often = (nodes != NONE).sum(1)
        usual = Counter(self._between(int(training.seeds[row, step]), int(nodes[row, step])) for row in rows)

        def merit(row: int) -> tuple[int, int]:
            return int(often[row]), usual[self._between(int(training.seeds[row, step]), int(nodes[row, step]))]

        found = {int(training.seeds[row, step]): int(nodes[row, step]) for row in sorted(rows, key=merit)}
        used = Counter(o for row in rows for o in self._graph.operands_of(int(nodes[row, step])).tolist())
        return {seed: node for seed, node in found.items() if used[seed] <= 2}

    def _copies(self, first: Break, offset: Offset) -> Iterator[Break]:
        """A break, and the same one in all later steps."""
        node, blamed = first
        while True:
            yield Break(node, blamed)
            further, its = self._at(node, offset), self._at(blamed, offset)
            if further is None or its is None or not (self._alike(node, further) and self._alike(blamed, its)):
                return
            node, blamed = further, its

    def _alike(self, node: int, other: int) -> bool:
        """Whether two cells of different steps have the same formula, up to the names of sheets, and absolute
        references where the other is no update."""
        texts = [self._graph.text[node], self._graph.text[other]]
        if min(texts) < 0:
            return False
        first, second = (_SHEET.sub("", self._graph.texts[text].relative) for text in texts)
        is_update = int(self._root[other]) in self._made
        return first == second or (not is_update and bool(self._graph.form[node] == self._graph.form[other]))

    # --------------------------------------------------------------------------------------------- beside other updates

    def _beside(self, training: Training, nodes: IntArray) -> Iterator[Break]:
        """Cells of the only step that stand to a number of the forward pass as an update stands to its parameter, and
        refer to a learning rate, and to a parameter or gradient as far from them."""
        graph, root = self._graph, self._root
        updates = [update for (update,) in training.updates if update is not None]
        cells = cells_of(self._steps, training, np.array([0]))
        users = np.flatnonzero((cells.step == 0) & cells.leading_to_updates())[:MOST_CELLS]
        taken = {node for user in users.tolist() for node in graph.operands_of(user).tolist()}
        numbers = [node for node in sorted(taken) if graph.form[root[node]] < 0 and not self._steps.cut[node]]
        used = Counter(o for update in updates for o in set(graph.operands_of(update.node).tolist()))
        rates = {o for o, count in used.items() if graph.form[root[o]] < 0 and 2 * count > len(updates)}
        for offset in self._usual((update.parameter, update.node) for update in updates):
            ways = {
                self._between(u.node, o) for u in updates for o in graph.operands_of(u.node).tolist() if o not in rates
            }
            for number in numbers:
                node = self._at(number, offset)
                if node is None or root[node] != node or not self._is_formula(node):
                    continue
                if node in self._made and self._made[node] not in rates:
                    continue
                operands = set(graph.operands_of(node).tolist())
                if (
                    number not in rates
                    and operands & rates
                    and any(self._between(node, o) in ways for o in operands - rates)
                ):
                    yield Break(node, node)
