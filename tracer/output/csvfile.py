"""The CSV of a trace."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from operator import add
from pathlib import Path
from typing import TextIO

from tracer.decimals import lines
from tracer.model.experiment import CsvStyle, Experiment
from tracer.output.blocks import Block, Layout, Writer

FEW = 10_000
"""Rows for which loading NumPy would take longer than it saves."""


def csv_writer(file: TextIO, layout: Layout, style: CsvStyle, ascii: bool = False) -> Writer:
    """Write the columns' names to an open text file; what it gives writes a block of rows: the shortest digits that
    read back as the same double, empty for NaN."""
    marks = str.maketrans({",": style.separator, ".": style.decimal})
    plain = (style.separator, style.decimal) == (",", ".")
    file.write("\ufeff" * style.bom + style.separator.join(layout.spelled(ascii)) + "\n")

    rows = 0

    def write(block: Block) -> None:
        nonlocal rows
        rows += len(block)
        if not len(block):
            return
        after = "," if block.rate is None else f",{lines([[block.rate]])[0]},"
        if len(layout.lead) == 1:
            leads = [f"{iteration}{after}" for iteration, _ in block.places]
        else:
            leads = [f"{iteration},{sample}{after}" for iteration, sample in block.places]
        steps = lines(block.array() if rows > FEW or "numpy" in sys.modules else block.steps())
        text = "\n".join(map(add, leads, steps)) + "\n"
        file.write(text if plain else text.translate(marks))

    return write


@contextmanager
def csv_file(place: Path | TextIO, layout: Layout, experiment: Experiment, ascii: bool) -> Iterator[Writer]:
    """A CSV file (UTF-8), as `csv_writer` writes it."""
    text = place.open("w", encoding="utf-8", newline="") if isinstance(place, Path) else nullcontext(place)
    with text as file:
        yield csv_writer(file, layout, experiment.csv, ascii)
