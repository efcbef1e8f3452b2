"""What the workbook has beside its tables: notes, outline, names, pages; the Config and Curves sheets."""

from __future__ import annotations

import re
import shlex
import zipfile
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH, agree
from tests.sheets import recalculated, rewrite, stored_cells
from tracer.commands.main import main
from tracer.workbook.xlsx.charts import every, thinned
from tracer.workbook.xlsx.limits import MAX_SHEET_NAME
from tracer.workbook.xlsx.names import cell_name, reference, sheet_titles

ADAM = tracer.Override(("optimizer",), "adam", "test")


# --------------------------------------------------------------------------------------------- the trace sheets


def test_every_header_carries_its_equation(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    notes = {str(cell.value): cell.comment.text for cell in sheet[4] if cell.comment}
    assert len(notes) == 43
    assert notes["h1"] == "h₁ = w₁·i₁ + w₂·i₂"
    assert notes["∂E/∂w5"] == "∂E/∂w₅ = ∂E/∂o₁·a_h₁"
    assert notes["w5"] == "w₅ ← w₅ − η·∂E/∂w₅"
    assert notes["t1"] == "t₁ is given"


def test_one_click_shows_the_compact_sheet(path: Path, trace: tracer.Trace) -> None:
    """What folds away are the columns that the compact form does not have."""
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    header = {cell.column_letter: cell.value for cell in sheet[4]}
    levels = {letter: sheet.column_dimensions[letter].outlineLevel for letter in header}
    folded = {header[letter] for letter, level in levels.items() if level}
    compact = tracer.run(WALKTHROUGH, iterations=1, columns="compact").columns
    assert folded == set(trace.columns) - set(compact)
    assert len(folded) == 12


def test_the_learning_rate_and_the_settings_have_names(tmp_path: Path) -> None:
    path = tmp_path / "adam.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.1, iterations=2, overrides=[ADAM]).to_excel(path)
    sheet = openpyxl.load_workbook(path)["η = 0.1"]
    names = {name: defined.attr_text for name, defined in sheet.defined_names.items() if not name.startswith("_")}
    assert names == {
        "η": "'η = 0.1'!$B$1", "beta1": "'η = 0.1'!$D$1", "beta2": "'η = 0.1'!$F$1", "eps": "'η = 0.1'!$H$1",
    }  # fmt: skip


def test_columns_stand_under_the_name_of_their_group(path: Path, tmp_path: Path) -> None:
    """Merged cells over their columns, in the color of these."""
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    groups = {
        sheet.cell(2, cells.min_col).value: (sheet.cell(4, cells.min_col).value, sheet.cell(4, cells.max_col).value)
        for cells in sorted(sheet.merged_cells.ranges, key=lambda cells: cells.min_col)
        if cells.min_row == 2 and cells.min_col > 1
    }
    assert groups == {
        "data": ("i1", "t2"), "layer h": ("w1", "a_h2"), "layer o": ("w5", "a_o2"), "loss": ("E1", "E_total"),
        "backward of layer o": ("∂E/∂a_o1", "∂E/∂w8"), "backward of layer h": ("∂E/∂a_h1", "∂E/∂w4"),
    }  # fmt: skip
    assert sheet["V2"].fill.fgColor.rgb == sheet["V4"].fill.fgColor.rgb
    rnn = tmp_path / "rnn.xlsx"
    tracer.run(ROOT / "configs" / "rnn.yaml", iterations=1).to_excel(rnn)
    run = next(sheet for sheet in openpyxl.load_workbook(rnn) if sheet.title.startswith("η"))
    titles = [str(cell.value) for cell in run[2] if cell.value]
    assert titles[1:] == ["data", "parameters", "equations", "loss", "backward", "backward (continued)"]


def test_a_trace_sheet_prints_legibly_and_by_layer(path: Path, tmp_path: Path) -> None:
    """At 80 % or more, so that no type is smaller than 8 points; pages begin where a group does, as far as it fits."""
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.orientation, sheet.print_title_rows, sheet.print_title_cols) == (
        "landscape", "$2:$4", "$A:$A",
    )  # fmt: skip
    sizes = {cell.font.sz or 11 for row in sheet.iter_rows(max_row=6) for cell in row if cell.value is not None}
    assert min(sizes) * sheet.page_setup.scale / 100 >= 8
    begins = [sheet.cell(4, each.id + 1).value for each in sheet.col_breaks.brk]
    assert begins == ["w5", "∂E/∂a_o1", "∂E/∂a_h1"]
    assert sheet.print_area == "'η = 0.5'!$A$1:$AR$104"
    deep = tmp_path / "deep.xlsx"
    tracer.run(ROOT / "configs" / "deep.yaml", iterations=1, learning_rate=0.1).to_excel(deep)
    sheet = openpyxl.load_workbook(deep)["η = 0.1"]
    widths = {cell.column: sheet.column_dimensions[cell.column_letter].width for cell in sheet[4] if cell.value}
    edges = [1, *(each.id + 1 for each in sheet.col_breaks.brk), max(widths) + 1]
    for first, end in pairwise(edges):
        inches = sum(7 * widths[column] + 5 for column in {1, *range(first, end)}) / 96
        assert inches * sheet.page_setup.scale / 100 <= 11 - 2 * sheet.page_margins.left
    titles = [str(sheet.cell(2, first).value) for first in edges[1:-1]]
    assert {"layer f", "layer f (continued)", "backward of layer g"} <= {str(cell.value) for cell in sheet[2]}
    assert all(titles)


