"""Sheets of every optimizer by hand: right ones as courses lay them out, and the slips of update rules by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from openpyxl.cell import MergedCell

import tracer
from tests.hand import Cells, Value, book, table
from tests.homework import write
from tests.places import ROOT, SHARED, needs_shared
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import BookReport, Finding, SheetReport, Verdict, Way
from tracer.grading.options import Options
from tracer.model import naming
from tracer.tables.optimizers import OPTIMIZERS
from tracer.workbook.trace.formulas import FIRST_ROW, HEADER_ROW

STEPS = 6
Columns = Mapping[str, tuple[Value, str | None]]
"""Header → the first row's value or formula, and that of the others, as `hand.table` takes them."""

_START: Columns = {"t": (1, "={t-1}+1")}
_LOSS: Columns = {"f": ("={theta}^2", None), "g": ("=2*{theta}", None)}


def _rule(update: str, **states: tuple[str, str | None]) -> Columns:
    """The columns of one parameter. update, states: formulas; of a state, that of the first row too."""
    return {**_START, "theta": (5, f"={{theta-1}}{update}"), **_LOSS, **states}


_M = ("=(1-0.9)*{g}", "=0.9*{m-1}+(1-0.9)*{g}")
_V = ("=(1-0.999)*{g}^2", "=0.999*{v-1}+(1-0.999)*{g}^2")
_HATS: Mapping[str, tuple[str, None]] = {"m_hat": ("={m}/(1-0.9^{t})", None), "v_hat": ("={v}/(1-0.999^{t})", None)}
_STEP = "-0.1*{m_hat-1}/(SQRT({v_hat-1})+0.00000001)"

RULES: dict[str, Columns] = {
    "momentum": _rule("-0.1*{v-1}", v=("={g}", "=0.9*{v-1}+{g}")),
    "momentum_ema": _rule("-0.1*{v-1}", v=("=(1-0.9)*{g}", "=0.9*{v-1}+(1-0.9)*{g}")),
    "nesterov": _rule("-0.1*({g-1}+0.9*{v-1})", v=("={g}", "=0.9*{v-1}+{g}")),
    "adagrad": _rule("-0.1*{g-1}/(SQRT({s-1})+1E-10)", s=("={g}^2", "={s-1}+{g}^2")),
    "rmsprop": _rule("-0.1*{g-1}/(SQRT({s-1})+1E-8)", s=("=0.01*{g}^2", "=0.99*{s-1}+0.01*{g}^2")),
    "adadelta": _rule("-0.1*{d-1}",
        s=("=0.1*{g}^2", "=0.9*{s-1}+0.1*{g}^2"),
        d=("=SQRT(0.000001)/SQRT({s}+0.000001)*{g}", "=SQRT({u-1}+0.000001)/SQRT({s}+0.000001)*{g}"),
        u=("=0.1*{d}^2", "=0.9*{u-1}+0.1*{d}^2")),
    "adam": _rule(_STEP, m=_M, v=_V, **_HATS),
    "adamw": _rule("*(1-0.1*0.01)" + _STEP, m=_M, v=_V, **_HATS),
    "amsgrad": _rule(_STEP, m=_M, v=_V, v_max=("={v}", "=MAX({v_max-1},{v})"),
        m_hat=_HATS["m_hat"], v_hat=("={v_max}/(1-0.999^{t})", None)),
    "adamax": _rule("-0.1*{m_hat-1}/{u-1}", m=_M,
        u=("=ABS({g})+0.00000001", "=MAX(0.999*{u-1},ABS({g})+0.00000001)"), m_hat=_HATS["m_hat"]),
    "lion": _rule("-0.1*SIGN({c-1})", c=("=(1-0.9)*{g}", "=0.9*{m-1}+(1-0.9)*{g}"),
        m=("=(1-0.99)*{g}", "=0.99*{m-1}+(1-0.99)*{g}")),
}  # fmt: skip
"""A rule by hand: a column each for the parameter, the loss, its gradient and every state."""


