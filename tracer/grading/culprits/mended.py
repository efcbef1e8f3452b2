"""The fault of cells whose formula one small edit makes right, and with it all updates."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.grading.book.relative import absolute
from tracer.grading.culprits.copies import Odd
from tracer.grading.graph.graph import Graph
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.mending.rewriting import Kind as Edits
from tracer.grading.mending.search import Mend, mends
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement
from tracer.grading.wording.sentences import home_of


def mended_fault(case: Case, judgement: Judgement, odd: Sequence[Odd]) -> Fault | None:
    """The fault of the likeliest edit that explains all faults of a judgement; None where there is none."""
    graph = case.graph
    neighbors = {graph.texts[graph.text[entry.nodes[0]]].relative: entry.text for entry in odd}
    found = mends(case, judgement, neighbors)
    if not found:
        return None
    mend = found[0]
    nodes = mend.nodes if mend.whole else _in_all_steps(graph, judgement, mend)
    _, home = home_of(graph, mend.nodes[0])
    return Fault(
        places=tuple(graph.places[node] for node in nodes),
        kind=Kind.UPDATE if set(case.training.nodes.ravel().tolist()).intersection(mend.nodes) else Kind.FORMULA,
        why=cause_of("differs_from_copies") if mend.edit.kind is Edits.COPY else None,
        formula=absolute(mend.relative, home),
        right=absolute(mend.edit.text, home),
        value=float(graph.values[mend.nodes[0]]),
        right_value=mend.value,
        spoils=tuple(dict.fromkeys(parameter for fault in judgement.faults for parameter in fault.spoils)),
    )


def _in_all_steps(graph: Graph, judgement: Judgement, mend: Mend) -> tuple[int, ...]:
    """The cells of a mend, and the cells of the faults that compute the same: references may differ from step to
    step."""
    forms = {int(graph.form[node]) for node in mend.nodes}
    blamed = (graph.number[place] for fault in judgement.faults for place in fault.places)
    alike = [node for node in blamed if int(graph.form[node]) in forms]
    return tuple(dict.fromkeys((*mend.nodes, *sorted(alike))))
