"""A table → what it shows: the quantity of each column, the network, and the numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from tracer.formulas.tree import ADD, Call, Name, add, mul, names, neg, sub
from tracer.grading.book.cells import Sheet
from tracer.grading.network.fitting import fit, plan_for
from tracer.grading.network.inference import Effort, NotANetwork, refine
from tracer.grading.network.model import Model, Shape, model_of
from tracer.grading.network.reading import best_reading, spread
from tracer.grading.network.roles import recognized
from tracer.grading.network.series import Found, Rows, rows_of
from tracer.grading.network.translate import Translator
from tracer.grading.sheet.spelling import quantity_of
from tracer.grading.sheet.tables import Table
from tracer.model import naming
from tracer.model.quantity import DATA, PARAMETERS, Role
from tracer.model.system import Phase, System

BETTER = 0.5
"""Additional columns that must fit for a table to be read from one row later."""
UPDATED = PARAMETERS | {Role.AFTER_UPDATE}
BATCH = naming.batch_loss(naming.SHORT_TOTAL)
"""In the headers of our own sheets of batches."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A table of a sheet and what it shows.

    rows: its numbers, of quantities that the model knows. constant: the inputs and targets that are the same in all
    rows, and η where it is. late: whether the weights of a row are those after its update. network: in a few words.
    translator: reads its formulas.
    """

    found: Found
    rows: Rows
    model: Model
    constant: frozenset[str]
    late: bool
    network: str
    translator: Translator = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "translator", Translator(self.found, self.constant))

    @property
    def table(self) -> Table:
        return self.found.table

    @property
    def sheet(self) -> Sheet:
        return self.found.sheet

    @property
    def computed(self) -> list[str]:
        """The quantities of the table that are computed from others."""
        return [n for n in self.table.series if n in self.rows.columns and self.model.equation(n) is not None]

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The headers that name no quantity of the network."""
        table = self.table
        unknown = (table.headers[n] for n in table.series if not self.model.knows(n) and n in table.headers)
        return (*table.unmatched, *unknown)


def understood(found: Found, system: System | None, effort: Effort) -> Understood:
    """What a table shows. Raises NotANetwork if no network can be inferred from it.

    system: the network, if known.
    """
    found = _with_rate_in_use(found)
    if system is None:
        if any(BATCH in column.header for column in found.table.unknown):
            raise NotANetwork("its samples are processed in batches; describe it with --config")
        read = best_reading(found, effort)
        found, rows, late = read.found, read.rows, read.late
        constant = _constant(rows, [n for n in rows.names if (q := quantity_of(n)) and q.role in DATA])
        translator = Translator(found, constant)
        readings = ((name, translator.last(places)) for name, places in found.table.series.items())
        shape = refine(read.shape, rows, {name: reading for name, reading in readings if reading}, effort)
        model, network = model_of(shape), describe(shape)
    else:
        model, network, late = Model(system), "as the config describes it", False
        found = _from_one_row_later(found, model)
        model = _with_rate_in_states(found, model)
        rows = spread(rows_of(found))
        constant = _constant(rows, system.data)
    roles = recognized(found, model, constant)
    if roles.table is not found.table or roles.numbers:
        found, model = replace(found, table=roles.table), model.with_negated(roles.negated)
        columns, scalars = {**rows_of(found).columns, **rows.columns}, {**rows.scalars, **roles.numbers}
        rows = spread(Rows(columns, scalars, rows.steps))
        constant = _constant(rows, model.system.data)
    model = model.counting_from(min(_first_number(rows), 1)) if model.counts else model
    return Understood(found, _of_model(rows, model), model, constant, late, network)


def _with_rate_in_use(found: Found) -> Found:
    """The table with that one of several labeled learning rates that its updates refer to."""
    table, translator = found.table, Translator(found)
    by_place = {rate.position: rate for rate in table.rates if len(table.rates) > 1}
    updated = (places for name, places in table.series.items() if table.quantities[name].role in UPDATED)
    for places in updated if by_place else ():
        cell = found.sheet.cells.get(places[-1])
        if cell is not None and cell.formula is not None:
            for place in translator.references(places[-1], cell.formula):
                if place in by_place:
                    scalars = {**table.scalars, naming.ETA: by_place[place]}
                    return replace(found, table=replace(table, scalars=scalars))
    return found


