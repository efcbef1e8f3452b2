"""Faults whose cause only a trial shows: a small edit of the blamed formula that makes the whole workbook right.

The search for mends compares updates with the gradients of a loss, step by step. It cannot follow a parameter
that is not updated at all, a formula whose copies depend on each other, or a rule without a loss. So here
the edited formula is put into the workbook's cells, and everything is judged anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite

from tracer.grading.book.cells import Book, Place
from tracer.grading.book.relative import absolute
from tracer.grading.book.rewritten import with_formulas
from tracer.grading.graph.graph import Graph, TooLarge
from tracer.grading.graph.read import read_graph
from tracer.grading.judging.findings import Kind
from tracer.grading.mending.edits import edits_of
from tracer.grading.mending.formulas import Unreadable, referred
from tracer.grading.mending.moves import is_reference, moved
from tracer.grading.mending.rewriting import HOLE, tokens_of
from tracer.grading.mending.rewriting import Kind as Edits
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.updates.updates import TooManyParameters
from tracer.grading.wording.comparison import Words
from tracer.grading.wording.sentences import home_of, in_words

MOST_TRIALS = 16
"""Edits of a formula that are tried."""
MOST_CELLS = 6_000
"""Cells that are judged anew, in all trials together."""
MOST_FORMULAS = 2
"""Blamed formulas that are edited."""
WAYS = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""From a cell to those beside it."""
ORDER = (Edits.COMPLEMENT, Edits.SIGN, Edits.OPERATOR, Edits.LESS)
"""Further edits, in the order in which they are tried."""

