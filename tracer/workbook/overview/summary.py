"""The Summary sheet: the config's facts, the first and the last loss of every learning rate, a chart of them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.rounding import lost, of_every_quantity
from tracer.explain.words import stopped, words
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Experiment, OwnEquations
from tracer.tables.losses import LOSSES, PENALTIES
from tracer.tables.optimizers import OPTIMIZERS
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import DATA, FIRST_ROW
from tracer.workbook.xlsx.charts import loss_chart
from tracer.workbook.xlsx.limits import MAX_HEIGHT
from tracer.workbook.xlsx.package import SheetCells
from tracer.workbook.xlsx.pages import set_up_page
from tracer.workbook.xlsx.sheetdata import Cell, row
from tracer.workbook.xlsx.styles import LARGE, PLAIN, SCIENTIFIC, SMALL, number_format

TITLE = "Summary"
WIDTHS = {"A": 20.0, "B": 14.0, "C": 18.0, "D": 18.0, "E": 18.0, "F": 40.0}
MOST_VALUES = 200
"""How many initial values are listed; the others are in the first row of every sheet."""
CHARACTERS_PER_LINE = 100
LEAST = 1e-12
"""The ratio to a first loss below this means nothing; spreadsheets may take it for 0."""


def build(sheet: Worksheet, context: Context) -> SheetCells:
    """Lay out the Summary sheet and give its cells."""
    sheet.sheet_view.showGridLines = False
    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    set_up_page(sheet, high=None)
    facts = {label: context.spell(fact) for label, fact in facts_of(context.experiment).items()}
    table_row = len(facts) + 4
    for number in range(3, 3 + len(facts)):
        sheet.merge_cells(f"B{number}:F{number}")
    for number, trace in enumerate(context.traces, table_row + 1):
        sheet._hyperlinks.append(Hyperlink(ref=f"A{number}", location=trace.reference(f"A{FIRST_ROW}")))
    last_row = table_row + len(context.traces)
    sheet.add_chart(loss_chart(context.system.curve, context.curves), f"A{last_row + 2}")
    rows = [*_facts(context, facts), *_table(context, table_row)]
    return SheetCells(rows, f"A1:F{last_row}")


def facts_of(experiment: Experiment) -> dict[str, str]:
    """What the config says, as labelled lines."""
    batches = experiment.batches
    only = dict(zip((*experiment.targets, *experiment.inputs), experiment.samples[0], strict=True))
    facts = {"description": experiment.description, **_model(experiment)}
    if batches.samples == 1:
        facts["inputs"] = _values({name: only[name] for name in experiment.inputs})
        facts["targets"] = _values({name: only[name] for name in experiment.targets})
    else:
        facts["samples"] = f"{batches.samples:,}, on the sheet {DATA}"
        facts["update"] = _update(batches)
    facts |= {
        "start": _values(experiment.start),
        "frozen": _short([name for name in experiment.start if name in experiment.frozen]),
        "optimizer": _optimizer(experiment),
        "clipping": ", ".join(f"{name} {shortest(limit)}" for name, limit in experiment.clip.settings)
        if experiment.clip else "",
        "learning rates": ", ".join(map(shortest, experiment.learning_rates)),
        "learning rate": words(experiment.schedule.formula) if experiment.schedule else "",
        "iterations": f"{experiment.iterations:,}",
        "until": f"{words(experiment.until)}, for every sample of a pass" if experiment.until else "",
        "decimals": of_every_quantity(experiment.decimals),
        "columns": experiment.columns,
    }  # fmt: skip
    return {label: fact for label, fact in facts.items() if fact}


def _optimizer(experiment: Experiment) -> str:
    """The name and the settings; the formulas too, where they are the user's own."""
    if experiment.optimizer.name in OPTIMIZERS:
        return str(experiment.optimizer)
    rule = experiment.rule
    start = [f"{state} starts from {shortest(value)}" for state, value in rule.start.items()]
    formulas = [*(f"{state} = {formula}" for state, formula in rule.states.items()), f"p ← {rule.update}"]
    return "; ".join([str(experiment.optimizer), *formulas, *start])


