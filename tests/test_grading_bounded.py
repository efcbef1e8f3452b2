"""Whatever a workbook holds, the answer comes soon, or the workbook is given up and the others are checked."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.hand import Cells, book, table
from tests.homework import Layout, homework, write
from tests.places import WALKTHROUGH
from tests.test_grading_command import run
from tests.test_grading_right import FIXED, classic
from tracer.formulas.notation import numpy
from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import MUL, NEG, Call, Name, Number
from tracer.grading import folder
from tracer.grading.book.cells import Book, Cell, Formula, letters
from tracer.grading.check import check_workbook
from tracer.grading.options import Options
from tracer.grading.sheet import spelling

A_SECOND = 3.0
"""Of a fast machine, for a slow one that is busy."""


def soon(path: Path) -> str:
    """The reason why there is no table, which must be found in a second."""
    began = time.process_time()
    report = check_workbook(path)
    assert time.process_time() - began < A_SECOND
    return report.reason or ""


@pytest.mark.parametrize(
    "form", ["Column{}", "w{} of column", "step {} loss", "E{}", "∂E/∂w{} mean", "{}: x", "h_{}^(2)"]
)
def test_a_header_in_every_column(form: str, tmp_path: Path) -> None:
    cells = {f"{letters(n)}1": form.format(n) for n in range(1, 16_385)} | {"A2": 0.5, "B2": 0.25}
    soon(write(book(("S", cells)), tmp_path / "wide.xlsx"))


def test_a_log_of_thousands_of_rows_of_text(tmp_path: Path) -> None:
    cells: Cells = {}
    for row in range(1, 4701):
        time_of_day = f"{row % 24:02}:{row * 7 % 60:02}:{row * 13 % 60:02} AM"
        line = ("May", f"Agent {row % 40}", time_of_day, "Phone", row * 1000.0, f"ticket {row}", "Open", float(row % 5))
        for column, value in enumerate(line, 1):
            cells[f"{letters(column)}{row}"] = value  # type: ignore[assignment]
    assert "no table" in soon(write(book(("Log", cells)), tmp_path / "log.xlsx"))


@pytest.mark.parametrize("number", [3, 7, 13, 25, 200, 999])
def test_an_unusual_number_in_a_header(number: int, tmp_path: Path) -> None:
    """E25 beside two targets makes no network of 25 outputs."""
    cells = table("A1", classic(), 3, FIXED)
    renamed = {
        place: {"E1": f"E{number}", "E2": f"E{number + 1}"}.get(str(value), value) for place, value in cells.items()
    }
    soon(write(book(("S", renamed)), tmp_path / "header.xlsx"))


@given(st.one_of(
    st.text(max_size=20),
    st.from_regex(r"(∂E/∂|d|delta |new |net_)?[a-zA-Z_]{1,5}[0-9]{1,6}( ?[(+]?[a-z]{0,4}[0-9]{0,2}\)?)", fullmatch=True),
))  # fmt: skip
def test_texts_are_told_apart_by_digits_only_where_these_matter(header: str) -> None:
    """A quick look at a header's shape never hides a meaning."""
    spelling.candidates.cache_clear()
    assert spelling.candidates(header) == spelling._candidates(header)


def test_a_slip_is_computed_from_the_parts_of_the_right_formula_to_the_last_digit() -> None:
    """As the compiled formula gives it, for every single slip of every equation of a network."""
    system = tracer.assemble(tracer.load(WALKTHROUGH))
    chance = np.random.default_rng(1)
    values = {Name(name): chance.normal(size=5) for name in [*system.columns(), "η"]}
    tried = 0
    for equation in system.equations:
        known: dict[int, Any] = {}
        numpy.value_from_parts(equation.expression, values, known)
        for path, node in nodes(equation.expression):
            for new in (Number(0.25), Call(NEG, (node,)), Call(MUL, (node, node))):
                edited = put(equation.expression, path, new)
                given = numpy.value_from_parts(edited, values, known.copy())
                assert np.array_equal(given, numpy.value(edited, values), equal_nan=True)
                tried += 1
    assert tried > 300


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("formula", [
    "A1" + "^1" * 1900, "A1" + "=1" * 1900, "A1" + "-0" * 1900, "A1" + "/1" * 1900, "A1" + "%" * 1900, "-" * 1900 + "A1",
    "(" * 1900 + "A1" + ")" * 1900, "SUM(" * 900 + "A1" + ")" * 900, "9^9^9^9^9", "A1" + "+0" * 1900, "SUM(" * 900,
], ids=lambda formula: formula[:5])  # fmt: skip
def test_a_formula_of_any_depth_costs_one_cell_at_most(formula: str, stored: bool, tmp_path: Path) -> None:
    made = homework(Layout(steps=4)).book()
    (sheet,) = made.sheets
    place = next(place for place, cell in reversed(list(sheet.cells.items())) if cell.formula)
    cells = {**sheet.cells, place: Cell(sheet.cells[place].value if stored else None, Formula(formula, *place))}
    path = write(Book((replace(sheet, cells=cells),), {}), tmp_path / "deep.xlsx")
    began = time.process_time()
    (report,) = check_workbook(path).sheets
    assert time.process_time() - began < A_SECOND
    assert report.judged >= 25
    assert {cell for finding in report.mistakes for cell in finding.places} <= {place}