def _from_one_row_later(found: Found, model: Model) -> Found:
    """The table with each step's quantities as one step, where the first row only shows what the run starts from: what
    is computed from the parameters of a row, or the optimizer's states, stands in the row below."""
    table, optimizer = found.table, {e.quantity for e in model.system.equations if e.phase is Phase.OPTIMIZER}
    later = {
        name: places[1:]
        for name, places in table.series.items()
        if len(places) > 1 and model.equation(name) is not None and name not in model.parameters
        and ((cell := found.sheet.cells.get(places[0])) is None
             or (name in optimizer and cell.formula is None and cell.number == model.system.states.get(name, 0.0)))
    }  # fmt: skip
    if not later or model.shared:
        return found
    other = replace(found, table=replace(table, series={**table.series, **later}))
    before, after = (sum(fit(model, _of_model(rows_of(each), model)).values()) for each in (found, other))
    return other if after > before + BETTER else found


def _with_rate_in_states(found: Found, model: Model) -> Model:
    """The model, or that of a momentum whose state includes the rate, v = μ·v ± η·g with w ∓ v, as many books have it:
    the one that fits best."""
    models = [model, *(Model(system) for sign in (1, -1) if (system := _scaled(model.system, sign)))]
    fits = [sum(fit(each, _of_model(rows_of(found), each)).values()) for each in models] if len(models) > 1 else [0.0]
    return models[fits.index(max(fits))] if max(fits) > fits[0] + BETTER else model


def _scaled(system: System, sign: int) -> System | None:
    """The system with its states times η; None if an update is not w − η·v with a single state."""
    eta, equations, updates = Name(naming.ETA), {e.quantity: e for e in system.equations}, dict(system.updates)
    for parameter, update in system.updates.items():
        states = [state for state in system.states if Name(state, 1) in set(names(update))]
        before, rate = Name(parameter, 1), Name(naming.ETA, 1)
        if len(states) != 1 or update != sub(before, mul(rate, Name(states[0], 1))):
            return None
        state, equation = Name(states[0], 1), equations[states[0]]
        formula = equation.expression
        if not isinstance(formula, Call) or formula.function != ADD:
            return None
        scaled = [t if state in set(names(t)) else mul(eta, t) if sign > 0 else neg(mul(eta, t)) for t in formula.args]
        equations[states[0]] = replace(equation, expression=add(*scaled))
        updates[parameter] = sub(before, state) if sign > 0 else add(before, state)
    return replace(system, equations=tuple(equations.values()), updates=updates) if system.states else None


def _constant(rows: Rows, data: Iterable[str]) -> frozenset[str]:
    """Those of the inputs and targets, and η, that are the same in all rows."""

    names = (name for name in (*data, naming.ETA) if name in rows.names and len(rows.known(name)))
    return frozenset(name for name in names if not rows.varies(name))


def _of_model(rows: Rows, model: Model) -> Rows:
    """The numbers of what the model knows, and those that hold for every run of it; with the batches that the rows make
    up, where a batch has several, and the count of the iterations, where a formula uses it."""
    system = model.system
    columns = {name: column for name, column in rows.columns.items() if model.knows(name)}
    scalars = {name: number for name, number in rows.scalars.items() if model.knows(name)} | dict(system.hyper)
    plan = plan_for(model, rows)
    if model.counts:
        batch = plan.batch if plan else np.arange(rows.steps)
        left_out = 0.0 if rows.left_out is None else rows.left_out
        columns[naming.COUNT] = np.asarray(batch + max(_first_number(rows), 1) + left_out, float)
    return Rows(columns, scalars, rows.steps, plan, start=system.states if _first_number(rows) <= 1 else {})


def _first_number(rows: Rows) -> int:
    """The number that a table gives its first iteration: 1, unless it counts the iterations otherwise."""
    numbers = rows.columns.get(naming.ITERATION)
    if numbers is None or not np.isfinite(numbers).all() or (np.diff(numbers) < 0).any() or (numbers % 1).any():
        return 1
    return int(numbers[0])


def describe(shape: Shape) -> str:
    """The network in a few words: 2-2-2, sigmoid, half_squared_error."""
    words = ["-".join(map(str, shape.widths))]
    words.append(shape.activations[0] if len(set(shape.activations)) == 1 else ", ".join(shape.activations))
    words.append(shape.loss)
    if any(kind != "none" for kind in shape.biases):
        words.append("with biases")
    if any(shape.by_input):
        words.append("weights numbered input by input")
    if shape.batches.several:
        words.append(f"batches of {shape.batches.size}, {shape.batches.reduction} of the gradients")
    if shape.negated:
        words.append("gradients with the opposite sign")
    return ", ".join(words)
