"""One equation as a reader sees it: in symbols, with numbers, its result, what it uses and what uses it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tracer.explain.blocks import Line
from tracer.explain.lesson.equations import of_line
from tracer.explain.step import Step
from tracer.explain.templates import BATCH_SIZE, Slot, filled, template, written
from tracer.explain.update import said, update_of
from tracer.explain.walk import Place, Walk
from tracer.explain.words import called, stopped
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.notation.text import TYPESET
from tracer.formulas.notation.typesetting import as_it_stands
from tracer.formulas.tree import Name, distinct
from tracer.model import naming
from tracer.model.quantity import PARAMETERS, Quantity, Role
from tracer.model.system import Phase, System

NOT_FINITE = "not a finite number"


@dataclass(frozen=True, slots=True)
class Operand:
    """A quantity that an equation uses: its name, how it is called, its numbers (several over a batch)."""

    name: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """What is said of a place.

    title: of its block. number, count: of the equation in its iteration, from 1. why: what the block is for. begins:
    whether this is its first equation. left: what is computed, with = or ←. symbols, numbers, result: the three forms
    of the right side; numbers is empty where it would repeat another one. operands: what is used. users: what uses it,
    as it is called; end: what is said besides, or where nothing does. stopped: a sentence where the run ends here,
    without a finite number. remark: a sentence on the result, such as why a parameter moves.
    """

    title: str
    number: int
    count: int
    why: str
    begins: bool
    phase: Phase
    quantity: str
    is_update: bool
    left: str
    symbols: str
    numbers: str
    result: str
    operands: tuple[Operand, ...]
    users: tuple[str, ...]
    end: str
    stopped: str
    remark: str = ""

    def respelled(self, spell: Callable[[str], str]) -> Stop:
        """The same with all names and signs spelled otherwise, as in ASCII."""
        operands = (replace(o, text=spell(o.text), numbers=tuple(map(spell, o.numbers))) for o in self.operands)
        return replace(
            self, title=spell(self.title), left=spell(self.left), symbols=spell(self.symbols),
            numbers=spell(self.numbers), result=spell(self.result), operands=tuple(operands),
            users=tuple(map(spell, self.users)), end=spell(self.end), stopped=spell(self.stopped),
            remark=spell(self.remark),
        )  # fmt: skip


def stop_of(walk: Walk, place: Place, names: Mapping[str, str], optimizer: str) -> Stop:
    """What is said of a place. names: how quantities are typeset (see `typography.typeset`). optimizer: its name."""
    line, found = walk.lines[place.line], walk.iteration(place)
    step = Step(walk.system, found, walk.row(place))
    equation = of_line(step, line)

    def spell(name: Name) -> str:
        return names.get(name.name, naming.label(name.name)) + " over the batch" * name.batch

    forms = [form if isinstance(form, str) else as_it_stands(form, TYPESET, spell) for form in equation.symbols]
    numbers = ""
    if equation.put_in is not None:
        numbers = filled(template(equation.put_in, equation.batch), step.value, equation.digits_put_in)
    result = walk.result(place)
    text = written(result) if math.isfinite(result) else NOT_FINITE
    block = walk.blocks[walk.block_of[place.line]]
    users, end = _users(walk, place, names)
    return Stop(
        title=block.title,
        number=walk.index(place) + 1,
        count=walk.count(place),
        why=block.why,
        begins=walk.begins(place),
        phase=block.phase,
        quantity=line.quantity,
        is_update=line.is_update,
        left=f"{called(line.quantity, names)} {'←' if equation.is_update else '='}",
        symbols=" = ".join(forms),
        numbers="" if numbers in (*forms, text) else numbers,
        result=text,
        operands=tuple(_operand(step, name, names) for name in distinct(line.expression) if name != BATCH_SIZE),
        users=users,
        end=end,
        stopped=stopped(found.divergence) if found.divergence and not math.isfinite(result) else "",
        remark=_remark(step, line, names, optimizer) if math.isfinite(result) else "",
    )


def _remark(step: Step, line: Line, names: Mapping[str, str], optimizer: str) -> str:
    """Why a parameter moves, or what the gradient of a computed quantity means."""
    quantity = step.system.quantities[line.quantity]
    is_gradient = quantity.role is Role.GRADIENT and quantity.by and quantity.by.role not in PARAMETERS
    if not line.is_update and not is_gradient:
        return ""
    of = naming.spell(quantity.by) if quantity.by and not line.is_update else line.quantity
    try:
        return said(update_of(step.system, of, optimizer).sentence, step.now, names)
    except (KeyError, *NO_NUMBER):  # a compact trace has not all gradients
        return ""


def _operand(step: Step, name: Name, names: Mapping[str, str]) -> Operand:
    text = names.get(name.name, naming.label(name.name)) + " before" * bool(name.lag)
    rows = range(len(step.iteration.rows)) if name.batch else (0,)
    return Operand(name.name, text, tuple(written(step.value(Slot(name, row=row))) for row in rows))


def _users(walk: Walk, place: Place, names: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """What uses the result of a place, or what is said where nothing does."""
    line = walk.lines[place.line]
    users = walk.users(line.quantity)
    texts = tuple(
        called(walk.lines[user].quantity, names) + " (update)" * walk.lines[user].is_update
        for user in users
        if line.is_update or user > place.line
    )
    if line.is_update:
        return texts, "in the next iteration"
    if texts:
        return texts, ""
    if line.quantity in walk.system.states:
        return (), "the next iteration remembers it"
    if line.quantity in (walk.system.loss, walk.system.curve):
        return (), "the number that training makes smaller"
    return (), "nothing: it is shown for itself"


def spots(system: System, name: str) -> list[str]:
    """The quantities at whose places a picture shows one: of a gradient what it is taken by, of a local derivative both
    of its quantities, of what belongs to a parameter the parameter."""
    quantity = system.quantities.get(name)
    return [naming.spell(part) for part in _spots(quantity)] if quantity else [name]


def _spots(quantity: Quantity) -> list[Quantity]:
    match quantity:
        case Quantity(role=Role.GRADIENT, by=Quantity() as by):
            return [by]
        case Quantity(role=Role.LOCAL_DERIVATIVE, of=Quantity() as of, by=Quantity() as by):
            return [of, by]
        case Quantity(role=Role.STATE | Role.CLIPPED | Role.CHANGE, of=Quantity() as of):
            return [of]
    return [quantity]
