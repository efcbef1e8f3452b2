"""The workbook as it is stored: live formulas as a person would write them, values in every cell, valid parts."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pytest
from lxml import etree

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, SCHEMAS, WALKTHROUGH, needs_shared
from tests.sheets import sheet_xml, stored_cells
from tracer.workbook.xlsx.sheetdata import Cell, row


@pytest.fixture(scope="module")
def compact_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "compact.xlsx"
    tracer.run(WALKTHROUGH, columns="compact").to_excel(path)
    return path


def formulas_by_header(path: Path, sheet: str, number: int) -> dict[str, str]:
    """The formulas of a row, by the header above them, with column letters replaced by headers too."""
    cells = stored_cells(path)[sheet]
    book = openpyxl.load_workbook(path)
    header = {cell.column_letter: str(cell.value) for cell in book[sheet][4] if cell.value}

    def named(match: re.Match[str]) -> str:
        return header[match[1]] + {str(number): "", str(number - 1): "'"}[match[2]]

    result = {}
    for letter, name in header.items():
        formula = cells[f"{letter}{number}"].formula
        if formula is not None:
            result[name] = re.sub(r"(?<!\$)\b([A-Z]{1,2})(\d+)\b", named, formula)
    return result


def test_the_sheets(path: Path) -> None:
    rates = ["η = 0.1", "η = 0.2", "η = 0.5", "η = 0.8", "η = 1", "η = 2"]
    assert list(sheet_xml(path)) == ["Walkthrough", "Summary", "Compare", "Parameters", *rates, "Config", "Workings"]
    assert openpyxl.load_workbook(path).active.title == "Walkthrough"


def test_formulas_read_as_a_person_would_write_them(path: Path) -> None:
    assert formulas_by_header(path, "η = 0.5", 6) == {
        "i1": "i1'", "i2": "i2'", "t1": "t1'", "t2": "t2'",
        **{f"w{n}": f"w{n}'-$B$1*∂E/∂w{n}'" for n in range(1, 9)},
        "h1": "w1*i1+w2*i2", "a_h1": "1/(1+EXP(-h1))", "h2": "w3*i1+w4*i2", "a_h2": "1/(1+EXP(-h2))",
        "o1": "w5*a_h1+w6*a_h2", "a_o1": "1/(1+EXP(-o1))", "o2": "w7*a_h1+w8*a_h2", "a_o2": "1/(1+EXP(-o2))",
        "E1": "0.5*(t1-a_o1)^2", "E2": "0.5*(t2-a_o2)^2", "E_total": "E1+E2",
        "∂E/∂a_o1": "-(t1-a_o1)", "∂a_o1/∂o1": "a_o1*(1-a_o1)", "∂E/∂o1": "∂E/∂a_o1*∂a_o1/∂o1",
        "∂E/∂a_o2": "-(t2-a_o2)", "∂a_o2/∂o2": "a_o2*(1-a_o2)", "∂E/∂o2": "∂E/∂a_o2*∂a_o2/∂o2",
        "∂E/∂w5": "∂E/∂o1*a_h1", "∂E/∂w6": "∂E/∂o1*a_h2", "∂E/∂w7": "∂E/∂o2*a_h1", "∂E/∂w8": "∂E/∂o2*a_h2",
        "∂E/∂a_h1": "∂E/∂o1*w5+∂E/∂o2*w7", "∂a_h1/∂h1": "a_h1*(1-a_h1)", "∂E/∂h1": "∂E/∂a_h1*∂a_h1/∂h1",
        "∂E/∂a_h2": "∂E/∂o1*w6+∂E/∂o2*w8", "∂a_h2/∂h2": "a_h2*(1-a_h2)", "∂E/∂h2": "∂E/∂a_h2*∂a_h2/∂h2",
        "∂E/∂w1": "∂E/∂h1*i1", "∂E/∂w2": "∂E/∂h1*i2", "∂E/∂w3": "∂E/∂h2*i1", "∂E/∂w4": "∂E/∂h2*i2",
    }  # fmt: skip


def test_the_compact_sheet_is_the_classic_one(compact_path: Path) -> None:
    formulas = formulas_by_header(compact_path, "η = 0.1", 7)
    assert list(formulas)[-8:] == [f"∂E/∂w{n}" for n in range(1, 9)]
    assert formulas["∂E/∂w5"] == "(a_o1-t1)*a_o1*(1-a_o1)*a_h1"
    assert formulas["∂E/∂w3"] == ("((a_o1-t1)*a_o1*(1-a_o1)*w6+(a_o2-t2)*a_o2*(1-a_o2)*w8)*a_h2*(1-a_h2)*i1")


def test_only_what_is_given_is_typed_in(path: Path) -> None:
    """In the first row the data and the initial weights; below it, nothing but the number of the iteration."""
    cells = stored_cells(path)["η = 0.2"]
    typed = [name for name, cell in cells.items() if cell.value is not None and cell.formula is None]
    expected = ["B1", *(f"{letter}5" for letter in "ABCDEFGHI"), *(f"{letter}5" for letter in "NOPQ")]
    assert typed == expected + [f"A{number}" for number in range(6, 105)]


def test_every_computed_cell_carries_its_value(path: Path, trace: tracer.Trace) -> None:
    for run in trace.runs:
        frame = pandas.read_excel(path, sheet_name=f"η = {run.learning_rate:g}", header=3)
        expected = trace.to_frame()
        expected = expected[expected["eta"] == run.learning_rate].drop(columns="eta").reset_index(drop=True)
        inputs_first = ["iteration", "i1", "i2", "t1", "t2", *expected.columns[5:]]
        assert list(frame.columns) == inputs_first
        expected = expected[inputs_first]
        pandas.testing.assert_frame_equal(frame, expected, check_dtype=False, check_exact=True)
    book = openpyxl.load_workbook(path, data_only=True)
    missing = [
        f"{sheet}!{name}"
        for sheet, cells in stored_cells(path).items()
        for name, cell in cells.items()
        if cell.formula is not None and cell.text != "" and book[sheet][name].value in (None, "")
    ]
    assert missing == []


def test_read_only_readers_see_the_whole_sheet(path: Path) -> None:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    assert book["η = 1"].calculate_dimension() == "A1:AR104"
    book.close()


def test_the_summary_compares_the_runs_live(path: Path, trace: tracer.Trace) -> None:
    cells = stored_cells(path)["Summary"]
    first = [cell for cell in cells.values() if cell.formula == "'η = 2'!X5"]
    last = [cell for cell in cells.values() if cell.formula == "'η = 2'!X104"]
    assert [cell.value for cell in first + last] == [trace.runs[-1]["E_total"][0], trace.runs[-1]["E_total"][-1]]
    book = openpyxl.load_workbook(path)
    for chart in book["Summary"]._charts:
        assert [series.yVal.numRef.f for series in chart.series] == [
            f"'{sheet.title}'!$X$5:$X$104" for sheet in book.worksheets if sheet.title.startswith("η")
        ]


def test_the_layout_of_a_trace_sheet(path: Path) -> None:
    sheet = openpyxl.load_workbook(path)["η = 0.1"]
    assert (sheet["A1"].value, sheet["B1"].value) == ("η =", 0.1)
    assert sheet["A2"].value == "walkthrough"
    assert sheet["J3"].value == "h₁ = w₁·i₁ + w₂·i₂"
    assert sheet["F3"].value == "w₁ ← w₁ − η·∂E/∂w₁"
    assert [sheet.cell(4, column).value for column in (1, 2, 4, 24, 44)] == [
        "iteration", "i1", "t1", "E_total", "∂E/∂w4",
    ]  # fmt: skip
    assert sheet.freeze_panes == "C5"
    (chart,) = sheet._charts
    assert chart.series[0].yVal.numRef.f == "'η = 0.1'!$X$5:$X$104"
    assert chart.anchor._from.row >= 104
    fills = {sheet.cell(4, column).fill.fgColor.rgb for column in range(1, 45)}
    assert len(fills) == 6  # five phases, and E_total


def test_ascii_spelling(tmp_path: Path) -> None:
    path = tmp_path / "ascii.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=2).to_excel(path, ascii=True)
    texts = "".join(sheet_xml(path).values())
    assert "dE/dw1" in texts
    assert [c for c in texts if ord(c) > 127 and c not in "→"] == []


def test_the_same_config_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        trace = tracer.run(WALKTHROUGH, iterations=5)
        trace.to_excel(tmp_path / f"{name}.xlsx")
        trace.to_csv(tmp_path / f"{name}.csv")
    assert (tmp_path / "first.xlsx").read_bytes() == (tmp_path / "second.xlsx").read_bytes()
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.xlsx") as package:
        assert {info.date_time for info in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


SCHEMA_OF = {
    "xl/worksheets/": "sml.xsd", "xl/workbook.xml": "sml.xsd", "xl/styles.xml": "sml.xsd",
    "xl/sharedStrings.xml": "sml.xsd", "xl/charts/": "dml-chart.xsd", "xl/drawings/": "dml-spreadsheetDrawing.xsd",
    "xl/theme/": "dml-main.xsd", "xl/comments/": "sml.xsd", "docProps/app.xml": "shared-documentPropertiesExtended.xsd",
}  # fmt: skip
"""Which schema the parts of a package are to obey. Content types, relations and core properties have schemas of
another standard (OPC); the boxes of notes are drawn in VML, which has none; that of custom properties is not at hand."""


XML_SPACE = b' xml:space="preserve"'
"""XML's own attribute, which keeps the spaces at the start of a text; Excel writes it too, its schema leaves it out."""


