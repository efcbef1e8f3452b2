"""The cells that a firm judgement confirms, between a loss and the updates that follow from it, and before the loss."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tracer.grading.book.cells import Place
from tracer.grading.graph.graph import Graph
from tracer.grading.training.judgement import Judgement, Standing


def confirmed_cells(graph: Graph, judgement: Judgement) -> set[Place]:
    """The formulas of the right updates, and of their gradients; empty where the judgement is not firm, and where only
    the gradients are known to be right: what an optimizer makes of them may be wrong.

    What the loss is computed from is not among them: the updates may follow from a wrong loss. Nor are the updates
    themselves where the learning rate differs between the steps: the headers may know better which one is right.
    Nor are cells that are 0: an error that is left out by mistake makes derivatives 0, and leaves a smaller loss.
    """
    if not (_confirms(judgement) or _blames(judgement)):
        return set()
    stop = _nodes(graph, (place for parameter in judgement.parameters for place in parameter.places))
    spoiled = {parameter for fault in judgement.faults for parameter in fault.spoils}
    right = (parameter for parameter in judgement.parameters if parameter not in spoiled)
    blamed = _nodes(graph, (place for fault in judgement.faults for place in fault.places))
    updates = _nodes(graph, (place for parameter in right for place in parameter.after)) - blamed
    known = updates if judgement.steady else set[int]()
    if len(judgement.loss) < judgement.steps:
        return {graph.places[node] for node in known - stop}
    forward = _behind(graph, _nodes(graph, judgement.loss), stop)
    behind = _behind(graph, updates, stop | forward | blamed)
    told = behind - (stop - known) - (updates - known) - forward
    return {graph.places[node] for node in told if graph.values[node]}


def blamed_cells(judgement: Judgement) -> set[Place]:
    """The cells to blame, and the updates that are wrong because of them."""
    spoiled = (place for fault in judgement.faults for parameter in fault.spoils for place in parameter.after)
    return {*(place for fault in judgement.faults for place in fault.places), *spoiled}


def copied_forward(graph: Graph, judgement: Judgement) -> set[Place]:
    """The formulas that a confirmed loss in the sheet is computed from, where a cell beside them has the same one."""
    if not _confirms(judgement):
        return set()
    stop = _nodes(graph, (place for parameter in judgement.parameters for place in parameter.places))
    forward = _behind(graph, _nodes(graph, judgement.loss), stop)
    return {graph.places[node] for node in forward - stop if _is_copied(graph, node)}


def _confirms(judgement: Judgement) -> bool:
    return judgement.firm and judgement.rate is not None and judgement.standing is Standing.CONFIRMED


def _blames(judgement: Judgement) -> bool:
    """Whether a judgement tells which updates are wrong, and which cells make them so."""
    return judgement.firm and judgement.standing is Standing.WRONG and bool(judgement.faults)


def _is_copied(graph: Graph, node: int) -> bool:
    """Whether one of the cells above, below, left and right has the same relative formula."""
    sheet, (row, column) = graph.places[node]
    beside = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
    others = (graph.number.get((sheet, place)) for place in beside)
    text = graph.text[node]
    return bool(text >= 0) and any(other is not None and graph.text[other] == text for other in others)


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
