"""The cells that a firm judgement confirms: those between a loss and the updates that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Graph
from tracer.grading.training.judgement import Judgement, Standing


def confirmed_cells(graph: Graph, judgement: Judgement) -> set[Place]:
    """The formulas of the updates, and of their gradients; empty where the judgement is not firm, where it calls any of
    them wrong, and where only the gradients are known to be right: what an optimizer makes of them may be wrong.

    What the loss is computed from is not among them: the updates may follow from a wrong loss.
    """
    if not judgement.firm or judgement.rate is None or judgement.standing is not Standing.CONFIRMED:
        return set()
    stop = {n for p in judgement.parameters for place in p.places if (n := graph.number.get(place)) is not None}
    updates = _nodes(graph, (place for parameter in judgement.parameters for place in parameter.after))
    if not judgement.loss:
        return {graph.places[node] for node in updates}
    forward = _behind(graph, _nodes(graph, judgement.loss), stop)
    return {graph.places[node] for node in _behind(graph, updates, stop | forward) - stop - forward}


def _nodes(graph: Graph, places: Iterable[Place]) -> set[int]:
    return {graph.number[place] for place in places if place in graph.number}


def _behind(graph: Graph, nodes: Collection[int], stop: Collection[int]) -> set[int]:
    """The nodes, and all that they are computed from, up to where it stops."""
    found, open_nodes = set(nodes), list(nodes)
    while open_nodes:
        node = open_nodes.pop()
        for operand in graph.operands[graph.starts[node] : graph.starts[node + 1]].tolist():
            if operand not in found and operand not in stop:
                found.add(operand)
                open_nodes.append(operand)
    return found


def trained_cells(graph: Graph, judgement: Judgement) -> set[Place]:
    """All cells that the losses and the updates are computed from."""
    ends = (*judgement.loss, *(place for parameter in judgement.parameters for place in parameter.after))
    return {graph.places[node] for node in _behind(graph, _nodes(graph, ends), ())}
