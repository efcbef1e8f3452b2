"""The formats of a report: JSON, CSV with a row per workbook, and the results file of Gradescope."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from tracer.grading.judging.findings import (
    BookReport,
    Departure,
    Finding,
    How,
    SheetReport,
    Verdict,
    cells_in_words,
)
from tracer.grading.report import excerpts
from tracer.guard import guarded


def as_json(reports: Sequence[BookReport]) -> str:
    """All results as JSON; the documentation of `check` describes the format."""
    return json.dumps([as_data(report) for report in reports], indent=2, ensure_ascii=False) + "\n"


def as_data(value: Any) -> Any:
    """A report or a part of it as plain data; lists come last for readability."""
    if isinstance(value, (BookReport, SheetReport, Finding, Departure, How)):
        data = {key: as_data(getattr(value, key)) for key in _keys(type(value))}
        return dict(sorted(data.items(), key=lambda item: isinstance(item[1], list)))
    return [as_data(item) for item in value] if isinstance(value, tuple) else value


def _keys(kind: type[BookReport | SheetReport | Finding | Departure | How]) -> list[str]:
    """The public fields and properties of a class."""
    names = [*(field.name for field in fields(kind)), *(n for n, v in vars(kind).items() if isinstance(v, property))]
    return [name for name in names if name not in kind.INTERNAL]


NUMBERS = ("right", "consistent", "wrong", "empty", "copied")
"""The states of the cells of an exercise; of any other sheet, only the quantities that are right are counted."""
COLUMNS = (
    "workbook", "sheet", "status", "verdict", "score", "judged", *NUMBERS, "unjudged", "mistakes", "quantities",
    "causes", "eta", "table", "reason",
)  # fmt: skip
WORST_FIRST = (Verdict.FINDINGS, Verdict.UNFILLED, Verdict.RIGHT)


def as_csv(reports: Iterable[BookReport]) -> str:
    """One row per workbook, with a header."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for report in reports:
        row = _row(report)
        values = [row.get(column) for column in COLUMNS]
        writer.writerow([guarded(value) if isinstance(value, str) else value for value in values])
    return file.getvalue()


def _row(report: BookReport) -> Mapping[str, Any]:
    """A workbook's row: the numbers of its sheets added up, their texts side by side."""
    sheets = [sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE]
    mistakes = [finding for sheet in sheets for finding in sheet.mistakes]

    def together(texts: Iterable[str | None]) -> str:
        return "; ".join(dict.fromkeys(filter(None, texts)))

    verdicts = [verdict for verdict in WORST_FIRST if any(sheet.verdict is verdict for sheet in sheets)]
    sums = {key: [getattr(sheet, key) for sheet in sheets] for key in ("judged", "unjudged", *NUMBERS)}
    return {key: sum(values) for key, values in sums.items() if values and None not in values} | {
        "workbook": report.workbook,
        "sheet": together(sheet.sheet for sheet in sheets),
        "status": report.status,
        "verdict": verdicts[0] if verdicts else Verdict.NO_TABLE if report.sheets else None,
        "score": report.score,
        "mistakes": len(mistakes) if sheets else None,
        "quantities": together(finding.quantity for finding in mistakes),
        "causes": together(excerpts.cause(finding) for finding in mistakes),
        "eta": together(f"{sheet.eta:.6g}" for sheet in sheets if sheet.eta is not None),
        "table": together(sheet.table for sheet in sheets),
        "reason": together([report.reason, *(sheet.reason for sheet in report.sheets if sheet in sheets)]),
    }


def as_gradescope(reports: Sequence[BookReport]) -> str:
    """The `results.json` of a Gradescope autograder: one test per sheet, 100 points for each workbook.

    (Gradescope, "Autograder Specifications", output format.)
    """
    tests: list[dict[str, Any]] = []
    for report in reports:
        judged = sum(sheet.judged for sheet in report.sheets)
        if not report.readable or not judged:
            reason = report.reason or "none of its quantities could be checked"
            tests.append({"name": report.workbook, "score": 0.0, "max_score": 100.0, "output": reason})
            continue
        for sheet in report.sheets:
            if sheet.verdict in (Verdict.RIGHT, Verdict.FINDINGS):
                tests.append(
                    {
                        "name": f"{report.workbook}: {sheet.sheet}",
                        "score": round(100.0 * sheet.counted / judged, 2),
                        "max_score": round(100.0 * sheet.judged / judged, 2),
                        "output": "\n".join(_lines(sheet)),
                    }
                )
    scores = [report.score or 0.0 if report.readable else 0.0 for report in reports]
    total = round(sum(scores) / len(scores), 2) if scores else 0.0
    result = {"score": total, "output": f"{total:g} % of the checked quantities are correct.", "output_format": "text",
              "visibility": "visible", "tests": tests}  # fmt: skip
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def _lines(sheet: SheetReport) -> list[str]:
    """The findings of a sheet, one per line, and the quantities that could not be judged."""
    lines = []
    for finding in sheet.mistakes:
        right = excerpts.right(finding)
        should = f"; it should be {right}" if right else ""
        lines.append(f"{finding.quantity} ({excerpts.shortened(finding.cells)}): {excerpts.cause(finding)}{should}")
    if (cells := cells_in_words(sheet)) is not None:
        lines.insert(0, cells)
    return [*(lines or ["right"]), *([f"not judged: {', '.join(sheet.not_judged)}"] if sheet.not_judged else [])]


FORMS = {"json": as_json, "report": as_csv, "gradescope": as_gradescope}
"""The form of the results that each option of `check` asks for."""