@pytest.mark.office
def test_a_sheet_says_what_has_been_changed(tmp_path: Path) -> None:
    """Its tab keeps the name of the η that it was made with."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=[0.1, 0.5], iterations=4).to_excel(path)
    changed = {
        "rate": lambda xml: re.sub(r'(<c r="B1" s="\d+">)<v>0.5</v>', r"\1<v>0.7</v>", xml),
        "weight": lambda xml: re.sub(r'(<c r="F5" s="\d+">)<v>0.15</v>', r"\1<v>0.16</v>", xml),
        "nothing": lambda xml: xml,
    }
    copies = [rewrite(path, tmp_path / f"{name}.xlsx", change) for name, change in changed.items()]
    hint = "Change the yellow cell: every number below follows."
    said = [stored_cells(computed)["η = 0.5"]["C1"].text for computed in recalculated(copies, tmp_path / "computed")]
    assert said == [
        f"η = 0.7 (this sheet was made with η = 0.5). {hint}",
        f"Inputs, targets or other given numbers have been changed. {hint}",
        hint,
    ]


def test_long_equations_are_cut_in_the_row_and_whole_in_the_note(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    tracer.run({"inputs": [0.1] * 30, "targets": [1], "layers": [{"neurons": 1}], "weights": {"init": "normal"},
                "learning_rate": 0.1, "iterations": 1}).to_excel(path)  # fmt: skip
    sheet = openpyxl.load_workbook(path)["η = 0.1"]
    (column,) = [cell.column for cell in sheet[4] if cell.value == "∂E/∂o1"]
    words = {sheet.cell(4, cell.column).value: str(cell.value) for cell in sheet[3]}
    assert words["i1"] == "i₁ is given"
    (net_input,) = [cell for cell in sheet[4] if cell.value == "o1"]
    assert column > net_input.column
    assert words["o1"] in net_input.comment.text or words["o1"].endswith("…")
    assert sheet.row_dimensions[3].height <= 60


def test_every_sheet_prints_the_names_of_file_and_sheet_and_page_numbers(path: Path) -> None:
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert (sheet.oddHeader.left.text, sheet.oddHeader.right.text) == ("&F", "&A"), sheet.title
        assert sheet.oddFooter.center.text == "page &P of &N"


def test_gradients_are_coloured_by_sign_and_size(path: Path, trace: tracer.Trace) -> None:
    """A scale for the parameters of each layer and one for its neurons, white at 0, as far as the largest one."""
    sheet = openpyxl.load_workbook(path)["η = 0.5"]
    scales = {str(cells.sqref): rule.colorScale for cells in sheet.conditional_formatting for rule in cells.rules}
    header = {str(cell.value): cell.column_letter for cell in sheet[4]}
    of_output = f"{header['∂E/∂w5']}5:{header['∂E/∂w8']}104"
    assert len(scales) == 4
    largest = max(abs(value) for n in (5, 6, 7, 8) for value in trace.runs[2][f"∂E/∂w{n}"])
    assert [float(point.val) for point in scales[of_output].cfvo] == pytest.approx([-largest, 0, largest])


def test_the_gradients_of_a_batch_are_coloured_too(tmp_path: Path) -> None:
    path = tmp_path / "xor.xlsx"
    tracer.run(ROOT / "configs" / "xor.yaml", learning_rate=2, iterations=4).to_excel(path)
    sheet = openpyxl.load_workbook(path)["η = 2"]
    header = {str(cell.value): cell.column_letter for cell in sheet[4]}
    scales = [str(cells.sqref) for cells in sheet.conditional_formatting]
    assert f"{header['∂E_batch/∂w1']}5:{header['∂E_batch/∂b2']}20" in scales
    assert len(scales) == 5


# --------------------------------------------------------------------------------------------- Config


def test_the_config_as_it_was_read(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["Config"]
    lines = [row[1] or "" for row in sheet.iter_rows(min_row=7, values_only=True)]
    assert lines == WALKTHROUGH.read_text(encoding="utf-8").splitlines()
    assert sheet["B3"].value == f"backprop-trace {tracer.__version__}"
    assert sheet["B5"].value == "backprop-trace run walkthrough.yaml"


def test_the_sheet_says_how_to_run_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The YAML of the sheet, saved, and its command give the same trace."""
    arguments = [
        "--iterations",
        "7",
        "--learning-rate",
        "0.3",
        "--set",
        "layers.0.activation=tanh",
        "--columns",
        "compact",
    ]
    first = CliRunner().invoke(
        main, ["run", str(ROOT / "configs" / "deep.yaml"), *arguments, "-o", str(tmp_path / "first")]
    )
    assert first.exit_code == 0, first.stderr
    sheet = openpyxl.load_workbook(tmp_path / "first" / "deep.xlsx")["Config"]
    (tmp_path / "deep.yaml").write_text(
        "\n".join(row[1] or "" for row in sheet.iter_rows(min_row=7, values_only=True)), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    program, *command = shlex.split(str(sheet["B5"].value))
    assert program == "backprop-trace"
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 0, again.stderr
    assert (tmp_path / "out" / "deep.csv").read_bytes() == (tmp_path / "first" / "deep.csv").read_bytes()


def test_a_config_given_in_python_is_written_as_yaml(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(BLOWS_UP, iterations=2).to_excel(path)
    sheet = openpyxl.load_workbook(path)["Config"]
    assert sheet["B5"].value == "backprop-trace run blows-up.yaml --set iterations=2"
    (tmp_path / "blows-up.yaml").write_text(
        "\n".join(row[1] or "" for row in sheet.iter_rows(min_row=7, values_only=True)), encoding="utf-8"
    )
    again, before = tracer.run(tmp_path / "blows-up.yaml", iterations=2), tracer.run(BLOWS_UP, iterations=2)
    assert again["w5"].tolist() == before["w5"].tolist()


def test_lines_that_look_like_formulas_are_text(tmp_path: Path) -> None:
    text = WALKTHROUGH.read_text(encoding="utf-8")
    config = tmp_path / "=1+1.yaml"
    config.write_text(text.replace("description: The", 'description: "\n=cmd|calc!A0\n\n"#', 1), encoding="utf-8")
    path = tmp_path / "book.xlsx"
    tracer.run(config, iterations=2).to_excel(path)
    book = openpyxl.load_workbook(path)
    cells = [book[name]["A1"] for name in ("Walkthrough", "Summary", "Compare")] + [book["η = 0.1"]["A2"]]
    cells += [cell for row in book["Config"].iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert [str(cell.value)[:4] for cell in cells] == ["=1+1"] * 4 + ["=cmd"]
    assert {cell.data_type for cell in cells} == {"s"}


# --------------------------------------------------------------------------------------------- long runs


def test_long_runs_are_drawn_from_evenly_spaced_points(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=10_500, columns="compact")
    trace.to_excel(path)
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = list(book["Curves"].iter_rows(min_row=4, values_only=True))
    book.close()
    losses = trace["E_total"]
    assert [row[0] for row in rows] == [*range(1, 10_500, 11), 10_500]
    assert all(agree(row[1], losses[row[0] - 1]) for row in rows)
    with zipfile.ZipFile(path) as package:
        charts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/charts/chart")]
    zero = list(losses).index(0.0)  # from here on, nothing is above 0

    def last_drawn(chart: str) -> int:
        return 4 + (zero - 1) // 11 if "logarithmic axis, as long as above 0" in chart else 959

    losses_over = [chart for chart in charts if "E_total over the iterations" in chart]
    assert len(losses_over) == len(charts) - 2 >= 3
    for chart in losses_over:
        assert "(one in 11 drawn)" in chart
        assert re.findall(r"'Curves'!\$B[^<]*", chart) == [f"'Curves'!$B$4:$B${last_drawn(chart)}"]
    cells = len(trace) * len(trace.columns)
    assert path.stat().st_size / cells < 60


@given(st.integers(0, 5000), st.integers(1, 300))
def test_thinned(iterations: int, most: int) -> None:
    drawn = thinned(iterations, most)
    assert len(drawn) <= most + 1
    assert drawn == sorted(set(drawn))
    assert all(1 <= iteration <= iterations for iteration in drawn)
    if iterations:
        assert (drawn[0], drawn[-1]) == (1, iterations)
        steps = {b - a for a, b in pairwise(drawn[:-1])}
        assert steps <= {every(drawn)}


# --------------------------------------------------------------------------------------------- names


@given(st.lists(st.text(max_size=60), max_size=12))
def test_titles_that_excel_takes(wanted: list[str]) -> None:
    titles = sheet_titles(wanted)
    assert len(titles) == len(wanted)
    assert len({title.lower() for title in titles}) == len(titles)
    for title in titles:
        assert 1 <= len(title) <= MAX_SHEET_NAME
        assert not set(title) & set("[]:*?/\\")
        assert not title.startswith("'")
        assert not title.endswith("'")
        assert title.lower() != "history"


def test_rates_that_look_the_same_get_different_sheets() -> None:
    long = "η = 0.1/(1 + 0.01·k) and some more"
    assert sheet_titles([long, long, "η = 0.5"]) == [
        "η = 0.1_(1 + 0.01·k) and some m",
        "η = 0.1_(1 + 0.01·k) and so (2)",
        "η = 0.5",
    ]


def test_names_of_cells() -> None:
    assert [cell_name(name) for name in ("eps", "w1", "R", "beta1", "2x", "a b", "η")] == [
        "eps", "_w1", "_R", "beta1", "_2x", "a_b", "η",
    ]  # fmt: skip
    assert reference("it's", "A1") == "'it''s'!A1"
