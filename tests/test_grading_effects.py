"""What a mistake does to the final loss, and from where a trajectory departs: held against the sheet's own numbers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import tracer
from tests.hand import Cells, Value, book, table
from tests.homework import CONFIG, MISTAKES, Homework, Layout, homework, write
from tests.test_grading_batches import SLIPS, exported, lab, slipped
from tests.test_grading_right import FIXED, RATE, checked, classic, layers
from tracer.formulas.tree import Name, names, replace
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import SheetReport
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.grading.slips.trajectory import walked

Columns = dict[str, tuple[Value, str | None]]


def assert_told(sheet: SheetReport) -> None:
    """The one mistake's effect is what the sheet's last loss is away from the right one."""
    (finding,) = sheet.mistakes
    assert sheet.departure is not None
    apart = sheet.departure.final_loss - sheet.departure.right_final_loss
    assert apart
    assert finding.effect == pytest.approx(apart, rel=1e-6, abs=1e-14), finding.cause


def handed_in(hw: Homework, folder: Path) -> SheetReport:
    return check_workbook(write(hw.book(), folder / "homework.xlsx")).sheets[0]


@pytest.mark.parametrize("updates", ["row", "same row", pytest.param("steps", marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["neighbour", "factor missing", "half", "factor twice", "other row", "sign"])
def test_a_single_mistake_s_effect_is_what_the_sheet_shows(kind: str, updates: str, tmp_path: Path) -> None:
    hw = homework(Layout(steps=8, updates=updates))
    right = dict(hw.formulas)
    for seed in range(50):  # until it is in a gradient or in an update
        hw.formulas, hw.edges, hw.texts = dict(right), {}, {}
        planted = MISTAKES[kind](hw, random.Random(seed))
        if planted and planted.quantity[0] in "∂wΔ":
            break
    assert_told(handed_in(hw, tmp_path))


def test_softmax(tmp_path: Path) -> None:
    values = {**layers("sigmoid", "softmax"), "loss": "cross_entropy", "targets": [0.0, 1.0]}
    hw = homework(Layout(steps=8, values=values))
    hw.formulas["∂E/∂w7"] = hw.formulas["∂E/∂w8"]
    assert_told(handed_in(hw, tmp_path))


def other_sign() -> Columns:
    """The classic table, its gradients with the opposite sign and added."""
    columns: Columns = dict(classic())
    for n in range(1, 9):
        slope, weight = columns[f"dw{n}"], columns[f"w{n}"]
        columns[f"dw{n}"] = (f"=-({str(slope[0])[1:]})", f"=-({str(slope[1])[1:]})")
        columns[f"w{n}"] = (weight[0], str(weight[1]).replace("-{eta}", "+{eta}"))
    return columns


def with_slip(columns: Columns, name: str, old: str, new: str) -> Cells:
    first, others = columns[name]
    assert old in str(others)
    changed = (first.replace(old, new) if isinstance(first, str) else first, str(others).replace(old, new))
    return table("B4", {**columns, name: changed}, 12, FIXED) | RATE


@pytest.mark.parametrize(("name", "old", "new"), [
    ("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})"), ("dw7", "{ah1}", "{ah2}"), ("w4", "{eta}*", ""),
])  # fmt: skip
def test_gradients_with_the_other_sign(name: str, old: str, new: str, tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", with_slip(other_sign(), name, old, new))), tmp_path)
    assert "opposite sign" in str(sheet.network)
    assert_told(sheet)


@pytest.mark.parametrize(("name", "old", "new"), [
    ("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})"), ("dw7", "{ah1}", "{ah2}"), ("w4", "{eta}*", ""),
])  # fmt: skip
def test_weights_stored_after_their_update(name: str, old: str, new: str, tmp_path: Path) -> None:
    (sheet,) = checked(book(("S", with_slip(dict(classic(late=True)), name, old, new))), tmp_path)
    assert_told(sheet)
    assert sheet.departure is not None
    assert sheet.departure.row == 6


def test_the_next_row_s_weights_in_a_gradient(tmp_path: Path) -> None:
    hw = homework(Layout(steps=9))
    right = hw.formulas["∂E/∂w1"]
    hw.formulas["∂E/∂w1"] = replace(right, {n: Name(n.name, -1) for n in names(right) if n.name[0] == "w"})
    hw.edges["∂E/∂w1", 8] = right
    sheet = handed_in(hw, tmp_path)
    assert sheet.mistakes[0].cause == "takes the weights (w5, w7) from the next row"
    assert_told(sheet)


def test_what_needs_itself_cannot_be_told() -> None:
    """The next row's w5 depends on this row's ∂E/∂w5, and not on its ∂E/∂w1."""
    model = Model(tracer.assemble(tracer.load(CONFIG)))
    start = {parameter.name: parameter.start for parameter in model.system.parameters}
    rows = Rows({}, start | dict(zip(model.system.data, model.system.samples[0], strict=True)), 5)
    next_row = dict.fromkeys(range(5), Name("w5", -1))
    assert walked(model, rows, 0.5, {"∂E/∂w5": next_row}) is None
    told = walked(model, rows, 0.5, {"∂E/∂w1": next_row})
    assert told is not None
    assert [now["∂E/∂w1"] for now in told[:4]] == [now["w5"] for now in told[1:]]


UPDATES = [("w4", r"-\$B", "+$B"), ("w4", r"^I(?=\d+-)", "H")]
GRADIENTS = [slip[:3] for slip in SLIPS if slip[0].startswith("∂")]


@pytest.mark.parametrize("optimizer", [pytest.param("momentum", marks=pytest.mark.long), "adam"])
@pytest.mark.parametrize("samples", [3, pytest.param(4, marks=pytest.mark.long)])
@pytest.mark.parametrize(("header", "old", "new"), [*GRADIENTS, *UPDATES])
def test_a_mistake_in_batches(header: str, old: str, new: str, samples: int, optimizer: str, tmp_path: Path) -> None:
    own = exported(lab(samples, iterations=6, optimizer=optimizer), tmp_path)
    assert_told(slipped(own, header, old, new))


def test_a_mistake_in_a_column_that_nothing_uses_has_no_effect(tmp_path: Path) -> None:
    """Here the updates take the mean of the samples' gradients themselves."""
    sheet = slipped(exported(lab(), tmp_path), "∂E_batch/∂w3", "AVERAGE", "SUM")
    (finding,) = sheet.mistakes
    assert finding.effect == 0
    assert sheet.departure is not None
    assert sheet.departure.row is None


