"""The real workbooks: what is wrong in them is known, and found."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tests.places import SHARED, needs_shared
from tracer.commands.main import main
from tracer.grading.book.cells import Place
from tracer.grading.book.package import read_book
from tracer.grading.check import check_workbook
from tracer.grading.graph.read import read_graph
from tracer.grading.judging.findings import BookReport, Finding, Kind, Verdict, Way
from tracer.grading.ways.formulas import judge_graph

FOLDER = SHARED / "workbooks"
pytestmark = needs_shared("workbooks")

SLIP = [(name, "a_h1 is used instead of a_h2 in the activation's derivative") for name in ("∂E/∂w3", "∂E/∂w4")]


def checked(name: str) -> BookReport:
    report = check_workbook(FOLDER / name)
    assert report.readable, report.reason
    return report


def said(findings: list[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.quantity, finding.cause) for finding in findings]


def test_the_walkthrough_has_the_slip_on_all_six_sheets_and_nothing_else() -> None:
    report = checked("walkthrough.xlsx")
    assert [sheet.eta for sheet in report.sheets] == [0.1, 0.2, 0.5, 0.8, 1.0, 2.0]
    for sheet in report.sheets:
        assert said(list(sheet.findings)) == SLIP
        assert [finding.cells for finding in sheet.findings] == ["Z33:Z100", "AA33:AA100"]
        assert all(finding.kind is Kind.FORMULA for finding in sheet.findings)
        assert sheet.judged == 27


def test_submission_a_has_the_slip_and_missing_brackets() -> None:
    first, second = checked("submission-a.xlsx").sheets
    assert said(first.mistakes) == SLIP
    assert [finding.quantity for finding in second.mistakes] == ["∂E/∂w1", "∂E/∂w2", "∂E/∂w3", "∂E/∂w4"]
    assert all((finding.cause or "").startswith("parentheses are missing") for finding in second.mistakes)


def test_submission_b_has_the_slip_and_pasted_sheets() -> None:
    first, *pasted = checked("submission-b.xlsx").sheets
    assert said(first.mistakes) == SLIP
    for sheet in pasted:
        notes = [finding for finding in sheet.findings if finding.kind is Kind.ROUNDED]
        assert len(notes) >= 25
        assert notes[0].cause == "pasted, rounded to 6 decimals: consistent"
        # rounded as they are, the pasted gradients show the slip too, and the last rows are one row again and again
        assert said(sheet.mistakes)[1:] == SLIP
        assert sheet.mistakes[0].kind is Kind.REPEATED


def test_submission_c_has_the_slip_twice_and_a_sliding_reference() -> None:
    first, second = checked("submission-c.xlsx").sheets
    assert said(first.mistakes) == SLIP
    assert [finding.quantity for finding in second.mistakes] == ["w3", "∂E/∂w3", "∂E/∂w4"]
    assert said(second.mistakes)[1:] == SLIP
    sliding = second.mistakes[0]
    assert sliding.kind is Kind.UPDATE
    assert "slides down" in (sliding.cause or "")
    assert "$G$19" in (sliding.cause or "")
    assert sliding.cells == "G24:G100"


def test_submission_d_is_right() -> None:
    (sheet,) = checked("submission-d.xlsx").sheets
    assert sheet.verdict is Verdict.RIGHT
    assert not sheet.findings


def test_submission_e_takes_new_weights_for_the_rate_and_the_slope_of_the_other_neuron() -> None:
    """It has no headers that are known, but live formulas; B8 − O4·U8 is the update of a bias, U9 = R6·S6 its gradient."""
    (sheet,) = checked("submission-e.xlsx").sheets
    assert sheet.how is not None
    assert sheet.how.way is Way.FORMULAS
    named = {cell for finding in sheet.mistakes for cell in finding.cells.split(", ")}
    assert named == {"U9", "V8", "V9"}
    assert (sheet.judged, sheet.right) == (9, 7)


@pytest.mark.parametrize(
    "name",
    [
        "submission-c.xlsx",
        "submission-d.xlsx",
        *(
            pytest.param(f"{name}.xlsx", marks=pytest.mark.long)
            for name in ("submission-a", "submission-b", "walkthrough")
        ),
    ],
)
def test_the_graph_alone_agrees_with_the_headers(name: str) -> None:
    """It names cells of each finding on formulas, and no others."""
    found = [
        {(sheet.sheet, place) for place in finding.places}
        for sheet in checked(name).sheets
        for finding in sheet.mistakes
        if finding.kind in (Kind.FORMULA, Kind.UPDATE)
    ]
    book = read_book(FOLDER / name)
    named = {p for each in judge_graph(book, read_graph(book)) for fault in each.faults for p in fault.places}
    assert named <= set[Place]().union(*found)
    assert all(named & cells for cells in found)


def test_what_cannot_be_read_says_why() -> None:
    report = check_workbook(FOLDER / "submission-f.xlsx")
    assert report.reason
    assert CliRunner().invoke(main, ["check", str(FOLDER / "submission-f.xlsx")]).exit_code == 2
