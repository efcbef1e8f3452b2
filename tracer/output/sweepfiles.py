"""The table of a sweep as a file: CSV or Parquet (https://parquet.apache.org), whose curves are lists."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tracer.decimals import lines
from tracer.errors import OutputError
from tracer.execution.sweep.planning import Planned
from tracer.execution.sweep.results import Results
from tracer.files import problems_of, replacing
from tracer.guard import guarded
from tracer.model import naming
from tracer.model.experiment import CsvStyle
from tracer.output.parquetfile import METADATA
from tracer.output.sweeps import Column, cells_of, columns
from tracer.version import VERSION

CSV, PARQUET = ".csv", ".parquet"
MOST_COLUMNS = 16_384
"""Of a CSV, whose curves take a column for each iteration; spreadsheets read no more."""
MOST_HELD = 100_000_000
"""Numbers of the curves that are held until they are written to one file: 800 MB."""
AT_ONCE = 65_536
"""Runs whose cells are held as texts."""
MISSING = "needs pyarrow, which is not installed: pip install 'backprop-trace[parquet]'"


def check(planned: Planned, target: Path) -> None:
    """Raise OutputError, before the runs begin, where the file cannot hold their table, or cannot be written."""
    suffix, problems = target.suffix.lower(), []
    if suffix not in (CSV, PARQUET):
        problems.append(f"{target}: choose a file that ends in {CSV} or {PARQUET}, or a folder: {target}/")
    elif suffix == CSV and planned.kept > MOST_COLUMNS:
        problems.append(
            f"{target}: the curves would take {planned.kept:,} columns, more than {MOST_COLUMNS:,}; write them to a "
            f"{PARQUET} file or a folder, or keep less"
        )
    elif suffix == PARQUET and not has_pyarrow():
        problems.append(f"{target}: {MISSING}")
    total = len(planned.plan.grid)
    if planned.kept * total > MOST_HELD:
        problems.append(
            f"{target}: the curves would be {planned.kept * total:,} numbers, more than {MOST_HELD:,} for one file; "
            f"write them to a folder, block by block: -o {target.with_suffix('')}/"
        )
    problems = problems or problems_of([target])
    if problems:
        raise OutputError(problems)


def has_pyarrow() -> bool:
    """Whether Parquet can be written."""
    from importlib.util import find_spec

    return find_spec("pyarrow") is not None


def write(planned: Planned, results: Results, target: Path, ascii: bool = False) -> None:
    """Write the table of all runs. Raises OutputError; an older file then stays as it was."""
    grid = planned.plan.grid
    with replacing(target) as part:
        if target.suffix.lower() == PARQUET:
            write_parquet(part, columns(grid, results, 0), json.dumps(described(planned), ensure_ascii=False), ascii)
            return
        with part.open("w", encoding="utf-8", newline="") as file:
            for first in range(0, len(results), AT_ONCE):
                found = results.part(first, first + AT_ONCE)
                write_csv(file, columns(grid, found, first), planned.experiment.csv, ascii, head=not first)


def write_csv(file: Any, table: Iterable[Column], style: CsvStyle, ascii: bool = False, head: bool = True) -> None:
    """Write columns to an open text file; a curve takes a column for each iteration, `losses[1]` and so on. head: with
    a line of their names."""
    heads: list[str] = []
    cells: list[Sequence[str]] = []
    for column in table:
        name = naming.to_ascii(column.name) if ascii else column.name
        if column.lengths is None:
            heads.append(name)
            cells.append(_texts(column.values, column.none, style, ascii))
        else:
            heads += [f"{name}[{number}]" for number in range(1, column.values.shape[1] + 1)]
            cells += [_texts(values, None, style, ascii) for values in column.values.T]
    if head:
        file.write("\ufeff" * style.bom)
        file.write(style.separator.join(_quoted(name, style) for name in heads) + "\n")
    file.writelines(style.separator.join(row) + "\n" for row in zip(*cells, strict=True))


def _texts(values: Any, none: Any, style: CsvStyle, ascii: bool) -> list[str]:
    if values.dtype.kind == "O":
        return [_quoted(naming.to_ascii(value) if ascii else value, style) for value in values]
    found = [line.decode() for line in lines([(value,) for value in values.tolist()])]
    if none is not None:
        found = ["" if value == none else text for value, text in zip(values.tolist(), found, strict=True)]
    return found if style.decimal == "." else [text.replace(".", style.decimal) for text in found]


def _quoted(text: str, style: CsvStyle) -> str:
    cell = io.StringIO()
    csv.writer(cell, delimiter=style.separator, lineterminator="").writerow([guarded(text), ""])
    return cell.getvalue().removesuffix(style.separator)


def write_parquet(path: Path, table: Iterable[Column], about: str, ascii: bool = False) -> None:
    """Write columns as a Parquet file; what is missing is null. about: JSON, for its metadata."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    names, arrays, curves = [], [], []
    for column in table:
        name, values = naming.to_ascii(column.name) if ascii else column.name, column.values
        names.append(name)
        if column.lengths is not None:
            curves.append(name)
            lengths = np.asarray(column.lengths)
            whole = bool((lengths == values.shape[1]).all())  # then the curves are written where they are
            kept = values.reshape(-1) if whole else values[np.arange(values.shape[1]) < lengths[:, None]]
            ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            arrays.append(pa.LargeListArray.from_arrays(_arrow(ends), _arrow(kept)))
        elif values.dtype.kind == "O":
            arrays.append(_arrow_texts([naming.to_ascii(value) if ascii else value for value in values]))
        else:
            arrays.append(_arrow(values, np.isnan(values) if values.dtype.kind == "f" else values == column.none))
    rows = pa.Table.from_arrays(arrays, names=names).replace_schema_metadata({METADATA: about})
    # the numbers of curves hardly repeat: parted into their bytes they take 0.8 of the space and a third of the time
    split = {f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in curves}
    others = [name for name in names if name not in curves]
    write_table(rows, path, compression="zstd", use_dictionary=others, column_encoding=split or None)


