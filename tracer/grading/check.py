"""A workbook → a `BookReport`: read it, find its tables, tell their network, judge them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import tracer
from tracer import naming
from tracer.expression import Expression, Name, names
from tracer.grading.book.cells import Book, Sheet
from tracer.grading.book.package import Unreadable, read_book
from tracer.grading.book.recalculation import recalculated
from tracer.grading.judging.assignment import differing, given_quantities
from tracer.grading.judging.exactness import measured
from tracer.grading.judging.exchange import with_headers_in_place
from tracer.grading.judging.filling import dragged, repeated
from tracer.grading.judging.findings import TOLERANCE, BookReport, Finding, Kind, SheetReport, Verdict
from tracer.grading.judging.judge import Judge
from tracer.grading.judging.notes import notes
from tracer.grading.judging.rate import labelled_rates, learning_rate
from tracer.grading.judging.uncomputed import errors, first_cause, given_up
from tracer.grading.network.inference import NotANetwork, refine
from tracer.grading.network.model import Model, Shape, model_of
from tracer.grading.network.plan import plan_of
from tracer.grading.network.reading import best_reading, numbers, spread
from tracer.grading.network.roles import recognised
from tracer.grading.network.series import Rows, rows_of
from tracer.grading.network.translate import Translator, UnknownFormula
from tracer.grading.network.writing import differences
from tracer.grading.sheet.conventions import Spelling, is_provisional
from tracer.grading.sheet.layout import find_tables
from tracer.grading.sheet.spelling import NEXT, candidates, normalise
from tracer.grading.sheet.tables import Table
from tracer.grading.slips.causes import Budget
from tracer.grading.slips.diagnosis import Diagnosis
from tracer.grading.slips.effects import with_effects
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
    try:
        book = recalculated(read_book(path))
    except Unreadable as error:
        return BookReport(str(path), str(error))
    except (MemoryError, RecursionError):
        return BookReport(str(path), "is too large or too deeply nested to be read")
    budget = Budget()
    with np.errstate(all="ignore"):  # a person's numbers may be anything
        reports = [report for sheet in book.sheets for report in check_sheet(book, sheet, options, system, budget)]
    if all(report.verdict is Verdict.NO_TABLE for report in reports):
        reason = "no table of a network was recognised"
        if book.damage:
            reason += f", and {_damaged(book)}"
        details = {r.reason for r in reports if r.reason}
        if len(details) == 1 and not book.damage:
            reason = f"{reason}: {details.pop()}"
        return BookReport(str(path), reason, tuple(reports))
    return BookReport(str(path), None, tuple(reports))


def _damaged(book: Book) -> str:
    return f"the file is damaged: {book.damage}" if book.damage else ""


def check_sheet(book: Book, sheet: Sheet, options: Options, system: System | None, budget: Budget) -> list[SheetReport]:
    """One report for each table of a sheet, or one that there is none."""
    spelling = candidates if system is None else _spelling_of(Model(system))
    reports = [_checked(book, sheet, table, options, system, budget) for table in find_tables(sheet, spelling)]
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


def _checked(
    book: Book, sheet: Sheet, table: Table, options: Options, system: System | None, budget: Budget
) -> SheetReport:
    if _is_view(sheet, table):
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason="its numbers are looked up in other sheets")
    table = _with_rate_in_use(book, sheet, table)
    shape: Shape | None = None
    late = False
    rows = numbers(table, sheet)
    if system is None:
        try:
            read = best_reading(table, sheet)
        except NotANetwork as error:
            reasons = [error.reason, *filter(None, [first_cause(sheet)])]
            return SheetReport(sheet.name, Verdict.NO_TABLE, reason="; ".join(reasons))
        table, rows, shape, late = read.table, read.rows, read.shape, read.late
    data = system.data if system is not None else [n for n in rows.names if re.fullmatch(r"[it]\d+", n)]
    constant = _constant(rows, data)
    translator = Translator(book, sheet, table, constant)
    if shape is not None:
        shape = refine(shape, rows, _readings(table, sheet, translator))
    model = model_of(shape) if shape is not None else Model(system)  # type: ignore[arg-type]
    roles = recognised(book, sheet, table, model, constant)
    if roles.table is not table or roles.numbers:
        table, model = roles.table, model.with_turned(roles.turned)
        scalars = {**rows.scalars, **roles.numbers}
        rows = spread(Rows({**rows_of(table, sheet.cells).columns, **rows.columns}, scalars, rows.steps))
        constant = _constant(rows, model.system.data)
        translator = Translator(book, sheet, table, constant)
    rows = _without_strangers(rows, model)
    rows = _in_batches(rows.changed(scalars={**rows.scalars, **model.system.hyper}), model)
    formulas = [*model.system.updates.values(), *(equation.expression for equation in model.system.equations)]
    if any(n.name == naming.COUNT for formula in formulas for n in names(formula)):
        count = rows.plan.batch if rows.plan else np.arange(rows.steps)
        rows = rows.changed({**rows.columns, naming.COUNT: np.asarray(count + 1, float)})
    shown = given_quantities(rows, system) if system is not None else []
    given = differing(table, rows, system, options.tolerance) if system is not None else []
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
    filled = any(np.isfinite(rows.columns[name]).any() for name in computed if name not in model.parameters)
    if not filled and not _has_uncomputed(sheet, table):
        return SheetReport(sheet.name, Verdict.UNFILLED, **common)  # type: ignore[arg-type]
    exactness = measured(sheet, table, rows, model)
    eta, rows, findings = learning_rate(sheet, table, rows, model, exactness)
    in_place, rows, exchanged = with_headers_in_place(table, rows, model)
    if exchanged:
        table, findings = in_place, [*findings, *exchanged]
        translator = Translator(book, sheet, table, constant)
        exactness = measured(sheet, table, rows, model)
    again = repeated(sheet, table, rows, model)
    findings += [*(given if system is not None else dragged(sheet, table, rows, model)), *again]
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
    diagnosis = Diagnosis(judge, budget)
    no_value = errors(book, judge)
    findings += no_value
    judge.passed_over |= {place for finding in no_value for place in finding.places}
    without_value = {finding.quantity for finding in no_value}
    known, wrong = without_value.copy(), without_value.copy()
    not_judged = []
    columns = {name: judge.column(name) for name in computed if not _still(name, rows, model)}
    for name, column in columns.items():
        known |= {name} if column.known else set()
        wrong |= {name} if column.wrong else set()
        filled = np.isfinite(rows.columns[name]).sum() > (name in model.parameters)
        if name not in known and (filled or judge.has_formulas(name)):
            not_judged.append(name)
    fitting, fits = len(known - without_value), len(known - wrong)
    if fitting and system is None and fits < FEWEST_RIGHT * fitting:
        return SheetReport(
            sheet.name,
            Verdict.NO_TABLE,
            reason=f"{fitting - fits} of {fitting} columns fit no network that the headers show; "
            f"describe it with --config",
        )
    if not known:
        return SheetReport(sheet.name, Verdict.NO_TABLE, reason=given_up(sheet) or "nothing in it could be judged")
    known |= {*shown}
    wrong |= {finding.quantity for finding in given}
    for name, column in columns.items():
        findings += [*diagnosis.findings(column.wrong), *notes(judge, name, column.right)]
    findings, departure = with_effects(diagnosis.with_common_rate(findings), diagnosis)
    if late:
        findings = [_as_headed(finding) for finding in findings]
    mistakes = any(finding.mistake for finding in findings)
    return SheetReport(
        sheet.name,
        Verdict.FINDINGS if mistakes else Verdict.RIGHT,
        eta=eta,
        not_judged=tuple(not_judged),
        findings=tuple(findings),
        judged=len(known),
        right=len(known - wrong),
        departure=departure if all(finding.kind is not Kind.RATE for finding in findings) else None,
        reason="; ".join(filter(None, [_damaged(book), given_up(sheet)])) or None,
        **common,  # type: ignore[arg-type]
    )


def _has_uncomputed(sheet: Sheet, table: Table) -> bool:
    """Whether a cell of the table has a formula that could not be computed."""
    return any(place in sheet.uncomputed for places in table.series.values() for place in places)


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
    formula, right = (_AFTER.sub("", text) if text else text for text in (finding.formula, finding.right))
    differs = tuple(differences(formula, right)) if formula and right and finding.differs else ()
    cause = _AFTER.sub("", finding.cause) if finding.cause else None
    quantity = finding.quantity.removesuffix(NEXT)
    return replace(finding, quantity=quantity, cause=cause, formula=formula, right=right, differs=differs)


def _constant(rows: Rows, data: Iterable[str]) -> frozenset[str]:
    """Those of the inputs and targets, and η, that are the same in all rows."""

    def stays(name: str) -> bool:
        known = rows[Name(name)][np.isfinite(rows[Name(name)])]
        return bool(len(known)) and bool(np.ptp(known) == 0)

    return frozenset(name for name in (*data, naming.ETA) if rows.has(name) and stays(name))


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


def _in_batches(rows: Rows, model: Model) -> Rows:
    """The numbers with the batches that the rows make up, where a batch has several."""
    if not model.system.batches.several or not rows.steps:
        return rows
    plan = plan_of(model.system.batches, model.shared, rows.steps, rows.columns.get(naming.ITERATION))
    return Rows(rows.columns, rows.scalars, rows.steps, plan)


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
