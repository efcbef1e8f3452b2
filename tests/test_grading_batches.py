"""Sheets that take their samples in batches: right ones in several layouts, and slips in what belongs to the batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracer
from tests.homework import write
from tracer.grading.book.cells import Book, Cell, Formula, Position, Sheet, reference
from tracer.grading.book.package import read_book
from tracer.grading.book.recalculation import recalculated
from tracer.grading.book.relative import text_at
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Finding, Kind, SheetReport, Verdict
from tracer.grading.options import Options
from tracer.workbook.trace.formulas import FIRST_ROW, HEADER_ROW

CONFIGS = Path(__file__).parents[1] / "configs"
SAMPLES = [([0.1, 0.9], [0.2]), ([0.4, 0.3], [0.8]), ([0.7, 0.6], [0.5]), ([0.2, 0.5], [0.9]), ([0.8, 0.1], [0.4])]


def lab(samples: int = 4, size: int = 2, iterations: int = 4, **other: Any) -> dict[str, Any]:
    """A small network that takes its samples in batches."""
    return {
        "samples": [{"inputs": i, "targets": t} for i, t in SAMPLES[:samples]],
        "update": {"batch_size": size},
        "layers": [{"name": "h", "neurons": 2}, {"name": "o", "neurons": 1}],
        "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45],
        "learning_rate": 0.5,
        "iterations": iterations,
        **other,
    }


@dataclass
class Lab:
    """The sheet of a run, cell by cell, and the config that it is checked with."""

    config: Path
    sheet: Sheet

    @property
    def columns(self) -> Mapping[str, int]:
        return {str(cell.value): column for (row, column), cell in self.sheet.cells.items() if row == HEADER_ROW}

    @property
    def rows(self) -> range:
        return range(FIRST_ROW, max(row for row, column in self.sheet.cells if column == 1) + 1)

    def formula(self, place: Position) -> str:
        """The formula of a cell, "" where it has none."""
        cell = self.sheet.cells.get(place)
        return text_at(cell.formula, place).lstrip("+") if cell and cell.formula else ""

    def with_formulas(self, formulas: Mapping[Position, str | None]) -> Lab:
        """The sheet with other formulas in some cells, or without these cells (None), computed anew."""
        cells = {
            place: Cell(None, cell.formula) if cell.formula and "INDEX" not in cell.formula.text else Cell(cell.value)
            for place, cell in self.sheet.cells.items()
            if formulas.get(place, "") is not None
        }
        cells |= {place: Cell(None, Formula(text, *place)) for place, text in formulas.items() if text is not None}
        (sheet,) = recalculated(Book((Sheet(self.sheet.name, cells),), {})).sheets
        return Lab(self.config, sheet)

    def rewritten(self, change: Callable[[str], str], headers: Iterable[str] = ()) -> Lab:
        """The sheet with every formula changed, or those under some headers."""
        chosen = {self.columns[header] for header in headers}
        changed = {
            place: change(text)
            for place in self.sheet.cells
            if (text := self.formula(place)) and (not chosen or place[1] in chosen) and change(text) != text
        }
        assert changed, headers
        return self.with_formulas(changed)

    def pasted(self, digits: int) -> Lab:
        """The values alone, rounded."""
        cells = {
            place: Cell(round(cell.value, digits) if isinstance(cell.value, float) else cell.value)
            for place, cell in self.sheet.cells.items()
        }
        return Lab(self.config, Sheet(self.sheet.name, cells))

    def checked(self) -> SheetReport:
        path = write(Book((self.sheet,), {}), self.config.with_suffix(".xlsx"))
        report = check_workbook(path, Options(config=self.config))
        assert report.readable, report.reason
        (sheet,) = report.sheets
        return sheet


def exported(config: Mapping[str, Any], folder: Path, columns: str = "compact") -> Lab:
    """Our own sheet of a config."""
    path = folder / "lab.yaml"
    path.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    tracer.run(path, columns=columns).to_excel(folder / "own.xlsx")
    (sheet,) = (sheet for sheet in read_book(folder / "own.xlsx").sheets if sheet.name.startswith("η"))
    return Lab(path, sheet)


def assert_right(sheet: SheetReport) -> None:
    assert not sheet.mistakes, [(f.quantity, f.cells, f.cause, f.theirs, f.right) for f in sheet.mistakes[:3]]
    assert sheet.verdict is Verdict.RIGHT
    assert not sheet.not_judged
    assert not sheet.unmatched


def only(sheet: SheetReport) -> Finding:
    (finding,) = sheet.mistakes
    return finding


# ------------------------------------------------------------------------------------------------ right sheets


@pytest.mark.parametrize("columns", ["compact", "full"])
@pytest.mark.parametrize(("config", "iterations"), [("xor", 8), ("iris", 20)])
def test_our_own_workbooks_of_batches_are_right(config: str, iterations: int, columns: str, tmp_path: Path) -> None:
    path = CONFIGS / f"{config}.yaml"
    tracer.run(path, iterations=iterations, columns=columns).to_excel(tmp_path / "own.xlsx")
    report = check_workbook(tmp_path / "own.xlsx", Options(config=path))
    sheets = [sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE]
    assert sheets
    for sheet in sheets:
        assert_right(sheet)


@st.composite
def labs(draw: st.DrawFn) -> dict[str, Any]:
    samples = draw(st.integers(2, 5))
    config = lab(samples, draw(st.integers(2, samples)), draw(st.integers(2, 4)))
    config["reduction"] = draw(st.sampled_from(["mean", "sum"]))
    config["optimizer"] = draw(st.sampled_from(["sgd", "momentum", "nesterov", "adam"]))
    config |= draw(st.sampled_from([{}, {"clip": {"norm": 0.01}}, {"clip": {"value": 0.003}}]))
    config |= draw(st.sampled_from([{}, {"biases": {"h": 0.35, "o": 0.6}}, {"biases": {"h": [0.1, 0.2], "o": [0.3]}}]))
    config |= draw(st.sampled_from([{}, {"order": "shuffled", "seed": 3}, {"learning_rate": "0.5/k"}]))
    return config


FOLDERS = [HealthCheck.function_scoped_fixture]


FEW, MANY = (
    settings(max_examples=count, database=None, deadline=None, suppress_health_check=FOLDERS) for count in (8, 40)
)


@FEW
@given(config=labs(), columns=st.sampled_from(["compact", "full"]))
def test_any_lab_is_right(config: dict[str, Any], columns: str, tmp_path: Path) -> None:
    hold_right(config, columns, tmp_path)


@pytest.mark.long
@MANY
@given(config=labs(), columns=st.sampled_from(["compact", "full"]))
def test_many_labs_are_right(config: dict[str, Any], columns: str, tmp_path: Path) -> None:
    hold_right(config, columns, tmp_path)


def hold_right(config: dict[str, Any], columns: str, tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    tracer.run(path, columns=columns).to_excel(tmp_path / "own.xlsx")
    report = check_workbook(tmp_path / "own.xlsx", Options(config=path))
    (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
    assert_right(sheet)
    computed = [name for name in sheet.recognised if name not in ("iteration", "sample")]
    assert sheet.judged == len(computed)


def _spelt(text: str, form: str) -> str:
    """Means over a range by other formulas."""

    def other(match: re.Match[str]) -> str:
        column, first, last = match[1], int(match[2]), int(match[3])
        cells = [f"{column}{row}" for row in range(first, last + 1)]
        return form.format(range=f"{column}{first}:{column}{last}", terms="+".join(cells), size=len(cells))

    return re.sub(r"AVERAGE\(([A-Z]+)(\d+):[A-Z]+(\d+)\)", other, text)


@pytest.mark.parametrize(
    "form", ["SUM({range})/{size}", "({terms})/{size}", "1/{size}*SUM({range})", "SUM({terms})/{size}"]
)
@pytest.mark.parametrize("samples", [4, 3])
def test_the_mean_by_other_formulas(form: str, samples: int, tmp_path: Path) -> None:
    assert_right(exported(lab(samples), tmp_path).rewritten(lambda text: _spelt(text, form)).checked())


def shared_columns(own: Lab) -> list[int]:
    """The columns of what there is once a batch, but for the parameters."""
    return [column for name, column in own.columns.items() if re.match(r".*_batch|g_|norm_|v̂?_|m̂?_|u_|η", name)]


def in_last_rows(own: Lab, size: int) -> Lab:
    """The sheet with the batch's quantities in the last row of every batch only."""
    moved: dict[Position, str | None] = {}
    batch = shared_columns(own)
    letters = "|".join(reference((1, column))[:-1] for column in batch)

    def down(text: str) -> str:
        return re.sub(rf"(?<![A-Z$])({letters})(\d+)(?!\d|:)", lambda m: f"{m[1]}{int(m[2]) + size - 1}", text)

    for first in own.rows[::size]:
        for column in batch:
            moved |= {(row, column): None for row in range(first, first + size)}
            moved[first + size - 1, column] = down(own.formula((first, column)))
        for name in own.columns:
            if re.match(r"[wb]", name) and first > FIRST_ROW:
                moved[first, own.columns[name]] = down(own.formula((first, own.columns[name])))
    return own.with_formulas(moved)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_batch_s_quantities_in_its_last_row_or_in_its_first_row_only(optimizer: str, tmp_path: Path) -> None:
    own = exported(lab(optimizer=optimizer, clip={"norm": 0.01}), tmp_path)
    assert_right(in_last_rows(own, 2).checked())
    others = {(row, column): None for row in own.rows[1::2] for column in shared_columns(own)}
    assert_right(own.with_formulas(others).checked())


