"""The cells that a training may minimize: a cell of each step, or the sum over one that is copied within the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.losses.factors import counted
from tracer.grading.losses.sampling import Sample
from tracer.grading.steps.cells import Cells
from tracer.grading.steps.points import Point

MOST_TRIED = 12
"""Cells that are compared closely with the updates."""
SUM = -1
FEW = 1 / 3
"""The part of the steps that may lack a loss: it was left out there, or typed in."""


@dataclass(frozen=True, slots=True)
class Role:
    """A cell in each step, by the form of its formula. rank: which of the cells of this form; SUM for the sum of them
    all."""

    form: int
    rank: int

    def nodes(self, cells: Cells) -> IntArray:
        """The nodes that have this role, in all steps."""
        same = cells.form == self.form
        nodes: IntArray = cells.nodes[same if self.rank == SUM else same & (cells.rank == self.rank)]
        return nodes

    def terms(self, cells: Cells, points: list[Point]) -> tuple[IntArray, Array]:
        """The nodes, and the weight of each at each point: 1."""
        nodes = self.nodes(cells)
        return nodes, np.ones((len(nodes), len(points)))

    def lacking(self, cells: Cells) -> Flags:
        """The steps that have no cell of this role, where these are few: what the loss is there is unknown. A cell that
        does not depend on the parameters, because of a mistake, is one."""
        nodes = self.nodes(cells)
        lacking = _few(np.bincount(cells.step[nodes], minlength=cells.seeds.shape[1]) == 0)
        if lacking.any():
            distances = np.unique(cells.graph.keys[nodes] - _corners(cells)[cells.step[nodes]])
            expected = _corners(cells)[:, None] + distances
            lacking &= ~np.isin(expected, cells.graph.keys[cells.graph.forms[self.form].nodes]).any(1)
        return lacking


def _corners(cells: Cells) -> IntArray:
    """The key of a parameter of each step."""
    keys: IntArray = cells.graph.keys[cells.seeds.max(0)]
    return keys


def _few(lacking: Flags) -> Flags:
    """These steps; along the last axis none where they are not few."""
    found: Flags = lacking & (lacking.mean(-1, keepdims=True) <= FEW)
    return found


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles in a sample, and the derivatives of their cells, [roles, parameters, steps, points]; NaN
    in the few steps that lack one."""

    roles: tuple[Role, ...]
    tangents: Array

    def following(self, change: Array) -> list[Role]:
        """The roles whose derivatives most changes are proportional to, by one factor or by one in each step, the best
        first."""
        with np.errstate(all="ignore"):
            ratio = -change / self.tangents
        ratio[~np.isfinite(ratio) | (self.tangents == 0.0) | (ratio == 0.0)] = np.nan
        count, _, steps, _ = ratio.shape
        if not count:
            return []
        _, overall = counted(ratio.reshape(count, -1))
        _, in_step = counted(np.moveaxis(ratio, 2, 1).reshape(count * steps, -1))
        stepwise = np.maximum(in_step - 1, 0).reshape(count, -1).sum(1)
        best = np.argsort(-np.stack([overall, stepwise]), axis=1, kind="stable")[:, :MOST_TRIED]
        alive = np.maximum(overall, stepwise) > 1
        return [self.roles[index] for index in dict.fromkeys(best.T.ravel().tolist()) if alive[index]]


def roles_of(sample: Sample) -> Roles:
    """All roles in a sample whose cells depend on a sampled parameter."""
    cells = sample.cells
    width = cells.rank.max(initial=0) + 2
    keys = np.concatenate([cells.form * width + cells.rank + 1, cells.form * width])
    unique, number = np.unique(keys, return_inverse=True)
    steps = len(cells.steps)
    if not len(unique):
        return Roles((), np.empty((0, len(sample.parameters), steps, sample.tangents.shape[2])))
    found = np.zeros((len(unique) * steps, *sample.tangents.shape[1:]))
    rows = number * steps + np.tile(cells.step[cells.nodes], 2)
    np.add.at(found, rows, np.concatenate([sample.tangents, sample.tangents]))
    tangents = np.moveaxis(found.reshape(len(unique), steps, *found.shape[1:]), 1, 2)
    alive = (tangents != 0.0).any((1, 2, 3))
    roles = tuple(Role(key // width, key % width - 1) for key in unique[alive].tolist())
    tangents, few = (
        tangents[alive],
        _few((np.bincount(rows, minlength=len(alive) * steps) == 0).reshape(-1, steps)[alive]),
    )
    for index in np.flatnonzero(few.any(1)).tolist():
        tangents[index, :, roles[index].lacking(cells)] = np.nan
    return Roles(roles, tangents)
