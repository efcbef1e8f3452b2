"""Reports on what the formulas of a sheet train: the same as those by headers, from judgements made by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from tests.hand import Cells, book
from tracer.grading.book.cells import Place, position
from tracer.grading.judging.causes import Cause
from tracer.grading.judging.findings import BookReport, How, Kind, SheetReport, Verdict, Way
from tracer.grading.report.reports import as_gradescope, as_json
from tracer.grading.report.terminal import lines
from tracer.grading.training.judgement import Fault, Judgement, Parameter, Standing
from tracer.grading.ways.reports import reports

CELLS: Cells = {
    "A1": "eta", "B1": 0.1, "A3": "x", "B3": "w", "C3": "b", "D3": "loss", "E3": "dw", "F3": "db", "A4": 1, "A5": 2,
    "B4": 1, "C4": 0, "B5": "=B4-$B$1*E4", "C5": "=C4-F4", "B6": "=B5-$B$1*E5", "C6": "=C5-F5", "D4": "=(A4*B4+C4)^2",
    "D5": "=(A5*B5+C5)^2", "E4": "=2*(A4*B4+C4)*A4", "E5": "=2*(A5*B5+C5)*A5", "F4": "=2*(A4*B4+C4)",
    "F5": "=2*(A5*B5+C5)",
}  # fmt: skip
BOOK = book(("S", CELLS))


def at(*names: str, sheet: str = "S") -> tuple[Place, ...]:
    found = [position(name) for name in names]
    return tuple((sheet, place) for place in found if place)


W, B = Parameter(at("B4", "B5"), at("B5", "B6")), Parameter(at("C4", "C5"), at("C5", "C6"))
RIGHT = Judgement(
    Standing.CONFIRMED, "the loss is minimized", True, ("S",), (W, B), 2, at("D4", "D5"), rate=0.1, rate_at=at("B1")[0],
    factor=1.0,
)  # fmt: skip
ETA = Fault(
    at("C5", "C6"), Kind.UPDATE, Cause("learning_rate_missing", "B1 is missing"), "b − db", "b − B1·db", spoils=(B,)
)


def wrong(*faults: Fault) -> Judgement:
    return Judgement(
        Standing.WRONG, "", True, ("S",), (W, B), 2, at("D4", "D5"), rate=0.1, rate_at=at("B1")[0], faults=faults
    )


def shown(sheets: tuple[SheetReport, ...], how: bool = False) -> str:
    return click.unstyle("\n".join(lines(BookReport("a.xlsx", None, sheets), how)))


def test_a_right_training() -> None:
    (sheet,) = reports(BOOK, RIGHT)
    assert (sheet.sheet, sheet.verdict, sheet.table) == ("S", Verdict.RIGHT, "B4:D6")
    assert (sheet.eta, sheet.judged, sheet.right, sheet.score) == (0.1, 2, 2, 100)
    assert sheet.recognised == ("w", "b")
    assert sheet.how is not None
    assert (sheet.how.way, sheet.how.steps) == (Way.FORMULAS, 2)
    assert sheet.how.updates == ("w (B4 → B5)", "b (C4 → C5)")
    assert (sheet.how.loss, sheet.how.rate) == ("loss (D4)", "0.1 (B1)")
    assert "S: judged by its formulas, B4:D6, η = 0.1\n    2 parameters, 2 steps, loss: loss (D4)\n" in shown((sheet,))
    assert "right: 2 of 2 updates correct" in shown((sheet,))


def test_a_wrong_update_is_a_finding_with_its_cells_and_costs_its_parameter() -> None:
    (sheet,) = reports(BOOK, wrong(ETA))
    assert (sheet.verdict, sheet.judged, sheet.right) == (Verdict.FINDINGS, 2, 1)
    (finding,) = sheet.findings
    assert (finding.quantity, finding.cells, finding.kind) == ("update of b", "C5:C6", Kind.UPDATE)
    assert (finding.cause, finding.slip) == ("B1 is missing", "learning_rate_missing")
    assert "    update of b  C5:C6  B1 is missing\n" in shown((sheet,))
    assert "      should be  =b − B1·db\n" in shown((sheet,))


def test_a_gradient_is_named_by_its_own_label_or_by_the_parameter_that_it_spoils() -> None:
    fault = Fault(at("E4", "E5"), Kind.FORMULA, spoils=(W,))
    assert reports(BOOK, wrong(fault))[0].findings[0].quantity == "dw"
    unlabeled = book(("S", {place: value for place, value in CELLS.items() if place != "E3"}))
    assert reports(unlabeled, wrong(fault))[0].findings[0].quantity == "gradient of w"
    bare = book(("S", {place: value for place, value in CELLS.items() if not isinstance(value, str) or "=" in value}))
    (finding,) = reports(bare, wrong(Fault(at("E4", "E5"), Kind.FORMULA, spoils=(W, B))))[0].findings
    assert (finding.quantity, finding.cells) == ("E4", "E4:E5")


def test_parameters_of_one_name_are_numbered() -> None:
    cells = {**CELLS, "B3": "Weights", "C3": "Weights"}
    (sheet,) = reports(book(("S", cells)), RIGHT)
    assert sheet.recognised == ("Weights[1]", "Weights[2]")


def test_right_up_to_a_factor_is_a_note() -> None:
    judgement = Judgement(Standing.FACTOR, "", True, ("S",), (W, B), 2, at("D4", "D5"), rate=0.1, factor=0.5)
    (sheet,) = reports(BOOK, judgement)
    (note,) = sheet.findings
    assert (sheet.verdict, sheet.right, note.mistake, note.kind) == (Verdict.RIGHT, 2, False, Kind.FACTOR)
    assert note.cause == "all updates are right up to one factor: they use 0.05 for η: consistent"


def test_a_step_a_sheet_is_one_training_and_a_fault_stands_in_its_own_sheet() -> None:
    cells: Cells = {"A1": "w", "B1": 1, "A2": "loss", "B2": "=B1^2", "D1": "=B1-0.1*2*B1"}
    sheets = [(name, cells) for name in "123"]
    parameter = Parameter(tuple((n, (1, 2)) for n in "123"), tuple((n, (1, 4)) for n in "123"))
    judgement = Judgement(Standing.CONFIRMED, "", True, ("1", "2", "3"), (parameter,), 3, (("1", (2, 2)),))
    (one,) = reports(book(*sheets), judgement)
    assert (one.sheet, one.judged, one.right) == ("1", 1, 1)
    assert one.how is not None
    assert one.how.updates == ("w (1!B1 → 1!D1)",)
    fault = Fault((("3", (1, 4)),), Kind.UPDATE, spoils=(parameter,))
    other = Judgement(Standing.WRONG, "", True, ("1", "2", "3"), (parameter,), 3, (("1", (2, 2)),), faults=(fault,))
    (found,) = reports(book(*sheets), other)
    assert (found.sheet, found.judged, found.right, found.findings[0].cells) == ("3", 1, 0, "D1")


def test_a_guessed_loss_is_said() -> None:
    judgement = Judgement(Standing.CONFIRMED, "", True, ("S",), (W,), 2, assumed_loss="half the squared error")
    how = reports(BOOK, judgement)[0].how
    assert how is not None
    assert how.loss == "half the squared error (assumed)"


def test_json_and_gradescope_have_the_keys_of_the_other_way() -> None:
    book_report = BookReport("a.xlsx", None, reports(BOOK, wrong(ETA)))
    (data,) = json.loads(as_json([book_report]))
    (sheet,) = data["sheets"]
    assert sheet["how"] == {
        "way": "formulas", "parameters": 2, "updates": ["w (B4 → B5)", "b (C4 → C5)"], "steps": 2, "loss": "loss (D4)",
        "rate": "0.1 (B1)", "note": None,
    }  # fmt: skip
    assert sheet["findings"][0]["cells"] == "C5:C6"
    assert "covered" not in sheet
    assert json.loads(as_gradescope([book_report]))["score"] == 50


def test_how_is_printed_on_demand() -> None:
    text = shown(reports(BOOK, RIGHT), how=True)
    assert "    way      by its formulas, whose derivatives its updates have to be\n" in text
    assert "    updates  w (B4 → B5), b (C4 → C5)\n" in text
    assert "    η        0.1 (B1)\n" in text
    assert "way " not in shown(reports(BOOK, RIGHT))


def test_long_lists_end_within_80_columns() -> None:
    how = How(Way.FORMULAS, 9, tuple(f"weights of layer {n} (A{n} → B{n})" for n in range(9)), 3)
    text = shown((replace(reports(BOOK, RIGHT)[0], how=how),), how=True)
    assert max(map(len, text.splitlines())) <= 80
    assert "    updates  weights of layer 0 (A0 → B0), weights of layer 1 (A1 → B1),\n" in text
    assert "\n             weights of layer 2 (A2 → B2)," in text
