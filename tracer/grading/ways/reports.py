"""A judgement by the graph of cells → the same reports that a judgement by headers gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tracer.grading.book.cells import Book, Formula, Place, Position, place_in_words, reference
from tracer.grading.book.relative import relative
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Finding, How, Kind, SheetReport, Verdict, Way
from tracer.grading.network.writing import differences
from tracer.grading.training.judgement import Fault, Judgement, Parameter, Standing
from tracer.grading.ways.labels import Labels
from tracer.workbook.xlsx.names import ranges

VERDICTS = {Standing.CONFIRMED: Verdict.RIGHT, Standing.FACTOR: Verdict.RIGHT, Standing.WRONG: Verdict.FINDINGS}
MOST_NAMED = 60
"""Cells of a fault that are named one by one."""
MOST_LISTED = 4
"""Names of the errors of several outputs."""
UPDATES = "updates"
"""What a note on all updates is about."""


def merged(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgements, those of one loss and as many steps as one: the layers of a network that is trained in a single
    step do not depend on each other's updates."""
    joined: dict[object, Judgement] = {}
    for number, each in enumerate(judgements):
        numbers = tuple(number and f"{number:.9g}" for number in (each.rate, each.factor))
        alike = (each.loss, each.assumed_loss, each.ascent, each.steps, numbers)
        key = alike if each.standing in VERDICTS else number
        known = joined.get(key)
        joined[key] = each if known is None else _both(known, each)
    return list(joined.values())


def _both(one: Judgement, other: Judgement) -> Judgement:
    worse = other if other.standing is Standing.WRONG else one
    return replace(
        one,
        standing=worse.standing,
        reason=worse.reason,
        firm=one.firm and other.firm,
        sheets=tuple(dict.fromkeys((*one.sheets, *other.sheets))),
        parameters=(*one.parameters, *other.parameters),
        rate_at=one.rate_at or other.rate_at,
        faults=(*one.faults, *other.faults),
        without_value=(*one.without_value, *other.without_value),
        not_judged=tuple(dict.fromkeys((*one.not_judged, *other.not_judged))),
    )


def reports(book: Book, judgement: Judgement) -> tuple[SheetReport, ...]:
    """The reports on one training: of the sheet of its first updates, and of each other sheet with a cell to blame.

    A parameter counts where a cell is to blame for its update, otherwise where it is first updated; so does a cell that
    is wrong without making an update wrong.
    """
    labels = Labels(book)
    names = _names((*judgement.parameters, *judgement.without_value), labels)
    updated = {place: parameter for parameter in judgement.parameters for place in parameter.after}
    wrong = [
        (fault, {*fault.spoils, *(updated[place] for place in fault.places if place in updated)})
        for fault in judgement.faults
    ]
    spoiled = {parameter: fault.places[0][0] for fault, parameters in wrong for parameter in parameters}
    others = [fault.places[0][0] for fault, parameters in wrong if not parameters]
    counted = [(spoiled.get(p, p.after[0][0]), p, p not in spoiled) for p in judgement.parameters]
    home = judgement.parameters[0].after[0][0]
    blamed = dict.fromkeys(place[0] for fault in judgement.faults for place in fault.places)
    sheets = [*dict.fromkeys([sheet for sheet, *_ in counted] or [home]), *blamed]
    how = _how(judgement, names, labels)
    found = []
    for sheet in dict.fromkeys(sheets):
        own = [(parameter, right) for where, parameter, right in counted if where == sheet]
        of_sheet = _findings(judgement, sheet, names, labels)
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
                judged=len(own) + others.count(sheet),
                right=sum(right for _, right in own),
                not_judged=tuple(names[p] for p in judgement.without_value if p.after[0][0] == sheet),
                reason="; ".join(dict.fromkeys((*judgement.not_judged, *filter(None, [book.damaged])))) or None,
                how=how,
                covered=frozenset(p for each, _ in own for where, p in each.after if where == sheet),
            )
        )
    return tuple(found)


def findings_on(judgement: Judgement, book: Book, sheet: str) -> tuple[Finding, ...]:
    """The findings on the cells of a sheet."""
    labels = Labels(book)
    return _findings(judgement, sheet, _names(judgement.parameters, labels), labels)


def _findings(judgement: Judgement, sheet: str, names: dict[Parameter, str], labels: Labels) -> tuple[Finding, ...]:
    findings = (_finding(fault, sheet, names, labels) for fault in _together(judgement.faults, labels))
    return tuple(finding for finding in findings if finding.places)


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
    formula, right = (f"={text}" if text else None for text in (fault.formula, fault.right))
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
        value=None if fault.value is None else fault.value + 0.0,
        right_value=fault.right_value,
    )


