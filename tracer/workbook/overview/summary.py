"""The Summary sheet: first and last losses, charts of all losses, the facts of the config, the initial values.

The first cell of a run's row says which run it is with the numbers that its sheet has now; legends refer to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from openpyxl.formatting.rule import FormulaRule
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.diagnoses import diagnoses, in_words
from tracer.explain.facts import facts_of
from tracer.explain.words import stopped
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.workbook.overview.losses import loss_charts
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import DATA, FIRST_ROW, TraceFormulas
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.names import literal, reference
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.styles import INPUT_FILL, LARGE, SMALL, common_format, fill

TITLE = "Summary"
WIDTHS = (25.0, 13.0, 15.0, 15.0, 14.0, 13.0, 1.5, 62.0)
TEXT_COLUMNS, CHART_COLUMN = 6, "H"
HEAD_ROW, FIRST_RUN_ROW = 3, 4
CHART_ROWS = 13
MOST_VALUES = 200
"""How many given numbers are listed; the others are in the first row of every sheet."""
LEAST = 1e-12
"""The ratio to a first loss below this means nothing; spreadsheets may take it for 0."""
SAME = 1e-6
"""Of a loss: as far as a spreadsheet that computes in another order may be off."""


def labels(runs: int) -> list[str]:
    """The cells that say which run is which, as other sheets and charts refer to them."""
    return [reference(TITLE, f"$A${FIRST_RUN_ROW + number}") for number in range(runs)]


def column(letter: str, runs: int) -> str:
    """The column of the labels, A, or of the learning rates, B, of the first runs, as other sheets refer to it."""
    return reference(TITLE, f"${letter}${FIRST_RUN_ROW}:${letter}${FIRST_RUN_ROW + runs - 1}")


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Summary sheet and give its cells."""
    sheet.sheet_view.showGridLines = False
    set_up_page(sheet)
    grid = Grid(WIDTHS)
    grid.put((1, 1), context.styles.title, context.experiment.name)
    grid.height(1, 26)
    words = "Losses and given numbers follow the sheets of the runs; the facts are those of the config."
    grid.put((2, 1), context.styles.subtitle, words)
    row = _runs(sheet, grid, context)
    row = _facts(grid, context, row + 1)
    _given(sheet, grid, context, row + 1)
    left_out = loss_charts(sheet, context, [
        (f"{CHART_COLUMN}{top}", f"{CHART_COLUMN}{top + CHART_ROWS - 1}") for top in (HEAD_ROW, HEAD_ROW + CHART_ROWS)
    ])  # fmt: skip
    if left_out:
        grid.put((HEAD_ROW + CHART_ROWS, len(WIDTHS)), context.styles.subtitle, left_out)
    return grid.content(sheet)


def _runs(sheet: Worksheet, grid: Grid, context: Context) -> int:
    """The table of the runs, and what is to be said of them; the row below."""
    system, styles, traces = context.system, context.styles, context.traces
    passes = system.several_samples and context.experiment.keep.all
    of_pass = f"{'pass ' * passes}{context.spell(system.loss)}"
    heads = ("run", context.spell(naming.ETA), f"first {of_pass}", f"last {of_pass}", "last / first")
    for column, head in enumerate(heads, 1):
        grid.put((HEAD_ROW, column), styles.column_head, head)
    losses = {
        row: (trace.run.over_pass(system.loss), trace.run.over_pass(system.loss, last=True))
        for row, trace in enumerate(traces, FIRST_RUN_ROW)
        if trace.run.complete
    }
    ratios = {row: pair[1] / pair[0] for row, pair in losses.items() if abs(pair[0]) > LEAST}
    forms = [styles.number[common_format(pair[place] for pair in losses.values())] for place in (0, 1)]
    percents = all(SMALL <= ratio < LARGE for ratio in ratios.values())
    of_ratios = styles.percent if percents else styles.number[common_format(ratios.values())]
    for row, trace in enumerate(traces, FIRST_RUN_ROW):
        run, letter = trace.run, trace.letters[system.loss]
        grid.put((row, 1), styles.link, trace.title, _label(context, trace, row, losses.get(row)))
        sheet._hyperlinks.append(Hyperlink(ref=f"A{row}", location=trace.reference(f"A{FIRST_ROW}")))
        for name, value in run.hyper.items():
            grid.put((row, 2), styles.centered, value, trace.reference(trace.hyper_cells[name]))
        if row in losses:
            of_passes = (trace.over(letter, run.pass_steps(last)) for last in (False, True))
            for column, look, value, formula in zip((3, 4), forms, losses[row], of_passes, strict=True):
                grid.put((row, column), look, value, formula)
        if row in ratios:
            grid.put((row, 5), of_ratios, ratios[row], f"D{row}/C{row}")
    row = FIRST_RUN_ROW + len(traces)
    for about, said in _remarks(context):
        unchanged = ",".join(f'{trace.label}="{trace.title}"' for trace in about)
        formula = f'IF(AND({unchanged}),"","With the numbers of the config: ")&{literal(said)}'
        if len(about) == 1:
            grid.put((row, 1), styles.label, about[0].title, about[0].label)
        else:
            grid.put((row, 1), styles.label, "all runs" if len(about) == len(traces) else f"{len(about)} of the runs")
        row = grid.text((row, 2), TEXT_COLUMNS, styles.wrapped_warning, said, formula)
    return row