def checked(columns: Columns | Cells, optimizer: str, folder: Path, **config: object) -> SheetReport:
    cells = columns if "A1" in columns else table("A1", columns, STEPS)  # type: ignore[arg-type]
    (folder / "lab.yaml").write_text(
        yaml.safe_dump({"parameters": {"theta": 5}, "equations": "f = theta^2", "minimize": "f", "optimizer": optimizer,
                        "learning_rate": 0.1, "iterations": STEPS, **config}), encoding="utf-8")  # fmt: skip
    path = write(book(("Sheet", cells)), folder / "homework.xlsx")  # type: ignore[arg-type]
    report = check_workbook(path, Options(folder / "lab.yaml"))
    assert report.readable, report.reason
    return report.sheets[0]


def right(sheet: SheetReport, judged: int) -> None:
    assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings]
    assert (sheet.judged, sheet.not_judged, sheet.unmatched) == (judged, (), ())


def only(sheet: SheetReport) -> Finding:
    (finding,) = sheet.mistakes
    return finding


def without(columns: Columns, *inlined: str) -> Columns:
    """The columns with some of them put into the formulas that use them."""
    found = dict(columns)
    for name in inlined:
        first, _ = found.pop(name)
        body = str(first)[1:]
        before = body.replace("}", "-1}")
        found = {
            other: (_put(one, name, body, before), None if others is None else str(_put(others, name, body, before)))
            for other, (one, others) in found.items()
        }
    return found


def _put(formula: Value, name: str, body: str, before: str) -> Value:
    if not isinstance(formula, str):
        return formula
    return formula.replace(f"{{{name}}}", f"({body})").replace(f"{{{name}-1}}", f"({before})")


@pytest.mark.parametrize("optimizer", RULES)
def test_a_rule_by_hand(optimizer: str, tmp_path: Path) -> None:
    right(checked(RULES[optimizer], optimizer, tmp_path), len(RULES[optimizer]) - 1)


@pytest.mark.parametrize("optimizer", RULES)
def test_a_rule_by_hand_without_a_config_has_no_mistakes(optimizer: str, tmp_path: Path) -> None:
    path = write(book(("Sheet", table("A1", RULES[optimizer], STEPS))), tmp_path / "homework.xlsx")
    (sheet,) = check_workbook(path).sheets
    assert (sheet.mistakes, sheet.verdict in (Verdict.RIGHT, Verdict.NO_TABLE)) == ([], True)


IN_BOOKS = {
    "+ η·g": ("momentum", "-{v-1}", ("=0.1*{g}", "=0.9*{v-1}+0.1*{g}")),
    "− η·g": ("momentum", "+{v-1}", ("=-0.1*{g}", "=0.9*{v-1}-0.1*{g}")),
    "average": ("momentum_ema", "-{v-1}", ("=0.1*(1-0.9)*{g}", "=0.9*{v-1}+0.1*(1-0.9)*{g}")),
}


@pytest.mark.parametrize("form", IN_BOOKS)
def test_a_momentum_that_includes_the_rate(form: str, tmp_path: Path) -> None:
    optimizer, update, v = IN_BOOKS[form]
    right(checked(_rule(update, v=v), optimizer, tmp_path), 4)
    finding = only(checked(_rule(update, v=(v[0], v[1].replace("{g}", "{g-1}"))), optimizer, tmp_path))
    assert (finding.quantity, finding.slip) == ("v_theta", "previous_row")


