"""Verdicts on a workbook without its clips and stop conditions, as verdicts on the workbook with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracer.grading.culprits.copies import Odd
from tracer.grading.judging.findings import Kind
from tracer.grading.lifting.lifted import Lifted
from tracer.grading.training.judgement import Fault, Judgement, Parameter, Standing

DIFFERS = "some clips or stop conditions are unlike their copies"


def is_open(judgements: Sequence[Judgement]) -> bool:
    """Whether something is wrong, or nothing was judged."""
    standings = [judgement.standing for judgement in judgements]
    return Standing.WRONG in standings or all(standing is Standing.NOTHING for standing in standings)


def confirmed(
    lifted: Lifted, judgements: Sequence[Judgement], before: Sequence[Judgement], odd: Sequence[Odd]
) -> tuple[Judgement, ...]:
    """The judgements of the lifted workbook, if they confirm all that was judged before; nothing if not. odd: the
    cells that are unlike their copies; those with another clip or stop condition are wrong."""
    told = [judgement for judgement in judgements if judgement.standing is not Standing.NOTHING]
    right = all(judgement.standing is not Standing.WRONG and judgement.firm for judgement in told)
    if not told or not right or not _updated(before) <= _updated(told):
        return ()
    faults = tuple(_unlike(lifted, odd))
    found = list(_as_in_sheet(lifted, told))
    if faults:
        found[0] = replace(found[0], standing=Standing.WRONG, reason=DIFFERS, faults=faults)
    return tuple(found)


def _updated(judgements: Sequence[Judgement]) -> set[object]:
    """The first cells of the updates that are judged."""
    known = [judgement for judgement in judgements if judgement.standing is not Standing.NOTHING]
    return {parameter.after[0] for judgement in known for parameter in judgement.parameters}


def _unlike(lifted: Lifted, odd: Sequence[Odd]) -> Iterator[Fault]:
    """The cells that are like their copies but for a clip or a stop condition."""
    graph = lifted.original
    for each in odd:
        own = graph.texts[graph.text[each.nodes[0]]].relative
        if each.between and lifted.without(own) == lifted.without(each.text):
            places = tuple(graph.places[node] for node in each.nodes)
            yield Fault(places, Kind.FORMULA, value=float(graph.values[each.nodes[0]]))


def fewer_faults(lifted: Lifted, judgements: Sequence[Judgement], before: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """Of the judgements of the workbook without and with its clips, those that explain the most updates: the fewest are
    wrong without a formula that makes them right, the fewest are wrong at all."""
    told = any(judgement.standing is not Standing.NOTHING for judgement in judgements)
    if not told or _faultiness(judgements) >= _faultiness(before):
        return tuple(before)
    return _as_in_sheet(lifted, judgements)


def only_limited(lifted: Lifted, judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    """The judgements of the workbook without limits, where nothing is updated with them. A state that is limited, as
    of a stock, is no training: these need a loss in the sheet."""
    told = [judgement for judgement in judgements if judgement.standing is not Standing.NOTHING]
    return _as_in_sheet(lifted, told) if told and all(each.firm and each.loss for each in told) else ()


def _as_in_sheet(lifted: Lifted, judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
    return tuple(
        replace(
            judgement,
            reason="; ".join((judgement.reason, *lifted.left_out)),
            faults=tuple(map(lifted.restored, judgement.faults)),
        )
        for judgement in judgements
    )


def _faultiness(judgements: Sequence[Judgement]) -> tuple[int, int, int]:
    """How many parameters are spoiled by faults without a right formula, by all, and whether nothing was judged."""
    spoiled, unexplained = set[Parameter](), set[Parameter]()
    for judgement in judgements:
        for fault in judgement.faults:
            own = fault.spoils or judgement.parameters
            spoiled.update(own)
            unexplained.update(own if fault.right is None else ())
    nothing = all(judgement.standing is Standing.NOTHING for judgement in judgements)
    return int(nothing), len(unexplained), len(spoiled)
