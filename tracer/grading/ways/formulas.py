"""The way of the formulas: judges everything that trains in a workbook, by its graph of cells alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Book
from tracer.grading.culprits.broken import broken_updates, judged_with_companions, with_broken, with_constants
from tracer.grading.culprits.causes import like_copies, with_causes
from tracer.grading.culprits.contexts import are_inputs, contexts, is_truncated
from tracer.grading.culprits.copies import Odd, odd_cells
from tracer.grading.culprits.culprit import with_culprits
from tracer.grading.graph.equal import with_equal_texts
from tracer.grading.graph.graph import Graph
from tracer.grading.lifting import verdicts
from tracer.grading.lifting.lifted import Lifted, lifted
from tracer.grading.steps.passing import without_passing
from tracer.grading.steps.points import points_of
from tracer.grading.steps.steps import NONE, Steps, steps_of
from tracer.grading.steps.succession import Break
from tracer.grading.training.case import Case
from tracer.grading.training.hidden import BEHIND_STEPS, COMPETITION, Skipping, behind_steps, compete, without
from tracer.grading.training.judgement import Fault, Judgement, Standing, nothing_to_judge
from tracer.grading.training.verdict import judged
from tracer.grading.updates.updates import TooManyParameters
from tracer.grading.ways import typed
from tracer.grading.ways.labels import Labels
from tracer.grading.ways.trials import Trials
from tracer.grading.ways.without_value import not_judged, of_values
from tracer.grading.wording.comparison import Words
from tracer.grading.wording.sentences import formula_of

MOST_TRAININGS = 24
"""Trainings that are judged in a workbook, the largest first."""
MOST_ROUNDS = 4
"""Searches for broken updates, each without those that were found."""
FORWARD_ONLY = "its formulas compute forward only: nothing is updated"


def judge_graph(book: Book, graph: Graph) -> tuple[Judgement, ...]:
    """A judgement of each independent training in a workbook; one with the reason where there is none."""
    written, graph = graph, with_equal_texts(graph)
    try:
        steps = steps_of(graph)
    except TooManyParameters as error:
        return (nothing_to_judge(str(error)),)
    lost = not_judged(book, graph, steps)
    with np.errstate(all="ignore"):  # numbers that blow up, or are 0, are not judged
        found = _judged(book, graph, steps) if steps.trainings else _without_limits(book, graph)
    if not found:
        return (replace(nothing_to_judge(FORWARD_ONLY), not_judged=lost),)
    told = [judgement for judgement in found if judgement.standing is not Standing.NOTHING]
    return tuple(
        replace(
            of_values(graph, judgement),
            not_judged=(*judgement.not_judged, *lost),
            faults=tuple(_as_read(written, graph, fault) for fault in judgement.faults),
        )
        for judgement in _each_fault_once(told) or found[:1]
    )


def _judged(book: Book, graph: Graph, steps: Steps) -> tuple[Judgement, ...]:
    """The judgements with the causes of faults; those without clips and stop conditions, where these explain more."""
    broken = _broken(graph, steps)
    cases = [] if broken else [_judged_case(case) for case in _cases(steps)]
    first = broken or tuple(judgement for _, judgement in cases)
    without = lifted(book, graph) if verdicts.is_open(first) else None
    words, odd = Words(graph, Labels(book).of_ends, NONE, np.full(len(graph.text), NONE)), odd_cells(graph)
    if without:
        found = verdicts.confirmed(without, _without_causes(without.graph), first, odd)
        if found:
            return tuple(_like_copies(words, judgement, odd) for judgement in found)
    if broken:
        found = tuple(_like_copies(words, judgement, odd) for judgement in broken)
    else:
        told = [_told_by_derivatives(case, judgement) for case, judgement in cases]
        found = tuple(_with_causes(case, judgement, words, odd) for case, judgement in told)
    if all(judgement.standing is Standing.NOTHING for judgement in found):
        found = _with_contexts(steps, words, odd) or found
    trials = Trials(book, graph, _without_causes)
    found = typed.explained(trials, tuple(trials.explained(judgement, words) for judgement in found))
    if without and verdicts.is_open(found):
        other = _judged_anew(without)
        return verdicts.fewer_faults(without, other, found)
    return found


def _without_limits(book: Book, graph: Graph) -> tuple[Judgement, ...]:
    """The judgements of a workbook whose parameters are all limited, which hides that they are updated."""
    without = lifted(book, graph)
    if without is None:
        return ()
    return verdicts.only_limited(without, _judged_anew(without))


def _judged_anew(without: Lifted) -> tuple[Judgement, ...]:
    graph = with_equal_texts(without.graph)
    return _judged(without.book, graph, steps_of(graph))


def _as_read(written: Graph, graph: Graph, fault: Fault) -> Fault:
    """A fault with the formula of its first cell, as it is written there."""
    first = graph.number[fault.places[0]]
    known = fault.formula if written.text[first] == graph.text[first] else None
    return replace(fault, formula=known or formula_of(written, first))


def _each_fault_once(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Judgements with the same faults as one: a mistake may cut a training into several."""
    found: dict[object, Judgement] = {}
    for number, judgement in enumerate(judgements):
        key = tuple(fault.places for fault in judgement.faults) or number
        known = found.get(key)
        found[key] = judgement if known is None else _together(known, judgement)
    return list(found.values())