SLIPS = [
    # the parameter's own column, or that of a state; what stands in its formula, and in place of it; the slip
    ("adam", "m_hat", "/(1-0.9^{t})", "", "m̂_theta", "bias_correction_missing"),
    ("adam", "v_hat", "/(1-0.999^{t})", "", "v̂_theta", "bias_correction_missing"),
    ("adam", "m_hat", "0.9^{t}", "0.9", "m̂_theta", "exponent_missing"),
    ("adam", "v_hat", "{t}", "({t}-1)", "v̂_theta", "count_shifted"),
    ("adam", "m_hat", "{t}", "({t}+1)", "m̂_theta", "count_shifted"),
    ("adam", "m_hat", "1-0.9^{t}", "(1-0.9)^{t}", "m̂_theta", "exponent_of_difference"),
    ("adam", "v_hat", "0.999", "0.9", "v̂_theta", "wrong_index"),
    ("adam", "m_hat", "{m}", "{v}", "m̂_theta", "wrong_quantity"),
    ("adam", "theta", "SQRT({v_hat-1})+0.00000001", "SQRT({v_hat-1}+0.00000001)", "theta", "term_under_root"),
    ("adam", "theta", "SQRT({v_hat-1})", "{v_hat-1}", "theta", "function_missing"),
    ("adam", "theta", "{m_hat-1}/(SQRT({v_hat-1})", "{v_hat-1}/(SQRT({m_hat-1})", "theta", "quantities_swapped"),
    ("adam", "theta", "{m_hat-1}", "{m-1}", "theta", "wrong_quantity"),
    ("adam", "theta", "-0.1", "+0.1", "theta", "plus_for_minus"),
    ("adam", "v", "{g}^2", "{g}", "v_theta", "exponent_missing"),
    ("adam", "v", "(1-0.999)*{g}^2", "((1-0.999)*{g})^2", "v_theta", "exponent_of_product"),
    ("adam", "m", "(1-0.9)*{g}", "{g}", "m_theta", "factor_missing"),
    ("adamw", "theta", "*(1-0.1*0.01)", "", "theta", "factor_missing"),
    ("adamw", "m", "{g}", "({g}+0.01*{theta})", "m_theta", "weight_decay_coupled"),
    ("rmsprop", "theta", "SQRT({s-1})+1E-8", "SQRT({s-1}+1E-8)", "theta", "term_under_root"),
    ("rmsprop", "theta", "SQRT({s-1})", "{s-1}", "theta", "function_missing"),
    ("adagrad", "theta", "SQRT({s-1})+1E-10", "SQRT({s-1}+1E-10)", "theta", "term_under_root"),
    ("adadelta", "d", "SQRT({s}+0.000001)", "(SQRT({s})+0.000001)", "d_theta", "term_beside_root"),
    ("momentum", "v", "+{g}", "-{g}", "v_theta", "sign_of_part_flipped"),
    ("momentum", "theta", "-0.1*{v-1}", "+0.1*{v-1}", "theta", "plus_for_minus"),
    ("momentum", "theta", "{v-1}", "{g-1}", "theta", "wrong_quantity"),
    ("momentum_ema", "v", "(1-0.9)*{g}", "{g}", "v_theta", "factor_missing"),
    ("nesterov", "theta", "({g-1}+0.9*{v-1})", "{v-1}", "theta", "look_ahead_missing"),
    ("lion", "theta", "SIGN({c-1})", "{c-1}", "theta", "function_missing"),
    ("adamax", "m_hat", "/(1-0.9^{t})", "", "m̂_theta", "bias_correction_missing"),
    ("amsgrad", "v_hat", "{v_max}", "{v}", "v̂_theta", "wrong_quantity"),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "column", "old", "new", "quantity", "slip"), SLIPS)
def test_a_slip_in_a_rule(
    optimizer: str, column: str, old: str, new: str, quantity: str, slip: str, tmp_path: Path
) -> None:
    first, others = RULES[optimizer][column]
    planted = first.replace(old, new) if isinstance(first, str) else first, others and others.replace(old, new)
    assert planted != RULES[optimizer][column]
    finding = only(checked({**RULES[optimizer], column: planted}, optimizer, tmp_path))
    assert finding.why
    assert (finding.quantity, finding.why.slip) == (quantity, slip), finding.cause


ADAM = RULES["adam"]
INLINED = without(ADAM, "m_hat", "v_hat")