def _remarks(context: Context) -> Iterator[tuple[Sequence[TraceFormulas], str]]:
    """What is to be said of runs: where one stopped, and what the numbers say where they do not learn."""
    traces, runs = context.traces, [trace.run for trace in context.traces]
    for trace in traces:
        if trace.run.divergence:
            yield (trace,), context.spell(stopped(trace.run.divergence))
    for diagnosis in diagnoses(context.experiment, context.system, runs):
        some = 1 < len(diagnosis.runs) < len(runs)
        sentence = in_words(diagnosis.told(runs) if some else diagnosis.sentence)
        yield [traces[number] for number in diagnosis.runs], context.spell(sentence)


def _label(context: Context, trace: TraceFormulas, row: int, losses: tuple[float, float] | None) -> str:
    """The formula of a run's label: the title of its sheet as long as the numbers on it are those of the config."""
    title = f'"{trace.title}"'
    if losses:
        first, last = losses
        off = f"ABS(C{row}-({shortest(first)}))+ABS(D{row}-({shortest(last)}))"
        same = f"{off}<={shortest(SAME * (abs(last) + SAME * abs(first)))}"
        title = f'IF(IFERROR({same},FALSE),{title},"{trace.title}, other numbers")'
    for name, value in trace.run.hyper.items():
        cell, made = trace.reference(trace.hyper_cells[name]), shortest(value)
        now = f'"{context.spell(naming.label(name))} = "&{cell}&" (made with {made})"'
        title = f"IF({cell}={made},{title},{now})"
    return title


def _facts(grid: Grid, context: Context, row: int) -> int:
    """The facts of the config; the row below."""
    facts = facts_of(context.experiment)
    if "samples" in facts:
        facts["samples"] += f", on the sheet {DATA}"
    for label, fact in facts.items():
        grid.put((row, 1), context.styles.label, label)
        row = grid.text((row, 2), TEXT_COLUMNS, context.styles.wrapped, context.spell(fact))
    return row


def _given(sheet: Worksheet, grid: Grid, context: Context, row: int) -> None:
    """The given numbers on the sheet of the first run, in two columns, beside those that it was made with."""
    styles, trace = context.styles, context.traces[0]
    given = list(_given_numbers(context, trace))
    where = "The start" if trace.from_start else "The first row"
    words = f"{where}: the given numbers on the sheet {trace.title}, and those that it was made with"
    grid.put((row, 1), styles.section, words)
    form = common_format(value for *_, value in given)
    listed = given[:MOST_VALUES]
    half = -(-len(listed) // 2)
    for start, column in ((0, 1), (half, 4)):
        part = listed[start : start + half]
        for place, head in enumerate(("quantity", "now", "made with") if part else ()):
            grid.put((row + 1, column + place), styles.column_head, head)
        for below, (name, kind, cell, value) in enumerate(part, row + 2):
            style = styles.value(kind, form)
            grid.put((below, column), styles.words[kind], name)
            grid.put((below, column + 1), style, value, cell)
            grid.put((below, column + 2), style, value)
        if part:
            now, made = ("B", "C") if column == 1 else ("E", "F")
            rule = FormulaRule(formula=[f"${now}{row + 2}<>${made}{row + 2}"], fill=fill(INPUT_FILL))
            sheet.conditional_formatting.add(f"{now}{row + 2}:{made}{row + 1 + half}", rule)
    if len(given) > MOST_VALUES:
        more = f"and {len(given) - MOST_VALUES:,} more, in row {FIRST_ROW} of each run's sheet"
        grid.put((row + 2 + half, 1), styles.subtitle, more)


def _given_numbers(context: Context, trace: TraceFormulas) -> Iterator[tuple[str, str, str, float]]:
    """The given numbers of a run besides η: how each is spelled, its kind, its cell, the number of the config."""
    system, experiment = context.system, context.experiment
    first: Mapping[str, float] = trace.run.step(0)
    data: Iterable[str] = () if system.several_samples else (*experiment.inputs, *experiment.targets)
    for names, kind in ((data, "data"), (experiment.start, "parameters")):
        for name in names:
            yield context.spell(name), kind, trace.reference(f"{trace.letters[name]}{FIRST_ROW}"), first[name]
    for name, value in system.hyper.items():
        yield context.spell(naming.label(name)), "optimizer", trace.reference(trace.hyper_cells[name]), value