def test_without_the_batch_s_columns(tmp_path: Path) -> None:
    own = exported(lab(), tmp_path)
    gone = {(row, column): None for row in (HEADER_ROW, *own.rows) for column in shared_columns(own)}
    assert_right(own.with_formulas(gone).checked())


def test_without_the_columns_of_iteration_and_sample(tmp_path: Path) -> None:
    own = exported(lab(3, iterations=5), tmp_path)
    gone = {(row, column): None for row in (HEADER_ROW, *own.rows) for column in (1, 2)}
    assert_right(own.with_formulas(gone).checked())


def test_a_table_that_begins_with_a_later_iteration(tmp_path: Path) -> None:
    """With three samples in batches of two, the batches of its rows are 1, 2, 1, … long: the iterations say so."""
    own = exported(lab(3, iterations=7), tmp_path)
    cut = {place: cell for place, cell in own.sheet.cells.items() if not FIRST_ROW <= place[0] < FIRST_ROW + 2}
    assert_right(Lab(own.config, Sheet(own.sheet.name, cut)).checked())


@pytest.mark.parametrize("samples", [3, 4])
def test_pasted_values_of_batches(samples: int, tmp_path: Path) -> None:
    assert_right(exported(lab(samples, iterations=6), tmp_path).pasted(6).checked())