def test_corrected_moments_without_a_column(tmp_path: Path) -> None:
    right(checked(INLINED, "adam", tmp_path), 5)


@pytest.mark.parametrize(
    ("old", "new", "slip", "said"),
    [
        ("/(1-0.9^{t-1})", "", "bias_correction_missing", "by 1 − beta1^iteration[−1]"),
        ("/(1-0.999^{t-1})", "", "bias_correction_missing", "by 1 − beta2^iteration[−1]"),
        ("0.9^{t-1}", "0.9", "exponent_missing", "the exponent iteration[−1] of beta1 is missing"),
        ("{t-1}", "({t-1}-1)", "count_shifted", "iteration[−1] − 1 is used instead of iteration[−1]"),
        ("{t-1}", "{t}", "next_row", "takes iteration[−1] from the next row"),
        (")+0.00000001)", "+0.00000001))", "term_under_root", "eps is under the root of v_theta[−1]/(1 − beta2^"),
    ],
)
def test_a_slip_where_the_corrected_moments_have_no_column(
    old: str, new: str, slip: str, said: str, tmp_path: Path
) -> None:
    first, others = INLINED["theta"]
    assert others
    assert old in others
    finding = only(checked({**INLINED, "theta": (first, others.replace(old, new))}, "adam", tmp_path))
    assert finding.why
    assert (finding.quantity, finding.why.slip) == ("theta", slip)
    assert said in finding.why.sentence


def test_both_corrections_left_out_are_one_slip(tmp_path: Path) -> None:
    first, others = INLINED["theta"]
    assert others
    plain = others.replace("/(1-0.9^{t-1})", "").replace("/(1-0.999^{t-1})", "")
    finding = only(checked({**INLINED, "theta": (first, plain)}, "adam", tmp_path))
    divisors = "1 − beta1^iteration[−1] and by 1 − beta2^iteration[−1]"
    assert finding.cause == f"the bias correction is missing: the division by {divisors}"


@pytest.mark.parametrize("columns", [ADAM, INLINED], ids=["m_hat", "inlined"])
def test_rows_counted_from_0(columns: Columns, tmp_path: Path) -> None:
    from_0 = {
        name: (first.replace("{t}", "({t}+1)") if isinstance(first, str) else first,
               others and others.replace("^{t}", "^({t}+1)").replace("^{t-1}", "^({t-1}+1)"))
        for name, (first, others) in columns.items()
    } | {"t": (0, "={t-1}+1")}  # fmt: skip
    right(checked(from_0, "adam", tmp_path), len(columns) - 1)
    as_from_1 = {**columns, "t": (0, "={t-1}+1")}
    if columns is INLINED:
        finding = only(checked(as_from_1, "adam", tmp_path))
        assert finding.cause == "iteration[−1] is used instead of iteration[−1] + 1"


SPELLINGS = [
    {}, {"t": "iteration", "g": "df/dtheta", "m": "m_theta", "v": "v_theta", "m_hat": "m_hat_theta"},
    {"t": "k", "theta": "θ", "g": "grad", "m": "m_t", "v": "v_t", "m_hat": "m̂", "v_hat": "v̂"},
    {"t": "Timestep", "g": "gradient", "m_hat": "m̂_t", "v_hat": "vhat"},
]  # fmt: skip


@pytest.mark.parametrize("spelled", SPELLINGS, ids=lambda spelled: " ".join(spelled.values()) or "t g m v m_hat v_hat")
def test_headers_of_papers_and_courses(spelled: Mapping[str, str], tmp_path: Path) -> None:
    cells = {
        where: spelled.get(value, value) if isinstance(value, str) else value
        for where, value in table("A1", ADAM, STEPS).items()
    }
    right(checked(cells, "adam", tmp_path), 7)


