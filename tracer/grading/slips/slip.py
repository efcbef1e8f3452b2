"""Slips: a row each, with a machine-readable name, a sentence, an example, and the edits that make it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracer.formulas.tree import Expression, Number
from tracer.grading.judging.causes import Cause, Part
from tracer.grading.network.place import ALONE, Place
from tracer.grading.network.writing import written

Parts = Mapping[str, Expression | float | str]
"""The values of a sentence's placeholders, by name."""
FRACTIONS: Mapping[Expression | float | str, str] = {0.5: "½", 0.25: "¼"}


@dataclass(frozen=True, slots=True)
class Setting:
    """The context of a slip: the table's quantities, the lag that is not written, numbers of the person's formula, the
    quantities that are the same in all rows.

    place: of its row in its batch. shared: the quantities with one value per batch.
    """

    quantities: Sequence[str]
    home: int
    numbers: Sequence[float] = ()
    constant: frozenset[str] = frozenset()
    place: Place = ALONE
    shared: frozenset[str] = frozenset()

    def text(self, expression: Expression) -> str:
        """The expression as shown to the person; numbers with a readable number of digits."""
        return f"{expression.value:g}" if isinstance(expression, Number) else written(expression, self.home)


Edits = Callable[[Expression, Setting], Iterator[tuple[Expression, Parts]]]
"""The wrong formulas that a slip makes of a right one, each with the parts of its sentence."""


@dataclass(frozen=True, slots=True)
class Slip:
    """One way to go wrong.

    name: machine-readable, in snake_case. sentence: with the names of parts in braces; rendered only for the slip that
    is reported. right, wrong: an example, where `w5[−1]` is w5 of the row before and `mean(x)` is over a batch of two.
    """

    name: str
    sentence: str
    right: str
    wrong: str
    edits: Edits

    def cause(self, parts: Parts, setting: Setting) -> Cause:
        """The slip as a cause, with these parts."""
        named: dict[str, Part] = {}
        blanks: dict[str, str] = {}
        for key, part in parts.items():
            number = part.value if isinstance(part, Number) else part
            if isinstance(number, float):
                named[key], blanks[key] = number, FRACTIONS.get(part, f"{number:g}")
            else:
                blanks[key] = setting.text(number) if isinstance(number, Expression) else number
                named[key] = blanks[key].strip()
        return Cause(
            self.name, self.sentence.format(**blanks), {key: part for key, part in named.items() if part != ""}
        )


@dataclass(frozen=True, slots=True)
class Edit:
    """A wrong formula, and the slips that lead to it, with their parts."""

    expression: Expression
    slips: tuple[tuple[Slip, Parts], ...]

    def cause(self, setting: Setting) -> Cause:
        """The slips as one cause: of two, each part is named after the first or the second."""
        causes = [slip.cause(parts, setting) for slip, parts in self.slips]
        if len(causes) == 1:
            return causes[0]
        named: dict[str, Part] = {}
        for which, cause in zip(("first", "second"), causes, strict=True):
            named |= {which: cause.slip} | {f"{which}_{key}": part for key, part in cause.parts.items()}
        return Cause("two_slips", "; and ".join(cause.sentence for cause in causes), named)