def _together(faults: Iterable[Fault], labels: Labels) -> list[Fault]:
    """The faults, those with one cause as one: on cells of one matrix or of one name, or with one formula."""
    groups: dict[object, list[Fault]] = {}
    for number, fault in enumerate(faults):
        title, bracket, _ = (labels.of([fault.places[0]]) or "").partition("[")
        cause = _copied(fault.why.sentence, fault) if fault.why else None
        formula = _copied(fault.formula, fault) if fault.formula else None
        name = f"{title}[" if bracket else labels.of(fault.places)
        key = (name or formula, None if bracket or (name and cause) else formula)
        groups.setdefault((fault.kind, cause, *key) if any(key) else number, []).append(fault)
    together = []
    for group in groups.values():
        first = min(group, key=lambda fault: fault.places[0])
        places = sorted({place for fault in group for place in fault.places})
        spoils = {parameter.after[0]: parameter for fault in group for parameter in fault.spoils}
        together.append(replace(first, places=tuple(places), spoils=tuple(spoils.values())) if group[1:] else first)
    return together


def _copied(text: str, fault: Fault) -> str:
    """A text with its references as they are written relative to the fault's first cell."""
    return relative(Formula(text, *fault.places[0][1]))


def _quantity(fault: Fault, names: dict[Parameter, str], labels: Labels) -> str:
    """What the cells of a fault hold: by their own label, or as what they are to the parameter that they spoil."""
    updated = [names[p] for p in names if set(p.after) & set(fault.places)]
    own = _block(fault, labels) or _columns(fault, labels) or labels.of(fault.places)
    if own and own not in names.values():
        return own
    if updated:
        return f"update of {updated[0]}" if len(updated) == 1 or len(updated) < len(names) else UPDATES
    if len(fault.spoils) == 1:
        return f"gradient of {names[fault.spoils[0]]}"
    return own or place_in_words(fault.places[0], labels.book)


def _columns(fault: Fault, labels: Labels) -> str | None:
    """The headers of the errors of several outputs, if these are few."""
    if fault.why is None or fault.why.slip != "other_loss" or fault.kind is Kind.UPDATE:
        return None
    columns: dict[object, list[Place]] = {}
    for place in fault.places:
        columns.setdefault((place[0], place[1][1]), []).append(place)
    names = dict.fromkeys(filter(None, map(labels.of, columns.values())))
    return ", ".join(names) if 1 < len(names) <= MOST_LISTED else None


def _block(fault: Fault, labels: Labels) -> str | None:
    """The title of a matrix whose cells these are, several in a step."""
    names = {labels.of([place]) or "" for place in fault.places[:MOST_NAMED]}
    titles = {name.partition("[")[0] for name in names if "[" in name}
    return titles.pop() if len(names) > 1 and len(titles) == 1 and all("[" in name for name in names) else None


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


def _update(title: str, group: Sequence[Parameter], book: Book) -> str:
    """Parameters of one name, and the cells of their first update: W1 (B12:D13 → B39:D40)."""
    before, after = (_cells(places, book) for places in ([p.places[0] for p in group], [p.after[0] for p in group]))
    return f"{title} ({before} → {after})" if title else f"{before} → {after}"


def _cells(places: Sequence[Place], book: Book) -> str:
    """The ranges of cells, with their sheet where the workbook has several."""
    by_sheet: dict[str, list[Position]] = {}
    for sheet, place in places:
        by_sheet.setdefault(sheet, []).append(place)
    several = len(book.sheets) > 1
    return ", ".join(f"{name}!{ranges(found)}" if several else ranges(found) for name, found in by_sheet.items())


def _how(judgement: Judgement, names: dict[Parameter, str], labels: Labels) -> How:
    groups: dict[str, list[Parameter]] = {}
    for parameter, name in names.items():
        title, bracket, _ = name.partition("[")
        unnamed = name == place_in_words(parameter.places[0], labels.book)
        groups.setdefault("" if unnamed else title if bracket else name, []).append(parameter)
    updates = [_update(title, group, labels.book) for title, group in groups.items()]
    loss = labels.called(judgement.loss) if judgement.loss else judgement.assumed_loss
    if judgement.loss and judgement.ascent:
        loss += ", maximized"
    elif loss and not judgement.loss:
        loss += " (assumed)"
    rate = f"{judgement.rate:.6g}" if judgement.rate is not None else None
    if rate and judgement.rate_at:
        rate += f" ({place_in_words(judgement.rate_at, labels.book)})"
    return How(Way.FORMULAS, len(names), tuple(updates), judgement.steps, loss or None, rate, judgement.reason or None)
