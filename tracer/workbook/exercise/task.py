"""What an exercise asks for: which cells are left empty, how exact an answer must be, and what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tracer.errors import OutputError
from tracer.formulas.grammar import parse
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Expression
from tracer.model.system import FORWARD_PASS, Phase

BLANKS: dict[str, frozenset[Phase]] = {
    "forward": frozenset(FORWARD_PASS),
    "backward": frozenset({Phase.BACKWARD, Phase.BATCH}),
    "updates": frozenset({Phase.OPTIMIZER, Phase.PARAMETER}),
    "all": frozenset(Phase) - {Phase.DATA},
}
"""The computed cells of these phases."""
WORKED, MARKS = "worked_", "worked_marks "
"""What the titles of the hidden sheets begin with. A formula in which the first appears is copied."""
HINT, FRAMED = "Fill in the", "framed cell"
"""In the hint at the top of a sheet."""
MOST_DECIMALS = 12
ROOM = 0.5000001
"""How far an answer may be off, in units of its last decimal: half a unit, as rounding gives, and a double's noise."""


class State(StrEnum):
    """What stands in a cell to fill in. consistent: not the key, but it follows from the student's own cells. copied:
    its formula refers to the key."""

    RIGHT = "right"
    CONSISTENT = "consistent"
    WRONG = "wrong"
    EMPTY = "empty"
    COPIED = "copied"


def decimals_of(asked: int | None, rounded_to: int | None) -> int | None:
    """How many decimals of an answer must be right: as asked, else those that the config rounds to. Raises OutputError
    for a number that is not possible."""
    if asked is not None and not 1 <= asked <= MOST_DECIMALS:
        raise OutputError([f"answer_decimals: {asked} is not between 1 and {MOST_DECIMALS}"])
    return rounded_to if asked is None else asked


@dataclass(frozen=True, slots=True)
class Task:
    """How an exercise is set.

    blank: one of BLANKS. decimals: how many an answer must have right; None for 1e-6. strict: only the key counts, not
    what is consistent. marks: the workbook judges by itself. equations: the formulas in words stay as a hint. Raises
    OutputError for another `blank`.
    """

    blank: str = "all"
    decimals: int | None = None
    strict: bool = False
    marks: bool = True
    equations: bool = False

    def __post_init__(self) -> None:
        if self.blank not in BLANKS:
            raise OutputError([f"blank: {self.blank!r:.40} is not one of {', '.join(BLANKS)}"])

    @property
    def counting(self) -> tuple[State, ...]:
        """The states that count as correct."""
        return (State.RIGHT,) if self.strict else (State.RIGHT, State.CONSISTENT)

    @property
    def allowed(self) -> Expression:
        """How far an answer may be from the number q that it should be. By default 1e-6, relative to q above 1; a small
        q needs three digits."""
        if self.decimals is None:
            return parse("max(1e-6*abs(q), max(min(1e-6, 1e-3*abs(q)), 1e-12))", FUNCTIONS)
        return parse(f"max({ROOM}*1e-{self.decimals}, 1e-12*abs(q))", FUNCTIONS)

    def options(self) -> list[str]:
        """The options of the command that sets it."""
        given = {_STRICT: self.strict, _NO_MARKS: not self.marks, _EQUATIONS: self.equations}
        decimals = [] if self.decimals is None else [_DECIMALS, str(self.decimals)]
        return [_BLANK, self.blank, *decimals, *(flag for flag, is_given in given.items() if is_given)]

    @classmethod
    def of(cls, words: Sequence[str]) -> Task:
        """The task that the words of a command set. Raises ValueError or LookupError for one that was tampered with."""
        following = dict(pairwise(words))
        if following[_BLANK] not in BLANKS:
            raise LookupError(following[_BLANK])
        return cls(
            following[_BLANK], int(following[_DECIMALS]) if _DECIMALS in following else None,
            _STRICT in words, _NO_MARKS not in words, _EQUATIONS in words,
        )  # fmt: skip


_BLANK, _DECIMALS, _STRICT, _NO_MARKS, _EQUATIONS = (
    "--blank", "--answer-decimals", "--strict", "--no-marks", "--keep-equations",
)  # fmt: skip
