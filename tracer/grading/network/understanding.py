"""A table → what it shows: which quantity each of its columns is, of which network, with which numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from tracer.formulas.tree import Expression, Name, names
from tracer.grading.book.cells import Book, Sheet
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.network.inference import Effort, NotANetwork, refine
from tracer.grading.network.model import Model, Shape, model_of
from tracer.grading.network.plan import plan_of
from tracer.grading.network.reading import best_reading, numbers, spread
from tracer.grading.network.roles import recognised
from tracer.grading.network.series import Rows, rows_of
from tracer.grading.network.translate import Translator
from tracer.grading.sheet.tables import Table
from tracer.model import naming
from tracer.model.system import System

BATCH = "E_batch"
"""In the headers of our own sheets of batches."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A table of a sheet and what it shows.

    rows: its numbers, of quantities that the model knows. constant: the inputs and targets that are the same in all
    rows, and η where it is. late: whether the weights of a row are those after its update. network: in a few words.
    """

    book: Book
    sheet: Sheet
    table: Table
    rows: Rows
    model: Model
    translator: Translator
    constant: frozenset[str]
    late: bool
    network: str

    @property
    def computed(self) -> list[str]:
        """The quantities of the table that are computed from others."""
        return [n for n in self.table.series if n in self.rows.columns and self.model.equation(n) is not None]

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The headers that name nothing of the network."""
        table = self.table
        unknown = (table.headers[n] for n in table.series if not self.model.knows(n) and n in table.headers)
        return (*table.unmatched, *unknown)

    def changed(self, table: Table, rows: Rows) -> Understood:
        """The same of another table, in which other columns hold these quantities."""
        translator = Translator(self.book, self.sheet, table, self.constant)
        return replace(self, table=table, rows=rows, translator=translator)


def understood(book: Book, sheet: Sheet, table: Table, system: System | None, effort: Effort) -> Understood:
    """What a table shows. Raises NotANetwork where no network can be told from it.

    system: the network, where it is known.
    """
    table = _with_rate_in_use(book, sheet, table)
    if system is None:
        if any(BATCH in stranger.header for stranger in table.strangers):
            raise NotANetwork("its samples are taken in batches; describe it with --config")
        read = best_reading(table, sheet, effort)
        table, rows, late = read.table, read.rows, read.late
        constant = _constant(rows, [n for n in rows.names if re.fullmatch(r"[it]\d+", n)])
        shape = refine(read.shape, rows, _readings(table, sheet, Translator(book, sheet, table, constant)), effort)
        model, network = model_of(shape), describe(shape)
    else:
        rows, late = numbers(table, sheet), False
        constant = _constant(rows, system.data)
        model, network = Model(system), "as the config describes it"
    roles = recognised(book, sheet, table, model, constant)
    if roles.table is not table or roles.numbers:
        table, model = roles.table, model.with_negated(roles.negated)
        scalars = {**rows.scalars, **roles.numbers}
        rows = spread(Rows({**rows_of(table, sheet.cells).columns, **rows.columns}, scalars, rows.steps))
        constant = _constant(rows, model.system.data)
    rows = _counted(_in_batches(_without_strangers(rows, model), model), model)
    return Understood(
        book, sheet, table, rows, model, Translator(book, sheet, table, constant), constant, late, network
    )


def _with_rate_in_use(book: Book, sheet: Sheet, table: Table) -> Table:
    """The table with that one of several labelled learning rates that its updates refer to."""
    if len(table.rates) < 2:
        return table
    by_place = {rate.position: rate for rate in table.rates}
    translator = Translator(book, sheet, table, frozenset())
    for name, places in table.series.items():
        last = places[-1] if name[0] in "wb" else None
        cell = sheet.cells.get(last) if last else None
        if last and cell is not None and cell.formula is not None:
            for place in translator.references(last, cell.formula):
                if place in by_place:
                    return replace(table, scalars={**table.scalars, naming.ETA: by_place[place]})
    return table


def _constant(rows: Rows, data: Iterable[str]) -> frozenset[str]:
    """Those of the inputs and targets, and η, that are the same in all rows."""

    def stays(name: str) -> bool:
        known = rows[Name(name)][np.isfinite(rows[Name(name)])]
        return bool(len(known)) and bool(np.ptp(known) == 0)

    return frozenset(name for name in (*data, naming.ETA) if name in rows.names and stays(name))


def _readings(table: Table, sheet: Sheet, translator: Translator) -> dict[str, Expression]:
    """The formula of every quantity in the last row that has one, where it can be read."""
    readings = {}
    for name, places in table.series.items():
        for step in reversed(range(len(places))):
            cell = sheet.cells.get(places[step])
            if cell is not None and cell.formula is not None:
                with suppress(UnknownFormula):
                    readings[name] = translator.read(places[step], step)
                break
    return readings


def _without_strangers(rows: Rows, model: Model) -> Rows:
    """The numbers of what the model knows, and those that hold for every run of it."""
    known = {name: number for name, number in rows.scalars.items() if model.knows(name)}
    columns = {name: column for name, column in rows.columns.items() if model.knows(name)}
    return replace(rows, columns=columns, scalars={**known, **model.system.hyper})


def _in_batches(rows: Rows, model: Model) -> Rows:
    """The numbers with the batches that the rows make up, where a batch has several."""
    if not model.system.batches.several or not rows.steps:
        return rows
    plan = plan_of(model.system.batches, model.shared, rows.steps, rows.columns.get(naming.ITERATION))
    return replace(rows, plan=plan)


def _counted(rows: Rows, model: Model) -> Rows:
    """The numbers with the count of the iterations, where a formula uses it."""
    formulas = [*model.system.updates.values(), *(equation.expression for equation in model.system.equations)]
    if not any(n.name == naming.COUNT for formula in formulas for n in names(formula)):
        return rows
    count = rows.plan.batch if rows.plan else np.arange(rows.steps)
    return replace(rows, columns={**rows.columns, naming.COUNT: np.asarray(count + 1, float)})


def describe(shape: Shape) -> str:
    """The network in a few words: 2-2-2, sigmoid, half_squared_error."""
    words = ["-".join(map(str, shape.widths))]
    words.append(shape.activations[0] if len(set(shape.activations)) == 1 else ", ".join(shape.activations))
    words.append(shape.loss)
    if any(kind != "none" for kind in shape.biases):
        words.append("with biases")
    if any(shape.by_input):
        words.append("weights numbered input by input")
    if shape.negated:
        words.append("gradients written with the other sign")
    return ", ".join(words)


__all__ = ["Understood", "understood"]
