"""The sentence on cells whose right formula is known."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.formulas.tree import Expression, Number
from tracer.grading.book.cells import Formula, Place, Position
from tracer.grading.book.relative import UnknownFormula, absolute, relative
from tracer.grading.graph.graph import Graph
from tracer.grading.judging.causes import SENTENCES, Cause, Part
from tracer.grading.slips.slip import FRACTIONS
from tracer.grading.slips.table import SLIPS
from tracer.grading.wording.comparison import Comparison, Words
from tracer.grading.wording.shapes import Told
from tracer.grading.wording.syntax import in_cells, written

LONGEST = 80
"""Characters of a part of a formula that a sentence shows."""
_SENTENCES = {**SENTENCES, **{slip.name: slip.sentence for slip in SLIPS}}


def home_of(graph: Graph, node: int) -> Place:
    """The cell that a node's formula belongs to: the first one of an array formula."""
    sheet, (row, column) = graph.places[node]
    down, along = graph.texts[graph.text[node]].element or (0, 0)
    return sheet, (row - down, column - along)


def formula_of(graph: Graph, node: int) -> str | None:
    """A cell's formula as it is written there, of an array formula in its first cell; None for a constant."""
    text = int(graph.text[node])
    return None if text < 0 else absolute(graph.texts[text].relative, home_of(graph, node)[1])


def in_words(words: Words, nodes: Sequence[int], right: str) -> Cause | None:
    """What is wrong with the formula of cells, the first of which should have this one; None where that takes too many
    words."""
    homes = tuple(dict.fromkeys(home_of(words.graph, node) for node in nodes))
    _, (row, column) = homes[0]
    try:
        theirs = written(words.graph.texts[words.graph.text[nodes[0]]].relative)
        found = Comparison(words, homes).whole(theirs, written(relative(Formula(right, row, column))))
    except UnknownFormula:
        return None
    return _sentence(found, homes[0][1]) if found else None


def _sentence(told: Told, home: Position) -> Cause | None:
    slip, given = told
    named: dict[str, Part] = {}
    blanks: dict[str, str] = {}
    for key, part in given.items():
        number = part.value if isinstance(part, Number) else part
        if isinstance(number, float):
            named[key], blanks[key] = number, FRACTIONS.get(number, f"{number:g}")
        else:
            named[key] = blanks[key] = in_cells(number, home) if isinstance(number, Expression) else number
            if len(blanks[key]) > LONGEST:
                return None
    return Cause(slip, _SENTENCES[slip].format(where="", **blanks), named)
