"""The update of the parameter in focus as formulas, and the sentence that explains its move.

All trained parameters follow one rule: its lines are laid out once, for a parameter called SELF, and look up what there
is of the chosen one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from tracer.explain.explanation import update_result
from tracer.explain.update import Case, Sentence, Update, Value, in_text, said, update_of
from tracer.explain.words import equation
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import Expression, Name, distinct, with_names
from tracer.model import naming
from tracer.model.system import Parameter, System
from tracer.model.typography import typeset
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.focus.tables import FROZEN, SELF, TRAINED, FocusTables
from tracer.workbook.walkthrough.workings import Computed, Workings, Written, literal
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE


@dataclass(slots=True)
class FocusUpdate:
    """number, name: the cells of the chosen quantity's number and name. steps: all columns of the chosen run. gradient:
    the cell of the chosen quantity's gradient. first: the values of the step first shown."""

    context: Context
    workings: Workings
    tables: FocusTables
    number: str
    name: str
    steps: str
    gradient: str
    first: Mapping[str, float]
    _numbers: dict[tuple[Name, int], Written] = field(init=False, default_factory=dict)

    def lines(self) -> Iterator[tuple[Computed, Computed, Computed]]:
        """The lines of a trained parameter's update: symbols, numbers put in, result."""
        of_first = self._of(self.tables.default.derivation.quantity).lines
        batch, spell = self.context.system.batches.rows, self.context.spell
        names = self._names
        for line, own in zip(self._of(SELF).lines, of_first, strict=True):
            text = self.workings.text(line.template(batch), lambda slot: self._number(slot.name, slot.row))
            try:
                value: float | str = update_result(own, self.first)
            except NO_NUMBER:
                value = NOT_AVAILABLE
            formula = self._formula(line.expression) if line.is_update else self._number(Name(line.quantity)).value
            symbols, of_any = (
                spell(equation(each.quantity, each.expression, each.is_update, names)) for each in (own, line)
            )
            yield (symbols, self._named(of_any)), text, (value, formula)

    def sentence(self, kind: str) -> Computed:
        """Why the chosen quantity moves, or what its gradient says."""
        system = self.context.system
        sentence = self._of(self.tables.default.derivation.quantity).sentence
        first = said(sentence, self.first, self._names)
        untrained = replace(system, updates={}, parameters=())
        frozen = replace(untrained, parameters=(Parameter(SELF, 0.0, "", False),))
        optimizer = self.context.experiment.optimizer.name
        of_frozen, of_computed = (self._said(update_of(of, SELF, optimizer).sentence) for of in (frozen, untrained))
        formula = f"IF({kind}={FROZEN},{of_frozen},{of_computed})"
        if system.updates:
            formula = f"IF({kind}={TRAINED},{self._said(self._of(SELF).sentence)},{formula})"
        return self.context.spell(first), f'SUBSTITUTE({formula},"{SELF}",{self.name})'

    def _of(self, quantity: str) -> Update:
        system = generic(self.context.system, self.tables) if quantity == SELF else self.context.system
        return update_of(system, quantity, self.context.experiment.optimizer.name)

    @property
    def _names(self) -> dict[str, str]:
        """How quantities are written, those called SELF among them."""
        own = typeset(self.tables.own) if self.typesets else {}
        gradient = self.context.system.gradient(SELF)
        return {**self.context.names, SELF: SELF, gradient: gradient, **own}

    @property
    def typesets(self) -> bool:
        """Whether names are typeset, and not in ASCII."""
        return self.context.spell(naming.ETA) == naming.ETA

    def _named(self, text: str) -> str:
        return f'SUBSTITUTE({literal(text)},"{SELF}",{self.name})'

    def _said(self, sentence: Sentence) -> str:
        """The formula of a sentence."""
        *others, last = sentence
        formula = self._case(last)
        for case in reversed(others):
            assert case.condition is not None
            formula = f"IF({self._formula(case.condition)},{self._case(case)},{formula})"
        return formula

    def _case(self, case: Case) -> str:
        pieces = []
        for is_number, parts in groupby(case.parts, key=lambda part: isinstance(part, Value)):
            if is_number:
                pieces += [self._computed(part.expression).text for part in parts if isinstance(part, Value)]
            else:
                text = "".join(in_text(part, self._names) for part in parts if not isinstance(part, Value))
                pieces.append(literal(self.context.spell(text)))
        return "&".join(pieces)

    def _computed(self, expression: Expression) -> Written:
        """A number of a sentence."""
        own = {
            name: Name(self.tables.own_name(name.name, self.tables.default.derivation.quantity))
            for name in distinct(expression)
            if name.name in self.tables.own
        }
        try:
            value = evaluate(with_names(expression, own), self.first)
        except NO_NUMBER:
            value = 0.0
        return self.workings.number("of the sentence", value, self._formula(expression))

    def _formula(self, expression: Expression) -> str:
        own = Name(self.context.system.gradient(SELF))
        return render(expression, EXCEL, lambda name: self.gradient if name == own else self._number(name).value)

    def _number(self, name: Name, of_batch: int = 0) -> Written:
        """A number in the update: what there is of the parameter, or a quantity of the step."""
        if name.name not in self.tables.own:
            return self.workings.quantity(name, of_batch)
        if (name, of_batch) not in self._numbers:
            step = self.workings.step
            own = replace(name, name=self.tables.own_name(name.name, self.tables.default.derivation.quantity))
            column = f"INDEX({self.steps},0,{self.tables.own_column(name.name, self.number)})"
            label = f"{self.context.spell(name.name)}{' before' if name.lag else ''}, # is the focus"
            self._numbers[name, of_batch] = self.workings.number(
                label, step.value(own, of_batch), step.in_column(column, own, of_batch)
            )
        return self._numbers[name, of_batch]


def generic(system: System, tables: FocusTables) -> System:
    """The system with the update of a trained parameter called SELF, as that of any other."""
    trained = next(iter(system.updates))
    called = {tables.own_name(name, trained): name for name in tables.own}

    def renamed(expression: Expression) -> Expression:
        names = {n: replace(n, name=called[n.name]) for n in distinct(expression) if n.name in called}
        return with_names(expression, names)

    return replace(
        system,
        equations=tuple(
            replace(equation, quantity=called[equation.quantity], expression=renamed(equation.expression))
            for equation in system.equations
            if equation.quantity in called
        ),
        updates={SELF: renamed(system.updates[trained])},
        quantities={**system.quantities, **tables.own},
    )
