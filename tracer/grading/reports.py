"""The forms of a report: JSON, a CSV row a sheet, and the results file of Gradescope."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.grading.findings import BookReport, Finding, SheetReport, Verdict
from tracer.notation import shortest


def as_json(reports: Sequence[BookReport]) -> str:
    """Everything that was found; the README documents the form."""
    return json.dumps([as_data(report) for report in reports], indent=2, ensure_ascii=False) + "\n"


def as_data(report: BookReport) -> dict[str, Any]:
    """A report as plain data."""
    return {
        "workbook": report.workbook,
        "status": "read" if report.readable else "unreadable",
        "reason": report.reason,
        "unjudged": report.unjudged,
        "score": _rounded(report.score),
        "sheets": [_sheet(sheet) for sheet in report.sheets],
    }


def _sheet(sheet: SheetReport) -> dict[str, Any]:
    departure = sheet.departure
    return {
        "sheet": sheet.sheet,
        "table": sheet.table,
        "eta": sheet.eta,
        "verdict": str(sheet.verdict),
        "reason": sheet.reason,
        "network": sheet.network,
        "recognised": list(sheet.recognised),
        "unmatched": list(sheet.unmatched),
        "not_judged": list(sheet.not_judged),
        "judged": sheet.judged,
        "right": sheet.right,
        "unjudged": sheet.unjudged,
        "score": _rounded(sheet.score),
        "departure": departure
        and {"row": departure.row, "final_loss": departure.final, "right_final_loss": departure.right_final},
        "findings": [_finding(finding) for finding in sheet.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "quantity": finding.quantity,
        "cells": finding.cells,
        "kind": str(finding.kind),
        "mistake": finding.is_mistake,
        "cause": finding.cause,
        "theirs": finding.theirs if finding.theirs is not None or finding.value is None else shortest(finding.value),
        "right": finding.right,
        "differs": [list(mark) for mark in finding.marks],
        "value": finding.value,
        "right_value": finding.right_value,
        "effect": finding.effect,
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 1)


COLUMNS = (
    "workbook", "sheet", "status", "verdict", "score", "judged", "right", "mistakes", "quantities", "causes", "eta",
    "table", "reason",
)  # fmt: skip


def as_csv(reports: Iterable[BookReport]) -> str:
    """One row a workbook and sheet, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in reports:
        for row in _rows(report):
            writer.writerow([_harmless(row.get(column)) for column in COLUMNS])
    return file.getvalue()


def _rows(report: BookReport) -> Iterable[Mapping[str, Any]]:
    status = "read" if report.readable else "unreadable"
    if not report.sheets:
        yield {"workbook": report.workbook, "status": status, "reason": report.reason}
    for sheet in report.sheets:
        yield {
            "workbook": report.workbook,
            "sheet": sheet.sheet,
            "status": status,
            "verdict": str(sheet.verdict),
            "score": _rounded(sheet.score),
            "judged": sheet.judged,
            "right": sheet.right,
            "mistakes": len(sheet.mistakes),
            "quantities": "; ".join(finding.quantity for finding in sheet.mistakes),
            "causes": "; ".join(dict.fromkeys(finding.cause or "unknown" for finding in sheet.mistakes)),
            "eta": sheet.eta,
            "table": sheet.table,
            "reason": sheet.reason or report.reason,
        }


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def as_gradescope(reports: Sequence[BookReport]) -> str:
    """The `results.json` of a Gradescope autograder: one test a sheet, 100 points for each workbook.

    (Gradescope, "Autograder Specifications", output format.)
    """
    tests: list[dict[str, Any]] = []
    for report in reports:
        judged = sum(sheet.judged for sheet in report.sheets)
        if not report.readable or not judged:
            reason = report.reason or "nothing in it could be judged"
            tests.append({"name": report.workbook, "score": 0.0, "max_score": 100.0, "output": reason})
            continue
        for sheet in report.sheets:
            if sheet.verdict in (Verdict.RIGHT, Verdict.FINDINGS):
                tests.append(
                    {
                        "name": f"{report.workbook}: {sheet.sheet}",
                        "score": round(100.0 * sheet.right / judged, 2),
                        "max_score": round(100.0 * sheet.judged / judged, 2),
                        "output": "\n".join(_line(finding) for finding in sheet.mistakes) or "right",
                    }
                )
    scores = [report.score or 0.0 if report.readable else 0.0 for report in reports]
    total = round(sum(scores) / len(scores), 2) if scores else 0.0
    result = {"score": total, "output": f"{total:g} % of what was judged is right.", "output_format": "text",
              "visibility": "visible", "tests": tests}  # fmt: skip
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _line(finding: Finding) -> str:
    text = f"{finding.quantity} ({finding.cells}): {finding.cause or 'not as it should be, the cause is unknown'}"
    return f"{text}; it should be {finding.right}" if finding.right else text
