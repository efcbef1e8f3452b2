"""What depends on what within a step: the cells above wrong updates, and those below a cell, with derivatives."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.grading.training.case import Case

NEARBY = 1
"""Steps before or after its own to which a cell is followed through the states of an optimizer."""


class Dependence:
    """Follows cells within their steps, between the parameters and the updates; its state are the graph's arrays as
    lists."""

    def __init__(self, case: Case) -> None:
        graph, network = case.graph, case.steps.network
        self._starts: list[int] = graph.starts.tolist()
        self._operands: list[int] = graph.operands.tolist()
        self._user_starts: list[int] = network.user_starts.tolist()
        self._users: list[int] = network.owner[network.used_by].tolist()
        self._slope: list[float] = case.points[0].slope.tolist()
        self._cut: list[bool] = case.steps.cut.tolist()
        self._root: list[int] = case.steps.root.tolist()
        self._last: list[int] = case.cells.last.tolist()
        followed = case.cells.region.inside.copy()
        followed[case.training.seeds[case.training.seeds >= 0]] = False
        self._followed: list[bool] = followed.tolist()

    def operands(self, node: int) -> list[int]:
        """The operands of a node."""
        return self._operands[self._starts[node] : self._starts[node + 1]]

    def users(self, node: int) -> list[int]:
        """The nodes that refer to a node."""
        return self._users[self._user_starts[node] : self._user_starts[node + 1]]

    def above(self, node: int) -> set[int]:
        """What a node depends on within its step, itself included; of the states of an optimizer, those of the step
        before too."""
        return self._above([node], self._step(node) - NEARBY)

    def _step(self, node: int) -> int:
        """The last step whose parameters a node depends on."""
        return max((self._last[operand] for operand in self.operands(node) if self._followed[operand]), default=0)

    def all_above(self, nodes: Iterable[int]) -> set[int]:
        """What any of these nodes depends on within its step and through the states of earlier ones, with the nodes."""
        return self._above(list(nodes), 0)

    def _above(self, nodes: list[int], first: int) -> set[int]:
        """What nodes depend on, as far as it depends on the parameters of this step or a later one."""
        seen, pending = set(nodes), nodes.copy()
        while pending:
            for operand in self.operands(pending.pop()):
                if operand not in seen and self._followed[operand]:
                    seen.add(operand)
                    if not self._cut[operand] and self._last[operand] >= first:
                        pending.append(operand)
        return seen

    def shown_above(self, node: int) -> set[int]:
        """What a node depends on within its step, with the parameters and the cells that show them."""
        found = self.above(node)
        for above in list(found):
            for operand in self.operands(above):
                while operand not in found:
                    found.add(operand)
                    shows = self.operands(operand)
                    if self._root[operand] == operand or len(shows) != 1:
                        break
                    operand = shows[0]
        return found

    def below(self, node: int, until: int) -> list[int]:
        """What depends on a node within its step, and through states on to the next one, up to the number of a node;
        in an order of dependence."""
        seen, pending = set[int](), [node]
        last = max(self._last[node], self._step(node)) + NEARBY
        while pending:
            at = pending.pop()
            if at == node or not self._cut[at]:
                further = [u for u in self.users(at) if u <= until and u not in seen and self._last[u] <= last]
                seen.update(further)
                pending += further
        return sorted(seen)

    def rates(self, node: int, of: Iterable[int]) -> dict[int, float]:
        """The derivatives by a node of those of the others that depend on it within its step."""
        wanted = set(of)
        found = {node: 1.0}
        for user in self.below(node, max(wanted, default=node)):
            edges = range(self._starts[user], self._starts[user + 1])
            found[user] = sum(self._slope[edge] * found.get(self._operands[edge], 0.0) for edge in edges)
        return {other: found[other] for other in wanted if other in found}