def test_settings_in_labeled_cells_beside_the_headers(tmp_path: Path) -> None:
    labels: Cells = {
        "J1": "learning rate",
        "K1": 0.1,
        "J2": "β1",
        "K2": 0.9,
        "J3": "β2",
        "K3": 0.999,
        "J4": "ε",
        "K4": 1e-8,
    }
    columns = dict(ADAM)
    typed = {"1-0.9)": "1-$K$2)", "=0.9*": "=$K$2*", "0.9^": "$K$2^", "0.999": "$K$3", "0.1*": "$K$1*"}
    typed["0.00000001"] = "$K$4"
    for name, (first, others) in ADAM.items():
        for number, cell in typed.items():
            first = first.replace(number, cell) if isinstance(first, str) else first
            others = others and others.replace(number, cell)
        columns[name] = first, others
    right(checked(table("A1", columns, STEPS) | labels, "adam", tmp_path), 7)


LATER: Mapping[str, Columns] = {
    "the gradient of the row above": {"theta": (5, "={theta-1}-0.1*{m_hat}/(SQRT({v_hat})+0.00000001)"),
        "f": ("={theta}^2", None), "g": ("=2*{theta}", None),
        "m": (0, "=0.9*{m-1}+(1-0.9)*{g-1}"), "v": (0, "=0.999*{v-1}+(1-0.999)*{g-1}^2")},
    "the weight of the row above": {"theta": (5, "={theta-1}-0.1*{m_hat}/(SQRT({v_hat})+0.00000001)"),
        "f": (None, "={theta-1}^2"), "g": (None, "=2*{theta-1}"),
        "m": (0, "=0.9*{m-1}+(1-0.9)*{g}"), "v": (0, "=0.999*{v-1}+(1-0.999)*{g}^2")},
}  # fmt: skip
"""The first row has what the run starts from: t = 0, and moments of 0."""
_LATER_HATS: Columns = {"m_hat": (None, "={m}/(1-0.9^{t})"), "v_hat": (None, "={v}/(1-0.999^{t})")}


@pytest.mark.parametrize("layout", LATER)
@pytest.mark.parametrize("start", [0, None])
def test_a_first_row_with_the_start_of_the_run(layout: str, start: float | None, tmp_path: Path) -> None:
    columns: dict[str, tuple[Value, str | None]] = {"t": (0, "={t-1}+1"), **LATER[layout], **_LATER_HATS}
    columns |= {name: (start, columns[name][1]) for name in "mv"}
    right(checked(columns, "adam", tmp_path), 7)
    columns["m_hat"] = None, "={m}/(1-0.9)"
    finding = only(checked(columns, "adam", tmp_path))
    assert (finding.quantity, finding.why and finding.why.slip) == ("m̂_theta", "exponent_missing")


def test_the_states_of_a_single_step_are_judged(tmp_path: Path) -> None:
    right(checked(table("A1", ADAM, 1), "adam", tmp_path), 7)
    wrong = {**ADAM, "m": ("=0.9*{g}", None)}
    sheet = checked(table("A1", wrong, 1), "adam", tmp_path)
    assert [(f.quantity, f.cells) for f in sheet.mistakes] == [("m_theta", "E2")]


CASES = SHARED / "cases" / "check"


@needs_shared("cases")
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("adam/counts-from-0", []),
        ("adam/names-t-g-m-v", []),
        ("adam/no-correction", [("theta", "bias_correction_missing")]),
        ("adam/eps-inside-root", [("theta", "term_under_root")]),
        ("adam/m-hat-without-power", [("m̂_theta", "exponent_missing")]),
        ("rows-of-errors/adam-timestep-minus-1", [("theta", "count_shifted")]),
    ],
)
def test_the_cases(name: str, found: list[tuple[str, str]]) -> None:
    report = check_workbook(CASES / f"{name}.xlsx", Options(CASES / "adam" / "adamc.yaml"))
    (sheet,) = report.sheets
    assert [(f.quantity, f.why and f.why.slip) for f in sheet.mistakes] == found
    assert (report.score == 100) == (not found)


# -------------------------------------------------------------------------------- our own sheets, with and without config