Judge = Callable[[Graph], Sequence[Judgement]]
"""Judges a graph, without looking for causes."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Tries edits of the formulas that a judgement blames. book, graph: the workbook. judge: how it is judged anew."""

    book: Book
    graph: Graph
    judge: Judge

    def explained(self, judgement: Judgement, words: Words) -> Judgement:
        """The judgement with the cause of its faults, if none has a right formula yet and one edit makes all right."""
        known = judgement.conflict is not None or any(fault.right is not None for fault in judgement.faults)
        if judgement.standing is not Standing.WRONG or known:
            return judgement
        blamed = self._blamed(judgement)
        if len(blamed) > MOST_FORMULAS:  # no edit of one of them makes all right
            return judgement
        left = MOST_CELLS // max(len(self.graph.text), 1)
        for relative, faults in blamed.items():
            for text in islice(self._edited(relative, faults[0], judgement), min(left, MOST_TRIALS)):
                left -= 1
                right = self._right(judgement, relative, text)
                if right:
                    return self._explained(judgement, faults, text, right, words)
        return judgement

    def _blamed(self, judgement: Judgement) -> Mapping[str, list[Fault]]:
        """Relative formulas → the faults that blame their cells."""
        found: dict[str, list[Fault]] = {}
        for fault in judgement.faults:
            text = int(self.graph.text[self.graph.number[fault.places[0]]])
            if text >= 0:
                found.setdefault(self.graph.texts[text].relative, []).append(fault)
        return found

    def _explained(
        self, judgement: Judgement, faults: Sequence[Fault], text: str, right: Judgement, words: Words
    ) -> Judgement:
        """The judgement with one fault, of the parameters that an edit makes right."""
        places = tuple(dict.fromkeys(place for fault in faults for place in fault.places))
        formula = absolute(text, home_of(self.graph, self.graph.number[places[0]])[1])
        why = faults[0].why or in_words(words, [self.graph.number[place] for place in places], formula)
        wrong = {parameter.after[0] for fault in judgement.faults for parameter in fault.spoils}
        unspoiled = {parameter.after[0] for parameter in judgement.parameters} - wrong
        spoils = tuple(parameter for parameter in right.parameters if parameter.after[0] not in unspoiled)
        fault = replace(
            faults[0], places=places, right=formula, why=why, right_value=None, right_values=(), spoils=spoils
        )
        return replace(judgement, faults=(fault,), parameters=right.parameters)

    # ------------------------------------------------------------------------------------------------- what is tried

    def _edited(self, relative: str, fault: Fault, judgement: Judgement) -> Iterator[str]:
        """Other texts for a formula, the likeliest first, each once."""
        seen = {relative}
        for text in (*self._of_others(fault, judgement), *self._small_edits(relative, fault.places[0])):
            if text not in seen:
                seen.add(text)
                yield text

    def _of_others(self, fault: Fault, judgement: Judgement) -> Iterator[str]:
        """The formulas of the cells beside it; for an update, those of the others first."""
        sheet, (row, column) = fault.places[0]
        beside = [(sheet, (row + down, column + along)) for down, along in WAYS]
        made = [place for parameter in judgement.parameters for place in parameter.after[:1]]
        for place in (*(made if fault.kind is Kind.UPDATE else ()), *beside):
            node = self.graph.number.get(place)
            if node is not None and self.graph.text[node] >= 0:
                yield self.graph.texts[self.graph.text[node]].relative

    def _small_edits(self, relative: str, place: Place) -> Iterator[str]:
        """The formula with another slope, or with a reference to a cell beside the one that it refers to; then the
        other edits."""
        edits = [edit for edit in edits_of(relative) if HOLE not in edit.text]
        yield from (edit.text for edit in edits if edit.kind in (Edits.SLOPE, Edits.RANGE))
        tokens = tokens_of(relative) or []
        for index, token in enumerate(tokens):
            for way in WAYS if is_reference(token) else ():
                other = moved(token, *way)
                if self._is_known(other, place):
                    yield "".join([*tokens[:index], other, *tokens[index + 1 :]])
        for kind in ORDER:
            yield from (edit.text for edit in edits if edit.kind is kind)

    def _is_known(self, reference: str, place: Place) -> bool:
        """Whether a reference in the formula of that cell means one that others refer to."""
        sheet, home = home_of(self.graph, self.graph.number[place])
        try:
            return referred(self.graph, sheet, home, reference) < len(self.graph.text)
        except Unreadable:
            return False

    # ------------------------------------------------------------------------------------------------------ the trial

    def _right(self, judgement: Judgement, relative: str, text: str) -> Judgement | None:
        """The judgement if the cells with one formula have another; None where not all is right, or less is judged."""
        nodes = [node for own in self.graph.texts if own.relative == relative for node in own.nodes.tolist()]
        trial = self.judged({home_of(self.graph, node) for node in nodes}, text)
        if trial is None:
            return None
        graph, found = trial
        edited = {self.graph.places[node] for node in nodes}
        if any(place not in graph.number or not isfinite(graph.values[graph.number[place]]) for place in edited):
            return None
        if any(each.standing is Standing.WRONG or not each.firm for each in found):
            return None
        made = {parameter.after[0] for each in found for parameter in each.parameters}
        if not {parameter.after[0] for parameter in judgement.parameters} - edited <= made:
            return None
        return next(
            (each for each in found if each.rate_at == judgement.rate_at and _has_loss_of(judgement, each)), None
        )

    def judged(self, homes: Iterable[Place], text: str) -> tuple[Graph, list[Judgement]] | None:
        """The graph with a relative formula in these cells, and what it trains; None where that refers to no cell,
        or the graph is too large."""
        book = with_formulas(self.book, dict.fromkeys(homes, text))
        if book is None:
            return None
        try:
            graph = read_graph(book)
            return graph, [each for each in self.judge(graph) if each.standing is not Standing.NOTHING]
        except (TooLarge, TooManyParameters):
            return None


def _has_loss_of(judgement: Judgement, other: Judgement) -> bool:
    """Whether another judgement rests on the loss of a judgement, where that is known."""
    return not judgement.loss or not set(judgement.loss).isdisjoint(other.loss)
