"""A workbook in which nothing is clipped and training does not stop: what its updates follow shows then.

Only formulas of gradients and updates are changed. The activations and the loss of the forward pass stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from tracer.grading.book.cells import Book, Formula
from tracer.grading.book.relative import absolute, relative
from tracer.grading.book.rewritten import with_formulas
from tracer.grading.graph.graph import Graph, TooLarge
from tracer.grading.graph.read import read_graph
from tracer.grading.lifting.behind import Behind
from tracer.grading.lifting.changes import Change, changes_of
from tracer.grading.lifting.parts import Kind, tokens_with_ranges
from tracer.grading.steps.steps import steps_of
from tracer.grading.training.judgement import Fault
from tracer.grading.updates.updates import TooManyParameters
from tracer.grading.wording.sentences import home_of

MOST_NODES = 100_000
"""Cells of a workbook that is judged a second time."""
MOST_LOOKED_AT = 60
"""Copies of a formula of which half at least stand behind the loss: those of the last step lead nowhere."""


class Left(StrEnum):
    """What is left out, as a sentence."""

    CLIPPING = "gradients are clipped: judged without the clipping"
    LIMITS = "parameters are limited to a range: judged without the limits"
    STOP = "training stops early: judged as if it went on"
    RATE = "the learning rate depends on the loss: judged as if it did not"


Changes = Mapping[str, tuple[Change, ...]]
"""Relative formula → what is taken out of it."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A workbook without clips and stop conditions. original: the graph with these; changes: of its formulas. left_out:
    sentences on these."""

    original: Graph
    book: Book
    graph: Graph
    changes: Changes
    left_out: tuple[Left, ...]

    def without(self, text: str) -> str:
        """A relative formula without what is taken out of it."""
        return "".join(self.changes[text][-1].after) if text in self.changes else text

    def restored(self, fault: Fault) -> Fault:
        """A fault as it stands in the sheet: with the formula there, and what this should be."""
        node = self.original.number[fault.places[0]]
        fault = replace(fault, formula=None, value=float(self.original.values[node]), right_value=None, right_values=())
        text = int(self.original.text[node])
        changes = self.changes.get(self.original.texts[text].relative) if text >= 0 else None
        if changes is None or fault.right is None:
            return fault
        home = home_of(self.original, node)[1]
        tokens = tokens_with_ranges(relative(Formula(fault.right, *home)))
        for change in reversed(changes):
            tokens = change.undone(tokens) if tokens else None
        return replace(fault, right=absolute("".join(tokens), home) if tokens else None)


def lifted(book: Book, graph: Graph) -> Lifted | None:
    """The workbook without clips and stop conditions; None where it has none, or is too large."""
    if len(graph.text) > MOST_NODES:
        return None
    found = {text.relative: changes_of(graph, index) for index, text in enumerate(graph.texts)}
    changes = {name: own for name, own in found.items() if own}
    while changes:
        formulas = {
            home_of(graph, node): "".join(changes[text.relative][-1].after)
            for text in graph.texts
            if text.relative in changes
            for node in text.nodes.tolist()
        }
        changed = with_formulas(book, formulas)
        if changed is None:
            return None
        try:
            without = read_graph(changed)
            behind = Behind(steps_of(without))
        except (TooLarge, TooManyParameters):
            return None
        left_out = {name: _left_out(graph, without, behind, name, own) for name, own in changes.items()}
        if all(left_out.values()):
            sentences = {sentence for own in left_out.values() for sentence in own}
            return Lifted(graph, changed, without, changes, tuple(each for each in Left if each in sentences))
        changes = {name: own for name, own in changes.items() if left_out[name]}
    return None


def _left_out(original: Graph, graph: Graph, behind: Behind, name: str, changes: tuple[Change, ...]) -> set[Left]:
    """What is left out of a formula; nothing where it does not stand behind the loss."""
    nodes = [node for text in original.texts if text.relative == name for node in text.nodes.tolist()]
    gradients, updates = [], []
    for node in nodes[:: -(-len(nodes) // MOST_LOOKED_AT)]:
        # a factor of 1 depends on nothing any more
        own, *operands = (original.places[each] for each in (node, *original.operands_of(node).tolist()))
        known = [graph.number[place] for place in (own, *operands) if place in graph.number]
        gradients.append(bool(behind.gradients[known].any()))
        updates.append(bool(own in graph.number and behind.updates[graph.number[own]]))
    gradient, update = (2 * sum(each) >= len(each) > 0 for each in (gradients, updates))
    found = {_sentence(change, update, gradient) for change in changes}
    return set() if None in found else {sentence for sentence in found if sentence}


def _sentence(change: Change, update: bool, gradient: bool) -> Left | None:
    """What is left out by a change of an update, or of what depends on an error; None where it may not be."""
    if change.kind in (Kind.STOP, Kind.ZERO):
        return Left.STOP if (update if change.kind is Kind.STOP else gradient) else None
    if change.kind is Kind.RATE:
        return Left.RATE if gradient else None
    if change.is_whole and update:
        return Left.LIMITS
    return Left.CLIPPING if (gradient or update) and change.kind is not Kind.LIMIT else None
