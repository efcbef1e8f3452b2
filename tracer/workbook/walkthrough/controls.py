"""The top of the Walkthrough sheet: the yellow cells, their allowed values, and the text beside them."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tracer.explain.templates import UNKNOWN
from tracer.explain.words import stopped
from tracer.model import naming
from tracer.workbook.trace.context import Context
from tracer.workbook.trace.formulas import DATA, FIRST_ROW, FIRST_SAMPLE_ROW, TraceFormulas
from tracer.workbook.walkthrough.chosen_step import ChosenStep, Place, last_whole_row
from tracer.workbook.walkthrough.contents import LINK_ROW
from tracer.workbook.walkthrough.focus.block import LABEL, Focus
from tracer.workbook.walkthrough.given import compare
from tracer.workbook.walkthrough.styles import WalkthroughStyles
from tracer.workbook.walkthrough.workings import Computed, Table, Workings, computed
from tracer.workbook.xlsx.grid import Grid
from tracer.workbook.xlsx.names import reference
from tracer.workbook.xlsx.styles import WARNING, number_format

TITLE_ROW, LABEL_ROW, CONTROL_ROW = 1, 2, 3
HEIGHTS = {TITLE_ROW: 24.0, LABEL_ROW: 16.0, CONTROL_ROW: 21.0}
ITERATION, KEPT_ITERATION, SAMPLE, RATE, FOCUS, LOSS, HINT = 19.0, 26.0, 9.0, 14.0, 12.0, 15.0, 62.0
"""Least widths of the cells in characters."""
HINT_TEXT = "Change a yellow cell: every number below follows."
RATE_LABEL = f"learning rate {naming.ETA}"
FINDING = {"what": 34.0, "value": 14.0}
RUNS = {"sheet": 20.0, "learning rate": 14.0, "made with": 14.0, "chosen": 9.0, "what happened": 14.0}
SAME = "1E-9"
"""Relative: a list shows a learning rate with fewer digits than it has, and this is then what is chosen."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the top of the sheet leaves: the cells of the chosen step's iteration and loss on the sheet of workings, and
    the cell that shows the loss."""

    iteration: str
    loss: str
    loss_cell: str


def lay_out(
    sheet: Worksheet, grid: Grid, context: Context, looks: WalkthroughStyles, workings: Workings, focus: Focus
) -> Controls:
    """Lay out the rows at the top, and on the sheet of workings the cells that find the step."""
    system, traces, spell = context.system, context.traces, context.spell
    sheet.freeze_panes = f"A{LINK_ROW + 1}"
    grid.put((TITLE_ROW, 1), looks.title, f"{context.experiment.name}: one step, number by number")
    for number, height in HEIGHTS.items():
        grid.height(number, height)
    finding, runs = workings.table("The chosen step", FINDING), workings.table("The runs", RUNS)
    run, shown, first_row, rows, row, before, last, loss = (finding.cell(number, 1) for number in range(1, 9))
    step = workings.step = ChosenStep(traces, Place(run, shown, first_row, rows, row, before))
    top = _Top(sheet, grid, looks)

    count, begin, rate = traces[0].iterations, traces[0].numbers[0], traces[0].run.learning_rate
    kept = not context.experiment.keep.all
    label = f"{'kept ' * kept}{naming.ITERATION} ({begin} to ", ")"
    labels = str(count).join(label), f'"{label[0]}"&{last}&"{label[1]}"'
    asked = top.put(KEPT_ITERATION if kept else ITERATION, labels, looks.control, begin)
    top.choose(asked, "an iteration", _iterations(context, workings))
    sample = asked_rate = ""
    if system.several_samples:
        first = next(traces[0].run.places())[1]
        if system.batches.several:
            sample = top.put(SAMPLE, naming.SAMPLE, looks.control, first)
            end = FIRST_SAMPLE_ROW + len(system.samples) - 1
            top.choose(sample, "a sample", f"{DATA}!$A${FIRST_SAMPLE_ROW}:$A${end}")
        else:
            top.put(SAMPLE, naming.SAMPLE, looks.given, (first, step.sample()))
    if rate is not None and len(traces) > 1:
        asked_rate = top.put(RATE, spell(RATE_LABEL), looks.control, rate)
        top.choose(asked_rate, "a learning rate", runs.cells(1, len(traces)))
    elif rate is not None:
        top.put(RATE, spell(RATE_LABEL), looks.given, (rate, step.formula(naming.ETA)))
    focused = top.put(FOCUS, LABEL, looks.control, focus.chosen)
    top.choose(focused, "a quantity", focus.names)
    form = number_format(max(trace.largest[system.curve] for trace in traces))
    cell = top.put(LOSS, spell(system.curve), looks.loss[form], step.value(system.curve))
    (hint,) = grid.spans(LABEL_ROW, top.end + 1, (HINT,))

    asked, sample, asked_rate = (reference(sheet.title, cell) if cell else "" for cell in (asked, sample, asked_rate))
    happened = _runs(runs, context, asked_rate)
    chosen = f"MATCH(MAX({runs.cells(3)}),{runs.cells(3)},0)"  # the first run where there is none
    finding.add("the run, counted from 1", (1, chosen) if asked_rate else 1)
    found = f"IF(ISNUMBER({asked}),MIN(MAX(1,INT({asked})),{last}),1)"
    if kept:  # the last one that is kept up to there
        column = step.column("A")
        found = f"IFERROR(INDEX({column},MATCH({asked},{column},1)),INDEX({column},1))"
    finding.add("the iteration", (begin, found))
    finding.add("its first row, counted from 1", (1, step.find(shown)))
    finding.add("its rows", (step.first_rows, step.count_rows()))
    finding.add("the row", (1, f"IFERROR({step.find_sample(sample)},{first_row})" if sample else first_row))
    found = f"IFERROR({step.find(f'{shown}-1')},0)" if kept else f"IF({shown}=1,0,{step.find(f'MAX(1,{shown}-1)')})"
    finding.add("first row of the iteration before", (0, found))
    finding.add("last iteration of the run", (count, step.last_iteration()))
    finding.add(spell(system.curve), (step.value(system.curve), reference(sheet.title, cell)))

    no_such = "This iteration is not kept" if kept else "This run has no such iteration"
    said, of_before = [f'IF({asked}={shown},"","{no_such}: "&{shown}&" is shown. ")'], ""
    if kept and system.states:
        missing = "Iteration ", f" is not kept: {UNKNOWN} stands for what the optimizer remembers of it. "
        said.insert(0, f'IF(OR({before}>0,{shown}=1),"","{missing[0]}"&{shown}-1&"{missing[1]}")')
        of_before = "" if begin == 1 else str(begin - 1).join(missing)
    if sample:
        found = step.sample()
        said.append(f'IF({sample}={found},"","That sample is in another batch: sample "&{found}&" is shown. ")')
    if rate is not None:
        now, made = (f"INDEX({runs.cells(place)},{run})" for place in (1, 2))
        if asked_rate:
            no_such = f'"There is no run with this {spell(RATE_LABEL)}: "&{now}&" is shown. "'
            said.append(f'IF(SUM({runs.cells(3)})>0,"",{no_such})')
        other = f'"{spell(RATE_LABEL)} is "&{now}&" now; this workbook was made with "&{made}&". "'
        said.append(f'IF({now}={made},"",{other})')
    said.append(compare(context, workings))
    chosen = focus.choose(reference(sheet.title, focused))
    at_first = [of_before, *[""] * (len(said) - 1)]
    messages = [finding.add("what is said of it", message)[1] for message in zip(at_first, said, strict=True)] + [
        chosen
    ]
    wrong = "&".join(messages)
    right = of_before or HINT_TEXT + _what_happened(context, traces[0]), f'"{HINT_TEXT}"&INDEX({happened},{run})'
    place = grid.span(*hint, looks.hint, right[0], f'IF({wrong}="",{right[1]},{wrong})', rows=2)
    warning = FormulaRule(formula=[f'LEFT({place},LEN("{HINT_TEXT}"))<>"{HINT_TEXT}"'], font=Font(color=WARNING))
    sheet.conditional_formatting.add(place.replace("$", ""), warning)
    return Controls(shown, loss, cell)


def _iterations(context: Context, workings: Workings) -> str:
    """The cells that list the iterations: the first column of the longest run, or, where an iteration has several rows,
    a table of their own."""
    longest = max(context.traces, key=lambda trace: trace.iterations)
    if not context.system.batches.several:
        return longest.reference(f"$A${FIRST_ROW}:$A${last_whole_row(longest)}")
    table = workings.table("Iterations to choose from", {naming.ITERATION: 14.0})
    for iteration in longest.numbers:
        table.add(iteration)
    return table.cells(0)


def _runs(table: Table, context: Context, asked_rate: str) -> str:
    """Fill the table of runs; the cells that say what happened in each."""
    for number, trace in enumerate(context.traces, 1):
        rate = trace.run.learning_rate
        table.add(trace.title)
        if rate is not None:
            now, made = (table.cell(number, place) for place in (1, 2))
            table.put(1, (rate, trace.reference(trace.hyper_cells[naming.ETA])))
            table.put(2, rate)
            if asked_rate:
                near = f"(ABS({asked_rate}-{{0}})<={SAME}*ABS({{0}}))"
                first = context.traces[0].run.learning_rate
                table.put(3, (3 * (rate == first), f"IFERROR(2*{near.format(now)}+{near.format(made)},0)"))
        table.put(4, _what_happened(context, trace))
    return table.cells(4)


def _what_happened(context: Context, trace: TraceFormulas) -> str:
    """Where a run stopped, as a further sentence; empty if it went on to its end."""
    return context.spell(f" {stopped(trace.run.divergence)}") if trace.run.divergence else ""


class _Top:
    """The cells at the top while they are laid out; `end` is the last column so far."""

    def __init__(self, sheet: Worksheet, grid: Grid, looks: WalkthroughStyles) -> None:
        self.sheet, self.grid, self.looks, self.end = sheet, grid, looks, 0

    def put(self, width: float, label: Computed, style: int, shown: Computed) -> str:
        """A label, and below it a cell that shows something; that cell."""
        ((at, last),) = self.grid.spans(CONTROL_ROW, self.end + 1, (width,))
        self.grid.span((LABEL_ROW, at[1]), last, self.looks.control_label, *computed(label))
        self.end = last
        return self.grid.span(at, last, style, *computed(shown))

    def choose(self, cell: str, what: str, listed: str) -> None:
        """Let a cell hold what other cells list, and nothing else."""
        rule = DataValidation(type="list", allow_blank=False, formula1=listed)
        rule.errorTitle, rule.error, rule.showErrorMessage = "Invalid choice", f"Choose {what} from the list.", True
        rule.add(cell.replace("$", ""))
        self.sheet.add_data_validation(rule)
