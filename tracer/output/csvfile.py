"""The CSV of a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from tracer.decimals import lines
from tracer.model.experiment import CsvStyle

ETA_COLUMN = "eta"
"""The column of the learning rate."""
Row = tuple[float, ...]
"""One number per column; NaN if missing, whole numbers as int."""


def write_csv(file: TextIO, columns: Sequence[str], blocks: Iterable[Sequence[Row]], style: CsvStyle) -> None:
    """Write the columns' names and blocks of rows as CSV: the shortest digits that read back as the same double, empty
    for NaN."""
    marks = str.maketrans({",": style.separator, ".": style.decimal})
    file.write("\ufeff" * style.bom + style.separator.join(columns) + "\n")
    for block in blocks:
        text = "\n".join(lines(block)) + "\n"
        file.write(text if style.separator == "," else text.translate(marks))
