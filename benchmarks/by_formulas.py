"""Sheets judged by their formulas alone: the sheet of a run read as a graph of cells, and its updates judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from measure import Row, alone

import tracer
from tracer.grading.book.cells import Book, Sheet
from tracer.grading.book.package import read_book
from tracer.grading.graph.read import read_graph
from tracer.grading.training.judgement import Standing
from tracer.grading.ways.formulas import judge_graph

SIZES = (("compact", 500), ("full", 1_680))
"""Columns and rows of the classic network; at most 500 of its steps are judged."""


def rows(config: Path, folder: Path) -> Iterator[Row]:
    """A right sheet of each size, and the smaller one with a slip in all copies of a formula."""
    for columns, steps in SIZES:
        path = folder / f"{columns}.xlsx"
        tracer.run(config, learning_rate=0.5, iterations=steps, columns=columns).to_excel(path)
        sheet = next(sheet for sheet in read_book(path).sheets if sheet.name.startswith("η"))
        right = Book((sheet,), {})
        yield _measured("a right sheet", right, Standing.CONFIRMED)
        if columns == "compact":
            yield _measured("a wrong sheet", Book((with_slip(sheet),), {}), Standing.WRONG)


def with_slip(sheet: Sheet) -> Sheet:
    """The sheet with 1 + a for 1 − a in the first column that has it."""
    cells = dict(sheet.cells)
    column = min(c for (_, c), cell in cells.items() if cell.formula and "*(1-" in cell.formula.text)
    for place, cell in sheet.cells.items():
        if place[1] == column and cell.formula:
            text = cell.formula.text.replace("*(1-", "*(1+", 1)
            cells[place] = cell._replace(formula=cell.formula._replace(text=text))
    return replace(sheet, cells=cells)


def _measured(what: str, book: Book, standing: Standing) -> Row:
    (judgement,) = judge_graph(book, read_graph(book))
    assert judgement.standing is standing, judgement
    count = sum(cell.formula is not None for sheet in book.sheets for cell in sheet.cells.values())
    notes = {"steps judged": f"{judgement.steps}"}
    return alone("growth", f"{what} of {count:,} formulas judged by these", partial(_judged, book), notes, rounds=5)


def _judged(book: Book) -> None:
    judge_graph(book, read_graph(book))
