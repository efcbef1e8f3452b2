"""Which cells stand for the derivative of the loss by which others, and where such a cell is not that derivative.

In backpropagation each cell c of the backward pass is the derivative of the loss by a cell z of the forward pass. A
change of c changes the updates as z depends on the parameters: ∂(change of w)/∂c = −k ∂z/∂w for all w, with one k. This
tells the z of a cell c, whatever the value of c is. Where that value is not the derivative of the loss by z, while the
values that c is computed from are right, c is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.factors import TOLERANCE, counted
from tracer.grading.losses.sampling import values_of
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.understanding import Loss, effects
from tracer.grading.updates.region import Region

MOST_CELLS = 20_000
"""Cells of a sample in which counterparts are looked for."""
DIGITS = 7
"""Digits to which two directions agree."""
LEAST_SHARED = 2
"""Cells that share a factor to the derivatives of their counterparts, which tells the factor of the others."""

Role = tuple[int, int]
"""The form of a cell, and which of the cells of this form it is in its step; NONE and the row of a parameter."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Cells that are not the derivatives of a loss, the first ones of the backward pass.

    nodes: in all steps. rights: their values, NaN where the factor between cells and derivatives is not known.
    factor: this factor. agreeing: how many cells of the sample have it. exact: whether all that they are computed from
    is known to be right.
    """

    nodes: IntArray
    rights: Array
    factor: float
    agreeing: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    """A cell of the backward pass and its counterpart in a step. k: see above."""

    cell: int
    counterpart: int
    step: int
    k: float


def first_wrong(case: Case, loss: Loss, targets: IntArray, descent: bool, upright: bool = False) -> Wrong | None:
    """The first cells of the backward pass that are not derivatives of a loss; None where there are none, or no such
    cells are found at all. targets: what the sampled parameters are updated by, [parameters, steps]. descent: whether
    these are updates that decrease the loss, where they are right. upright: whether their opposites count as wrong."""
    cells = case.sample.cells
    if not 0 < len(cells.nodes) <= MOST_CELLS:
        return None
    pairs = _pairs(case, loss, targets)
    if not pairs:
        return None
    nodes, others = (np.array([getattr(pair, name) for pair in pairs]) for name in ("cell", "counterpart"))
    actual, derivative = (
        values_of(nodes, case.points),
        cells.derivatives(*loss.terms(cells, case.points), case.points)[others],
    )
    known = (np.abs(actual) > 0.0) | (np.abs(derivative) > 0.0)
    factor, agreeing = _factor(actual, derivative, pairs[0].k if descent else 0.0)
    factor = abs(factor) if upright else factor
    if np.isfinite(factor):
        expected = factor * derivative
        differs = known & (np.abs(actual - expected) > TOLERANCE * (np.abs(actual) + np.abs(expected)))
    else:
        differs = known
    wrong = known[:, 0] & (differs | ~known).all(1) & differs.any(1)
    wrong &= ~_decaying(case, cells, others, actual - factor * derivative)
    first = _first(cells.region, nodes[wrong], len(cells.step))
    right = nodes[~wrong]
    wrong &= first[nodes]
    if not wrong.any():
        return None
    roles = dict(zip(nodes[wrong].tolist(), others[wrong].tolist(), strict=True))
    found, rights = _in_all_steps(case, loss, roles, factor)
    if not len(found):
        return None
    return Wrong(found, rights, factor, agreeing, _made_of_right_ones(case, loss, nodes[wrong], right))


def _pairs(case: Case, loss: Loss, targets: IntArray) -> list[_Pair]:
    """The cells with a counterpart, by the k that most have."""
    sample = case.sample
    cells = sample.cells
    forward = cells.feeding(loss.terms(cells, case.points)[0])
    rows, columns = np.nonzero(cells.seeds[sample.parameters] != NONE)
    own = np.zeros((len(rows), *sample.tangents.shape[1:]))
    own[np.arange(len(rows)), rows] = 1.0
    shown = forward[cells.nodes]
    nodes = np.concatenate([cells.nodes[shown], cells.seeds[sample.parameters][rows, columns]])
    steps = np.concatenate([cells.step[cells.nodes[shown]], columns])
    known: dict[tuple[int, bytes], list[tuple[int, float]]] = {}
    for index, direction, size in _directions(np.concatenate([sample.tangents[shown], own])):
        known.setdefault((int(steps[index]), direction), []).append((int(nodes[index]), size))
    found = []
    backward = cells.nodes[~shown]
    made = effects(case.steps, cells, targets, case.points)[backward]
    for index, direction, size in _directions(made):
        node = int(backward[index])
        step = int(cells.step[node])
        found += [_Pair(node, other, step, -size / its) for other, its in known.get((step, direction), ())]
    common, _ = counted(np.array([[pair.k for pair in found]]))
    alike = [pair for pair in found if abs(pair.k - common[0]) <= TOLERANCE * abs(common[0])]
    return list({pair.cell: pair for pair in alike}.values())


def _directions(vectors: Array) -> Iterator[tuple[int, bytes, float]]:
    """Of each vector that is known and not 0 its number, its direction, and its length, signed."""
    flat = vectors.reshape(len(vectors), int(np.prod(vectors.shape[1:])))
    length = np.sqrt((flat * flat).sum(1))
    for index in np.flatnonzero(np.isfinite(length) & (length > 0.0)).tolist():
        unit = flat[index] / length[index]
        sign = np.sign(unit[np.argmax(np.abs(unit) > 0.3 * np.abs(unit).max())])
        yield index, (np.round(sign * unit, DIGITS) + 0.0).tobytes(), float(sign * length[index])


def _factor(actual: Array, derivative: Array, k: float) -> tuple[float, int]:
    """The factor of cells to the derivatives by their counterparts, and how many have it; NaN where it is not known."""
    with np.errstate(all="ignore"):
        ratio = actual / derivative
    first = ratio[:, :1]
    same = (
        np.isfinite(ratio).all(1) & (np.abs(ratio - first) <= TOLERANCE * np.abs(first)).all(1) & (first[:, 0] != 0.0)
    )
    best = np.nan, 0
    for own in (ratio[same & (first[:, 0] * k >= 0.0), 0], ratio[same, 0]):
        common, count = counted(own[None])
        if count[0] >= LEAST_SHARED and best[1] == 0:
            best = float(common[0]), int(count[0])
    return best


def _decaying(case: Case, cells: Cells, others: IntArray, rest: Array) -> Flags:
    """Which cells have, besides the derivative by a parameter, a part of this parameter that others have too."""
    parameters = np.isin(others, cells.seeds)
    with np.errstate(all="ignore"):
        part = np.where(parameters[:, None], rest / values_of(others, case.points), np.nan)[:, 0]
    common, count = counted(part[None])
    shared: Flags = (np.abs(part - common[0]) <= TOLERANCE * np.abs(common[0])) & (count[0] > 1)
    return shared


def _first(region: Region, nodes: IntArray, count: int) -> Flags:
    """Which of these nodes do not depend on others of them."""
    own = np.zeros(count, bool)
    own[nodes] = True
    return own & ~depending(region, own)


def depending(region: Region, own: Flags) -> Flags:
    """Which nodes depend on nodes of a set."""
    found = np.zeros_like(own)
    for level in region.levels:
        found[level.cells] = np.logical_or.reduceat((found | own)[level.operands], level.starts)
    return found


def _made_of_right_ones(case: Case, loss: Loss, nodes: IntArray, right: IntArray) -> bool:
    """Whether nodes are computed from cells of the forward pass, and from those of the backward pass that are right."""
    cells = case.sample.cells
    operands = case.graph.operands[case.steps.network.leading_to(nodes)]
    known = ~cells.region.inside | cells.feeding(loss.terms(cells, case.points)[0]) | case.steps.parameters
    return bool((known[operands] | np.isin(operands, right)).all())


def _in_all_steps(case: Case, loss: Loss, wrong: dict[int, int], factor: float) -> tuple[IntArray, Array]:
    """The cells of the same roles in all steps, as far as they are wrong there."""
    roles = {node: role for role, _, node in _roles(case.sample.cells)}
    both = {roles[node]: roles[other] for node, other in wrong.items()}
    cells = {(role, step): node for role, step, node in _roles(case.cells)}
    derivative = case.cells.derivatives(*loss.terms(case.cells, case.points), case.points)[:, 0]
    values = case.points[0].values
    nodes, rights = [], []
    for step in range(len(case.cells.steps)):
        for role, counterpart in both.items():
            node, other = cells.get((role, step)), cells.get((counterpart, step))
            if node is None or other is None:
                continue
            right, value = factor * float(derivative[other]), float(values[node])
            if not abs(value - right) <= TOLERANCE * (abs(value) + abs(right)):
                nodes.append(node)
                rights.append(right)
    return np.array(nodes, int), np.array(rights)


def _roles(cells: Cells) -> Iterator[tuple[Role, int, int]]:
    """Each cell with its role and its step."""
    ranks = zip(
        cells.form.tolist(), cells.rank.tolist(), cells.step[cells.nodes].tolist(), cells.nodes.tolist(), strict=True
    )
    yield from (((form, rank), step, node) for form, rank, step, node in ranks)
    for row, column in np.argwhere(cells.seeds != NONE).tolist():
        yield (NONE, row), column, int(cells.seeds[row, column])
