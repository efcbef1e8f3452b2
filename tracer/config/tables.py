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
DELIMITED, WORKBOOKS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm")
OTHER_SHEETS = (".ods", ".xls", ".xlsb", ".numbers", ".fods")
"""Files of spreadsheets that are not read: no small library reads them in bounded memory."""
DELIMITERS = ",;\t"
_SEPARATOR = re.compile(r"sep=([^\w\s]|\t)\r?\n")


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of values: text, numbers, or None where a cell is empty. where: of the header; rows: where each
    stands, and its values. commas: whether its texts may be numbers with a decimal comma."""

    header: list[str]
    where: str
    rows: list[tuple[str, list[Any]]]
    commas: bool = False


def read_table(path: Path, hint: str = "") -> Table:
    """The first table of a file: its first row that is not empty is the header. hint: where the file is looked for.
    Raises ConfigError."""
    suffix = path.suffix.lower()
    if suffix not in (*DELIMITED, *WORKBOOKS):
        how = " (File, Save As)" if suffix in OTHER_SHEETS else ""
        raise ConfigError([f"{path}: is neither a .csv nor an .xlsx file; save the table as one of these{how}"])
    data = read_bytes(path, "a file of samples", hint)
    if suffix in WORKBOOKS:
        return _table(path, _xlsx(path, data))
    text, delimiter, line = _delimited(decoded(data, str(path), "CSV file"))
    table = _table(path, _csv(path, text, delimiter, line), delimiter == ";")
    for where, values in table.rows:
        if len("".join(values[len(table.header) :]).strip()):
            what = f"has {len(values)} fields, the header {len(table.header)}"
            hint = "; with decimal commas, the fields are separated by ';'" if delimiter == "," else ""
            raise ConfigError([f"{where}: {what}{hint}"])
    return table


def _table(path: Path, rows: Iterable[tuple[str, list[Any]]], commas: bool = False) -> Table:
    filled = ((where, values) for where, values in rows if any(value not in (None, "") for value in values))
    where, header = next(filled, (f"{path}:1", []))
    table = Table(["" if name is None else str(name).strip() for name in header], where, [], commas)
    for where, values in filled:
        if len(table.rows) == MAX_ROWS:
            raise ConfigError([f"{where}: contains more than {MAX_ROWS:,} samples; this is a tool for small data"])
        table.rows.append((where, values))
    if not table.rows:
        raise ConfigError([f"{table.where}: contains no samples; give a row of names, then one row per sample"])
    if len(header) > MAX_COLUMNS:
        raise ConfigError([f"{table.where}: has more than {MAX_COLUMNS:,} columns"])
    return table


def _delimited(text: str) -> tuple[str, str, int]:
    """The text of a CSV file without a first line that declares its delimiter, the delimiter, and the lines taken."""
    declared = _SEPARATOR.match(text)  # a first line that Excel writes and reads
    if declared:
        return text[declared.end() :], declared[1], 1
    first = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(DELIMITERS, key=first.count), 0


def _csv(path: Path, text: str, delimiter: str, line: int) -> Iterator[tuple[str, list[Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for values in reader:
            yield f"{path}:{reader.line_num + line}", list(values)
    except csv.Error as error:
        raise ConfigError([f"{path}:{reader.line_num + line}: is not valid CSV ({error})"]) from None


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
