"""The result of judging the training in a workbook by its graph of cells, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracer.grading.book.cells import Place
from tracer.grading.judging.causes import Cause
from tracer.grading.judging.findings import Kind


class Standing(StrEnum):
    """The verdict on a training."""

    CONFIRMED = "confirmed"
    WRONG = "wrong"
    FACTOR = "right up to a factor"
    NOTHING = "nothing to judge"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A trained parameter.

    places: its cell in each judged step, before the update. after: the cell of its updated value, in the same steps;
    the cell with the update's own formula, not a copy of it.
    """

    places: tuple[Place, ...]
    after: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Cells that are to blame for wrong updates.

    places: the cells, over the judged steps. kind: of the finding. why: the likely cause, None if unknown. formula:
    what the first of the cells reads, right: what it should read, in cells; None where unknown. value, right_value: of
    the first of the cells. right_values: of all cells, where these are known. spoils: the parameters whose updates are
    wrong because of it. exact: whether all that these cells are computed from was found to be right.
    """

    places: tuple[Place, ...]
    kind: Kind
    why: Cause | None = None
    formula: str | None = None
    right: str | None = None
    value: float | None = None
    right_value: float | None = None
    right_values: tuple[float, ...] = ()
    spoils: tuple[Parameter, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two usual losses, by their names: the one that all updates follow, and the one that the sheet computes.

    prediction, target: the cells of the first of its pairs; None where the prediction has no cell. errors: the cells
    that compare predictions with targets for the updates; empty where only the updates do.
    """

    followed: str
    shown: str
    prediction: Place | None
    target: Place
    errors: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of one training.

    firm: whether the verdict rests on the sheet's own loss, or on a guessed one that all updates agree with, at two
    points each; a header reading that contradicts a firm one is a misreading. reason: why there is nothing to judge, or
    what a verdict rests on; a plain sentence. sheets: the names of those that the training's cells stand in.
    parameters: those that were judged. steps: how many updates of each.
    loss: the cells that are minimized, in each step; empty where the loss is not in the sheet. assumed_loss: its name
    in words, where it had to be guessed. ascent: whether it is maximized, like a likelihood. rate: the learning rate
    in the first step, None where there is no single one. rate_at: its cell, if it stands in one. steady: whether it is
    the same in all steps.
    factor: by which all updates differ from η times the gradient of the loss, 1 where they do not; None if unknown.
    conflict: where the updates follow a usual loss, and the sheet computes another one.
    without_value: parameters that were not judged because none of their updates has a value. not_judged: what else
    could not be judged, each reason once.
    """

    standing: Standing
    reason: str
    firm: bool = False
    sheets: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    steps: int = 0
    loss: tuple[Place, ...] = ()
    assumed_loss: str = ""
    ascent: bool = False
    rate: float | None = None
    rate_at: Place | None = None
    steady: bool = True
    factor: float | None = None
    faults: tuple[Fault, ...] = ()
    conflict: Conflict | None = None
    without_value: tuple[Parameter, ...] = ()
    not_judged: tuple[str, ...] = ()


def nothing_to_judge(reason: str, *sheets: str) -> Judgement:
    """The judgement of sheets in which no training was found, with the reason."""
    return Judgement(Standing.NOTHING, reason, sheets=sheets)
