"""A workbook → a `BookReport`: read it, find its tables, tell their network, judge them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import tracer
from tracer import naming
from tracer.expression import Expression, Name, names
from tracer.grading.cells import Book, Sheet
from tracer.grading.conventions import Spelling, is_provisional
from tracer.grading.diagnosis import Diagnosis
from tracer.grading.effects import departure, with_effects
from tracer.grading.exactness import measured
from tracer.grading.exchange import with_headers_in_place
from tracer.grading.filling import dragged, repeated
from tracer.grading.findings import TOLERANCE, BookReport, Finding, Kind, SheetReport, Verdict
from tracer.grading.inference import NotANetwork, fit, infer, refine
from tracer.grading.judge import Judge
from tracer.grading.model import Model, Shape, model_of
from tracer.grading.notes import notes
from tracer.grading.package import Unreadable, read_book
from tracer.grading.rate import labelled_rates, learning_rate
from tracer.grading.roles import recognised
from tracer.grading.series import Rows, rows_of
from tracer.grading.spelling import NEXT, candidates, normalise
from tracer.grading.tables import Table, find_tables
from tracer.grading.translate import Translator, UnknownFormula, recalculated
from tracer.grading.writing import differences
from tracer.system import System

FEWEST_RIGHT = 0.34
"""Where less of the columns than this are as a network demands, it is not the network that the table shows."""


@dataclass(frozen=True, slots=True)
class Options:
    """config: the network, where it is not to be told from the headers. tolerance: relative."""

    config: Path | None = None
    tolerance: float = TOLERANCE


def check_workbook(path: str | Path, options: Options | None = None, system: System | None = None) -> BookReport:
    """Check one workbook. Nothing is raised for a file that cannot be read; the report says why.

    system: the network, where the caller has it from a config.
    """
    path, options = Path(path), options or Options()
    if system is None and options.config is not None:
        system = tracer.assemble(tracer.load(options.config))
    if system is not None and system.batches.several:
        return BookReport(str(path), "the config takes its samples in batches, and only single samples can be checked")
    try:
        book = recalculated(read_book(path))
    except Unreadable as error:
        return BookReport(str(path), str(error))
    except (MemoryError, RecursionError):
        return BookReport(str(path), "is too large or too deeply nested to be read")
    with np.errstate(all="ignore"):  # a person's numbers may be anything
        reports = [report for sheet in book.sheets for report in check_sheet(book, sheet, options, system)]
    if all(report.verdict is Verdict.NO_TABLE for report in reports):
        reason = "no table of a network was recognised"
        if book.damage:
            reason += f", and the file is damaged: {book.damage}"
        details = {r.reason for r in reports if r.reason}
        if len(details) == 1 and not book.damage:
            reason = f"{reason}: {details.pop()}"
        return BookReport(str(path), reason, tuple(reports))
    return BookReport(str(path), None, tuple(reports))


def check_sheet(book: Book, sheet: Sheet, options: Options, system: System | None) -> list[SheetReport]:
    """One report for each table of a sheet, or one that there is none."""
    spelling = candidates if system is None else _spelling_of(Model(system))
    reports = [_checked(book, sheet, table, options, system) for table in find_tables(sheet, spelling)]
    found = [report for report in reports if report.verdict is not Verdict.NO_TABLE]
    if found:
        return found
    reason = next((report.reason for report in reports if report.reason), None)
    return [SheetReport(sheet.name, Verdict.NO_TABLE, reason=reason or "no headers that name quantities were found")]


def _spelling_of(model: Model) -> Spelling:
    """Headers by the names of a config's own quantities first, then by the usual spellings of them."""
    own = {normalise(name): name for name in reversed([*model.system.columns(), *model.known])}

    def spelling(header: str) -> tuple[str, ...]:
        exact = own.get(normalise(header)) if len(header) < 60 else None
        usual = tuple(name for name in candidates(header) if model.knows(name) or is_provisional(name))
        return tuple(dict.fromkeys((exact, *usual))) if exact else usual

    return spelling


def _is_view(sheet: Sheet, table: Table) -> bool:
    """Whether most series begin with a number that is looked up in another sheet: the table shows what is computed
    there."""
    cells = [sheet.cells.get(series[0]) for series in table.series.values()]
    texts = [cell.formula.text for cell in cells if cell and cell.formula]
    return 2 * sum("!" in text and "INDEX(" in text for text in texts) > len(table.series)


