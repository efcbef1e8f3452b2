"""Reading a table of a .csv or an .xlsx file: its header and its rows, each with its position."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.config.yamlfile import decoded, read_bytes
from tracer.errors import ConfigError

MAX_UNPACKED, MAX_PARTS = 200_000_000, 1_000
"""Limits of a workbook: bytes, and files in it; more is not a table of samples but an attack."""
MAX_ROWS, MAX_COLUMNS = 100_000, 1_000
DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r"sep=([^\w\s]|\t)\r?\n")
_DECIMAL_COMMA = re.compile(r"^(\s*[-+]?\d*),(\d+(?:[eE][-+]?\d+)?\s*)$")


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of values: text, numbers, or None where a cell is empty. rows: where each stands, and its
    values."""

    header: list[str]
    rows: list[tuple[str, list[Any]]]


def read_table(path: Path) -> Table:
    """The first table of a file: its first row that is not empty is the header. Raises ConfigError."""
    read = {".csv": _csv, ".tsv": _csv, ".txt": _csv, ".xlsx": _xlsx, ".xlsm": _xlsx}.get(path.suffix.lower())
    if read is None:
        raise ConfigError([f"{path}: is neither a .csv nor an .xlsx file"])
    return _table(path, read(path, read_bytes(path, "a file of samples", "; its path is relative to the config")))


def _table(path: Path, rows: Iterable[tuple[str, list[Any]]]) -> Table:
    filled = ((where, values) for where, values in rows if any(value not in (None, "") for value in values))
    _, header = next(filled, ("", []))
    table = Table(["" if name is None else str(name).strip() for name in header], [])
    for where, values in filled:
        if len(table.rows) == MAX_ROWS:
            raise ConfigError([f"{path}: contains more than {MAX_ROWS:,} samples; this is a tool for small data"])
        table.rows.append((where, values))
    if not table.rows:
        raise ConfigError([f"{path}: contains no samples; give a row of names, then one row per sample"])
    if len(header) > MAX_COLUMNS:
        raise ConfigError([f"{path}: has more than {MAX_COLUMNS:,} columns"])
    return table


def _csv(path: Path, data: bytes) -> Iterator[tuple[str, list[Any]]]:
    text = decoded(data, str(path), "CSV file")
    declared = _SEPARATOR.match(text)  # a first line that Excel writes and reads
    text = text[declared.end() :] if declared else text
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = declared[1] if declared else max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for values in reader:
            if delimiter == ";":  # as Excel writes it where the comma is the decimal point
                values = [_DECIMAL_COMMA.sub(r"\1.\2", value) for value in values]
            yield f"{path}:{reader.line_num + bool(declared)}", list(values)
    except csv.Error as error:
        raise ConfigError([f"{path}:{reader.line_num}: is not valid CSV ({error})"]) from None


def _xlsx(path: Path, data: bytes) -> Iterator[tuple[str, list[Any]]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if sum(part.file_size for part in parts) > MAX_UNPACKED or len(parts) > MAX_PARTS:
                raise ConfigError([f"{path}: is too large for samples when unpacked"])
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield f"{path}, sheet '{sheet.title}', row {number}", list(row)
        book.close()
    except ConfigError:
        raise
    except Exception as error:  # openpyxl raises whatever a broken file leads it to
        raise ConfigError([f"{path}: cannot be read as an .xlsx workbook ({error})"]) from None
