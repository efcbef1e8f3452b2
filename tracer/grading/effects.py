"""What the mistakes of a table do to its final loss, and from where its trajectory departs from the right one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.grading.diagnosis import Diagnosis
from tracer.grading.findings import Departure, Finding, Kind
from tracer.grading.judge import Judge
from tracer.grading.trajectory import walked


def with_effects(findings: list[Finding], diagnosis: Diagnosis) -> list[Finding]:
    """The findings, each with what it alone does to the final loss, where that can be told."""
    judge = diagnosis.judge
    if judge.eta is None or judge.model.turned or not any(f.is_mistake for f in findings):
        return findings
    loss = judge.model.system.loss
    right = walked(judge.model, judge.rows, judge.eta, {})
    if right is None:
        return findings
    out = []
    for finding in findings:
        expression = diagnosis.mistaken.get((finding.quantity, finding.kind, finding.cause))
        if finding.kind is Kind.ETA and finding.right_value is not None:
            other = walked(judge.model, judge.rows, finding.right_value, {})
            effect = right[-1][loss] - other[-1][loss] if other and len(other) == len(right) else None
            out.append(replace(finding, effect=effect))
        elif expression is not None:
            wrong = walked(judge.model, judge.rows, judge.eta, {finding.quantity: expression})
            effect = wrong[-1][loss] - right[-1][loss] if wrong and len(wrong) == len(right) else None
            out.append(replace(finding, effect=effect))
        else:
            out.append(finding)
    return out


def departure(judge: Judge) -> Departure | None:
    """From which row, and how far, the table's losses depart from the right ones."""
    loss = judge.model.system.loss
    if judge.eta is None or judge.model.turned or loss not in judge.rows.columns:
        return None
    right = walked(judge.model, judge.rows, judge.eta, {})
    if right is None:
        return None
    rows: list[int] = []
    for name in (*judge.model.system.updates, loss):
        if name in judge.rows.columns:
            theirs = judge.rows.columns[name][: len(right)]
            ours = np.array([now[name] for now in right[: len(theirs)]])
            apart = (
                np.abs(theirs - ours) > 10 * judge.tolerance * np.abs(ours) + judge.exactness.slack[name][: len(theirs)]
            )
            if apart.any():
                rows.append(judge.table.series[name][int(np.argmax(apart))][0])
    theirs = judge.rows.columns[loss][: len(right)]
    known = np.flatnonzero(np.isfinite(theirs))
    if not len(known):
        return None
    return Departure(min(rows, default=None), float(theirs[known[-1]]), right[known[-1]][loss])
