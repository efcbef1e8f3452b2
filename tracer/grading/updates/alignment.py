"""The step in which each chain of updates begins: a broken update divides a chain, and the rest begins later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.graph.graph import Flags
from tracer.grading.updates.chains import NONE, Chain
from tracer.grading.updates.region import Network, region


def aligned(network: Network, chains: Sequence[Chain], cut: Flags) -> list[Chain]:
    """Chains that depend on each other's parameters, each with its first step: that of the parameters that its updates
    depend on. cut: the parameters and updates of all chains."""
    if len({len(chain.updates) for chain in chains}) == 1:
        return list(chains)
    later: dict[int, list[tuple[int, int]]] = {}
    for (chain, other), votes in _relations(network, chains, cut).items():
        offset, _ = votes.most_common(1)[0]
        later.setdefault(other, []).append((chain, offset))
        later.setdefault(chain, []).append((other, -offset))
    longest = max(range(len(chains)), key=lambda index: len(chains[index].updates))
    first, pending = {longest: 0}, [longest]
    while pending:
        at = pending.pop(0)
        for other, offset in later.get(at, ()):
            if other not in first:
                first[other] = first[at] + offset
                pending.append(other)
    least = min(first.values())
    return [replace(chain, first=first.get(index, least) - least) for index, chain in enumerate(chains)]


def _relations(network: Network, chains: Sequence[Chain], cut: Flags) -> dict[tuple[int, int], Counter[int]]:
    """(chain, other) → how many steps after the other the chain begins, according to its updates."""
    seeds = {seed: (number, index) for number, chain in enumerate(chains) for index, seed in enumerate(chain.seeds)}
    found: dict[tuple[int, int], Counter[int]] = {}
    start = np.full(len(cut), NONE)
    start[list(seeds)] = list(seeds)
    within = region(network, np.array(sorted(seeds), int), cut)
    least, last = (
        within.gathered(np.where(start < 0, fill, start), by)
        for fill, by in ((len(cut), np.minimum), (NONE, np.maximum))
    )
    for number, chain in enumerate(chains):
        for index, update in enumerate(chain.updates):
            operands = network.graph.operands_of(update.node)
            reached = {*least[operands].tolist(), *last[operands].tolist()}
            for other, step in (seeds[node] for node in reached if node in seeds):
                if other != number:
                    found.setdefault((number, other), Counter())[step - index] += 1
    return found
