"""The top of the Walkthrough sheet: the yellow cells, what they may hold, and the cells that find the chosen step."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.words import stopped
from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import TraceFormulas
from tracer.workbook.walkthrough.chosen_step import ChosenStep, Place
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.styles import number_format

TITLE_ROW, CONTROL_ROW, HINT_ROW = 1, 2, 3
HINT = 62.0
"""Its width in characters; those of the other cells stand where they are laid out."""
HINT_TEXT = "Change a yellow cell: every number below follows."


@dataclass(frozen=True, slots=True)
class Controls:
    """What the top of the sheet leaves: the chosen step, and the cell of its loss."""

    step: ChosenStep
    loss: str


def lay_out(
    sheet: Worksheet,
    grid: Grid,
    context: Context,
    looks: WalkthroughStyles,
    list_of_sheets: str,
    helpers_column: int,
) -> Controls:
    """Lay out the rows at the top; `list_of_sheets` are the cells with the sheets' titles, and the cells that find the
    step stand from `helpers_column` on."""
    system, batches, traces, spell = context.system, context.system.batches, context.traces, context.spell
    sheet.freeze_panes = f"A{HINT_ROW + 1}"
    grid.put((TITLE_ROW, 1), looks.title, f"{context.experiment.name}: one step, number by number")
    for row, height in ((TITLE_ROW, 26), (CONTROL_ROW, 22), (HINT_ROW, 18)):
        grid.height(row, height)
    (hint,) = grid.spans(HINT_ROW, 1, (HINT,))
    helpers = ("run", "shown", "first_row", "row", "row_before", "last")
    columns = {name: helpers_column + place for place, name in enumerate(helpers)}
    where = {name: f"${get_column_letter(column)}${HINT_ROW}" for name, column in columns.items()}
    step = ChosenStep(
        traces, Place(where["run"], where["shown"], where["first_row"], where["row"], where["row_before"])
    )
    shown, last = where["shown"], where["last"]

    label, chosen, beside = grid.spans(CONTROL_ROW, 1, (11.0, 10.0, 12.0))
    grid.span(*label, looks.control_label, naming.ITERATION)
    iteration = grid.span(*chosen, looks.control, 1)
    grid.span(*beside, looks.beside, f"of 1 to {traces[0].iterations}", f'"of 1 to "&{last}')
    _validate(sheet, iteration, "whole", "an iteration from 1 to the last one of the run", "1", last)
    end, sample, run_sheet = beside[1], "", ""
    if system.several_samples:
        label, chosen = grid.spans(CONTROL_ROW, end + 1, (9.0, 8.0))
        end, first = chosen[1], next(traces[0].run.places())[1]
        grid.span(*label, looks.control_label, naming.SAMPLE)
        if batches.several:
            sample = grid.span(*chosen, looks.control, first)
            count = str(len(system.samples))
            _validate(sheet, sample, "whole", f"a sample from 1 to {count}", "1", count)
        else:
            grid.span(*chosen, looks.beside, first, step.sample())
    if len(traces) > 1:
        label, chosen = grid.spans(CONTROL_ROW, end + 1, (16.0, 18.0))
        end = chosen[1]
        grid.span(*label, looks.control_label, "learning rate")
        run_sheet = grid.span(*chosen, looks.control, traces[0].title)
        _validate(sheet, run_sheet, "list", "a sheet from the list", list_of_sheets)
    label, chosen = grid.spans(CONTROL_ROW, end + 1, (14.0, 14.0))
    grid.span(*label, looks.control_label, f"{spell(system.curve)} =")
    look = looks.loss[number_format(max(trace.largest[system.curve] for trace in traces))]
    loss = grid.span(*chosen, look, step.value(system.curve), step.formula(system.curve))

    first_row = where["first_row"]
    found = {
        "run": ("sheet", 1.0, f"IFERROR(MATCH({run_sheet},{list_of_sheets},0),1)" if run_sheet else None),
        "shown": ("shown", 1.0, f"IF(ISNUMBER({iteration}),MIN(MAX(1,INT({iteration})),{last}),1)"),
        "first_row": ("first row", 1.0, step.find(shown)),
        "row": ("row", 1.0, f"IFERROR({step.find_sample(sample)},{first_row})" if sample else first_row),
        "row_before": ("before", 0.0, f"IF({shown}=1,0,{step.find(f'MAX(1,{shown}-1)')})"),
        "last": ("last one", float(traces[0].iterations), step.last_iteration()),
    }
    for name, (words, value, formula) in found.items():
        grid.put((CONTROL_ROW, columns[name]), looks.working, words)
        grid.put((HINT_ROW, columns[name]), looks.working, value, formula)
    grid.span(*hint, looks.beside, *_hint(step, context, iteration, sample))
    return Controls(step, loss)


def _hint(step: ChosenStep, context: Context, iteration: str, sample: str) -> tuple[str, str]:
    """What to do, or what is wrong with the yellow cells: as text, and its formula."""
    shown = step.place.iteration
    said, right = HINT_TEXT, f'"{HINT_TEXT}"'

    def stop(trace: TraceFormulas) -> str:
        return context.spell(f" {stopped(trace.run.divergence)}") if trace.run.divergence else ""

    if any(trace.run.divergence for trace in context.traces):
        said += stop(context.traces[0])
        right += "&" + step.of_runs(lambda trace: f'"{stop(trace)}"')
    if sample:
        other = f'"That sample is in another batch: sample "&{step.sample()}&" is shown."'
        right = f"IF({sample}={step.sample()},{right},{other})"
    wrong = f'"This run has no such iteration: "&{shown}&" is shown."'
    return said, f"IF({iteration}={shown},{right},{wrong})"


def _validate(sheet: Worksheet, cell: str, kind: str, what: str, formula1: str, formula2: str | None = None) -> None:
    rule = DataValidation(type=kind, allow_blank=False, formula1=formula1, formula2=formula2)
    rule.errorTitle, rule.error, rule.showErrorMessage = "Invalid choice", f"Choose {what}.", True
    rule.add(cell.replace("$", ""))
    sheet.add_data_validation(rule)