def _update(batches: Batches) -> str:
    """How the samples are taken, in words."""
    order = "in their order" if batches.seed is None else f"shuffled for every pass (seed {batches.seed})"
    if not batches.several:
        return f"after every sample, {order}"
    every = "all samples" if batches.size == batches.samples else f"{batches.size} samples at a time"
    return f"from the {batches.reduction} over {every}, {order}"


def _model(experiment: Experiment) -> dict[str, str]:
    if isinstance(experiment.model, OwnEquations):
        lines = [f"{name} = {words(expression)}" for name, expression in experiment.model.equations.items()]
        return {"equations": "\n".join(lines), "minimized": experiment.model.minimize}
    network = experiment.model
    layers = [
        f"{len(layer.neurons)} {', '.join(dict.fromkeys(map(str, layer.activations)))} ({layer.name})"
        for layer in network.layers
    ]
    formula = "" if network.loss.is_formula else f": {LOSSES[network.loss.name].formula}"
    penalties = [
        f"{naming.penalty(name)} = {shortest(strength)}·Σ {PENALTIES[name].formula}"
        for name, strength in network.penalties.items()
    ]
    return {
        "network": " → ".join([f"{len(experiment.inputs)} inputs", *layers]),
        "loss": "; ".join([f"{network.loss}{formula}, summed over the outputs", *penalties]),
    }


def _values(values: Mapping[str, float]) -> str:
    return _short([f"{name} = {shortest(value)}" for name, value in values.items()])


def _short(items: Sequence[str]) -> str:
    more = len(items) - MOST_VALUES
    listed = ", ".join(items[:MOST_VALUES])
    return f"{listed} and {more} more, in row {FIRST_ROW} of each run's sheet" if more > 0 else listed


def _facts(context: Context, facts: Mapping[str, str]) -> Iterator[str]:
    styles = context.styles
    yield row(1, [Cell("A", styles.title, context.experiment.name)], 26)
    for number, (label, fact) in enumerate(facts.items(), 3):
        lines = -(-len(fact) // CHARACTERS_PER_LINE) + fact.count("\n")
        yield row(
            number,
            [Cell("A", styles.label, label), Cell("B", styles.wrapped, fact)],
            min(15.0 * max(lines, 1), MAX_HEIGHT),
        )


def _table(context: Context, head: int) -> Iterator[str]:
    system, styles = context.system, context.styles
    first, last = ("first pass", "last pass") if system.several_samples else ("first", "last")
    labels = ("sheet", context.spell(naming.ETA), f"{first} {system.loss}", f"{last} {system.loss}", "last / first")
    yield row(head, [Cell(letter, styles.column_head, label) for letter, label in zip("ABCDE", labels, strict=True)])
    for number, trace in enumerate(context.traces, head + 1):
        run, column = trace.run, trace.letters[system.loss]
        cells = [Cell("A", styles.link, trace.title)]
        for name, value in run.hyper.items():
            cells.append(Cell("B", styles.number[PLAIN], value, trace.reference(trace.hyper_cells[name])))
        if run.complete:
            losses = run.over_pass(system.loss), run.over_pass(system.loss, last=True)
            for letter, value, steps in zip("CD", losses, (run.pass_steps(), run.pass_steps(last=True)), strict=True):
                cells.append(Cell(letter, styles.number[number_format(abs(value))], value, trace.over(column, steps)))
            if abs(losses[0]) > LEAST:
                ratio = losses[1] / losses[0]
                style = styles.percent if SMALL <= ratio < LARGE else styles.number[SCIENTIFIC]
                cells.append(Cell("E", style, ratio, f"D{number}/C{number}"))
        where = stopped(run.divergence) if run.divergence else ""
        if said := f"{where} {lost(system, run)}".strip():
            cells.append(Cell("F", styles.warning, context.spell(said)))
        yield row(number, cells)