# ------------------------------------------------------------------------------------------------------ slips


def slipped(own: Lab, header: str, old: str, new: str) -> SheetReport:
    return own.rewritten(lambda text: re.sub(old, new, text), [header]).checked()


UNEVEN, EVEN = {"samples": 3, "iterations": 6}, {"samples": 4, "iterations": 4}
SLIPS = [
    ("∂E/∂w1", r"\(1-K(\d+)\)", r"(1-M\1)", "a_h2 is used instead of a_h1"),
    ("E_batch", "AVERAGE", "SUM", "the sum of E_total is used instead of the mean"),
    ("∂E_batch/∂w3", "AVERAGE", "SUM", "the division by the batch size is missing"),
    ("∂E_batch/∂w2", r"AVERAGE\((\w+):\w+\)", r"\1", "the last sample of the batch is left out"),
    ("∂E_batch/∂w2", r"AVERAGE\(\w+:(\w+)\)", r"\1", "the first sample of the batch is left out"),
    ("∂E_batch/∂w2", r"AVERAGE\((\w+):\w+\)", r"\1/2", "the last sample of the batch is left out"),
    ("∂E_batch/∂w2", r"AVERAGE\((\w+:\w+)\)", r"SUM(\1)/3", "is divided by 3, not by the batch size"),
    ("w4", r"AVERAGE", "SUM", "the division by the batch size is missing"),
    ("w4", r"\$B\$1\*", "", "η is missing"),
    ("w4", r"-\$B", "+$B", "+ is used instead of −"),
]


