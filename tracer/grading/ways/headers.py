"""A sheet judged by its headers: its tables, what they show, and how that agrees with their cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache, partial

from tracer.grading.book.cells import Book, Sheet
from tracer.grading.judging.findings import SheetReport, Verdict, no_table
from tracer.grading.judging.uncomputed import first_cause
from tracer.grading.marking import marked
from tracer.grading.network.inference import NotANetwork
from tracer.grading.network.model import Model
from tracer.grading.network.series import Found
from tracer.grading.sheet.conventions import Settling, Spelling, settled
from tracer.grading.sheet.layout import find_tables
from tracer.grading.sheet.optimizer_names import short_names
from tracer.grading.sheet.spelling import LONGEST, candidates, normalize
from tracer.grading.terms import Terms
from tracer.grading.ways.labeled import labeled
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.naming import spell
from tracer.model.quantity import BIASES, Quantity, Role

NO_HEADERS = "no headers that name quantities were found"
VIEW = "it only shows numbers from other sheets"
BESIDE = "in a workbook that backprop-trace wrote, only the sheets of the runs are judged"
HIDDEN = "it is hidden, and hidden sheets are not graded"
ADVICE = "; describe it with --config"


def by_headers(book: Book, terms: Terms) -> list[SheetReport]:
    """The reports on all sheets of a workbook."""
    described, beside = _described(book, terms)
    reports: list[SheetReport] = []
    for sheet in book.sheets:
        judged = sheet.name in described or sheet.name not in beside
        reports += (
            check_sheet(book, sheet, described.get(sheet.name, terms)) if judged else [no_table(sheet.name, BESIDE)]
        )
    return reports


def _described(book: Book, terms: Terms) -> tuple[dict[str, Terms], frozenset[str]]:
    """In a workbook of ours: the terms of the sheets with the columns that its Config sheet describes, where no other
    config is given; and the titles of the sheets that only show what these compute. Inputs and first weights are
    free."""
    if len(book.sheets) < 2:
        return {}, frozenset()
    from tracer.grading.exercise.handed_in import described, has_columns

    experiment = described(book)
    if experiment is None:
        return {}, frozenset()
    from tracer.workbook.book import BESIDE_RUNS

    if terms.system:
        return {}, BESIDE_RUNS
    system = assemble(experiment)
    own = replace(terms, system=system.rounded(None), given=False, veto=None)
    runs = (sheet.name for sheet in book.sheets if has_columns(sheet, experiment, system))
    return dict.fromkeys(runs, own), BESIDE_RUNS


def check_sheet(book: Book, sheet: Sheet, terms: Terms) -> list[SheetReport]:
    """One report for each table of a sheet, or a single report that no table was found."""
    if sheet.hidden:
        return [no_table(sheet.name, HIDDEN)]
    model = terms.system and Model(terms.system)
    settle = _settling(model) if model else partial(settled, candidates)
    reports = [_report(Found(book, sheet, table), terms) for table in find_tables(sheet, settle)]
    found = [report for report in reports if report.verdict is not Verdict.NO_TABLE]
    if model and not found and (table := labeled(book, sheet, model, settle)):
        found = [each for each in [_report(Found(book, sheet, table), terms)] if each.verdict is not Verdict.NO_TABLE]
    if found:
        return found
    reason = next((report.reason for report in reports if report.reason), None)
    return [no_table(sheet.name, reason or NO_HEADERS)]


def _report(found: Found, terms: Terms) -> SheetReport:
    if _is_view(found):
        return no_table(found.sheet.name, VIEW)
    try:
        return marked(found, terms)
    except NotANetwork as error:
        return no_table(found.sheet.name, "; ".join(filter(None, [error.reason, first_cause(found.sheet)])))


def _settling(model: Model) -> Settling:
    """Headers by the names of a config's own quantities first, then by all spellings that are tried without a config;
    the biases b1, b2, … are those of the config's neurons, in their order, where it has one for each. A label of one of
    its settings is not a quantity."""
    quantities, short = model.system.quantities, short_names(model.system)
    settings = {normalize(naming.label(name)) for name in model.system.hyper}
    own = {normalize(name): quantities[name] for name in reversed([*model.system.columns(), *model.known])}
    biases = [quantities[parameter.name] for parameter in model.system.parameters]
    biases = [quantity for quantity in biases if quantity.role in BIASES]
    data = [quantities[name] for name in model.system.data]
    named = {
        Quantity(role, indices=(n,)): quantity
        for role in (Role.INPUT, Role.TARGET)
        for n, quantity in enumerate((quantity for quantity in data if quantity.role is role), 1)
    }
    numbered = {Quantity(Role.SHARED_BIAS, indices=(n,)): bias for n, bias in enumerate(biases, 1)}

    def spelling(header: str) -> tuple[Quantity, ...]:
        written = normalize(header) if len(header) <= LONGEST else ""
        if written in own or written in settings:
            return (own[written],) if written in own else ()
        return (*candidates(header), *short.get(written, ()))

    def settle(headers: Iterable[str]) -> Spelling:
        headers = list(headers)
        plain = settled(spelling, headers)
        shown = {part for header in headers for option in plain(header)[:1] for part in option.parts()}
        meaning = named | (numbered if {*numbered} <= shown else {})

        def known(header: str) -> tuple[Quantity, ...]:
            options = (option.with_parts(meaning) for option in plain(header))
            names = ((spell(option), option) for option in options)
            return tuple(dict.fromkeys(quantities.get(name, q) for name, q in names if model.knows(name)))

        return lru_cache(maxsize=5_000)(known)

    return settle


def _is_view(found: Found) -> bool:
    """Whether most series begin with a reference to another sheet, so that the table only shows what is computed
    there."""
    series = found.table.series.values()
    cells = found.cells(places[0] for places in series)
    texts = [cell.formula.text for cell in cells if cell and cell.formula]
    return 2 * sum("!" in text and "INDEX(" in text for text in texts) > len(series)
