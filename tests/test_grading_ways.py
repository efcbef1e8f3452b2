"""The two ways together: headers first, formulas where no table is found, and as a veto; reasons where neither tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import tracer
from tests.hand import Cells, Value, book
from tests.homework import Layout, homework, write
from tests.test_grading_mistakes import slip
from tests.test_grading_right import CONFIGS
from tests.walkthroughs.mistakes import named
from tests.walkthroughs.score import ALL, by_command, fits, judged
from tests.walkthroughs.workbook import write as write_plan
from tracer.commands.main import main
from tracer.grading import folder
from tracer.grading.book.cells import Book, Place, position
from tracer.grading.check import check_workbook
from tracer.grading.graph.graph import Graph
from tracer.grading.graph.read import read_graph
from tracer.grading.judging.findings import TOLERANCE, BookReport, SheetReport, Verdict, Way
from tracer.grading.marking import MISREAD
from tracer.grading.terms import Contradiction, Terms
from tracer.grading.training.judgement import Judgement, Parameter, Standing
from tracer.grading.ways import joining, veto

Changed = Mapping[str, Value]

SLIP = ("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})")


def regression(steps: int = 8, update: str = "=D{r}-$B$1*H{r}") -> Cells:
    """Linear regression by single samples, with headers of its own language; update: of the slope."""
    cells: Cells = {"A1": "Lernrate", "B1": 0.05}
    headers = [
        "Eingang",
        "Soll",
        "Achse",
        "Steigung",
        "Ist",
        "Fehler²",
        "Abl. Achse",
        "Abl. Steigung",
        "neu A",
        "neu S",
    ]
    cells |= {f"{'ABCDEFGHIJ'[k]}3": header for k, header in enumerate(headers)}
    for k in range(steps):
        r = 4 + k
        cells |= {
            f"A{r}": [1, 2, 4, 3, 0.5, 2.5, 1.5, 3.5][k % 8], f"B{r}": [5, 6.5, 11, 9, 3, 8, 5.5, 10][k % 8],
            f"C{r}": f"=I{r - 1}" if k else 0.5, f"D{r}": f"=J{r - 1}" if k else 1,
            f"E{r}": f"=C{r}+D{r}*A{r}", f"F{r}": f"=(B{r}-E{r})^2", f"G{r}": f"=2*(E{r}-B{r})",
            f"H{r}": f"=G{r}*A{r}", f"I{r}": f"=C{r}-$B$1*G{r}", f"J{r}": update.format(r=r),
        }  # fmt: skip
    return cells


def both(whole: Book) -> list[SheetReport]:
    return joining.both_ways(whole, Terms(TOLERANCE))


def checked(cells: Changed, folder: Path) -> BookReport:
    return check_workbook(write(book(("S", cells)), folder / "sheet.xlsx"))


# ------------------------------------------------------------------------------------------------ headers first


def test_a_sheet_that_its_headers_explain_is_never_read_as_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(veto, "judged", lambda book: pytest.fail("the graph was read"))
    (sheet,) = both(homework(Layout(steps=20)).book())
    assert sheet.verdict is Verdict.RIGHT
    assert sheet.how is not None
    assert sheet.how.way is Way.HEADERS
    assert len(sheet.how.updates) == 8
    assert sheet.how.steps == 20


def test_a_mistake_in_a_table_that_its_headers_explain_is_said_once() -> None:
    (sheet,) = both(book(("Self", slip(*SLIP))))
    assert [finding.quantity for finding in sheet.mistakes] == ["∂E/∂w3"]
    assert sheet.how is not None
    assert sheet.how.way is Way.HEADERS


# -------------------------------------------------------------------------------------------------- by formulas


def test_headers_that_name_nothing_known_leave_it_to_the_formulas(tmp_path: Path) -> None:
    (sheet,) = checked(regression(), tmp_path).sheets
    assert (sheet.verdict, sheet.judged, sheet.right, sheet.eta) == (Verdict.RIGHT, 2, 2, 0.05)
    assert sheet.how is not None
    assert sheet.how.way is Way.FORMULAS
    assert set(sheet.how.updates) == {"Achse (C4 → I4)", "Steigung (D4 → J4)"}
    assert (sheet.how.steps, sheet.how.loss, sheet.how.rate) == (8, "Fehler² (F4)", "0.05 (B1)")


def test_a_wrong_update_is_found_in_any_language_and_annotated(tmp_path: Path) -> None:
    path = write(book(("S", regression(update="=D{r}-H{r}"))), tmp_path / "sheet.xlsx")
    outputs = ["--json", str(tmp_path / "out.json"), "--annotate", str(tmp_path / "marked")]
    result = CliRunner().invoke(main, ["check", str(path), *outputs])
    assert result.exit_code == 1
    (sheet,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[0]["sheets"]
    (finding,) = sheet["findings"]
    assert (finding["quantity"], finding["cells"], finding["mistake"]) == ("neu S", "J4:J11", True)
    assert (sheet["how"]["way"], sheet["judged"], sheet["right"]) == ("formulas", 2, 1)
    assert "neu S  J4:J11" in result.output
    marked = openpyxl.load_workbook(tmp_path / "marked" / "sheet.xlsx")["S"]
    notes = [marked[f"J{row}"].comment.text for row in range(4, 12)]
    assert notes[0].endswith("reads =D4-H4\nshould be =D4-$B$1*H4")  # the formula of this very cell
    assert {note.splitlines()[-1] for note in notes[1:]} == {"see J4"}


def without_values(whole: Book) -> Book:
    """A workbook whose formulas are stored without their values."""
    return replace(
        whole,
        sheets=tuple(
            replace(s, cells={p: c._replace(value=None) if c.formula else c for p, c in s.cells.items()})
            for s in whole.sheets
        ),
    )


def test_formulas_without_stored_values_are_judged_too(tmp_path: Path) -> None:
    whole = book(("S", regression()))
    bare = without_values(whole)
    (sheet,) = check_workbook(write(bare, tmp_path / "bare.xlsx")).sheets
    assert (sheet.verdict, sheet.judged) == (Verdict.RIGHT, 2)


def test_a_table_by_headers_and_a_training_beside_it_each_have_a_report(tmp_path: Path) -> None:
    sheets = (*homework(Layout(steps=6)).book().sheets, *book(("Regression", regression())).sheets)
    report = check_workbook(write(Book(sheets, {}), tmp_path / "two.xlsx"))
    assert [sheet.how.way for sheet in report.sheets if sheet.how] == [Way.HEADERS, Way.FORMULAS]
    assert report.score == 100


# ----------------------------------------------------------------------------------------------------- the veto


def confirming(*columns: str) -> Callable[[Book], tuple[Graph, tuple[Judgement, ...]]]:
    """A judge that confirms the updates in these columns of the sheet Self, from row 33 on, with the loss in T."""

    def place(column: str, row: int) -> Place:
        found = position(f"{column}{row}")
        assert found is not None
        return "Self", found

    def judged(whole: Book) -> tuple[Graph, tuple[Judgement, ...]]:
        rows = range(33, 40)
        graph = read_graph(whole)
        parameters = tuple(
            Parameter(tuple(place(c, r) for r in rows), tuple(place(c, r + 1) for r in rows)) for c in columns
        )
        loss = tuple(place("T", row) for row in rows)
        return graph, (Judgement(Standing.CONFIRMED, "", True, ("Self",), parameters, len(rows), loss, rate=0.5),)

    return judged


def test_derivatives_that_confirm_what_the_headers_call_wrong_mean_that_these_were_misread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = book(("Self", slip(*SLIP)))
    monkeypatch.setattr(veto, "judged", confirming("E", "F", "G", "H", "M", "N", "O", "P"))
    (sheet,) = both(whole)
    assert (sheet.verdict, sheet.findings) == (Verdict.RIGHT, ())
    assert sheet.how is not None
    assert sheet.how.way is Way.FORMULAS


def test_derivatives_that_are_not_firm_have_no_veto(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = confirming("E", "F", "G", "H", "M", "N", "O", "P")

    def guessing(whole: Book) -> tuple[Graph, tuple[Judgement, ...]]:
        graph, (judgement,) = judge(whole)
        return graph, (replace(judgement, firm=False),)

    monkeypatch.setattr(veto, "judged", guessing)
    (sheet,) = both(book(("Self", slip(*SLIP))))
    assert [finding.quantity for finding in sheet.mistakes] == ["∂E/∂w3"]


@pytest.mark.parametrize("layout", ["epochs with sums", "elu and softplus"])
def test_right_sheets_whose_headers_say_less_than_their_formulas_have_no_findings(layout: str, tmp_path: Path) -> None:
    """Rows of sums between the steps; two columns with the same header, which the headers cannot tell apart."""
    verdict = judged(ALL[layout](), tmp_path, by_command)
    assert (verdict.standing, verdict.faults) == ("right", ())


@pytest.mark.long
@pytest.mark.parametrize("layout", ALL)
def test_no_right_sheet_has_findings(layout: str, tmp_path: Path) -> None:
    plan = ALL[layout]()
    verdict = judged(plan, tmp_path, by_command)
    assert not verdict.noticed, verdict
    assert fits(plan, verdict), verdict


def test_a_slip_in_what_only_the_loss_is_computed_from_is_believed(tmp_path: Path) -> None:
    """The gradients are still those of the loss: an input that is added to it has no derivative."""
    (sheet,) = check_workbook(
        write(book(("Self", slip("E", "({t2}-{ao2})^2", "({t2}-{ao2})^2+{i1}"))), tmp_path / "loss.xlsx")
    ).sheets
    assert [finding.quantity for finding in sheet.mistakes] == ["E_total"]
    assert sheet.how is not None
    assert sheet.how.way is Way.HEADERS


@pytest.mark.parametrize(
    ("layout", "slip", "unit", "quantity", "cells"),
    [
        ("blocks, 2-2-2", "slope of the neighbour", "s2_1", "slope 2,1", "K19, K53, K87, K121"),
        ("1-1-1", "slope at the net input", "s1_1", "slope 1,1", "Q4:Q9"),
        ("sample by MOD(ROW)", "input of the neighbour", "g1", "g1", "K9:K22"),
    ],
)
def test_a_slip_in_a_column_that_no_header_names_is_said_there_once(
    layout: str, slip: str, unit: str, quantity: str, cells: str, tmp_path: Path
) -> None:
    """Not in the gradients that are computed from it, which the headers name."""
    (mistake,) = named(ALL[layout](), [(slip, unit)])
    (sheet,) = check_workbook(write_plan(mistake.plan, tmp_path / "sheet.xlsx")).sheets
    assert [(finding.quantity, finding.cells) for finding in sheet.mistakes] == [(quantity, cells)]
    assert sheet.how is not None
    assert sheet.how.way is Way.HEADERS
    assert sheet.judged - sheet.right == 1


def test_right_gradients_called_wrong_beside_a_wrong_one_mean_that_the_headers_were_misread(tmp_path: Path) -> None:
    """The weights are numbered by their ends: read in the other order, the wrong gradient seems right."""
    changes = {("Sheet1", row, 32): f"=(V{row}-D{row})*(1-V{row})*R{row}" for row in range(4, 10)}
    plan = ALL["rows, classic 2-2-2"]().with_cells(changes)
    (sheet,) = check_workbook(write_plan(plan, tmp_path / "sheet.xlsx")).sheets
    assert [finding.cells for finding in sheet.mistakes] == ["AF4:AF9"]


def test_a_mistake_in_a_sheet_that_its_headers_misread_is_the_only_finding(tmp_path: Path) -> None:
    """Both ways find it; what the headers find beside it is right by the formulas."""
    (mistake,) = named(ALL["epochs with sums"](), [("input left out", "gw1_1_2")])
    (sheet,) = check_workbook(write_plan(mistake.plan, tmp_path / "sheet.xlsx")).sheets
    (finding,) = sheet.mistakes
    assert finding.places[0] == (4, 25)


def test_the_sheets_beside_the_runs_of_our_own_workbooks_are_not_judged(tmp_path: Path) -> None:
    """What they look up in a run is no training of their own."""
    path = tmp_path / "regression.xlsx"
    tracer.run(CONFIGS / "regression.yaml").to_excel(path)
    report = check_workbook(path)
    assert not report.has_findings
    assert [sheet.sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE] == ["η(k)"]


def test_a_misread_sheet_that_trains_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(veto.Formulas, "contradict", lambda self, doubt: Contradiction.FULL)
    monkeypatch.setattr(veto, "judged", lambda book: (None, (Judgement(Standing.NOTHING, "nothing trains"),)))
    (sheet,) = both(book(("Self", slip(*SLIP))))
    assert (sheet.verdict, sheet.reason) == (Verdict.NO_TABLE, f"{MISREAD}; nothing trains")


# ---------------------------------------------------------------------------------------- no table, with a reason

FORWARD: Cells = {"A1": 1, "A2": 2, "B1": 0.5, "B2": "=A1*B1", "B3": "=TANH(B2)", "B4": "=B3*A2", "B5": "=EXP(B4)"}
PASTED: Cells = {"A1": "eins", "A2": 1, "A3": 2, "B1": "zwei", "B2": 3, "B3": 4}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [(FORWARD, "nothing is updated"), (PASTED, "no formulas")],
    ids=["forward only", "pasted"],
)
def test_where_nothing_trains_the_reason_is_said(cells: Changed, reason: str, tmp_path: Path) -> None:
    report = checked(cells, tmp_path)
    assert report.reason is not None
    assert reason in report.reason
    assert report.reason.endswith("; describe it with --config")
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.NO_TABLE]


def test_what_solver_or_a_macro_computes_is_not_judged() -> None:
    solved = replace(book(("S", FORWARD)), names={"solver_adj": "S!$B$1"})
    assert "Solver" in (both(solved)[0].reason or "")
    assert "macros" in (both(replace(book(("S", FORWARD)), macros=True))[0].reason or "")
    assert "macros" in (both(replace(book(("S", PASTED)), macros=True))[0].reason or "")


UNREAD = {
    "OFFSET": '=OFFSET(A1,0,0)*B1', "INDIRECT": '=INDIRECT("A1")*B1', "LAMBDA": "=LAMBDA(x,x*2)(A1)*B1",
    "a user function": "=myfunction(A1)*B1", "another workbook": "=[1]Other!A1*B1", "a circle": "=B3",
}  # fmt: skip


@pytest.mark.parametrize("name", UNREAD)
def test_what_depends_on_what_is_not_read_is_not_judged_and_said_once(name: str, tmp_path: Path) -> None:
    cells = {**FORWARD, "B2": UNREAD[name], "B6": UNREAD[name].replace("B1", "B2")}
    report = checked(cells, tmp_path)
    assert not report.has_findings
    assert report.reason is not None
    beside = {
        **regression(),
        "M1": 1,
        "M2": UNREAD[name].replace("A1", "M1").replace("B1", "M1").replace("B3", "M3"),
        "M3": "=M2+1",
    }
    (sheet,) = checked(beside, tmp_path).sheets
    assert (sheet.verdict, sheet.judged, sheet.right) == (Verdict.RIGHT, 2, 2)


def test_an_update_that_cannot_be_read_is_not_judged_and_accuses_nobody(tmp_path: Path) -> None:
    cells = {**regression(), **{f"J{r}": f"=OFFSET(D{r},0,0)-$B$1*H{r}" for r in range(4, 12)}}
    report = checked(cells, tmp_path)
    assert not report.has_findings


@pytest.mark.parametrize(
    ("layout", "slip", "unit"),
    [("columns, batch", "a sample short", "Gw1_1_2"), ("batch in rows, weights once", "slope left out", "d1_1")],
)
def test_a_cell_that_both_ways_blame_is_one_finding(layout: str, slip: str, unit: str, tmp_path: Path) -> None:
    (mistake,) = named(ALL[layout](), [(slip, unit)])
    (said,) = judged(mistake.plan, tmp_path, by_command).said
    assert set(said.cells) <= mistake.cells


def test_a_folder_of_mixed_workbooks_gives_each_a_verdict_or_a_reason(tmp_path: Path) -> None:
    kinds = {
        "headers.xlsx": homework(Layout(steps=6)).book(), "right.xlsx": book(("S", regression())),
        "wrong.xlsx": book(("S", regression(update="=D{r}-H{r}"))), "forward.xlsx": book(("S", FORWARD)),
        "pasted.xlsx": book(("S", PASTED)),
    }  # fmt: skip
    for name, whole in kinds.items():
        write(whole, tmp_path / name)
    (tmp_path / "damaged.xlsx").write_bytes(b"PK\x03\x04 nothing")
    result = CliRunner().invoke(main, ["check", str(tmp_path), "--json", str(tmp_path / "out.json")])
    assert result.exit_code == 2
    assert "6 workbooks: 2 right, 1 with findings, 3 could not be judged" in result.output
    for report in json.loads((tmp_path / "out.json").read_text(encoding="utf-8")):
        assert report["reason"] or report["sheets"][0]["verdict"] in ("right", "findings")


# ---------------------------------------------------------------------------------------------------------- time


def test_what_the_headers_tell_stands_when_the_formulas_take_too_long(tmp_path: Path) -> None:
    sheets = (*homework(Layout(steps=6)).book().sheets, *book(("Regression", regression())).sheets)
    told: list[BookReport] = []
    check_workbook(write(Book(sheets, {}), tmp_path / "two.xlsx"), when_headed=told.append)
    (report,) = told
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.RIGHT, Verdict.NO_TABLE]
    late = folder.incomplete(report, 2.5)
    assert (late.score, late.status) == (100, "read")
    assert late.sheets[1].reason == "its formulas were not judged within 2.5 s; allow more with --seconds"


def test_nothing_stands_when_the_headers_tell_nothing(tmp_path: Path) -> None:
    path = write(book(("Regression", regression())), tmp_path / "one.xlsx")
    check_workbook(path, when_headed=lambda report: pytest.fail("a report without a verdict"))


def test_where_only_the_graph_can_compute_a_cell_the_headers_accuse_nobody(tmp_path: Path) -> None:
    cells: Cells = {"A1": "η", "B1": 0.1, "A3": "i1", "B3": "t1", "C3": "w1", "D3": "b1", "E3": "o1", "F3": "E_total",
                    "G3": "dE/dw1", "H3": "dE/db1", "I3": "η now"}  # fmt: skip
    for row in range(4, 16):
        cells |= {
            f"A{row}": 0.5 + row % 3,
            f"B{row}": 1.0 + row % 2,
            f"C{row}": 0.4 if row == 4 else f"=C{row - 1}-I{row - 1}*G{row - 1}",
            f"D{row}": 0.1 if row == 4 else f"=D{row - 1}-I{row - 1}*H{row - 1}",
            f"E{row}": f"=C{row}*A{row}+D{row}",
            f"F{row}": f"=0.5*(E{row}-B{row})^2",
            f"G{row}": f"=(E{row}-B{row})*A{row}",
            f"H{row}": f"=E{row}-B{row}",
            f"I{row}": "=$B$1/(1+0.1*ROW())",
        }
    bare = without_values(book(("S", cells)))
    (sheet,) = check_workbook(write(bare, tmp_path / "bare.xlsx")).sheets
    assert (sheet.verdict, sheet.mistakes) == (Verdict.RIGHT, [])


def test_updates_by_a_text_that_the_headers_cannot_compute_are_judged_by_their_formulas(tmp_path: Path) -> None:
    cells: Cells = {"A1": "learning rate", "B1": 0.2}
    headers = ["x1", "x2", "target", "w1", "w2", "bias", "sum", "output", "correct?"]
    cells |= {f"{letter}3": header for letter, header in zip("ABCDEFGHI", headers, strict=True)}
    for k in range(12):
        r, before = 4 + k, 3 + k
        cells |= dict(
            zip((f"A{r}", f"B{r}", f"C{r}"), [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)][k % 4], strict=True)
        )
        for letter, start, data in (("D", -0.3, f"*A{before}"), ("E", 0.1, f"*B{before}"), ("F", -0.2, "")):
            own, step = f"{letter}{before}", f"$B$1*(C{before}-H{before}){data}"
            cells[f"{letter}{r}"] = f'=IF(I{before}="yes",{own},{own}+{step})' if k else start
        cells |= {f"G{r}": f"=A{r}*D{r}+B{r}*E{r}+F{r}", f"H{r}": f"=IF(G{r}>=0,1,0)"}
        cells[f"I{r}"] = f'=IF(H{r}=C{r},"yes","no")'
    report = check_workbook(write(without_values(book(("S", cells))), tmp_path / "flags.xlsx"))
    (sheet,) = report.sheets
    assert (sheet.verdict, [*sheet.mistakes], sheet.judged) == (Verdict.RIGHT, [], 3)
