"""Cells that are a usual loss of the sheet's predictions, whether or not the updates follow them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, Graph, IntArray
from tracer.grading.losses.factors import TOLERANCE, coefficients, fit
from tracer.grading.losses.guesses import BY_PREDICTION, Guess, guesses
from tracer.grading.losses.losses import Role, Roles
from tracer.grading.losses.predictions import pairs_of
from tracer.grading.losses.sampling import Sample, values_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point
from tracer.grading.steps.steps import NONE
from tracer.grading.updates.region import ranges
from tracer.grading.updates.shapes import pairs

MOST_OPERANDS, MOST_SINGLE = 64, 4
"""Operands of a formula that may be predictions and their targets, and of those that are tried one by one."""
SPARE = 2
"""Minimum excess of parameters over predictions that shows that the updates are computed from these."""


@dataclass(frozen=True, slots=True)
class Recognized:
    """A cell of the sheet that is a usual loss. ascends: whether it is one that is maximized, such as a likelihood."""

    role: Role
    guess: Guess
    ascends: bool


def recognized(sample: Sample, roles: Roles, points: list[Point]) -> list[Recognized]:
    """The cells that the updates do not depend on, and whose gradients are those of a usual loss."""
    leading = sample.cells.leading_to_updates()
    shown = [
        (role, tangent)
        for role, tangent in zip(roles.roles, roles.tangents, strict=True)
        if not leading[role.nodes(sample.cells)].any()
    ]
    found = []
    for guess in guesses(sample.cells):
        if guess.name not in BY_PREDICTION:
            continue
        nodes, weights = guess.terms(sample.cells, points)
        usual = sample.cells.gradients(nodes, weights, points)[sample.parameters]
        for role, tangent in shown:
            compared = fit(-tangent, usual)
            if compared.constant and compared.explains_all:
                found.append(Recognized(role, guess, bool(compared.rates[0] < 0.0)))
    return found


def usual_by_formula(sample: Sample, roles: Roles, points: list[Point]) -> list[tuple[Role, str, bool]]:
    """The cells that the updates do not depend on, and that are usual losses of what their own formulas take: those
    that share no formula with the updates. With their names, and whether they are maximized."""
    cells = sample.cells
    leading = cells.leading_to_updates()
    found = []
    for role in roles.roles:
        nodes = role.nodes(cells)
        if leading[nodes].any():
            continue
        derivative = cells.derivatives(nodes, np.ones((len(nodes), len(points))), points)
        own = np.flatnonzero(cells.feeding(nodes) & ~leading & cells.region.inside)
        for predictions, targets in _operands(cells, own, leading):
            a, y = values_of(predictions, points), values_of(targets, points)
            for name, usual in BY_PREDICTION.items():
                factor = _common(derivative[predictions], usual(a, y))
                if factor:
                    found.append((role, name, factor < 0.0))
    return found


def _common(numbers: Array, others: Array) -> float:
    """The constant ratio of two arrays; 0 where there is none."""
    if not np.isfinite(others).all() or not others.any():
        return 0.0
    largest = np.unravel_index(np.abs(others).argmax(), others.shape)
    factor = float(numbers[largest] / others[largest])
    differs = np.abs(numbers - factor * others) > TOLERANCE * (np.abs(numbers) + np.abs(factor * others))
    return 0.0 if differs.any() or not np.isfinite(factor) else factor


def _operands(cells: Cells, nodes: IntArray, leading: Flags) -> Iterator[tuple[IntArray, IntArray]]:
    """What each formula of these nodes takes from the cells that the updates depend on, and from those that the
    parameters do not lead to: one of both, or as many."""
    graph = cells.graph
    for number in np.unique(graph.form[nodes]).tolist():
        form = graph.forms[number]
        operands = form.operands[np.isin(form.nodes, nodes)].T[:MOST_OPERANDS]
        inner = [own for own in operands if (leading[own] & cells.region.inside[own]).all()]
        outer = [own for own in operands if not cells.region.inside[own].any()]
        if len(inner) == len(outer) > 1:
            yield np.concatenate(inner), np.concatenate(outer)
        yield from itertools.product(inner[:MOST_SINGLE], outer[:MOST_SINGLE])


def shown_losses(sample: Sample, roles: Roles) -> list[Role]:
    """The cells that the updates do not depend on, and that compare a prediction with a target that these use too."""
    alive = (np.nan_to_num(roles.tangents) != 0.0).any((2, 3)).all(1)
    return [role for role, of_all in zip(roles.roles, alive, strict=True) if of_all and has_targets(sample, role)]


def has_targets(sample: Sample, role: Role) -> bool:
    """Whether cells that the updates do not depend on compare a prediction of several parameters with a target: with
    what the backward pass takes too, and the forward pass does not."""
    cells = sample.cells
    graph, nodes = cells.graph, role.nodes(cells)
    leading, inside, forward = cells.leading_to_updates(), cells.region.inside, cells.feeding(nodes)
    if leading[nodes].any():
        return False
    taken = np.zeros((3, len(graph.text)), bool)
    for kind, of in enumerate((forward & ~leading, leading & ~forward, forward & leading)):
        members = np.flatnonzero(of & inside & (cells.step != NONE))
        taken[kind, graph.operands[_edges(graph, members)]] = True
    taken[1, graph.operands[_edges(graph, cells.region.ends.cells)]] = True
    several = (sample.tangents != 0.0).any(2).sum(1) > 1
    return bool((taken[0] & taken[1] & ~taken[2] & ~inside).any() and (taken[0] & leading)[cells.nodes[several]].any())


def _edges(graph: Graph, nodes: IntArray) -> IntArray:
    return ranges(graph.starts[nodes], graph.starts[nodes + 1])


def made_of_predictions(sample: Sample, guess: Guess) -> bool:
    """Whether all changes are the derivatives of the predictions, each times some number: all below the output is
    right, whatever its error is."""
    cells = sample.cells
    predictions = np.unique(pairs_of(cells)[guess.origin].predictions)
    if not len(predictions):
        return False
    rows = np.searchsorted(cells.nodes, predictions)
    for step in range(len(cells.steps)):
        own = rows[cells.step[predictions] == step]
        if len(sample.parameters) < len(own) + SPARE and len(own) > 1:
            return False
        for point in range(sample.change.shape[2]):
            if not _in_span(sample.change[:, step, point], sample.tangents[own, :, point].T):
                return False
    return True


def _in_span(change: Array, parts: Array) -> bool:
    there = np.isfinite(change)
    change, parts = change[there], parts[there]
    if not change.any():
        return True
    parts = parts[:, parts.any(0)]
    numbers = coefficients(parts, change) if parts.shape[1] < len(change) else None
    if numbers is None:
        return False
    size = np.abs(change) + np.abs(parts * numbers).sum(1)
    return bool((np.abs(change - parts @ numbers) <= TOLERANCE * size).all())


def output_errors(graph: Graph, cells: Cells, guess: Guess) -> IntArray:
    """The cells that compare predictions with their targets and that the updates depend on: the first of each form."""
    leading = cells.leading_to_updates()
    found = pairs_of(cells)[guess.origin]
    if found.within:
        nodes = graph.forms[guess.origin[1]].nodes
        shown: IntArray = nodes[leading[nodes] | np.isin(nodes, cells.region.ends.cells)]
        return shown
    wanted = set(zip(found.predictions.tolist(), found.targets.tolist(), strict=True))
    compared = []
    for number in np.unique(cells.form).tolist():
        form = graph.forms[number]
        for pair in pairs(form.expression):
            both = zip(form.operands[:, pair.first].tolist(), form.operands[:, pair.second].tolist(), strict=True)
            mine = np.array([(a, y) in wanted or (y, a) in wanted for a, y in both], bool)
            compared += [node for node in form.nodes[mine].tolist() if leading[node]]
    return np.unique(np.array(compared, int))