@pytest.mark.parametrize("layout", [EVEN, UNEVEN])
@pytest.mark.parametrize(("header", "old", "new", "words"), SLIPS)
def test_a_slip_in_a_batch_by_its_name(
    header: str, old: str, new: str, words: str, layout: dict[str, int], tmp_path: Path
) -> None:
    finding = only(slipped(exported(lab(**layout), tmp_path), header, old, new))
    assert finding.quantity == header
    assert words in str(finding.cause), (finding.cause, finding.theirs, finding.right)
    assert finding.theirs != finding.right


def test_another_gradient_s_column_in_a_mean(tmp_path: Path) -> None:
    own = exported(lab(), tmp_path)
    one, other = (reference((1, own.columns[f"∂E/∂w{n}"]))[:-1] for n in (2, 3))
    finding = only(slipped(own, "∂E_batch/∂w2", rf"\b{one}(?=\d)", other))
    assert (finding.quantity, finding.cells) == ("∂E_batch/∂w2", "AB5, AB7, AB9, AB11")
    assert finding.cause == "∂E/∂w3 over the batch is used instead of ∂E/∂w2 over the batch"
    assert (finding.theirs, finding.right) == ("mean(∂E/∂w3 over the batch)", "mean(∂E/∂w2 over the batch)")


def test_the_mean_where_the_config_has_the_sum(tmp_path: Path) -> None:
    finding = only(slipped(exported(lab(reduction="sum"), tmp_path), "∂E_batch/∂w1", "SUM", "AVERAGE"))
    assert finding.cause == "the mean of ∂E/∂w1 is used instead of the sum"


def test_a_weight_that_is_updated_within_a_batch(tmp_path: Path) -> None:
    own = exported(lab(), tmp_path)
    column, slope = own.columns["w3"], reference((1, own.columns["∂E/∂w3"]))[:-1]
    w = reference((1, column))[:-1]
    finding = only(own.with_formulas({(r, column): f"{w}{r - 1}-$B$1*{slope}{r - 1}" for r in own.rows[1:]}).checked())
    assert (finding.quantity, finding.kind, finding.cells) == ("w3", Kind.UPDATE, f"{w}6:{w}12")
    assert finding.cause == "must not change within a batch"
    within = own.with_formulas({(r, column): f"{w}{r - 1}-$B$1*{slope}{r - 1}" for r in own.rows[1::2]})
    finding = only(within.checked())
    assert (finding.quantity, finding.theirs, finding.right) == ("w3", "w3 − η·∂E/∂w3[−1]", "w3")


def test_a_weight_that_is_never_updated(tmp_path: Path) -> None:
    own = exported(lab(), tmp_path)
    column = own.columns["w3"]
    finding = only(own.with_formulas({(r, column): reference((r - 1, column)) for r in own.rows[1:]}).checked())
    assert (finding.quantity, finding.cells) == ("w3", "H7, H9, H11")