RUN = {
    "inputs": [0.05, 0.1],
    "targets": [0.01, 0.99],
    "layers": [{"name": "h", "neurons": 2}, {"name": "o", "neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55],
    "biases": {"h": 0.35, "o": 0.6},
    "learning_rate": 0.1,
    "iterations": 6,
}
EVERY = [*OPTIMIZERS, {"name": "momentum", "dampening": 0.5}, {"name": "adamw", "weight_decay": 0.2},
         {"name": "sgd", "weight_decay": 0.1}]  # fmt: skip


def only_table(report: BookReport) -> SheetReport:
    assert report.readable, report.reason
    (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
    return sheet


def exported(config: Mapping[str, Any], folder: Path) -> Path:
    (folder / "lab.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    tracer.run(folder / "lab.yaml").to_excel(folder / "own.xlsx")
    return folder / "own.xlsx"


@pytest.mark.parametrize("optimizer", EVERY, ids=str)
def test_the_sheet_of_a_run_is_right_with_and_without_its_config(optimizer: object, tmp_path: Path) -> None:
    path = exported({**RUN, "optimizer": optimizer}, tmp_path)
    for options in (Options(tmp_path / "lab.yaml"), None):
        sheet = only_table(check_workbook(path, options))
        assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings]
        assert (sheet.not_judged, sheet.unmatched) == ((), ())


@pytest.mark.parametrize("config", ["deep", "iris", "xor", "regression", "layer-normalisation", "rnn"])
def test_the_sheet_of_any_network_is_right_without_its_config(config: str, tmp_path: Path) -> None:
    tracer.run(ROOT / "configs" / f"{config}.yaml", iterations=3).to_excel(tmp_path / "own.xlsx")
    sheets = [sheet for sheet in check_workbook(tmp_path / "own.xlsx").sheets if sheet.verdict is not Verdict.NO_TABLE]
    assert sheets
    for sheet in sheets:
        assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings]


def test_numbers_of_a_run_may_be_changed_and_slips_are_found(tmp_path: Path) -> None:
    path = exported({**RUN, "optimizer": "adam"}, tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = book["η = 0.1"]
    columns = {cell.value: cell.column for cell in sheet[HEADER_ROW]}
    sheet.cell(FIRST_ROW, columns["w1"]).value = 0.7  # the yellow cells invite to it
    book.save(path)
    assert only_table(check_workbook(path)).verdict is Verdict.RIGHT
    for row in range(FIRST_ROW, FIRST_ROW + 6):
        cell = sheet.cell(row, columns["m̂_w3"])
        cell.value = re.sub(r"\^A\d+", "", str(cell.value))
    book.save(path)
    finding = only(only_table(check_workbook(path)))
    assert (finding.quantity, finding.why and finding.why.slip) == ("m̂_w3", "exponent_missing")


STATES = tuple({f"{naming.state_word(word)}_" for rule in OPTIMIZERS.values() for word in rule.columns} - {"a_"})
OTHERS = [optimizer for optimizer in EVERY if optimizer != "sgd"]


ALONE = [
    pytest.param(optimizer, kept, marks=() if kept == "values" or optimizer == "adam" else pytest.mark.long)
    for optimizer in OTHERS
    for kept in ("formulas", "values")
]
WITHOUT_STATES = [
    pytest.param(optimizer, "values without states", marks=() if optimizer == "momentum" else pytest.mark.long)
    for optimizer in OTHERS
    if optimizer != "lion"  # its steps of ±η alone look like rounded weights
]


@pytest.mark.parametrize(("optimizer", "kept"), [*ALONE, *WITHOUT_STATES], ids=str)
def test_another_optimizer_without_a_config_is_no_table(optimizer: object, kept: str, tmp_path: Path) -> None:
    """The sheet of a run by itself: nothing but its formulas says what its updates should be."""
    path = exported({**RUN, "optimizer": optimizer, "iterations": 8}, tmp_path)
    book = openpyxl.load_workbook(path, data_only=kept != "formulas")
    sheet = book["η = 0.1"]
    for title in book.sheetnames:
        if title != sheet.title:
            del book[title]
    if kept == "values without states":
        for column in range(sheet.max_column, 0, -1):
            if str(sheet.cell(HEADER_ROW, column).value).startswith(STATES):
                sheet.delete_cols(column)
        for row in range(1, HEADER_ROW):  # the labels of the settings
            for cell in sheet[row][2:]:
                if not isinstance(cell, MergedCell):
                    cell.value = None
    book.save(tmp_path / "alone.xlsx")
    report = check_workbook(tmp_path / "alone.xlsx")
    (alone,) = report.sheets
    if kept == "formulas" and alone.verdict is not Verdict.NO_TABLE:  # these tell some optimizers
        assert alone.how is not None
        assert (alone.how.way, alone.verdict, alone.mistakes) == (Way.FORMULAS, Verdict.RIGHT, [])
        return
    assert alone.verdict is Verdict.NO_TABLE, [(f.quantity, f.cause) for f in alone.findings]
    assert report.reason
    assert "--config" in report.reason


@pytest.mark.parametrize("optimizer", ["momentum", pytest.param("adadelta", marks=pytest.mark.long), "lion"])
def test_a_slip_in_a_gradient_of_another_optimizer_is_named_without_a_config(optimizer: str, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(exported({**RUN, "optimizer": optimizer, "iterations": 8}, tmp_path))
    sheet = book["η = 0.1"]
    for title in book.sheetnames:
        if title != sheet.title:
            del book[title]
    (column,) = (cell.column for cell in sheet[HEADER_ROW] if cell.value == "∂E/∂w6")
    for (cell,) in sheet.iter_rows(FIRST_ROW, min_col=column, max_col=column):
        cell.value = cell.value and str(cell.value).replace("*N", "*L")
    book.save(tmp_path / "alone.xlsx")
    finding = only(only_table(check_workbook(tmp_path / "alone.xlsx")))
    assert (finding.quantity, finding.slip) == ("∂E/∂w6", "wrong_quantity")


def test_a_slip_in_all_updates_of_plain_gradient_descent_is_still_named(tmp_path: Path) -> None:
    path = exported(RUN, tmp_path)
    book = openpyxl.load_workbook(path)
    sheet = book["η = 0.1"]
    for title in book.sheetnames:
        if title != sheet.title:
            del book[title]
    for row in sheet.iter_rows(min_row=FIRST_ROW + 1):
        for cell in row:
            if "-$B$1*" in str(cell.value):
                cell.value = cell.value.replace("-$B$1*", "+$B$1*")
    book.save(tmp_path / "alone.xlsx")
    mistakes = only_table(check_workbook(tmp_path / "alone.xlsx")).mistakes
    assert {f.slip for f in mistakes} == {"plus_for_minus"}


@pytest.mark.parametrize("target", ["y", "y1", "t1", "expected", "y_true"])
@pytest.mark.parametrize("named", ["t", "goal"])
def test_a_config_may_name_its_data_otherwise(named: str, target: str, tmp_path: Path) -> None:
    """Its inputs and targets are those of the headers, in their order."""
    config = {
        "inputs": {"p": 0.05, "q": 0.1}, "targets": {named: 0.9}, "layers": [{"neurons": 2}, {"neurons": 1}],
        "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45], "learning_rate": 0.5, "iterations": 6, "columns": "compact",
    }  # fmt: skip
    path = exported(config, tmp_path)
    book = openpyxl.load_workbook(path)
    for title in book.sheetnames:
        if title != "η = 0.5":
            del book[title]
    for cell in book["η = 0.5"][HEADER_ROW]:
        cell.value = {"p": "x1", "q": "x2", named: target}.get(str(cell.value), cell.value)
    book.save(path)
    sheet = only_table(check_workbook(path, Options(tmp_path / "lab.yaml")))
    assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings]