def _together(first: Judgement, second: Judgement) -> Judgement:
    faults = tuple(
        replace(one, spoils=tuple(dict.fromkeys((*one.spoils, *other.spoils))))
        for one, other in zip(first.faults, second.faults, strict=True)
    )
    parameters = tuple(dict.fromkeys((*first.parameters, *second.parameters)))
    return replace(first, faults=faults, parameters=parameters, loss=tuple(dict.fromkeys((*first.loss, *second.loss))))


def _without_causes(graph: Graph) -> tuple[Judgement, ...]:
    """The judgements of a graph, without looking for what is to blame."""
    graph = with_equal_texts(graph)
    steps = steps_of(graph)
    return _broken(graph, steps) or tuple(judged_with_companions(case, judged(case))[1] for case in _cases(steps))


def _broken(graph: Graph, steps: Steps) -> tuple[Judgement, ...]:
    """The judgements where cells that stand where updates should are to blame, and all else is right."""
    broken: list[Break] = []
    without = graph
    for _ in range(MOST_ROUNDS):
        known = {node for each in broken for node in each}
        further = [each for each in broken_updates(steps) if each.node not in known]
        if not further:
            break
        broken += further
        without = with_constants(without, np.unique([node for each in further for node in each]))
        steps = steps_of(without)
    return with_broken([judged(case) for case in _cases(steps)], graph, broken) if broken else ()


def _like_copies(words: Words, judgement: Judgement, odd: Sequence[Odd]) -> Judgement:
    """A judgement with the formulas of the cells around those that are to blame."""
    return replace(judgement, faults=tuple(like_copies(words, fault, odd) for fault in judgement.faults))


def _with_contexts(steps: Steps, words: Words, odd: Sequence[Odd]) -> tuple[Judgement, ...]:
    """The judgements where gradients end at copies of what an earlier step computes, if all are of one step."""
    graph, nodes = steps.network.graph, contexts(steps)
    if not len(nodes):
        return ()
    truncated = steps_of(with_constants(graph, nodes))
    if not all(map(is_truncated, _cases(truncated))):
        return ()
    found = tuple(_with_causes(*_told_by_derivatives(*_judged_case(case)), words, odd) for case in _cases(truncated))
    return found if all(are_inputs(truncated, nodes, graph.text[nodes], judgement) for judgement in found) else ()


def _judged_case(case: Case) -> tuple[Case, Judgement]:
    """A training and its judgement, without states of an optimizer, and with what is updated beside it."""
    judgement = judged(case)
    if judgement.standing is Standing.WRONG and (without := case.without_states()) is not case:
        case, judgement = without, judged(without)
    return judged_with_companions(case, judgement)


def _told_by_derivatives(case: Case, judgement: Judgement) -> tuple[Case, Judgement]:
    """The same without what derivatives do not tell."""
    if judgement.standing is not Standing.WRONG:
        return case, judgement
    case, judgement = _without_hidden(case, judgement)
    left_out = judgement.without_value, judgement.not_judged
    case, judgement = judged_with_companions(case, judgement)
    return case, replace(judgement, without_value=left_out[0], not_judged=left_out[1])


def _with_causes(case: Case, judgement: Judgement, words: Words, odd: Sequence[Odd]) -> Judgement:
    """The judgement of a training with what is to blame for its faults, and why."""
    return with_causes(case, with_culprits(case, judgement, odd), words.names)


def _without_hidden(case: Case, judgement: Judgement) -> tuple[Case, Judgement]:
    hidden = behind_steps(case, judgement)
    if len(hidden):
        left_out, rest = tuple(judgement.parameters[row] for row in hidden.tolist()), without(case, hidden)
        other = judged(rest) if rest else nothing_to_judge(BEHIND_STEPS, *judgement.sheets)
        if rest is None or not (other.steady or other.standing is Standing.WRONG):
            return case, nothing_to_judge(BEHIND_STEPS, *judgement.sheets)
        case, judgement = rest, replace(other, without_value=left_out, not_judged=(BEHIND_STEPS,))
    if judgement.standing is Standing.WRONG:
        case, judgement = _without_skipped(case, judgement)
    if judgement.standing is Standing.WRONG and compete(case, judgement):
        return case, nothing_to_judge(COMPETITION, *judgement.sheets)
    return case, judgement


def _without_skipped(case: Case, judgement: Judgement) -> tuple[Case, Judgement]:
    """The same without the updates that their conditions skip, if that makes all right."""
    skipping = Skipping(case)
    other = judged(skipping) if skipping.skips else judgement
    right = other.firm and other.standing in (Standing.CONFIRMED, Standing.FACTOR)
    left_out = judgement.without_value, judgement.not_judged
    return (skipping, replace(other, without_value=left_out[0], not_judged=left_out[1])) if right else (case, judgement)


def _cases(steps: Steps) -> list[Case]:
    trainings = steps.trainings[:MOST_TRAININGS]
    points = points_of(steps.network.graph, trainings, steps.root) if trainings else []
    return [Case(*without_passing(steps, training), points) for training in trainings]