def _checked(book: Book, sheet: Sheet, table: Table, options: Options, system: System | None) -> SheetReport:
    if _is_view(sheet, table):
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason="its numbers are looked up in other sheets")
    table = _with_rate_in_use(book, sheet, table)
    rows = _spread(rows_of(table, sheet.cells))
    constant = frozenset(
        name
        for name in (*rows.columns, *rows.scalars)
        if (name == naming.ETA or (re.fullmatch(r"[it]\d+", name) if system is None else name in system.data))
        and _is_constant(name, rows)
    )
    translator = Translator(book, sheet, table, constant)
    shape: Shape | None = None
    late: dict[str, str] = {}
    try:
        if system is None:
            shape, rows, late = _inferred(rows)
            if late:
                table = _renamed(table, late)
                translator = Translator(book, sheet, table, constant)
            shape = refine(shape, rows, _readings(table, sheet, translator))
    except NotANetwork as error:
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason=error.reason)
    model = model_of(shape) if shape is not None else Model(system)  # type: ignore[arg-type]
    roles = recognised(book, sheet, table, model, constant)
    if roles.table is not table:
        table, model = roles.table, model.with_turned(roles.turned)
        rows = Rows({**rows_of(table, sheet.cells).columns, **rows.columns}, rows.scalars, rows.steps)
        translator = Translator(book, sheet, table, constant)
    rows = _without_strangers(rows, model)
    rows = Rows(rows.columns, {**rows.scalars, **model.system.hyper}, rows.steps)
    formulas = [*model.system.updates.values(), *(equation.expression for equation in model.system.equations)]
    if any(n.name == naming.COUNT for formula in formulas for n in names(formula)):
        rows = Rows({**rows.columns, naming.COUNT: np.arange(1.0, rows.steps + 1)}, rows.scalars, rows.steps)
    computed = [name for name in table.series if name in rows.columns and model.equation(name) is not None]
    unmatched = (
        *table.unmatched,
        *(table.headers[n] for n in table.series if not model.knows(n) and n in table.headers),
    )
    if not any(name not in model.parameters for name in table.series if model.equation(name) is not None):
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason="no quantity that is computed was found")
    common = {
        "table": table.area,
        "network": describe(model, shape),
        "recognised": tuple(table.series),
        "unmatched": unmatched,
    }
    if not any(np.isfinite(rows.columns[name]).any() for name in computed if name not in model.parameters):
        return SheetReport(sheet.name, Verdict.UNFILLED, **common)  # type: ignore[arg-type]
    exactness = measured(sheet, table, rows, model)
    eta, rows, findings = learning_rate(sheet, table, rows, model, exactness)
    in_place, rows, exchanged = with_headers_in_place(table, rows, model)
    if exchanged:
        table, findings = in_place, [*findings, *exchanged]
        translator = Translator(book, sheet, table, constant)
        exactness = measured(sheet, table, rows, model)
    again = repeated(sheet, table, rows, model)
    findings += [*dragged(sheet, table, rows, model), *again]
    judge = Judge(
        sheet,
        table,
        rows,
        model,
        translator,
        eta,
        options.tolerance,
        exactness,
        frozenset(p for f in again for p in f.places),
        labelled_rates(sheet),
    )
    diagnosis = Diagnosis(judge)
    judged, wrong = 0, 0
    not_judged = []
    for name in computed:
        if _still(name, rows, model):
            continue
        column = judge.column(name)
        findings += [*diagnosis.findings(column.wrong), *notes(judge, name, column.right)]
        judged += column.known
        wrong += bool(column.wrong)
        filled = np.isfinite(rows.columns[name]).sum() > (name in model.parameters)
        if not column.known and (filled or judge.has_formulas(name)):
            not_judged.append(name)
    if judged and system is None and judged - wrong < FEWEST_RIGHT * judged:
        return SheetReport(
            sheet.name,
            Verdict.NO_TABLE,
            reason=f"{wrong} of {judged} columns fit no network that the headers show; describe it with --config",
        )
    if not judged:
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason="nothing in it could be judged")
    findings = with_effects(diagnosis.with_common_rate(findings), diagnosis)
    if late:
        findings = [_as_headed(finding) for finding in findings]
    mistakes = any(finding.is_mistake for finding in findings)
    return SheetReport(
        sheet.name,
        Verdict.FINDINGS if mistakes else Verdict.RIGHT,
        eta=eta,
        not_judged=tuple(not_judged),
        findings=tuple(findings),
        judged=judged,
        right=judged - wrong,
        departure=departure(judge) if all(finding.kind is not Kind.RATE for finding in findings) else None,
        **common,  # type: ignore[arg-type]
    )


