"""The effect of a table's mistakes on its final loss, and where its trajectory departs from the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tracer.formulas.notation.numpy import Array
from tracer.formulas.tree import Expression, Name, Number, add, names
from tracer.grading.judging.exactness import decimals
from tracer.grading.judging.findings import Departure, Finding, Kind
from tracer.grading.judging.judge import Judge
from tracer.grading.network.series import Rows
from tracer.grading.slips.diagnosis import Diagnosis
from tracer.grading.slips.trajectory import History, walked
from tracer.model import naming

SURELY, MOST_STEPS = 8, 6_000
"""So many findings are followed to the final loss at any rate, and others as long as no more steps are walked."""
LAST_ROWS = 40
"""Of a table, in which a quantity's formula is looked for."""


def with_effects(findings: list[Finding], diagnosis: Diagnosis) -> tuple[list[Finding], Departure | None]:
    """The findings, each with its own effect on the final loss, and where the table departs from the right
    trajectory, if known. Neither is known where iterations are left out."""
    judge = diagnosis.judge
    if judge.rows.left_out is not None:
        return findings, None
    own = _own_formulas(judge) if judge.demand.exactness.by_hand is not None else {}
    right = walked(judge.demand.computing, judge.rows, judge.eta, own=own) if judge.eta is not None else None
    if right is None:
        return findings, None
    if any(finding.mistake for finding in findings):
        findings = _each_alone(findings, diagnosis, right)
    return findings, _departure(judge, right, findings)


def _each_alone(findings: list[Finding], diagnosis: Diagnosis, right: History) -> list[Finding]:
    judge, loss = diagnosis.judge, diagnosis.judge.model.system.curve
    assert judge.eta is not None
    own = _own_formulas(judge)
    out: list[Finding] = []
    for index, finding in enumerate(findings):
        if index >= SURELY and index * len(right) > MOST_STEPS:
            return [*out, *findings[index:]]
        formulas = diagnosis.mistaken.get((finding.quantity, finding.kind, finding.why), {})
        effect = None
        if finding.kind is Kind.ETA and finding.right_value is not None:
            other = walked(judge.demand.computing, judge.rows, finding.right_value)
            change = _effect(right, other, loss)
            effect = None if change is None else -change
        elif formulas and not any(judge.is_carried_on(finding.quantity, judge.place(step)) for step in formulas):
            instead = {step: judge.as_computed(formula) for step, formula in formulas.items()}
            wrong = walked(judge.demand.computing, judge.rows, judge.eta, {finding.quantity: instead}, own)
            effect = _effect(right, wrong, loss)
        out.append(replace(finding, effect=effect))
    return out


def _own_formulas(judge: Judge) -> dict[str, Expression]:
    """The table's own right formulas, one a quantity, in which a mistake is passed on, or is not."""
    found: dict[str, Expression] = {}
    for name, places in judge.table.series.items():
        for step in range(len(places) - 1, max(-1, len(places) - 1 - LAST_ROWS), -1):
            formula, right = judge.formula(name, step)
            if formula is not None and right and _holds_everywhere(name, formula, judge):
                found[name] = judge.as_computed(formula)
                break
    return found


def _holds_everywhere(name: str, formula: Expression, judge: Judge) -> bool:
    """Whether a formula holds beyond its own row: not if it carries a value on, or uses single rows of its
    batch."""
    plan = judge.rows.plan
    single = plan is not None and any(n.lag and not n.batch and n.name not in plan.shared for n in names(formula))
    return not single and Name(name) not in set(names(formula))


def _last(history: History, name: str) -> float | None:
    """The last value of a quantity; None where it was never computed."""
    return next((now[name] for now in reversed(history) if name in now), None)


def _effect(right: History, wrong: History | None, loss: str) -> float | None:
    """The final loss of a trajectory minus the right one; None where one of them has none."""
    if wrong is None or len(wrong) != len(right):
        return None
    final, other = _last(right, loss), _last(wrong, loss)
    return None if final is None or other is None else other - final


def _departure(judge: Judge, right: History, findings: Sequence[Finding]) -> Departure | None:
    """From which row, and how far, the table's losses depart from the right ones beyond rounding."""
    system, columns = judge.model.system, judge.rows.columns
    loss = system.curve if system.curve in columns else system.loss
    if loss not in columns:
        return None
    parameters = [name for p in system.updates for name in (p, naming.after_update(p)) if name in columns]
    ours = {name: _column(right, name, judge.rows) for name in (*parameters, loss)}
    rounded = _explained(judge, ours, parameters) if judge.demand.exactness.roundings else {}
    rows: list[int] = []
    for name in ours:
        theirs, own = columns[name][: len(right)], ours[name]
        room = (
            10 * judge.demand.tolerance * np.abs(own)
            + judge.demand.exactness.slack[name][: len(right)]
            + rounded.get(name, 0.0)
        )
        apart = np.abs(theirs - own) > room
        if apart.any():
            rows.append(judge.table.series[name][int(np.argmax(apart))][0])
    known = np.flatnonzero(np.isfinite(columns[loss][: len(right)]) & np.isfinite(ours[loss]))
    if not len(known):
        return None
    if judge.demand.exactness.by_hand is not None:  # until the first mistake, every row follows from the one before
        wrong = [row for finding in findings if finding.mistake for row, _ in finding.places]
        rows = [max(min(wrong), row) for row in rows] if wrong else []
    return Departure(min(rows, default=None), float(columns[loss][known[-1]]), float(ours[loss][known[-1]]))


def _column(history: History, name: str, rows: Rows) -> Array:
    """A quantity of a run in every row; NaN if missing."""
    column = np.array([now.get(name, np.nan) for now in history])
    if rows.plan and name in rows.plan.shared:
        padded = np.concatenate((column, np.full(rows.steps - len(column), np.nan)))
        return rows.plan.of_batch(padded, 0)[: len(column)]
    return column


def _explained(judge: Judge, ours: Mapping[str, Array], parameters: Sequence[str]) -> dict[str, Array]:
    """How far rounding alone may lead a run away: by as much as every row of the table is rounded, each parameter is
    moved in every row, in the direction in which the table's own goes."""
    assert judge.eta is not None
    rows, model = judge.rows, judge.model
    instead: dict[str, dict[int, Expression]] = {}
    moved: dict[str, float] = {}
    before = {naming.after_update(parameter): parameter for parameter in model.parameters}
    for name in parameters:
        parameter = before.get(name, name)
        if naming.after_update(name) in parameters:
            continue
        slope = model.system.gradient(parameter, model.system.curve)
        by, of_slope = (
            float(np.nan_to_num(judge.demand.exactness.slack.get(of, np.zeros(1))).max()) for of in (name, slope)
        )
        by += judge.eta * of_slope
        theirs = rows.columns[name][: len(ours[name])]
        apart = (theirs - ours[name])[np.isfinite(theirs - ours[name])]
        by *= float(np.sign(apart[-1])) if len(apart) else 0.0
        update = model.equation(name)
        assert update is not None
        instead[name] = dict.fromkeys(range(rows.steps), add(update, Number(by)))
        column = rows.columns[name][np.isfinite(rows.columns[name])].tolist()
        if name in judge.demand.exactness.roundings and (decimals(column[0]) or 0) >= max(
            decimals(x) or 0 for x in column
        ):
            moved[parameter] = by
    run = walked(model, rows, judge.eta, instead, moved=moved)
    if run is None or any(len(run) != len(column) for column in ours.values()):
        return {}
    return {name: np.abs(_column(run, name, rows) - column) for name, column in ours.items()}
