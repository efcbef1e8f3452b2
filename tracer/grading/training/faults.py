"""The cells to blame for wrong updates: the gradient nearest to the update, the update itself, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph, IntArray
from tracer.grading.judging.findings import Kind
from tracer.grading.losses.factors import TOLERANCE, most_common
from tracer.grading.losses.guesses import Guess
from tracer.grading.losses.recognition import output_errors
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import Steps, Training
from tracer.grading.training.alike import Unlike
from tracer.grading.training.case import Case
from tracer.grading.training.counterparts import Wrong, depending
from tracer.grading.training.judgement import Fault, Parameter
from tracer.grading.training.understanding import Whole
from tracer.grading.updates.chains import NONE
from tracer.grading.updates.region import Region
from tracer.grading.updates.updates import Update


def faults_of(
    steps: Steps, training: Training, points: Sequence[Point], found: Whole, wrong: Flags
) -> tuple[Fault, ...]:
    """The faults of all parameters with wrong updates, [parameters, steps]."""
    blame = _Blame(steps, training, points[0].values, found)
    rows = np.flatnonzero(wrong.any(1)).tolist()
    return tuple(fault for row in rows for fault in blame.faults(row, np.flatnonzero(wrong[row]).tolist()))


def faults_of_gradients(case: Case, found: Whole, wrong: Flags) -> tuple[Fault, ...]:
    """The faults where the cells that updates take their gradients from are wrong, [parameters, steps]."""
    graph, values = case.graph, case.points[0].values
    faults = []
    for row in np.flatnonzero(wrong.any(1)).tolist():
        chosen = np.flatnonzero(wrong[row])
        nodes = case.all_taken.nodes[row, chosen].tolist()
        rights = (found.fit.rates[chosen] * found.gradient[row, chosen, 0]).tolist()
        places = tuple(graph.places[node] for node in nodes)
        spoils = (parameter_of(graph, case.training.updates[row]),)
        value = float(values[nodes[0]])
        faults.append(Fault(places, Kind.FORMULA, None, None, None, value, rights[0], tuple(rights), spoils))
    return tuple(faults)


def faults_of_updates(case: Case, rows: IntArray) -> tuple[Fault, ...]:
    """The faults where the updates of whole parameters are wrong."""
    made = [[update for update in case.training.updates[row] if update is not None] for row in rows.tolist()]
    spoiled = [parameter_of(case.graph, updates) for updates in made]
    values = case.points[0].values
    return tuple(
        Fault(parameter.after, Kind.UPDATE, value=float(values[updates[0].node]), spoils=(parameter,))
        for parameter, updates in zip(spoiled, made, strict=True)
    )


def faults_of_formulas(case: Case, odd: Mapping[int, Sequence[Unlike]]) -> tuple[Fault, ...]:
    """The faults of parameters whose updates are not made like the others, by row: in the cells that differ, if these
    are known."""
    graph, values = case.graph, case.points[0].values
    updates = set(case.training.nodes.ravel().tolist())
    faults: list[Fault] = []
    for row, unlike in odd.items():
        nodes = sorted(each.node for each in unlike)
        if not nodes:
            faults += faults_of_updates(case, np.array([row]))
            continue
        kind = Kind.UPDATE if updates.issuperset(nodes) else Kind.FORMULA
        spoils = (parameter_of(graph, [update for update in case.training.updates[row] if update is not None]),)
        places = tuple(graph.places[node] for node in nodes)
        faults.append(Fault(places, kind, value=float(values[nodes[0]]), spoils=spoils, exact=True))
    return tuple(faults)


def faults_of_outputs(case: Case, guess: Guess) -> tuple[Fault, ...]:
    """The fault where the error of the output is wrong: in the cells that begin it, or else in all updates."""
    graph = case.graph
    nodes = output_errors(graph, case.cells, guess).tolist()
    spoils = tuple(parameter_of(graph, updates) for updates in case.training.updates)
    if not nodes:
        return tuple(Fault(parameter.after, Kind.UPDATE, spoils=(parameter,)) for parameter in spoils)
    value = float(case.points[0].values[nodes[0]])
    return (Fault(tuple(graph.places[node] for node in nodes), Kind.FORMULA, value=value, spoils=spoils),)


def faults_of_cells(case: Case, wrong: Wrong) -> tuple[Fault, ...]:
    """The faults of cells that are not the derivatives that they should be: one for all with the same formula."""
    graph, values = case.graph, case.points[0].values
    by_text: dict[int, list[tuple[int, float]]] = {}
    for node, right in zip(wrong.nodes.tolist(), wrong.rights.tolist(), strict=True):
        by_text.setdefault(int(graph.text[node]), []).append((node, right))
    found = []
    users = _Users.of(case)
    for members in by_text.values():
        nodes, rights = zip(*members, strict=True)
        known = tuple(rights) if np.isfinite(rights).all() else ()
        first = known[0] if known else None
        places = tuple(graph.places[node] for node in nodes)
        spoils = users.spoiled_by(np.array(nodes))
        found.append(
            Fault(places, Kind.FORMULA, None, None, None, float(values[nodes[0]]), first, known, spoils, wrong.exact)
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Users:
    """The parameters of a training, and the operands of all their updates. rows: of each operand, the parameter."""

    region: Region
    parameters: tuple[Parameter, ...]
    operands: IntArray
    rows: IntArray

    @staticmethod
    def of(case: Case) -> _Users:
        graph, nodes = case.graph, case.training.nodes
        rows, _ = np.nonzero(nodes != NONE)
        made = nodes[nodes != NONE]
        operands = graph.operands[case.steps.network.leading_to(made)]
        parameters = tuple(parameter_of(graph, updates) for updates in case.training.updates)
        return _Users(case.cells.region, parameters, operands, np.repeat(rows, np.diff(graph.starts)[made]))

    def spoiled_by(self, nodes: IntArray) -> tuple[Parameter, ...]:
        """The parameters with an update that depends on some of these nodes."""
        own = np.zeros(len(self.region.inside), bool)
        own[nodes] = True
        reached = own | depending(self.region, own)
        hit = np.bincount(self.rows[reached[self.operands]], minlength=len(self.parameters))
        return tuple(self.parameters[row] for row in np.flatnonzero(hit).tolist())


def parameter_of(graph: Graph, updates: Sequence[Update | None]) -> Parameter:
    """A parameter by its cells."""
    made = [update for update in updates if update is not None]
    places = tuple(graph.places[update.parameter] for update in made)
    return Parameter(places, tuple(graph.places[update.node] for update in made))


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A wrong cell of a step, and the value that it should have."""

    node: int
    right: float