def _inferred(rows: Rows) -> tuple[Shape, Rows, dict[str, str]]:
    """The network, and where the weights of a row are those after its update, their names as such: a row's forward pass
    then uses the weights of the row above."""
    shape, told = infer(rows)
    parameters = {n: n + NEXT for n in rows.columns if re.fullmatch(r"[wb]\d+|b_[ho]\d+", n)}
    if rows.steps < 3 or not parameters or any(n.endswith(NEXT) for n in rows.columns):
        return shape, told, {}
    shares = fit(model_of(shape), told)
    if sum(share >= 0.5 for share in shares.values()) > 0.8 * len(shares):
        return shape, told, {}
    other = Rows({parameters.get(n, n): column for n, column in rows.columns.items()}, rows.scalars, rows.steps)
    late_shape, late = infer(other)
    if sum(fit(model_of(late_shape), late).values()) > sum(shares.values()) + 2:
        return late_shape, late, parameters
    return shape, told, {}


def _renamed(table: Table, by: Mapping[str, str]) -> Table:
    return replace(
        table,
        series={by.get(name, name): places for name, places in table.series.items()},
        headers={by.get(name, name): text for name, text in table.headers.items()},
        header_cells={by.get(name, name): place for name, place in table.header_cells.items()},
    )


_AFTER = re.compile(r"(?<=\w)\+(?! )")


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


def _as_headed(finding: Finding) -> Finding:
    """A finding in a table whose weights are those after the update: under the headers' names."""
    theirs, right = (_AFTER.sub("", text) if text else text for text in (finding.theirs, finding.right))
    marks = tuple(differences(theirs, right)) if theirs and right and finding.marks else ()
    cause = _AFTER.sub("", finding.cause) if finding.cause else None
    quantity = finding.quantity.removesuffix(NEXT)
    return replace(finding, quantity=quantity, cause=cause, theirs=theirs, right=right, marks=marks)


def _is_constant(name: str, rows: Rows) -> bool:
    column = rows[Name(name)]
    known = column[np.isfinite(column)]
    return bool(len(known)) and bool(np.ptp(known) == 0)


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
    return Rows(
        {name: column for name, column in rows.columns.items() if model.knows(name)},
        {name: number for name, number in rows.scalars.items() if model.knows(name)},
        rows.steps,
    )


def _spread(rows: Rows) -> Rows:
    """Inputs and targets that stand in the first row only hold for all."""
    columns, scalars = dict(rows.columns), dict(rows.scalars)
    for name, column in rows.columns.items():
        if (
            re.fullmatch(r"[it]\d+|b\d+", name)
            and rows.steps > 1
            and np.isfinite(column[0])
            and not np.isfinite(column[1:]).any()
        ):
            scalars[name] = float(column[0])
            del columns[name]
    return Rows(columns, scalars, rows.steps)


def _still(name: str, rows: Rows, model: Model) -> bool:
    """Whether a parameter stays as it is in a table that updates none: one forward pass a row."""
    if name not in model.parameters:
        return False
    moving = [
        p for p in model.parameters
        if p in rows.columns and (f := rows.columns[p][np.isfinite(rows.columns[p])]).size > 1 and np.ptp(f) > 0
    ]  # fmt: skip
    samples = any(
        np.ptp(rows.columns[d][np.isfinite(rows.columns[d])]) > 0
        for d in model.system.data
        if d in rows.columns and np.isfinite(rows.columns[d]).any()
    )
    gradients = any(n.startswith("∂E/∂") and n.removeprefix("∂E/∂") in model.parameters for n in rows.columns)
    return not moving and (samples or not gradients)


def describe(model: Model, shape: Shape | None) -> str:
    """The network in a few words: 2-2-2, sigmoid, half_squared_error."""
    if shape is None:
        return "as the config describes it"
    words = ["-".join(map(str, shape.widths))]
    words.append(shape.activations[0] if len(set(shape.activations)) == 1 else ", ".join(shape.activations))
    words.append(shape.loss)
    if any(kind != "none" for kind in shape.biases):
        words.append("with biases")
    if any(shape.by_input):
        words.append("weights numbered input by input")
    if shape.turned:
        words.append("gradients written with the other sign")
    return ", ".join(words)


__all__ = ["Options", "check_workbook"]
