"""A table → its report, in stages: found → understood → judged → explained → reported.

Each stage is frozen data, and a function turns one into the next; `NotANetwork` ends them with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from tracer.grading.book.cells import Fault, Position, reference
from tracer.grading.judging.assignment import differing
from tracer.grading.judging.by_hand import decimals_by_hand
from tracer.grading.judging.demand import Demand
from tracer.grading.judging.exactness import Exactness, measured, rounded_by_hand
from tracer.grading.judging.filling import dragged, repeated, with_headers_in_place
from tracer.grading.judging.findings import Departure, Finding, How, Kind, SheetReport, Verdict, Way
from tracer.grading.judging.judge import Judge, JudgedColumn
from tracer.grading.judging.notes import notes
from tracer.grading.judging.rate import learning_rate
from tracer.grading.judging.uncomputed import errors, first_errors, given_up
from tracer.grading.misreading import UNEXPLAINED, Reading
from tracer.grading.network.inference import NotANetwork
from tracer.grading.network.series import Found
from tracer.grading.network.understanding import Understood, understood
from tracer.grading.network.writing import differences
from tracer.grading.sheet.optimizer_names import has_optimizer
from tracer.grading.slips.diagnosis import Diagnosis
from tracer.grading.slips.effects import with_effects
from tracer.grading.slips.search import Budget
from tracer.grading.terms import Contradiction, Doubt, Terms
from tracer.model import naming
from tracer.model.system import System

FEWEST_RIGHT = 0.34
"""Minimum share of columns that must agree with a network for the table to show it."""
FEWEST_FORWARD = 4
"""Half of the columns must agree, too: those of the forward pass if at least this many are shown, because gradients and
updates may all be wrong; otherwise all of them."""
MOST_TEXTS = 5_000
"""Texts of a sheet that are looked at for the settings of an optimizer."""
VETO_STEPS = 12
"""Steps of a table that are enough to contradict a misreading."""
_RANDOM = re.compile(r"\bRAND(BETWEEN|ARRAY)?\(", re.IGNORECASE)
DRAWN = "quantities that a network computes are drawn at random, as by dropout"
MISREAD = "its headers were misread: the derivatives of its own loss contradict what they seem to say"
LEFT_OUT = "iterations are left out: where the one before is missing, the parameters are taken as given"
OTHER_RULE = "its updates are not those of plain gradient descent; describe the optimizer with --config"


@dataclass(frozen=True, slots=True)
class Judged:
    """A table whose cells have been compared with the values that their rows imply.

    judge: None if nothing is filled in. columns: the quantities that are computed. given: findings on what the rest
    is computed from: η, headers, inputs, rows. no_value: on cells without a value.
    """

    shown: Understood
    judge: Judge | None
    given: tuple[Finding, ...] = ()
    no_value: tuple[Finding, ...] = ()
    columns: Mapping[str, JudgedColumn] = field(default_factory=dict)

    @property
    def fitting(self) -> dict[str, bool]:
        """The judged quantities that have values, and whether each is right."""
        without = {finding.quantity for finding in self.no_value}
        return {name: not column.wrong for name, column in self.columns.items() if column.known and name not in without}


@dataclass(frozen=True, slots=True)
class Explained:
    """A judged table with its findings: every mistake with the slip that explains it, and notes.

    departure: where its trajectory departs from the right one, if known.
    """

    judged: Judged
    findings: tuple[Finding, ...]
    departure: Departure | None = None


def marked(found: Found, terms: Terms) -> SheetReport:
    """The report on a table, after all stages. Raises NotANetwork if it does not show a network."""
    shown = understood(found, terms.system, terms.effort)
    if terms.system is None and _draws(shown):
        raise NotANetwork(DRAWN)
    compared = judged(shown, terms)
    stepped = _wrong_updates(compared) if terms.system is None or not terms.given else frozenset[str]()
    texts = (cell.value for cell in shown.sheet.cells.values() if type(cell.value) is str)
    if stepped and has_optimizer(shown.unmatched, islice(texts, MOST_TEXTS), shown.model.parameters):
        raise NotANetwork(OTHER_RULE)
    doubt = _doubt(compared)
    contradiction = terms.veto(doubt) if terms.veto and doubt else Contradiction.NONE
    if contradiction is Contradiction.FULL:
        raise NotANetwork(MISREAD)
    result = explained(compared, terms.budget)
    if contradiction is Contradiction.FORWARD and all(f.slip in UNEXPLAINED for f in result.findings if f.mistake):
        raise NotANetwork(MISREAD)
    slips = [f.slip for f in result.findings if f.mistake and f.quantity in {*stepped, naming.ETA}]
    unexplained = [slip in UNEXPLAINED | {"next_row"} for slip in slips]  # of values; the formula would be circular
    if stepped and 2 * sum(unexplained) >= len(unexplained):
        raise NotANetwork(OTHER_RULE)
    judge, columns, inferred = result.judged.judge, result.judged.columns, terms.system is None
    why = Reading(judge, columns, result.findings, inferred).misread() if judge else None
    if why:
        network = f"read as {shown.network}" if inferred else f"the network is {shown.network}"
        advice = "describe it with --config" if inferred else "is this the config of the sheet?"
        raise NotANetwork(f"{network}, but then {why}; {advice}")
    return reported(result, terms.system if terms.given else None)


# ------------------------------------------------------------------------------------------------------- judged


def _draws(shown: Understood) -> bool:
    """Whether formulas of computed quantities draw random numbers; initial weights may."""
    computed = (
        places
        for name, places in shown.table.series.items()
        if name not in shown.model.parameters and shown.model.equation(name) is not None
    )
    cells = (shown.sheet.cells.get(place) for places in computed for place in places)
    return any(_RANDOM.search(cell.formula.text) for cell in cells if cell and cell.formula)


def judged(shown: Understood, terms: Terms) -> Judged:
    """Compare a table with what its rows imply. Raises NotANetwork if most of it differs."""
    model, rows = shown.model, shown.rows
    if not any(name not in model.parameters for name in shown.table.series if model.equation(name) is not None):
        raise NotANetwork("no computed quantity was found")
    results = [name for name in shown.computed if name not in model.parameters]
    filled = any(len(rows.known(name)) for name in results)
    faults = any(cell and isinstance(cell.value, Fault) for name in shown.computed for cell in shown.found.of(name))
    uncomputed = shown.sheet.uncomputed
    missing = any(place in uncomputed for places in shown.table.series.values() for place in places)
    if not (filled or faults or missing):
        begins = [shown.found.of(name)[0] for name in results]
        if begins and all(cell and cell.value for cell in begins):
            raise NotANetwork("texts stand where numbers belong")
        return Judged(shown, None)
    judge, given = _judge(shown, terms)
    no_value = errors(judge)
    judge.passed_over |= {place for finding in no_value for place in finding.places}
    passed = frozenset[str]() if _updates_parameters(judge) else model.parameters
    columns = {name: judge.column(name) for name in judge.shown.computed if name not in passed}
    if faults and not no_value and not any(column.wrong for column in columns.values()):
        no_value = first_errors(judge)
    result = Judged(judge.shown, judge, tuple(given), tuple(no_value), columns)
    if terms.system is None and not _shows_its_network(result):
        right, count = sum(result.fitting.values()), len(result.fitting)
        reason = f"{count - right} of {count} columns do not fit any network that the headers describe"
        raise NotANetwork(f"{reason}; describe it with --config")
    if not (result.fitting or no_value):
        raise NotANetwork(given_up(shown.sheet) or "none of its quantities could be judged")
    return result


def _judge(shown: Understood, terms: Terms) -> tuple[Judge, list[Finding]]:
    """The judge of a table, and the findings on its learning rate, headers and given numbers."""
    exactness = _exactness(shown)
    eta, shown, findings = learning_rate(shown, exactness, terms.rate)
    shown, exchanged = with_headers_in_place(shown)
    if exchanged:
        exactness = _exactness(shown)
    again = repeated(shown)
    if terms.system is not None and terms.given:
        given = differing(shown, terms.system, terms.tolerance)
    else:
        given = dragged(shown)
    passed_over = frozenset(place for finding in again for place in finding.places)
    demand = Demand(shown.model, shown.rows, terms.tolerance, exactness)
    return Judge(shown, demand, eta, passed_over), [*findings, *exchanged, *given, *again]


def _exactness(shown: Understood) -> Exactness:
    by_hand = decimals_by_hand(shown)
    return measured(shown) if by_hand is None else rounded_by_hand(shown, by_hand)


def _wrong_updates(judged: Judged) -> frozenset[str]:
    """What the update of a table changes, where most of it is wrong. A parameter whose updated value stands in a column
    of its own only takes it over."""
    model, columns = judged.shown.model, judged.columns
    taken = {name for name in columns if naming.after_update(name) in columns}
    changed = {name: c for name, c in columns.items() if c.known and model.is_update(name) and name not in taken}
    wrong = [name for name, column in changed.items() if column.wrong]
    return frozenset(changed if 2 * len(wrong) > len(changed) else ())


def _shows_its_network(judged: Judged) -> bool:
    """Whether enough of a table agrees with the network inferred from it, and with the batches: the updates by them.
    Columns of errors agree with any."""
    errors = {name for name, c in judged.columns.items() if c.wrong and all(w.kind is Kind.ERROR for w in c.wrong)}
    fitting = {name: right for name, right in judged.fitting.items() if name not in errors}
    model = judged.shown.model
    forward = [right for name, right in fitting.items() if name in model.forward]
    most = forward if len(forward) >= FEWEST_FORWARD else [*fitting.values()]
    updates = [right for name, right in fitting.items() if model.shared and name in model.parameters]
    half = all(2 * sum(right) >= len(right) for right in (most, updates))
    return half and sum(fitting.values()) >= FEWEST_RIGHT * len(fitting)


def _doubt(judged: Judged) -> Doubt | None:
    """The formulas of a table that seem wrong, or could not be computed; None where none do."""
    series, plan = judged.shown.table.series, judged.shown.rows.plan
    wrong = {
        series[name][step]
        for name, column in judged.columns.items()
        for group in column.wrong
        if group.reading is not None
        for step in group.steps
    }
    covered = frozenset(place for places in series.values() for place in places)
    missing = judged.shown.sheet.uncomputed
    uncomputed = frozenset(place for place in covered & missing.keys() if not missing[place].given_up)
    if not wrong and not uncomputed:
        return None
    rows = sum(plan.sizes[:VETO_STEPS]) if plan else VETO_STEPS
    shown = [place for places in series.values() for place in places[:rows]]
    last = max(row for row, _ in shown) + 1
    return Doubt(judged.shown.sheet, frozenset(wrong), uncomputed, covered, last)


def _updates_parameters(judge: Judge) -> bool:
    """Whether a table updates its parameters; one that does not shows one forward pass per row."""
    rows, model = judge.rows, judge.model
    if any(map(rows.varies, model.parameters)):
        return True
    gradients = any(model.system.gradient(name) in rows.columns for name in model.parameters)
    return gradients and not any(map(rows.varies, model.system.data))


# ---------------------------------------------------------------------------------------------------- explained


def explained(judged: Judged, budget: Budget) -> Explained:
    """A judged table with the slips behind its mistakes, as far as the budget goes."""
    if judged.judge is None:
        return Explained(judged, ())
    diagnosis = Diagnosis(judged.judge, budget)
    findings = [*judged.given, *judged.no_value]
    for name, column in judged.columns.items():
        findings += [*diagnosis.findings(column.wrong), *notes(judged.judge, name, column.right)]
    findings, departure = with_effects(diagnosis.with_common_rate(findings), diagnosis)
    known_rate = all(finding.kind is not Kind.RATE for finding in findings)
    return Explained(judged, tuple(findings), departure if known_rate else None)


# ----------------------------------------------------------------------------------------------------- reported


def reported(explained: Explained, system: System | None) -> SheetReport:
    """The report on an explained table. system: the network of a config."""
    judged, shown, judge = explained.judged, explained.judged.shown, explained.judged.judge
    wrong = {finding.quantity for finding in explained.findings if finding.mistake}
    wrong |= {name for name, right in judged.fitting.items() if not right}
    known = wrong | judged.fitting.keys()
    if judge and system is not None:
        given = (*(parameter.name for parameter in system.parameters), *system.data)
        known |= {name for name in given if len(judge.rows.known(name))}
    mistakes = any(finding.mistake for finding in explained.findings)
    left_out = LEFT_OUT if shown.rows.left_out is not None else ""
    return SheetReport(
        shown.sheet.name,
        Verdict.FINDINGS if mistakes else Verdict.RIGHT if judge else Verdict.UNFILLED,
        shown.table.area,
        judge.eta if judge else None,
        shown.network,
        tuple(shown.table.series),
        shown.unmatched,
        not_judged=tuple(n for n in judged.columns if judge and n not in known and _has_content(n, judge)),
        findings=_as_headed(explained.findings, shown.model.parameters) if shown.late else explained.findings,
        judged=len(known),
        right=len(known - wrong),
        departure=explained.departure,
        reason="; ".join(filter(None, [shown.found.book.damaged, given_up(shown.sheet), shown.table.gap, left_out]))
        or None,
        how=_how(judged) if judge else None,
        covered=shown.table.places(known),
        headed=shown.table.places({*filter(shown.model.knows, shown.table.named)}),
    )


def _how(judged: Judged) -> How:
    """What was understood of a table."""
    shown, judge = judged.shown, judged.judge
    series, model, scalars = shown.table.series, shown.model, shown.table.scalars

    def called(name: str, place: Position | None) -> str:
        return f"{name} ({reference(place)})" if place else name

    updates = [
        called(name, series[name][0]) for name in series if name in model.parameters and judged.columns.get(name)
    ]
    loss = model.system.loss if model.system.loss in series else None
    rate = scalars.get(naming.ETA)
    eta = f"{judge.eta:.6g}" if judge and judge.eta is not None else None
    return How(
        Way.HEADERS,
        len(updates),
        tuple(updates),
        len(shown.rows.plan.sizes) if shown.rows.plan else shown.table.steps,
        loss and called(loss, series[loss][0]),
        eta and called(eta, rate.position if rate and judge and rate.value == judge.eta else None),
    )


def _has_content(name: str, judge: Judge) -> bool:
    """Whether a quantity has more than a given first value."""
    return len(judge.rows.known(name)) > (name in judge.model.parameters) or judge.found.has_formulas(name)


_AFTER = re.compile(r"(?<=\w)\+(?! )")


def _as_headed(findings: Iterable[Finding], parameters: Iterable[str]) -> tuple[Finding, ...]:
    """Findings in a table whose weights are those after the update: under the headers' names."""
    before = {naming.after_update(parameter): parameter for parameter in parameters}

    def headed(finding: Finding) -> Finding:
        formula, right = (_AFTER.sub("", text) if text else text for text in (finding.formula, finding.right))
        differs = tuple(differences(formula, right)) if formula and right and finding.differs else ()
        why = finding.why.respelled(lambda text: _AFTER.sub("", text)) if finding.why else None
        quantity = before.get(finding.quantity, finding.quantity)
        return replace(finding, quantity=quantity, why=why, formula=formula, right=right, differs=differs)

    return tuple(map(headed, findings))
