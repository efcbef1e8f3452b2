"""The likely slip behind the faults of a training, where one is found that explains everything that they spoil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracer.grading.book.relative import absolute
from tracer.grading.culprits.conflicts import with_conflict
from tracer.grading.culprits.copies import Odd
from tracer.grading.culprits.rewriting import Rewrite, right_formula, with_factor
from tracer.grading.culprits.search import MOST_SLOTS, Search, learning_rate
from tracer.grading.culprits.wanted import Demand, Wanted, demand, wanted
from tracer.grading.graph.graph import Array, IntArray
from tracer.grading.judging.causes import Cause
from tracer.grading.judging.findings import Kind
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement
from tracer.grading.wording.comparison import Names, Words
from tracer.grading.wording.sentences import home_of, in_words

DIFFERS = "differs_from_copies"
"""The cause of a fault that only differs from its copies."""
DOUBLED = "factor_duplicated"
"""The cause of a fault that only its formula can show."""
UNLIKE = ", unlike in its copies"
"""The end of its sentence, if another cause says more."""
LEAST_TELLING = 3
"""Different wrong values that tell of a slip."""
MOST_FAULTS = 40
"""Faults of a training whose slips are looked for."""
MOST_NODES = 100_000
"""Cells of a workbook in which slips are looked for."""


def with_causes(case: Case, judgement: Judgement, names: Names) -> Judgement:
    """The judgement with the likely cause of each fault; names: what cells are called."""
    if judgement.faults:
        words = Words(case.graph, names, learning_rate(case, judgement), _steps_of(case))
        judgement = replace(judgement, faults=tuple(_worded(words, case, fault) for fault in judgement.faults))
        judgement = _searched(case, with_conflict(case, judgement), words)
    return judgement


def _worded(words: Words, case: Case, fault: Fault) -> Fault:
    """A fault with the cause that its right formula shows."""
    if fault.right is None or (fault.why is not None and fault.why.slip != DIFFERS):
        return fault
    nodes = [words.graph.number[place] for place in fault.places]
    why = in_words(words, nodes, fault.right)
    if why is None:
        return fault
    if why.slip == "learning_rate_missing" and words.rate != NONE:  # where a person writes it
        right = right_formula(
            words.graph, nodes[0], _parameter(case, nodes[0]), with_factor(words.graph.places[words.rate])
        )
        fault = replace(fault, right=right or fault.right)
    return replace(fault, why=why if fault.why is None else replace(why, sentence=f"{why.sentence}{UNLIKE}"))


def like_copies(words: Words, fault: Fault, odd: Sequence[Odd]) -> Fault:
    """A fault with the formula of those around its cells, from which they differ, and the cause that this shows."""
    nodes = [words.graph.number[place] for place in fault.places]
    text = next((entry.text for entry in odd if set(nodes) <= set(entry.nodes)), None)
    if fault.right is not None or fault.why is not None or text is None:
        return fault
    right = absolute(text, home_of(words.graph, nodes[0])[1])
    why = in_words(words, nodes, right)
    return replace(fault, right=right, why=replace(why, sentence=f"{why.sentence}{UNLIKE}") if why else None)


def _parameter(case: Case, node: int) -> int | None:
    """The parameter that a cell is the update of."""
    return next((u.parameter for own in case.training.updates for u in own if u is not None and u.node == node), None)


def _steps_of(case: Case) -> IntArray:
    """The step that each node belongs to, parameters to the one that they are used in."""
    steps = case.cells.step.copy()
    for number, seeds in enumerate(case.training.seeds.T):
        steps[seeds[seeds != NONE]] = number
    return steps


def _searched(case: Case, judgement: Judgement, words: Words) -> Judgement:
    """The judgement with the causes that a search finds for the faults that have none yet."""
    left = [index for index, fault in enumerate(judgement.faults) if fault.why is None and fault.spoils]
    if not left or len(case.graph.text) > MOST_NODES:
        return judgement
    ways = list(wanted(case, judgement))
    alike: dict[object, list[int]] = {}
    for index in left:
        fault = judgement.faults[index]
        alike.setdefault((fault.kind, case.graph.form[case.graph.number[fault.places[0]]]), []).append(index)
    found: dict[int, list[Fault]] = {}
    searched = 0
    for group in list(alike.values())[:MOST_FAULTS]:
        members = [judgement.faults[index] for index in group]
        together = _explained(case, judgement, _united(members), ways) if len(group) > 1 else None
        first = members[0]
        if together and together.fault.kind is first.kind and together.fault.places[0] == first.places[0]:
            found |= {index: [] for index in group} | {group[0]: _written(words, case, together)}
            continue
        for index, fault in zip(group[: MOST_FAULTS - searched], members, strict=False):
            explained = _explained(case, judgement, fault, ways)
            if explained:
                found[index] = _written(words, case, explained)
            searched += 1
    faults = [each for index, fault in enumerate(judgement.faults) for each in found.get(index, [fault])]
    return replace(judgement, faults=tuple(faults))


@dataclass(frozen=True, slots=True)
class _Explained:
    """A fault with its cause, and what makes its formulas right, where that can be written."""

    fault: Fault
    rewrite: Rewrite | None


def _written(words: Words, case: Case, explained: _Explained) -> list[Fault]:
    """An explained fault with its right formulas: one fault for the cells of each formula."""
    graph, fault = case.graph, explained.fault
    if explained.rewrite is None:
        return [fault]
    groups: dict[str, list[int]] = {}
    for place in fault.places:
        node = graph.number[place]
        groups.setdefault(graph.texts[graph.text[node]].relative, []).append(node)
    faults = []
    for nodes in groups.values():
        base = _parameter(case, nodes[0]) if fault.kind is Kind.UPDATE else None
        right = right_formula(graph, nodes[0], base, explained.rewrite)
        if right is None:
            return [fault if fault.why is None or fault.why.slip != DOUBLED else replace(fault, why=None)]
        why = in_words(words, nodes, right) or fault.why
        places, value = tuple(graph.places[node] for node in nodes), float(graph.values[nodes[0]])
        known = fault.right_value if nodes[0] == graph.number[fault.places[0]] else None
        faults.append(replace(fault, places=places, why=why, right=right, value=value, right_value=known))
    return faults


def _united(faults: Sequence[Fault]) -> Fault:
    """Faults of one kind as one."""
    places = tuple(dict.fromkeys(place for fault in faults for place in fault.places))
    spoils = tuple(dict.fromkeys(parameter for fault in faults for parameter in fault.spoils))
    return replace(faults[0], places=places, spoils=spoils)


def _explained(case: Case, judgement: Judgement, fault: Fault, ways: Sequence[Wanted]) -> _Explained | None:
    """A fault with its cause, if it is found: in its cells, or in those that only these refer to."""
    graph = case.graph
    own = np.array([graph.number[place] for place in fault.places])
    for cells in (own, *_only_for(case, own)):
        kind = fault.kind if cells is own else Kind.FORMULA
        asked = (demand(case, fault, cells, way) for way in ways)
        cause = next(filter(None, (_cause(case, judgement, kind, each) for each in asked if each)), None)
        if cause is None:
            continue
        why, rewrite = cause
        if cells is own:
            return _Explained(replace(fault, why=why), rewrite)
        places = tuple(graph.places[node] for node in cells.tolist())
        moved = Fault(places, kind, why, value=float(graph.values[cells[0]]), spoils=fault.spoils)
        return _Explained(moved, rewrite)
    return None


def _only_for(case: Case, users: IntArray) -> Iterator[IntArray]:
    """The cells that these refer to and no others do, by the slot that they stand in."""
    graph, network = case.graph, case.steps.network
    forms = {int(graph.form[node]) for node in users.tolist()}
    if len(forms) != 1 or -1 in forms:
        return
    form = graph.forms[forms.pop()]
    if form.operands.shape[1] > MOST_SLOTS:
        return
    for operands in form.operands[np.searchsorted(form.nodes, users)].T:
        own = np.unique(operands)
        computed = (graph.form[own] >= 0).all() and not case.steps.parameters[own].any()
        if computed and np.isin(network.owner[network.leading_from(own)], users).all():
            yield own


def _cause(case: Case, judgement: Judgement, kind: Kind, asked: Demand) -> tuple[Cause, Rewrite | None] | None:
    effect, lacks = asked.effect(asked.theirs[None])
    known = np.isfinite(lacks)
    size = float(np.abs(lacks[known]).max(initial=0.0))
    if min(_different(numbers, size) for numbers in (lacks[known], (lacks + effect[0])[known])) < LEAST_TELLING:
        return None
    return next(Search(case, judgement, kind, asked).causes(), None)


def _different(numbers: Array, size: float) -> int:
    """How many different numbers there are beside one of that size, not counting 0."""
    rounded = np.unique(np.round(numbers / size, 9)) if size else np.empty(0)
    return int((rounded != 0.0).sum())