# --------------------------------------------------------------------------------------------------------- too long

SLOW = """
import sys, time; sys.path[:] = {path!r}
from pathlib import Path
from tracer.grading import worker
real = worker.check_workbook
def check(path, options, when_read, when_headed):
    if "twice" in path:
        time.sleep(0.7)
        when_read()
        time.sleep(0.7)
    if "slow" in path:
        Path(path + ".pid").write_text(str(__import__("os").getpid()))
        while True: pass
    if "dies" in path: __import__("os")._exit(9)
    return real(path, options, when_read=when_read, when_headed=when_headed)
worker.check_workbook = check
worker.serve()
"""


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of workbooks: a right one, one that takes forever, one that ends the process, a wrong file."""
    monkeypatch.setattr(folder, "_COMMAND", [sys.executable, "-c", SLOW.format(path=sys.path)])
    right = write(homework(Layout(steps=3)).book(), tmp_path / "d.xlsx")
    for name in ("a-slow", "b-dies", "c", "e-slow", "f"):
        (tmp_path / f"{name}.xlsx").write_bytes(right.read_bytes())
    return tmp_path


def test_a_workbook_that_takes_too_long_is_not_judged_and_the_folder_goes_on(slow: Path) -> None:
    found = folder.check_all(folder.workbooks([slow]), Options(), 1.5)
    assert [(Path(each.workbook).stem, each.status) for each in found] == [
        ("a-slow", "late"), ("b-dies", "unreadable"), ("c", "read"), ("d", "read"), ("e-slow", "late"), ("f", "read"),
    ]  # fmt: skip
    assert found[0].reason == "not judged within 1.5 s; allow more with --seconds"
    assert found[1].reason == "could not be checked: the process that checked it ended, probably for lack of memory"


def test_a_single_workbook_too(slow: Path) -> None:
    result = run(slow / "a-slow.xlsx", "--seconds", 1, "--json", slow / "out.json")
    assert result.exit_code == 2
    assert "  not judged within 1 s" in result.output
    assert '"status": "late"' in (slow / "out.json").read_text(encoding="utf-8")
    result = run(slow / "a-slow.xlsx", slow / "c.xlsx", "--seconds", 1)
    assert "2 workbooks: 1 right, 0 with findings, 0 could not be judged, 1 not judged in time" in result.output


def test_reading_and_judging_have_their_time_each(slow: Path) -> None:
    twice = (slow / "c.xlsx").rename(slow / "twice.xlsx")
    assert [report.status for report in folder.check_all([twice], Options(), 1.2)] == ["read"]
    assert [report.status for report in folder.check_all([twice], Options(), 0.5)] == ["late"]


def test_loading_the_program_does_not_count(slow: Path) -> None:
    (report,) = folder.check_all([slow / "c.xlsx"], Options(), 0.2)
    assert report.status == "read"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_workers_end_with_the_command(slow: Path, how: str) -> None:
    start = f"from tracer.grading import folder; folder._COMMAND[:] = {folder._COMMAND!r}; from tracer.__main__ import start; start()"
    command = subprocess.Popen([sys.executable, "-c", start, "check", slow / "a-slow.xlsx", "--seconds", "60"])
    note = slow / "a-slow.xlsx.pid"
    wait_for(lambda: note.exists() and note.read_text() != "")
    command.send_signal(getattr(signal, how))
    command.wait(10)
    wait_for(lambda: not is_running(int(note.read_text())))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_keeps_what_is_checked(slow: Path) -> None:
    start = f"import os; os.cpu_count = lambda: 1; from tracer.grading import folder; folder._COMMAND[:] = {folder._COMMAND!r}; from tracer.__main__ import start; start()"
    files = [slow / f"{name}.xlsx" for name in ("c", "b-dies", "d", "e-slow", "f")]
    call: list[str | Path] = [
        sys.executable,
        "-c",
        start,
        "check",
        *files,
        "--seconds",
        "60",
        "--json",
        slow / "out.json",
    ]
    command = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    note = slow / "e-slow.xlsx.pid"
    wait_for(lambda: note.exists() and note.read_text() != "")
    command.send_signal(signal.SIGINT)
    output, errors = command.communicate(timeout=20)
    assert (command.returncode, errors) == (130, "interrupted: 3 of 5 workbooks were checked\n")
    assert "3 workbooks: 2 right, 0 with findings, 1 could not be judged" in output
    kept = [Path(report["workbook"]).name for report in json.loads((slow / "out.json").read_text(encoding="utf-8"))]
    assert kept == ["c.xlsx", "b-dies.xlsx", "d.xlsx"]


def wait_for(condition: object) -> None:
    began = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - began < 20
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and re.search(r"\) [ZX]", stat.read_text()))