class _Blame:
    """Finds the wrong cells; its state is what the right updates have in common."""

    def __init__(self, steps: Steps, training: Training, values: Array, found: Whole) -> None:
        self._graph, self._parameters = steps.network.graph, steps.parameters
        self._training, self._values, self._found = training, values, found
        self._sign = self._factor_of_gradients()

    def faults(self, row: int, wrong: Sequence[int]) -> list[Fault]:
        """The wrong gradients of a parameter, and its wrong updates, in the steps that are wrong."""
        gradients, updates = [], []
        for step in wrong:
            update = self._training.updates[row][step]
            assert update is not None
            gradient = float(self._found.gradient[row, step, 0])
            rate = float(self._found.fit.rates[step])
            cell = self._gradient_cell(update)
            taken = gradient
            if cell is not None and not self._is(cell, gradient * self._sign):
                gradients.append(_Wrong(cell, gradient * self._sign))
                taken = float(self._values[cell]) / self._sign
            right = -rate * taken
            if cell is None or abs(self._found.change[row, step, 0] - right) > TOLERANCE * abs(right):
                updates.append(_Wrong(update.node, float(self._values[update.parameter]) - rate * gradient))
        kinds = ((Kind.FORMULA, gradients), (Kind.UPDATE, updates))
        return [self._fault(row, kind, cells) for kind, cells in kinds if cells]

    def _fault(self, row: int, kind: Kind, cells: Sequence[_Wrong]) -> Fault:
        return Fault(
            places=tuple(self._graph.places[cell.node] for cell in cells),
            kind=kind,
            value=float(self._values[cells[0].node]),
            right_value=cells[0].right,
            right_values=tuple(cell.right for cell in cells),
            spoils=(parameter_of(self._graph, self._training.updates[row]),),
        )

    def _is(self, node: int, expected: float) -> bool:
        return abs(float(self._values[node]) - expected) <= TOLERANCE * abs(expected)

    def _gradient_cell(self, update: Update) -> int | None:
        """The only cell besides parameters that an update takes from the training: that of the gradient."""
        operands = set(self._graph.operands_of(update.node).tolist())
        inside = [node for node in operands if self._found.cells.region.inside[node] and not self._parameters[node]]
        return inside[0] if len(inside) == 1 else None

    def _factor_of_gradients(self) -> float:
        """The cells of the gradients over the gradients, as most right updates have it: −1 where these are descents."""
        ratios = []
        for row, step in np.argwhere(self._found.fit.matched[:, :, 0]).tolist():
            update = self._training.updates[row][step]
            cell = self._gradient_cell(update) if update else None
            gradient = self._found.gradient[row, step, 0]
            if cell is not None and gradient:
                ratios.append(float(self._values[cell] / gradient))
        common = float(most_common(np.array([ratios]))[0]) if ratios else np.nan
        return common if np.isfinite(common) and common else 1.0