def test_a_weight_that_is_changed_within_a_batch_has_no_effect_that_could_be_told(tmp_path: Path) -> None:
    sheet = slipped(exported(lab(), tmp_path), "w3", r"^(H\d+)$", r"\1-0.01")
    (finding,) = sheet.mistakes
    assert finding.effect is None
    assert sheet.departure is not None
    assert sheet.departure.row == 5  # the loss of the first batch


# --------------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize("digits", [3, 4, 6])
@pytest.mark.parametrize("intermediate", [False, True])
def test_rounding_alone_is_no_departure(digits: int, intermediate: bool, tmp_path: Path) -> None:
    """Pasted as a spreadsheet shows it, or worked out by hand with the rounded numbers of the rows before."""
    hw = homework(Layout(steps=40))
    if intermediate:
        hw.texts = {name: lambda text: f"ROUND({text},{digits})" for name in hw.computed}
    hw.rounded = dict.fromkeys(hw.computed, digits)
    sheet = handed_in(hw, tmp_path)
    assert not sheet.mistakes, [(f.quantity, f.cells, f.cause) for f in sheet.mistakes]
    assert sheet.departure is not None
    assert sheet.departure.row is None


def test_first_weights_that_are_rounded_themselves(tmp_path: Path) -> None:
    """The weights after a hundred iterations, rounded: the rows that follow were computed from the unrounded ones."""
    hw = homework(Layout(steps=30, values={"weights": [0.1 + n / 7 for n in range(8)]}))
    hw.rounded = {**dict.fromkeys(hw.computed, 5), **{f"w{n}": 5 for n in range(1, 9)}}
    sheet = handed_in(hw, tmp_path)
    assert not sheet.mistakes
    assert sheet.departure is not None
    assert sheet.departure.row is None


def test_a_mistake_s_departure_shows_in_rounded_values(tmp_path: Path) -> None:
    hw = homework(Layout(steps=40))
    hw.formulas["∂E/∂w7"] = hw.formulas["∂E/∂w8"]
    exact = handed_in(hw, tmp_path).departure
    hw.rounded = dict.fromkeys(hw.computed, 6)
    sheet = handed_in(hw, tmp_path)
    assert exact is not None
    assert sheet.departure is not None
    assert sheet.departure.row is not None
    assert exact.row is not None
    assert exact.row <= sheet.departure.row <= exact.row + 2
