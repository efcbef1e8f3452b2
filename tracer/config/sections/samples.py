"""The sections of a config that hold its data: inputs, targets, samples and their order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from operator import mul
from pathlib import Path
from typing import Any

from tracer.config.forms import show
from tracer.config.habits import advice, is_grouped, is_plain
from tracer.config.records import Model
from tracer.config.schema import BATCH, ORDERS, SAMPLE
from tracer.config.sections.reading import Reader, by_name
from tracer.config.tables import MAX_COLUMNS, Table, read_table
from tracer.config.yamlfile import Place
from tracer.errors import ConfigError, OutputError, nearest
from tracer.files import path_of
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.quantity import Role

MOST_PROBLEMS = 20
"""How many wrong cells of a file are reported one by one."""
MOST_COLUMNS = 12
"""How many columns of a file a message names."""
HIGHEST = 9_999
"""Number of an input or a target among the columns of a file."""

DEFAULT_NAMES = {"inputs": naming.inputs, "targets": naming.targets}
_WORD = re.compile(r"([^\W\d]\w*)\s*(\(?)")
_RESULT = re.compile(r"^\s*([^\W\d]\w*)\s*=", re.MULTILINE)
_COMMENT = re.compile(r"#.*")


@dataclass(frozen=True, slots=True)
class Data:
    """Names and values. rows: a row a sample, the targets, then the inputs; none where their shape is wrong. complain:
    how to report a problem of each."""

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    complain: tuple[Callable[[str], None], ...]


@dataclass(slots=True)
class SamplesReader(Reader):
    """Reads the data of a document."""

    def data(self, model: Model) -> Data:
        """The inputs and targets of all samples."""
        if "samples" not in self.document.value:
            targets, inputs = (by_name(self.config[key], DEFAULT_NAMES[key]) for key in ("targets", "inputs"))
            values = (*targets.values(), *inputs.values())
            return Data(tuple(inputs), tuple(targets), (values,), (partial(self.problem, ("targets",)),))
        names = {key: list(dict.fromkeys(filter(None, self.config[key] or ()))) for key in ("inputs", "targets")}
        samples = self.config["samples"]
        if isinstance(samples, str):
            return self.from_file(samples.strip(), names, model)
        return self.from_list(samples, names, model) if samples else _none(names)

    def from_list(self, entries: list[Any], names: dict[str, list[str]], model: Model) -> Data:
        noted = len(self.document.problems)
        samples: list[dict[str, dict[str, float]]] = []
        for index, entry in enumerate(entries):
            place: Place = ("samples", index)
            given = self.document.value["samples"][index]
            if entry is None:
                continue
            sample = {key: by_name(entry[key], names[key] or DEFAULT_NAMES[key]) for key in names}
            for key in names:
                first = names[key] or list((samples or [sample])[0][key])
                if key not in given and model is Model.NETWORK:
                    self.problem(place, f"'{key}' is missing; write {SAMPLE.example}")
                elif key not in given or entry[key]:
                    what = ", ".join(first[:MOST_COLUMNS]) or "as many as in the first sample"
                    self.check_count((*place, key), entry[key] or (), len(first), what)
                    known = dict.fromkeys(first) if len(entry[key] or ()) == len(first) else sample[key]
                    self.check_known((*place, key), sample[key], known, f"one of the {key}")
            samples.append(sample)
        order = {key: tuple(names[key] or (samples[0][key] if samples else ())) for key in names}
        if len(self.document.problems) > noted or len(samples) < len(entries):
            return _none(order)
        columns = [(key, name) for key in ("targets", "inputs") for name in order[key]]
        rows = tuple(tuple(sample[key].get(name, math.nan) for key, name in columns) for sample in samples)
        complain = tuple(partial(self.problem, ("samples", index, "targets")) for index in range(len(rows)))
        return Data(order["inputs"], order["targets"], rows, complain)

    def from_file(self, name: str, names: dict[str, list[str]], model: Model) -> Data:
        noted = len(self.document.problems)
        path = self.document.folder / name
        try:
            path = path_of(self.document.folder / path_of(name))
            table = self.document.read.get(path) or read_table(path, "; its path is relative to the config")
        except (ConfigError, OutputError) as error:
            (problem,) = error.problems
            if problem.startswith(f"{path}: "):  # of the file as a whole, which has no line
                self.problem(("samples",), problem)
            else:
                self.document.problem_elsewhere(("samples",), problem)
            return _none(names)
        wanted = self.wanted_columns(table.header, model)
        if any(names.values()):
            rest = {} if model is Model.EQUATIONS else wanted
            wanted = {key: listed or rest.get(key, []) for key, listed in names.items()}
        columns = [*wanted["targets"], *wanted["inputs"]]
        for column in columns:
            count = table.header.count(column)
            if count == 0:
                named = [column for column in table.header if column]
                known = ", ".join(named[:MOST_COLUMNS]) + (", …" if len(named) > MOST_COLUMNS else "")
                hint = f"{nearest(column, named)} The file has {known}"
                self.complain_of(table.where, f"there is no column '{column}'.{hint}")
            elif count > 1:
                self.complain_of(table.where, f"the column '{column}' appears {count} times")
        if len(self.document.problems) > noted:
            return _none(wanted)
        self.document.read[path], key = table, (path, *columns)
        rows = self.document.read.get(key) or self.rows(table, columns)
        if len(self.document.problems) == noted:
            self.document.read[key] = rows
        complain = tuple(partial(self.complain_of, where) for where, _ in table.rows)
        return Data(tuple(wanted["inputs"]), tuple(wanted["targets"]), rows, complain)

    def complain_of(self, where: str | Path, what: str) -> None:
        """Note a problem of the file, or of a row of it."""
        self.document.problem_elsewhere(("samples",), f"{where}: {what}")

    def wanted_columns(self, header: list[str], model: Model) -> dict[str, list[str]]:
        """The columns to read where the config names none: i1, i2, … and a target a neuron, or what equations use."""
        if model is Model.EQUATIONS:
            text = _COMMENT.sub("", self.config["equations"] or "")
            words = {word for word, bracket in _WORD.findall(text) if not bracket}  # no functions
            words -= {*_RESULT.findall(text), *(self.config["parameters"] or ())}
            used = [name for name in header if name in words]
            targets = [name for name in used if name == "t" or naming.number(name, Role.TARGET) is not None]
            return {"inputs": [name for name in used if name not in targets], "targets": targets}
        numbers = {
            key: max((n for name in header if (n := naming.number(name, role)) and n <= HIGHEST), default=1)
            for key, role in (("inputs", Role.INPUT), ("targets", Role.TARGET))
        }
        widths: list[Any] = [entry["neurons"] if entry else None for entry in self.config["layers"] or ()]
        if widths and all(isinstance(width, int) for width in widths):
            numbers["targets"] = min(widths[-1], MAX_COLUMNS)
            numbers["inputs"] = max(numbers["inputs"], min(self.fan_in(widths), MAX_COLUMNS))
        return {"inputs": naming.inputs(numbers["inputs"]), "targets": naming.targets(numbers["targets"])}

    def fan_in(self, widths: list[int]) -> int:
        """The number of inputs that listed weights imply; 0 if unknown."""
        weights = self.config["weights"]
        if not isinstance(weights, (list, dict)):
            return 0
        if isinstance(weights, dict) and any(isinstance(rows, list) for rows in weights.values()):
            rows = next(iter(weights.values()))
            return len(rows[0]) if rows and rows[0] else 0
        inputs, rest = divmod(len(weights) - sum(map(mul, widths, widths[1:])), widths[0])
        return inputs if not rest else 0

    def rows(self, table: Table, columns: list[str]) -> tuple[tuple[float, ...], ...]:
        """The values of the columns; anything but a number is reported with its row and column."""
        places = [table.header.index(column) for column in columns]
        cells = [[values[place] if place < len(values) else None for place in places] for _, values in table.rows]
        texts = (cell for row in cells for cell in row if table.commas and isinstance(cell, str))
        comma = next((text for text in texts if "," in text and is_plain(text.replace(",", "."))), "")
        rows = [tuple(_number(cell, bool(comma)) for cell in row) for row in cells]
        wrong = [
            (where, column, cell)
            for (where, _), row, numbers in zip(table.rows, cells, rows, strict=True)
            for column, cell, number in zip(columns, row, numbers, strict=True)
            if number != number
        ]
        for where, column, cell in wrong[:MOST_PROBLEMS]:
            self.complain_of(where, f"column '{column}': {_fault(cell, comma)}")
        if len(wrong) > MOST_PROBLEMS:
            self.complain_of(table.rows[-1][0], f"and {len(wrong) - MOST_PROBLEMS:,} more invalid cells up to here")
        return tuple(rows)

    def batches(self, data: Data) -> Batches:
        """Which samples an iteration takes."""
        update, samples, size = self.config["update"], len(data.rows), 1
        if update == BATCH:
            size = samples
        elif isinstance(update, dict) and isinstance(update["batch_size"], int):
            size = update["batch_size"]
            if size > samples > 0:
                data_has = f"{samples:,} samples" if samples > 1 else "one sample"
                self.problem(("update", "batch_size"), f"{size} is larger than the data, which has {data_has}")
        seed = self.config["seed"] if self.config["order"] == ORDERS[1] else None
        return Batches(max(samples, 1), max(size, 1), self.config["reduction"], seed)


def _none(names: Mapping[str, Sequence[str]]) -> Data:
    """Stand-in for samples that cannot be read."""
    return Data(tuple(names["inputs"]), tuple(names["targets"]), (), ())


def _number(value: Any, comma: bool) -> float:
    """A cell as a finite number, or NaN. comma: whether the texts have a decimal comma."""
    if comma and isinstance(value, str):
        value = "" if "." in value else value.replace(",", ".")
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or "_" in str(value):
        return math.nan
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _fault(cell: Any, comma: str) -> str:
    """Why a cell is not a number, and what to write. comma: a cell of the file that has a decimal comma."""
    if cell in (None, ""):
        return "is empty"
    if comma and isinstance(cell, str) and "." in cell:
        ungrouped = cell.replace(".", "")
        options = [cell.replace(".", ",")] * ("," not in cell) + [ungrouped] * (is_grouped(cell) or "," in cell)
        return f"this file has decimal commas ({comma}), but here is {show(cell)}; write {' or '.join(options)}"
    if isinstance(cell, (date, time)):
        return f"{cell} is a date or a time; format the cell as a number and enter it again"
    return f"{show(cell)} is not a finite number{advice(cell) if isinstance(cell, str) else ''}"