def _arrow(values: Any, missing: Any = None) -> Any:
    """Doubles or whole numbers as Arrow's array; `pyarrow.array` loads pandas first, half a second."""
    import pyarrow as pa

    kind = pa.float64() if values.dtype.kind == "f" else pa.int64()
    validity = None if missing is None or not np.any(missing) else _bits(~missing)
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(np.ascontiguousarray(values))])


def _arrow_texts(texts: Sequence[str]) -> Any:
    """Texts as Arrow's array; an empty one is null."""
    import pyarrow as pa

    written = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, written)]).astype(np.int64)
    data, validity = pa.py_buffer(b"".join(written)), _bits(np.array([*map(bool, written)]))
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), data, validity)


def _bits(valid: Any) -> Any:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(valid, bitorder="little"))


DIGEST = "digest"


def described(planned: Planned) -> dict[str, Any]:
    """What a sweep is, by which one can be repeated: for JSON."""
    plan = planned.plan
    vary: dict[str, Any] = {}
    for varied in plan.grid.varied:
        count, values = len(varied.values), varied.values
        short = {"first": values[0], "last": values[-1], "count": count}
        vary[varied.key] = list(values) if count <= MOST_LISTED else short
    return {
        "version": VERSION,
        "name": planned.experiment.name,
        "config": plan.config.document.text,
        "settings": [setting.written() for setting in plan.settings],
        "vary": vary,
        "drawn": None if plan.grid.drawn is None else len(plan.grid.drawn),
        DIGEST: _digest(planned),
        "keep": plan.keep,
        "runs": len(plan.grid),
    }


def _digest(planned: Planned) -> str:
    """What tells a sweep from one that differs in what is not listed: long lists of values, drawn points, samples."""
    grid, digest = planned.plan.grid, hashlib.sha256()
    for part in (*(varied.values for varied in grid.varied), grid.drawn or (), *planned.experiment.samples):
        values = cells_of(part) if len(part) else np.empty(0)
        digest.update(repr(values.tolist()).encode() if values.dtype.kind == "O" else values.tobytes())
        digest.update(b"\n")
    return digest.hexdigest()[:16]


MOST_LISTED = 10_000
"""Values of a key that are listed in the metadata of a file."""
