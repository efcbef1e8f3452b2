"""Lines on the screen, in reports and in notes stay short: a long formula is cut around the place that differs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.hand import Cells, book
from tests.homework import write
from tracer.commands.main import main
from tracer.grading.judging.causes import Cause
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.report import excerpts
from tracer.grading.report.annotation import note

LONGEST_LINE = 400
"""Of any report: an excerpt, and what says of which quantity it is."""


def finding(formula: str, right: str, differs: tuple[tuple[int, int], ...]) -> Finding:
    return Finding("h1", Kind.FORMULA, ((3, 1),), Cause("made_up", f"{formula} is used"), formula, right, differs)


@given(
    st.text("abc·+1", min_size=1, max_size=7_000),
    st.text("abc·+1", max_size=7_000),
    st.text("xyz", min_size=1, max_size=9),
)
def test_the_place_that_differs_is_in_the_excerpt(before: str, after: str, odd: str) -> None:
    formula, right = before + odd + after, before + "w5" + after
    long = finding(formula, right, ((len(before), len(before) + len(odd)),))
    shown = excerpts.reads(long)
    assert shown
    text, ((start, end),) = shown
    assert text[start:end] == odd
    assert odd in text
    assert "w5" in (excerpts.right(long) or "")
    longest = excerpts.LONGEST + 4
    assert all(len(part) <= longest for part in (text, excerpts.right(long) or "", excerpts.cause(long)))
    assert len(note(long, long.places[0])) <= 3 * longest + 40
    if len(formula) <= excerpts.LONGEST:
        assert text == formula


def long_sheet() -> Cells:
    """A neuron of 30 inputs whose gradient takes another input: its text has thousands of characters."""
    count = 30
    cells: Cells = {"A1": "η", "B1": 0.5}
    names = [f"i{n}" for n in range(1, count + 1)] + [f"w{n}" for n in range(1, count + 1)]
    columns = {name: _letters(n) for n, name in enumerate(names, 1)}
    last = len(names)
    for n, name in enumerate(["o1", "a_o1", "t1", "E_total", "∂E/∂w1"], last + 1):
        columns[name] = _letters(n)
    for name, column in columns.items():
        cells[f"{column}3"] = name
    for row in range(4, 9):
        inside = "+".join(f"{columns[f'i{n}']}{row}*{columns[f'w{n}']}{row}" for n in range(1, count + 1))
        out = f"(1/(1+EXP(-({inside}))))"
        for n in range(1, count + 1):
            cells[f"{columns[f'i{n}']}{row}"] = n / 100 + row / 50
            cells[f"{columns[f'w{n}']}{row}"] = 0.01 * (n % 7) - 0.02
        cells[f"{columns['t1']}{row}"] = 0.5 + row / 100
        cells[f"{columns['o1']}{row}"] = f"={inside}"
        cells[f"{columns['a_o1']}{row}"] = f"=1/(1+EXP(-{columns['o1']}{row}))"
        cells[f"{columns['E_total']}{row}"] = f"=0.5*({columns['t1']}{row}-{out})^2"
        cells[f"{columns['∂E/∂w1']}{row}"] = f"=({out}-{columns['t1']}{row})*{out}*(1-{out})*{columns['i2']}{row}"
    return cells


def _letters(column: int) -> str:
    return (chr(64 + (column - 1) // 26) if column > 26 else "") + chr(65 + (column - 1) % 26)


def test_reports_of_a_long_formula_have_short_lines(tmp_path: Path) -> None:
    path = write(book(("Sheet1", long_sheet())), tmp_path / "long.xlsx")
    report, graded = tmp_path / "report.csv", tmp_path / "results.json"
    files = ["--annotate", tmp_path / "copies", "--report", report, "--gradescope", graded]
    done = CliRunner().invoke(main, ["check", str(path), *map(str, files)])
    assert done.exit_code == 1, done.output
    assert "i2 is used instead of i1" in done.output
    assert "reads" in done.output
    assert "…" in done.output
    assert max(map(len, done.output.splitlines())) <= LONGEST_LINE
    (row,) = csv.DictReader(io.StringIO(report.read_text(encoding="utf-8")))
    assert all(len(field) <= LONGEST_LINE for field in row.values() if not re.fullmatch(r"[\w/∂; ]*", field))
    (test,) = json.loads(graded.read_text(encoding="utf-8"))["tests"]
    assert max(map(len, test["output"].splitlines())) <= LONGEST_LINE + excerpts.LONGEST
