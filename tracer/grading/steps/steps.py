"""The steps of a training: updates that depend on each other's parameters, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.grading.graph.graph import Flags, Graph, IntArray
from tracer.grading.updates.alignment import aligned
from tracer.grading.updates.chains import MOST_STEPS, Chain, chains_of
from tracer.grading.updates.chains import NONE as NONE
from tracer.grading.updates.intermediates import without_intermediates
from tracer.grading.updates.region import Network, region
from tracer.grading.updates.shapes import appearances, condition_slots
from tracer.grading.updates.states import without_states
from tracer.grading.updates.updates import Update, added, candidates, roots, sources


@dataclass(frozen=True, slots=True)
class Training:
    """Parameters that are trained together.

    updates: of each parameter, in each step; None where it has none. seeds: the nodes that stand for the parameters, a
    row each, a column for each step; -1 where there is none. They are the first cells in the chains of copies that no
    other parameter shares.
    """

    updates: tuple[tuple[Update | None, ...], ...]
    seeds: IntArray

    @property
    def nodes(self) -> IntArray:
        """The nodes of the updates, like `seeds`."""
        return np.array([[NONE if u is None else u.node for u in row] for row in self.updates])


@dataclass(frozen=True, slots=True)
class Steps:
    """What trains in a graph.

    cut: the parameters and updates of all trainings, at which the graph falls apart into steps. root: the cell that
    each cell shows, itself unless it is a copy.
    """

    network: Network
    trainings: tuple[Training, ...]
    cut: Flags
    root: IntArray

    @property
    def parameters(self) -> Flags:
        """Which cells are a parameter or an update, or show one."""
        shown: Flags = self.cut | self.cut[self.root]
        return shown

    def leading_to(self, nodes: IntArray) -> Flags:
        """Which cells these nodes depend on within their step, the parameters and themselves included."""
        found = np.zeros(len(self.root), bool)
        frontier = nodes
        while len(frontier):
            found[frontier] = True
            operands = np.unique(self.network.graph.operands[self.network.leading_to(frontier)])
            frontier = operands[~found[operands] & ~self.cut[operands]]
            found[operands] = True
        return found


def steps_of(graph: Graph) -> Steps:
    """The trainings in a graph, the largest first. Raises TooManyParameters."""
    network = Network.of(graph)
    shown = np.full(len(graph.text), NONE)
    while True:
        parent = sources(graph, shown)
        chains = _accepted(network, parent)
        copies = _unchanged(network, chains)
        if not len(copies):
            return Steps(network, _together(network, chains), _cut(graph, chains), roots(parent))
        for update in copies:
            shown[update.node] = update.parameter


def _accepted(network: Network, parent: IntArray) -> list[Chain]:
    """The chains of updates whose rest depends on the parameter within the step, not only through the updates of other
    parameters, as the states of an optimizer do; then those of weight decay, which these others look like."""
    graph = network.graph
    plain = without_intermediates(graph, parent, candidates(graph, parent))
    chains = _depending(network, chains_of(graph, plain, parent))
    decaying = candidates(graph, parent, decaying=True)
    if decaying:
        both = without_intermediates(graph, parent, sorted([*plain, *decaying], key=lambda update: update.node))
        decaying = [update for update in both if update.decays]
    decaying = without_states(graph, parent, decaying, chains, _cut(graph, chains))
    if decaying:
        kept = [update for chain in chains for update in chain.updates]
        chains = _depending(network, chains_of(graph, sorted([*kept, *decaying], key=lambda u: u.node), parent))
    return chains


def _depending(network: Network, chains: list[Chain]) -> list[Chain]:
    while chains:
        colors = _colors(network, chains)
        kept = [
            chain
            for index, chain in enumerate(chains)
            if any(colors.reaches(index, update.node) for _, update, _ in chain.steps())
        ]
        if len(kept) == len(chains):
            break
        chains = kept
    return chains


@dataclass(frozen=True, slots=True)
class _Colors:
    """Which chains each node depends on within its step, as bits. at: the row of `ends` of each update."""

    nodes: IntArray
    ends: IntArray
    at: dict[int, int]

    def reaches(self, chain: int, update: int) -> bool:
        """Whether the rest of an update depends on a chain's parameter."""
        row = self.at.get(update)
        return row is not None and bool(self.ends[row, chain // 63] >> (chain % 63) & 1)

    def reaching(self, update: int, chains: int) -> list[int]:
        """The chains whose parameters the rest of an update depends on."""
        return [chain for chain in range(chains) if self.reaches(chain, update)]


def _cut(graph: Graph, chains: Sequence[Chain]) -> Flags:
    cut = np.zeros(len(graph.text), bool)
    for chain in chains:
        cut[[update.node for update in chain.updates]] = True
        cut[list(chain.seeds)] = True
    return cut


def _colors(network: Network, chains: Sequence[Chain]) -> _Colors:
    graph = network.graph
    start = np.zeros((len(graph.text), len(chains) // 63 + 1), int)
    for index, chain in enumerate(chains):
        own = [seed for _, _, seed in chain.steps()]
        start[own, index // 63] |= 1 << index % 63
    seeds = np.flatnonzero(start.any(1))
    within = region(network, seeds, _cut(graph, chains))
    nodes = within.gathered(start, np.bitwise_or)
    edges = {graph.starts[u.node] + u.lead.slot for c in chains for u in c.updates if _only_leads(graph, u)}
    keep = ~np.isin(within.ends.edges, np.array(sorted(edges), int))
    ends = np.where(keep[:, None], nodes[within.ends.operands], 0)
    gathered = np.bitwise_or.reduceat(ends, within.ends.starts) if len(ends) else ends
    return _Colors(nodes, gathered, {int(cell): row for row, cell in enumerate(within.ends.cells)})


def _only_leads(graph: Graph, update: Update) -> bool:
    """Whether the formula of an update refers to the parameter just to add to it."""
    form = graph.forms[graph.form[update.node]].expression
    return appearances(form)[update.lead.slot] == len(update.lead.paths)


def _unchanged(network: Network, chains: Sequence[Chain]) -> list[Update]:
    """Updates that only copy the parameter, for a reason that does not depend on it: `IF(MOD(k;4)=0; w − …; w)`. Where
    other parameters change in the same step, these updates count as steps with a change of 0."""
    graph = network.graph
    made = [(number, update) for chain in chains for number, update in enumerate(chain.updates)]
    chosen = [(n, u) for n, u in made if condition_slots(graph.forms[graph.form[u.node]].expression)]
    amounts = added(graph, graph.values, [update for _, update in made]) if chosen else np.empty(0)
    moving = {number for (number, _), amount in zip(made, amounts.tolist(), strict=False) if amount}
    choices = [update for number, update in chosen if number not in moving]
    if not choices:
        return []
    colors = _colors(network, chains)
    return [update for update in choices if not _condition_depends(graph, colors, update)]


def _condition_depends(graph: Graph, colors: _Colors, update: Update) -> bool:
    slots = condition_slots(graph.forms[graph.form[update.node]].expression)
    nodes = graph.operands[graph.starts[update.node] + np.array(sorted(slots), int)]
    return bool(colors.nodes[nodes].any())


def _together(network: Network, chains: Sequence[Chain]) -> tuple[Training, ...]:
    """The chains by training: those that depend on each other's parameters."""
    colors = _colors(network, chains) if chains else None
    group = list(range(len(chains)))

    def leader(index: int) -> int:
        while group[index] != index:
            index = group[index]
        return index

    for index, chain in enumerate(chains):
        assert colors
        for _, update, _ in list(chain.steps())[:2]:
            for other in colors.reaching(update.node, len(chains)):
                group[leader(other)] = leader(index)
    members: dict[int, list[Chain]] = {}
    for index, chain in enumerate(chains):
        members.setdefault(leader(index), []).append(chain)
    trainings = [training_of(aligned(network, group, _cut(network.graph, chains))) for group in members.values()]
    return tuple(sorted(trainings, key=lambda training: -training.seeds.size))


def training_of(chains: Sequence[Chain]) -> Training:
    """The training of chains, a row each."""
    steps = min(max(chain.first + len(chain.updates) for chain in chains), MOST_STEPS)
    updates: list[tuple[Update | None, ...]] = []
    seeds = np.full((len(chains), steps), NONE)
    for row, chain in enumerate(chains):
        judged = {step: update for step, update, _ in chain.steps()}
        updates.append(tuple(judged.get(step) for step in range(steps)))
        for step, _, seed in chain.steps():
            seeds[row, step] = seed
    return Training(tuple(updates), seeds)
