"""What each cell to fill in holds, by the rule of the workbook's marks.

A cell is right if it equals the key, and consistent if it follows from the student's own cells. Both come from the
numbers given in the sheet, which a teacher may have changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from string import ascii_uppercase, digits

from tracer.execution.interpreter import Interpreter
from tracer.execution.program import program_of
from tracer.formulas.evaluation import NO_NUMBER, compiled
from tracer.formulas.tree import Name
from tracer.grading.book.cells import Cell, Formula, Position, Sheet, TextNumber, position
from tracer.grading.exercise.handed_in import HandedIn, Part
from tracer.model import naming
from tracer.model.system import Phase, System
from tracer.workbook.exercise.task import WORKED, State, Task
from tracer.workbook.trace.formulas import FIRST_ROW, FIRST_SAMPLE_ROW

_GUARD = "IF(COUNT("
"""Begins the formula of a given cell that shows nothing until what it needs is filled in."""


def with_plain_formulas(exercise: HandedIn, part: Part, sheet: Sheet) -> Sheet:
    """The sheet of a part with the plain formulas in its given cells; text where such a cell shows nothing yet."""
    cells, pending = dict(sheet.cells), part.cells.pending
    shows = {place: is_filled(cell := cells.get(place)) and not is_text(cell) for place in part.cells.blanks}
    for place, needed in pending.items():  # each comes after those that it needs
        shows[place] = all(shows[other] for other in needed)
    for row in range(len(part.run)):
        for column, name in part.cells.names.items():
            place = (FIRST_ROW + row, column)
            cell = cells.get(place)
            if cell is None or cell.formula is None or place in part.cells.blanks:
                continue
            if part.cells.trace.columns[name] is Phase.DATA and cell.value is None:
                cells[place] = Cell(_looked_up(exercise, part, name, row), cell.formula)
            elif place in pending and cell.formula.text.replace(" ", "").upper().startswith(_GUARD):
                there = cell.number is not None or (cell.value is None and shows[place])
                plain = Formula(part.cells.plain(place) or "", *place)
                cells[place] = Cell(cell.number, plain) if there else Cell("")
    return replace(sheet, cells=cells)


def is_text(cell: Cell | None) -> bool:
    """Whether a cell holds a text, maybe one that reads as a number: the marks of the workbook count numbers only."""
    return cell is not None and cell.formula is None and isinstance(cell.value, (str, TextNumber))


def is_filled(cell: Cell | None) -> bool:
    """Whether a cell holds a formula or anything else."""
    return cell is not None and (cell.formula is not None or cell.value not in (None, ""))


def _looked_up(exercise: HandedIn, part: Part, name: str, row: int) -> float | None:
    """A number of the Data sheet, in the column with its name."""
    if exercise.samples is None:
        return None
    _, sample = next(part.run.places(row))
    cells = exercise.samples.cells
    header = ((column, str(cell.value)) for (at, column), cell in cells.items() if at == FIRST_SAMPLE_ROW - 1)
    column = next((column for column, text in header if text in (name, naming.to_ascii(name))), 0)
    cell = cells.get((FIRST_SAMPLE_ROW + sample - 1, column))
    return cell.number if cell else None


@dataclass(frozen=True, slots=True)
class Answers:
    """The cells of a part, judged. sheet: with its values computed.

    key: what the cells of quantities should hold, by the given numbers. own: what the cells to fill in should hold, by
    the student's own cells. Both lack what has no value. states: of the cells to fill in.
    """

    part: Part
    sheet: Sheet
    key: Mapping[Position, float]
    own: Mapping[Position, float]
    states: Mapping[Position, State]

    def number(self, place: Position) -> float | None:
        """The number in a cell."""
        cell = self.sheet.cells.get(place)
        return cell.number if cell else None


def answers(exercise: HandedIn, part: Part, sheet: Sheet, task: Task) -> Answers:
    """Judge the cells of a part by a task, which may be stricter than the exercise's own."""
    key = dict(_keys(exercise.system, part, sheet))
    own = dict(_following(part, sheet))
    needed, function = compiled(task.allowed)

    def near(number: float, value: float | None) -> bool:
        return value is not None and abs(number - value) <= function(*[value] * len(needed))

    def state(place: Position) -> State:
        cell = sheet.cells.get(place)
        if cell is None or not is_filled(cell):
            return State.EMPTY
        if cell.formula is not None and WORKED in cell.formula.text.lower():
            return State.COPIED
        if cell.number is None or is_text(cell):
            return State.WRONG
        if near(cell.number, key.get(place)):
            return State.RIGHT
        return State.CONSISTENT if near(cell.number, own.get(place)) else State.WRONG

    return Answers(part, sheet, key, own, {place: state(place) for place in sorted(part.cells.blanks)})


def _keys(system: System, part: Part, sheet: Sheet) -> Iterator[tuple[Position, float]]:
    """What follows from the given numbers, for every cell of a quantity that has a value."""
    trace, program = part.cells.trace, program_of(system)

    def given(place: Position | None) -> float:
        """A given number; an empty cell is 0 in a formula."""
        cell = sheet.cells.get(place) if place else None
        if cell is None:
            return 0.0
        return math.nan if cell.number is None else cell.number

    columns = {name: column for column, name in part.cells.names.items()}
    start = {**program.start, **{Name(name): value for name, value in part.run.hyper.items()}}
    start |= {Name(name): given(position(cell)) for name, cell in trace.hyper_cells.items()}
    start |= {Name(p.name): given((FIRST_ROW, columns[p.name])) for p in system.parameters if p.name in columns}
    rows = range(len(part.run))
    values = [{name: given((FIRST_ROW + row, columns[name])) for name in system.data} for row in rows]
    iterations = [iteration for iteration, _ in part.run.places()] if system.batches.several else []
    sizes = [len(list(group)) for _, group in groupby(iterations)]
    interpreter = Interpreter(program, start, values, sizes)
    for row in rows:
        for name, column in columns.items():
            with suppress(*NO_NUMBER, LookupError):
                value = interpreter.value(name, row)
                if math.isfinite(value):
                    yield (FIRST_ROW + row, column), value


def _following(part: Part, sheet: Sheet) -> Iterator[tuple[Position, float]]:
    """What each cell to fill in should hold, by the other cells of the sheet; none where one of these is missing."""
    trace = part.cells.trace

    def number(row: int, letter: str) -> float:
        place = position(f"{letter}{row}")
        cell = sheet.cells.get(place) if place else None
        return math.nan if cell is None or cell.number is None or is_text(cell) else cell.number

    for row, column in part.cells.blanks:
        index, name = row - FIRST_ROW, part.cells.names[column]
        expression = trace.expression(name, trace.begins(index), index == 0)
        assert expression is not None
        needed, function = compiled(expression)
        arguments: list[float | list[float]] = []
        for other in needed:
            if other.name in trace.hyper_cells:
                cell = trace.hyper_cells[other.name].replace("$", "")
                arguments.append(number(int(cell.lstrip(ascii_uppercase)), cell.rstrip(digits)))
            elif other.name == naming.COUNT:
                arguments.append(float(part.run.batches.iteration(index) + 1 - other.lag))
            else:
                letter, first, last = trace.span(other, trace.rows(index))
                numbers = [number(at, letter) for at in range(int(first), int(last) + 1)]
                arguments.append(numbers if other.batch else numbers[0])
        flat = [number for each in arguments for number in (each if isinstance(each, list) else [each])]
        if all(map(math.isfinite, flat)):
            with suppress(*NO_NUMBER):
                value = float(function(*arguments))
                if math.isfinite(value):
                    yield (row, column), value
