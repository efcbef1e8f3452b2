"""Public sheets that were misread once: right now, or no table with the reason, and never a false finding."""

from __future__ import annotations

import pytest

from tests.places import SHARED, needs_shared
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import BookReport, Verdict, Way
from tracer.grading.options import Options

FOLDER = SHARED / "cases" / "check"
pytestmark = needs_shared("cases")


def checked(name: str, config: str = "") -> BookReport:
    return check_workbook(FOLDER / name, Options(config=FOLDER / config if config else None))


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("google_10_digits.xlsx", ""),
        ("google_15_digits_control.xlsx", ""),
        ("xor_batch_rows_a_names.xlsx", ""),
        ("xor_batch_rows_a_names.xlsx", "xor_batch_rows.yaml"),
        ("target_y_squared_error_no_half.xlsx", ""),
        ("linear_sgd_intercept_slope.xlsx", "linear_sgd.yaml"),
        ("config-biases/control-b_h1.xlsx", "config-biases/config.yaml"),
        ("config-biases/biases-b1-b2-b3-above.xlsx", "config-biases/config.yaml"),
        ("config-biases/biases-w7-w8-w9-above.xlsx", "config-biases/config.yaml"),
        ("config-biases/biases-b1-b2-b3-above.xlsx", ""),
        ("config-biases/biases-w7-w8-w9-above.xlsx", ""),
        ("let/let-without-values.xlsx", ""),
    ],
)
def test_right_sheets_are_right(name: str, config: str) -> None:
    report = checked(name, config)
    assert report.readable, report.reason
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.RIGHT]
    assert report.score == 100


@pytest.mark.parametrize(
    ("name", "config", "parameters", "steps"),
    [
        ("perceptron_step_new_w.xlsx", "", 3, 40),
        ("perceptron_if_update.xlsx", "", 3, 24),
        ("xor_batch_blocks.xlsx", "", 9, 3),
        ("xor_batch_blocks.xlsx", "xor_batch_blocks.yaml", 9, 3),
        ("linear_sgd_intercept_slope.xlsx", "", 2, 8),
        ("linear_batch_one_step_a_sheet.xlsx", "", 2, 4),
        ("blocks/blocks.xlsx", "", 4, 1),
    ],
)
def test_what_headers_do_not_tell_is_right_by_its_formulas(name: str, config: str, parameters: int, steps: int) -> None:
    report = checked(name, config)
    assert report.readable, report.reason
    assert (report.score, report.has_findings) == (100, False)
    (sheet,) = report.sheets
    assert sheet.how is not None
    assert (sheet.how.way, sheet.judged, sheet.how.steps) == (Way.FORMULAS, parameters, steps)
    assert bool(config) == ("what the config describes" in (sheet.reason or ""))


def test_a_forward_pass_by_matrices_is_no_table_with_the_reason() -> None:
    report = checked("matrix_blocks_mlp.xlsx")
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.NO_TABLE]
    assert "forward only" in (report.reason or "")


def test_a_missing_rate_is_found_without_a_config_too() -> None:
    (sheet,) = checked("linear_sgd_eta_left_out_in_one.xlsx").sheets
    (finding,) = sheet.mistakes
    assert (finding.quantity, finding.cells, finding.cause) == ("new a", "I4:I11", "η (B1) is missing")


def test_a_wrong_delta_is_found_where_headers_name_weights_by_their_ends() -> None:
    (sheet,) = checked("weights_by_ends_update_rows.xlsx").sheets
    assert sheet.verdict is Verdict.FINDINGS
    assert (sheet.judged, sheet.right) == (3, 1)
    (finding,) = sheet.mistakes
    assert {column for _, column in finding.places} == {11}
    assert (finding.cause or "").endswith("(J3) is used instead of d q (I3)")


def test_an_update_typed_over_the_forward_pass_is_named() -> None:
    (finding,) = (finding for sheet in checked("update_over_h1.xlsx").sheets for finding in sheet.mistakes)
    assert (finding.quantity, finding.cause) == ("h1", "this is the update formula of w5 from row 4 on")


def test_a_missing_rate_is_not_blamed_on_the_other_update() -> None:
    report = checked("linear_sgd_eta_left_out_in_one.xlsx", "linear_sgd.yaml")
    (finding,) = (finding for sheet in report.sheets for finding in sheet.mistakes)
    assert (finding.quantity, finding.cause) == ("slope+", "η is missing")


@pytest.mark.parametrize(
    ("name", "config", "cell"),
    [
        ("rows-of-errors/one-parameter-div0.xlsx", "rows-of-errors/onew.yaml", "B3"),
        ("rows-of-errors/adam-timestep-minus-1.xlsx", "rows-of-errors/adamc.yaml", "B3"),
        ("rows-of-errors/control-network-div0.xlsx", "", "A8"),
    ],
)
def test_rows_of_errors_are_findings(name: str, config: str, cell: str) -> None:
    (sheet,) = checked(name, config).sheets
    assert sheet.verdict is Verdict.FINDINGS
    assert sheet.mistakes[0].cells.startswith(cell)
