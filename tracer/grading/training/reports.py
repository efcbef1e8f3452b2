"""A judgement by the graph of cells → the same reports that a judgement by headers gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracer.grading.book.cells import Book, Place, Position, reference
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, How, Kind, SheetReport, Verdict, Way
from tracer.grading.network.writing import differences
from tracer.grading.training.judgement import Fault, Judgement, Parameter, Standing
from tracer.grading.training.labels import Labels, place_in_words

VERDICTS = {Standing.CONFIRMED: Verdict.RIGHT, Standing.FACTOR: Verdict.RIGHT, Standing.WRONG: Verdict.FINDINGS}
UPDATES = "updates"
"""What a note on all updates is about."""


def reports(book: Book, judgement: Judgement) -> tuple[SheetReport, ...]:
    """The reports on one training: of the sheet of its first updates, and of each other sheet with a cell to blame.

    A parameter counts where a cell is to blame for its update, otherwise where it is first updated.
    """
    labels = Labels(book)
    names = _names(judgement.parameters, labels)
    spoiled = {parameter: fault.places[0][0] for fault in judgement.faults for parameter in fault.spoils}
    counted = [(spoiled.get(p, p.after[0][0]), p, p not in spoiled) for p in judgement.parameters]
    home = judgement.parameters[0].after[0][0]
    blamed = dict.fromkeys(place[0] for fault in judgement.faults for place in fault.places)
    sheets = [*dict.fromkeys([sheet for sheet, *_ in counted] or [home]), *blamed]
    how = _how(judgement, names, labels)
    found = []
    for sheet in dict.fromkeys(sheets):
        own = [(parameter, right) for where, parameter, right in counted if where == sheet]
        findings = [_finding(fault, sheet, names, labels) for fault in judgement.faults]
        of_sheet = tuple(finding for finding in findings if finding.places)
        if judgement.standing is Standing.FACTOR and sheet == sheets[0]:
            of_sheet += (_factor(judgement, sheet),)
        found.append(
            SheetReport(
                sheet,
                Verdict.FINDINGS if any(finding.mistake for finding in of_sheet) else Verdict.RIGHT,
                _area(judgement, sheet),
                judgement.rate,
                recognised=tuple(names[parameter] for parameter, _ in own),
                findings=of_sheet,
                judged=len(own),
                right=sum(right for _, right in own),
                reason="; ".join(dict.fromkeys((*judgement.not_judged, *filter(None, [book.damaged])))) or None,
                how=how,
                covered=frozenset(p for each, _ in own for where, p in each.after if where == sheet),
            )
        )
    return tuple(found)


def _names(parameters: Sequence[Parameter], labels: Labels) -> dict[Parameter, str]:
    """The parameters by name; several of one name are numbered, and those without one are named by their cells."""
    plain = {p: labels.of(p.places) or labels.of(p.after) or "" for p in parameters}
    shared = [name for name in plain.values() if name]
    count: dict[str, int] = {}
    names = {}
    for parameter, name in plain.items():
        count[name] = count.get(name, 0) + 1
        several = f"{name}[{count[name]}]" if shared.count(name) > 1 else name
        names[parameter] = several or place_in_words(parameter.places[0], labels.book)
    return names


def _finding(fault: Fault, sheet: str, names: dict[Parameter, str], labels: Labels) -> Finding:
    """The finding on the cells of a fault that stand in a sheet."""
    formula, right = fault.formula, fault.right
    marks = tuple(differences(formula, right)) if formula and right else ()
    places: tuple[Position, ...] = tuple(place for where, place in fault.places if where == sheet)
    return Finding(
        _quantity(fault, names, labels),
        fault.kind,
        places,
        fault.why,
        formula,
        right,
        marks,
        value=fault.value,
        right_value=fault.right_value,
    )


def _quantity(fault: Fault, names: dict[Parameter, str], labels: Labels) -> str:
    """What the cells of a fault hold: by their own label, or as what they are to the parameter that they spoil."""
    updated = next((names[p] for p in names if set(p.after) & set(fault.places)), None)
    own = labels.of(fault.places)
    if own and own not in names.values():
        return own
    if updated:
        return f"update of {updated}"
    if len(fault.spoils) == 1:
        return f"gradient of {names[fault.spoils[0]]}"
    return own or place_in_words(fault.places[0], labels.book)


def _factor(judgement: Judgement, sheet: str) -> Finding:
    used = (judgement.rate if judgement.rate is not None else 1.0) * (judgement.factor or 1.0)
    places = sorted({p for parameter in judgement.parameters for where, p in parameter.after if where == sheet})
    return Finding(UPDATES, Kind.FACTOR, tuple(places), cause_of("factor_in_all_updates", factor=used))


def _area(judgement: Judgement, sheet: str) -> str | None:
    """The rectangle of the training's cells in a sheet."""
    cells: list[Iterable[Place]] = [judgement.loss, *(fault.places for fault in judgement.faults)]
    cells += [places for parameter in judgement.parameters for places in (parameter.places, parameter.after)]
    places = [place for group in cells for where, place in group if where == sheet]
    if not places:
        return None
    rows, columns = [row for row, _ in places], [column for _, column in places]
    return f"{reference((min(rows), min(columns)))}:{reference((max(rows), max(columns)))}"


def _how(judgement: Judgement, names: dict[Parameter, str], labels: Labels) -> How:
    updates = []
    for parameter, name in names.items():
        before, after = (place_in_words(each[0], labels.book) for each in (parameter.places, parameter.after))
        updates.append(f"{name} ({before} → {after})" if name != before else f"{before} → {after}")
    loss = labels.called(judgement.loss) if judgement.loss else judgement.assumed_loss
    if judgement.loss and judgement.ascent:
        loss += ", maximized"
    elif loss and not judgement.loss:
        loss += ", which no cell shows"
    rate = f"{judgement.rate:.6g}" if judgement.rate is not None else None
    if rate and judgement.rate_at:
        rate += f" ({place_in_words(judgement.rate_at, labels.book)})"
    return How(Way.FORMULAS, tuple(updates), judgement.steps, loss or None, rate, judgement.reason or None)
