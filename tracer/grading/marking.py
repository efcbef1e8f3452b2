"""A table that is understood → its report: every cell judged, every slip named, a verdict."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from tracer.grading.book.cells import Sheet
from tracer.grading.judging.assignment import differing, given_quantities
from tracer.grading.judging.demand import Demand
from tracer.grading.judging.empty import empty_cells
from tracer.grading.judging.exactness import measured
from tracer.grading.judging.exchange import with_headers_in_place
from tracer.grading.judging.filling import dragged, repeated
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict
from tracer.grading.judging.judge import Judge
from tracer.grading.judging.notes import notes
from tracer.grading.judging.rate import labelled_rates, learning_rate
from tracer.grading.judging.uncomputed import errors, given_up
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.grading.network.understanding import Understood
from tracer.grading.network.writing import differences
from tracer.grading.sheet.spelling import NEXT
from tracer.grading.sheet.tables import Table
from tracer.grading.slips.diagnosis import Diagnosis
from tracer.grading.slips.effects import with_effects
from tracer.grading.slips.search import Budget
from tracer.model.system import System

FEWEST_RIGHT = 0.34
"""Where less of the columns than this are as a network demands, it is not the network that the table shows."""
FEWEST_FORWARD = 4
"""Half of the columns have to be as the network demands, too: of the forward pass, where so many of it are shown, for
gradients and updates may all be wrong; of all of them otherwise."""


def marked(shown: Understood, tolerance: float, system: System | None, budget: Budget) -> SheetReport:
    """The report on a table.

    tolerance: relative. system: the network that a config gives, with its inputs, targets and first weights.
    """
    sheet, model, computed = shown.sheet, shown.model, shown.computed
    report = SheetReport(
        sheet.name,
        Verdict.UNFILLED,
        table=shown.table.area,
        network=shown.network,
        recognised=tuple(shown.table.series),
        unmatched=shown.unmatched,
    )
    if not any(name not in model.parameters for name in shown.table.series if model.equation(name) is not None):
        return no_table(sheet, "no quantity that is computed was found")
    filled = any(np.isfinite(shown.rows.columns[name]).any() for name in computed if name not in model.parameters)
    empty = empty_cells(sheet, shown.table)
    if not filled and not _has_uncomputed(sheet, shown.table):
        if not empty:
            return report
        return replace(report, verdict=Verdict.FINDINGS, findings=tuple(empty), judged=len(empty))

    judge, findings = _judge(shown, tolerance, system)
    no_value = errors(shown.book, judge)
    judge.passed_over |= {place for finding in no_value for place in finding.places}
    columns = {name: judge.column(name) for name in computed if not _still(name, judge.rows, model)}
    without_value = {finding.quantity for finding in no_value}
    known = without_value | {name for name, column in columns.items() if column.known}
    wrong = without_value | {name for name, column in columns.items() if column.wrong}
    fitting, fits = len(known - without_value), len(known - wrong)
    forward = (known - without_value) & model.forward.keys()
    most = forward if len(forward) >= FEWEST_FORWARD else known - without_value
    if system is None and (2 * len(most - wrong) < len(most) or fits < FEWEST_RIGHT * fitting):
        return no_table(
            sheet,
            f"{fitting - fits} of {fitting} columns fit no network that the headers show; describe it with --config",
        )
    if not known and not empty:
        return no_table(sheet, given_up(sheet) or "nothing in it could be judged")

    diagnosis = Diagnosis(judge, budget)
    findings += no_value
    for name, column in columns.items():
        findings += [*diagnosis.findings(column.wrong), *notes(judge, name, column.right)]
    findings, departure = with_effects(diagnosis.with_common_rate(findings), diagnosis)
    findings += empty
    wrong |= {finding.quantity for finding in findings if finding.mistake}
    known |= {*(given_quantities(judge.rows, system) if system is not None else ()), *wrong}
    if shown.late:
        findings = [_as_headed(finding) for finding in findings]
    return replace(
        report,
        verdict=Verdict.FINDINGS if any(finding.mistake for finding in findings) else Verdict.RIGHT,
        eta=judge.eta,
        not_judged=tuple(name for name in columns if name not in known and _has_content(name, judge)),
        findings=tuple(findings),
        judged=len(known),
        right=len(known - wrong),
        departure=departure if all(finding.kind is not Kind.RATE for finding in findings) else None,
        reason="; ".join(filter(None, [shown.book.damaged, given_up(sheet)])) or None,
    )


def no_table(sheet: Sheet, reason: str) -> SheetReport:
    """The report that there is no table, and why."""
    return SheetReport(sheet.name, Verdict.NO_TABLE, reason=reason)


def _judge(shown: Understood, tolerance: float, system: System | None) -> tuple[Judge, list[Finding]]:
    """The judge of a table, and what is wrong with its learning rate, its headers and its given numbers."""
    sheet, model = shown.sheet, shown.model
    exactness = measured(sheet, shown.table, shown.rows, model)
    eta, rows, findings = learning_rate(sheet, shown.table, shown.rows, model, exactness)
    table, rows, exchanged = with_headers_in_place(shown.table, rows, model)
    if exchanged:
        shown = shown.changed(table, rows)
        exactness = measured(sheet, table, rows, model)
    again = repeated(sheet, table, rows, model)
    given = differing(table, rows, system, tolerance) if system is not None else dragged(sheet, table, rows, model)
    passed_over = frozenset(place for finding in again for place in finding.places)
    demand = Demand(model, rows, tolerance, exactness)
    judge = Judge(sheet, table, shown.translator, demand, eta, passed_over, labelled_rates(sheet))
    return judge, [*findings, *exchanged, *given, *again]


def _has_uncomputed(sheet: Sheet, table: Table) -> bool:
    """Whether a cell of the table has a formula that could not be computed."""
    return any(place in sheet.uncomputed for places in table.series.values() for place in places)


def _has_content(name: str, judge: Judge) -> bool:
    """Whether there is more of a quantity than a given first value."""
    return bool(
        np.isfinite(judge.rows.columns[name]).sum() > (name in judge.model.parameters) or judge.has_formulas(name)
    )


def _still(name: str, rows: Rows, model: Model) -> bool:
    """Whether a parameter stays as it is in a table that updates none: one forward pass a row."""
    if name not in model.parameters:
        return False
    moving = [
        p for p in model.parameters
        if p in rows.columns and (f := rows.columns[p][np.isfinite(rows.columns[p])]).size > 1 and np.ptp(f) > 0
    ]  # fmt: skip
    samples = any(
        np.ptp(rows.columns[d][np.isfinite(rows.columns[d])]) > 0
        for d in model.system.data
        if d in rows.columns and np.isfinite(rows.columns[d]).any()
    )
    gradients = any(n.startswith("∂E/∂") and n.removeprefix("∂E/∂") in model.parameters for n in rows.columns)
    return not moving and (samples or not gradients)


_AFTER = re.compile(r"(?<=\w)\+(?! )")


def _as_headed(finding: Finding) -> Finding:
    """A finding in a table whose weights are those after the update: under the headers' names."""
    formula, right = (_AFTER.sub("", text) if text else text for text in (finding.formula, finding.right))
    differs = tuple(differences(formula, right)) if formula and right and finding.differs else ()
    why = finding.why.respelled(lambda text: _AFTER.sub("", text)) if finding.why else None
    quantity = finding.quantity.removesuffix(NEXT)
    return replace(finding, quantity=quantity, why=why, formula=formula, right=right, differs=differs)


__all__ = ["marked", "no_table"]