@needs_shared("ooxml-xsd")
@pytest.mark.parametrize("config", [*CONFIGS, BLOWS_UP], ids=lambda c: c.stem if isinstance(c, Path) else c["name"])
def test_every_part_obeys_the_schema(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    tracer.run(config, iterations=60).to_excel(path)
    assert {"sml.xsd", "dml-chart.xsd", "dml-spreadsheetDrawing.xsd"} <= validated(path)


@needs_shared("ooxml-xsd")
@pytest.mark.parametrize("solved", [False, True])
def test_an_exercise_obeys_the_schema(solved: bool, tmp_path: Path) -> None:
    path = tmp_path / "exercise.xlsx"
    tracer.run(ROOT / "configs" / "xor.yaml", iterations=3).to_exercise(path, "backward", solved=solved)
    assert "sml.xsd" in validated(path)


def validated(path: Path) -> set[str]:
    """The schemas that the parts of a workbook obey."""
    checked = set()
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            schema = next((file for start, file in SCHEMA_OF.items() if name.startswith(start)), None)
            if schema is None or name.endswith((".rels", ".vml")):
                assert re.search(r"\.rels$|\.vml$|\[Content_Types\]|docProps/c(ore|ustom)", name), (
                    f"{name} has no schema"
                )
                continue
            validator = etree.XMLSchema(etree.parse(SCHEMAS / schema))
            part = package.read(name).replace(XML_SPACE, b"")
            validator.assertValid(etree.fromstring(part))
            checked.add(schema)
    return checked


@pytest.mark.parametrize("config", [*CONFIGS, BLOWS_UP], ids=lambda config: getattr(config, "stem", "blows up"))
def test_no_cell_of_ours_has_a_green_triangle(config: Any, tmp_path: Path) -> None:
    """Every check of Excel's is off in the whole range of every sheet."""
    trace = tracer.run(config, iterations=3)
    trace.to_excel(tmp_path / "book.xlsx")
    trace.to_exercise(tmp_path / "exercise.xlsx")
    checks = ("evalError twoDigitTextYear numberStoredAsText formula formulaRange unlockedFormula emptyCellReference "
              "listDataValidation calculatedColumn")  # fmt: skip
    for name in ("book", "exercise"):
        with zipfile.ZipFile(tmp_path / f"{name}.xlsx") as package:
            sheets = [part for part in package.namelist() if part.startswith("xl/worksheets/sheet")]
            assert len(sheets) > 1
            for sheet in sheets:
                xml = package.read(sheet).decode()
                (ignored,) = re.findall(r'<ignoredErrors><ignoredError sqref="(\S+)" ([^/]+)/></ignoredErrors>', xml)
                assert set(ignored[1].split()) == {f'{check}="1"' for check in checks.split()}
                dimension = re.search(r'<dimension ref="([^"]+)"', xml)
                assert dimension
                assert ignored[0] == dimension[1]
                last = max(map(int, re.findall(r'<row r="(\d+)"', xml)))
                assert ignored[0].endswith(str(last))


def test_texts_are_texts_and_never_formulas(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    config = tracer.run(WALKTHROUGH, iterations=1, overrides=[
        tracer.Override(("name",), "=1+1", "test"), tracer.Override(("description",), "=cmd|' /C calc'!A0 <&>", "test"),
    ])  # fmt: skip
    config.to_excel(path)
    sheet = openpyxl.load_workbook(path)["Summary"]
    assert [(sheet[cell].value, sheet[cell].data_type) for cell in ("A1", "B11")] == [
        ("=1+1", "s"), ("=cmd|' /C calc'!A0 <&>", "s"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "xml"),
    [
        (Cell("A", 1, 0.1), '<c r="A7" s="1"><v>0.1</v></c>'),
        (Cell("B", 2, 0.5, "A7*5"), '<c r="B7" s="2"><f>A7*5</f><v>0.5</v></c>'),
        (Cell("C", 3, "x < y & z"), '<c r="C7" s="3" t="inlineStr"><is><t>x &lt; y &amp; z</t></is></c>'),
        (Cell("D", 3, "yes", 'IF(A7>0,"yes","no")'), '<c r="D7" s="3" t="str"><f>IF(A7&gt;0,"yes","no")</f><v>yes</v></c>'),
        (Cell("E", 4), '<c r="E7" s="4"/>'),
        (Cell("F", 4, "\x00\x0b"), '<c r="F7" s="4" t="inlineStr"><is><t>\ufffd\ufffd</t></is></c>'),
    ],
)  # fmt: skip
def test_the_xml_of_a_cell(cell: Cell, xml: str) -> None:
    assert row(7, [cell]).decode() == f'<row r="7">{xml}</row>'


@pytest.mark.parametrize("columns", ["full", "compact"])
def test_the_optimizers_settings_are_one_cell_each(columns: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    adam = tracer.Override(("optimizer",), "adam", "test")
    tracer.run(WALKTHROUGH, learning_rate=0.1, iterations=3, columns=columns, overrides=[adam]).to_excel(path)
    sheet = openpyxl.load_workbook(path)["η = 0.1"]
    labels = [sheet[cell].value for cell in ("C1", "D1", "E1", "F1", "G1", "H1")]
    assert labels == ["beta1 =", 0.9, "beta2 =", 0.999, "eps =", 1e-8]
    formulas = formulas_by_header(path, "η = 0.1", 6)
    assert formulas["m_w1"] == "$D$1*m_w1'+(1-$D$1)*∂E/∂w1"
    assert formulas["v_w1"] == "$F$1*v_w1'+(1-$F$1)*∂E/∂w1^2"
    assert formulas["m̂_w1"] == "m_w1/(1-$D$1^iteration)"
    assert formulas["v̂_w1"] == "v_w1/(1-$F$1^iteration)"
    assert formulas["w1"] == "w1'-$B$1*m̂_w1'/(SQRT(v̂_w1')+$H$1)"
    assert list(formulas)[-4:] == ["m_w8", "v_w8", "m̂_w8", "v̂_w8"]
    assert list(formulas).index("∂E/∂w8") < list(formulas).index("m_w1")
