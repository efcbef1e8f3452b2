"""What cannot be judged of a training: cells without a value, what depends on them, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Book, Cell, Fault, Place, place_in_words
from tracer.grading.graph.graph import Graph
from tracer.grading.steps.steps import Steps
from tracer.grading.training.judgement import Judgement, Parameter

COMPUTED = "#NUM!"
"""What formulas stored without a value give where they give no number; a spreadsheet may show another error."""

INSTEAD = {f"the function {name} is not supported": "; refer to the cells directly" for name in ("INDIRECT", "OFFSET")}
"""Reason → what to do."""


def of_values(graph: Graph, judgement: Judgement) -> Judgement:
    """The judgement without the parameters none of whose updates has a value, such as those behind a circle."""
    known: list[Parameter] = []
    lost: list[Parameter] = []
    for parameter in judgement.parameters:
        has_value = any(np.isfinite(graph.values[graph.number[place]]) for place in parameter.after)
        (known if has_value else lost).append(parameter)
    without = (*judgement.without_value, *lost)
    return replace(judgement, parameters=tuple(known), without_value=without) if known else judgement


def not_judged(book: Book, graph: Graph, steps: Steps) -> tuple[str, ...]:
    """Why cells that others use are not judged, nor these others: each reason once, with the first of its cells."""
    reasons = {node: reason for node, reason in graph.unjudged.items() if (graph.operands == node).any()}
    reasons |= {node: _shown(book, graph.places[node]) for node in _errors(graph, steps)}
    first: dict[str, str] = {}
    for node, reason in sorted(reasons.items(), key=lambda item: graph.places[item[0]]):
        first.setdefault(reason, place_in_words(graph.places[node], book))
    return tuple(
        f"{cell} is not judged, nor what depends on it: {reason}{INSTEAD.get(reason, '')}"
        for reason, cell in first.items()
    )


def _errors(graph: Graph, steps: Steps) -> set[int]:
    """The cells that leave updates without a value, except those whose formulas cannot be read."""
    missing = np.isnan(graph.values)
    pending = [u.node for each in steps.trainings for row in each.updates for u in row if u and missing[u.node]]
    seen, found = set(pending), set()
    while pending:
        node = pending.pop()
        behind = [int(other) for other in graph.operands_of(node) if missing[other]]
        if not behind and node not in graph.unjudged:
            found.add(node)
        pending += [other for other in behind if other not in seen]
        seen.update(behind)
    return found


def _shown(book: Book, place: Place) -> str:
    """What a cell without a value shows, as a reason."""
    cell = next((sheet.cells.get(place[1]) for sheet in book.sheets if sheet.name == place[0]), None) or Cell(None)
    if isinstance(cell.value, Fault):
        return "it shows an error" if cell.value == COMPUTED else f"it shows {cell.value}"
    return "its formula gives no number" if cell.formula else "it holds no number"