def test_an_update_from_an_empty_cell(tmp_path: Path) -> None:
    """The gradients of the batch stand in its first row only, an update takes one from its last row."""
    own = exported(lab(clip={"value": 0.003}), tmp_path)
    others: dict[Position, str | None] = {
        (row, column): None for row in own.rows[1::2] for column in shared_columns(own)
    }
    column, slope = own.columns["w3"], reference((1, own.columns["g_w3"]))[:-1]
    up = {(row, column): own.formula((row, column)).replace(f"{slope}{row - 2}", f"{slope}{row - 1}")
          for row in own.rows[2::2]}  # fmt: skip
    finding = only(own.with_formulas({**others, **up}).checked())
    assert (finding.quantity, finding.theirs, finding.right) == ("w3", "w3 − η·0", "w3 − η·g_w3")


def test_momentum_from_the_wrong_gradient(tmp_path: Path) -> None:
    own = exported(lab(optimizer="momentum"), tmp_path)
    one, other = (reference((1, own.columns[f"∂E_batch/∂w{n}"]))[:-1] for n in (2, 3))
    finding = only(slipped(own, "v_w2", rf"\b{one}(?=\d)", other))
    assert (finding.quantity, finding.cause) == ("v_w2", "∂E_batch/∂w3 is used instead of ∂E_batch/∂w2")


def test_a_wrong_value_among_pasted_ones(tmp_path: Path) -> None:
    own = exported(lab(), tmp_path).rewritten(lambda text: text.replace("AVERAGE", "SUM"), ["∂E_batch/∂w1"]).pasted(9)
    finding = only(own.checked())
    assert (finding.quantity, finding.kind) == ("∂E_batch/∂w1", Kind.VALUE)
    assert "the division by the batch size is missing" in str(finding.cause)


ANYWHERE: dict[str, tuple[str, Callable[[str], str]]] = {
    "a factor 2 in a gradient": ("∂E/∂w3", lambda text: f"2*({text})"),
    "SUM for AVERAGE": ("∂E_batch/∂w3", lambda text: text.replace("AVERAGE", "SUM")),
    "SUM for AVERAGE, of the loss": ("E_batch", lambda text: text.replace("AVERAGE", "SUM")),
    "a sample left out": (
        "∂E_batch/∂w3",
        lambda text: re.sub(r"(\d+):([A-Z]+)(\d+)", lambda m: f"{m[1]}:{m[2]}{max(int(m[1]), int(m[3]) - 1)}", text),
    ),
    "a sign": ("w3", lambda text: text.replace("-$B$1", "+$B$1")),
    "another weight": ("w3", lambda text: re.sub(r"^H(?=\d+-)", "G", text)),
    "updated within a batch": ("w3", lambda text: re.sub(r"^(H)(\d+)$", r"\1\2-$B$1*0.001", text)),
}


@FEW
@given(config=labs(), slip=st.sampled_from(list(ANYWHERE)), columns=st.sampled_from(["compact", "full"]))
def test_a_slip_in_any_lab_is_found_once(config: dict[str, Any], slip: str, columns: str, tmp_path: Path) -> None:
    hold_found(config, slip, columns, tmp_path)


@pytest.mark.long
@MANY
@given(config=labs(), slip=st.sampled_from(list(ANYWHERE)), columns=st.sampled_from(["compact", "full"]))
def test_a_slip_in_many_labs_is_found_once(config: dict[str, Any], slip: str, columns: str, tmp_path: Path) -> None:
    hold_found(config, slip, columns, tmp_path)


def hold_found(config: dict[str, Any], slip: str, columns: str, tmp_path: Path) -> None:
    header, change = ANYWHERE[slip]
    config |= {"reduction": "mean", "learning_rate": 0.5}
    own = exported(config, tmp_path, columns)
    assert own.columns["w3"] == 8
    finding = only(own.rewritten(change, [header]).checked())
    assert finding.quantity == header
    if slip in ("SUM for AVERAGE", "a sample left out", "a factor 2 in a gradient"):
        assert finding.cause
