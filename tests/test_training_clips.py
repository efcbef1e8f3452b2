"""Clipped gradients, limited weights and stop conditions: right sheets are right, and mistakes beside them are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.walkthroughs.clips import CLIPS, LIMITS, STOPS, hidden, line, matrices
from tests.walkthroughs.evaluator import Place, column_number
from tests.walkthroughs.plan import Plan
from tests.walkthroughs.workbook import write
from tracer.grading.book.package import read_book
from tracer.grading.check import check_workbook
from tracer.grading.graph.read import read_graph
from tracer.grading.judging.findings import Verdict
from tracer.grading.lifting.lifted import Left
from tracer.grading.training.judgement import Fault, Judgement, Standing
from tracer.grading.ways.formulas import judge_graph


def judged(plan: Plan, folder: Path) -> tuple[Judgement, ...]:
    book = read_book(write(plan, folder / "sheet.xlsx", stored=True))
    return judge_graph(book, read_graph(book))


def faults(plan: Plan, folder: Path) -> list[Fault]:
    return [fault for judgement in judged(plan, folder) for fault in judgement.faults]


HARD = ("=MAX(-1,MIN(1,G{r}))", "IF(ABS(G{r})<1,1,0)")
"""An activation that looks like a clip, and its slope."""
NETWORKS = {
    "clipped": hidden(clip="=MAX(-$D$1,MIN($D$1,{g}))"),
    "clipped by the norm of all": hidden(clip="={g}*T{r}", more=[("scale", "", "=MIN(1,$D$1/SQRT(SUMSQ(K{r},M{r}:O{r})))")]),
    "clipped activation": hidden(*HARD),
    "clipped activation and gradients": hidden(*HARD, clip="=MEDIAN(-$D$1,$D$1,{g})"),
    "relu up to a limit": hidden("=MIN(1,MAX(0,G{r}))", "IF(AND(G{r}>0,G{r}<1),1,0)", clip="=MAX(-$D$1,MIN($D$1,{g}))"),
    "clipped net input": hidden("=TANH(MAX(-9,MIN(9,G{r})))"),
    "matrices": matrices("IF(ABS({g})>$D$1,SIGN({g})*$D$1,{g})"),
    "matrices by their norm": matrices("{g}*MIN(1,$D$1/{n})"),
    "matrices in a range": matrices("{g}", "IF({w}>0.4,0.4,IF({w}<-0.4,-0.4,{w}))"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_right_network_is_confirmed(kind: str, tmp_path: Path) -> None:
    found = judged(NETWORKS[kind], tmp_path)
    assert {(judgement.standing, judgement.firm) for judgement in found} == {(Standing.CONFIRMED, True)}
    assert sum(len(judgement.parameters) for judgement in found) == (6 if "matrices" in kind else 4)


RIGHT = {f"{group}: {name}": plan for group, plans in (("clip", CLIPS), ("limit", LIMITS), ("stop", STOPS)) for name, plan in plans.items()}  # fmt: skip


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_sheet_is_confirmed(kind: str, tmp_path: Path) -> None:
    (judgement,) = judged(RIGHT[kind], tmp_path)
    assert judgement.standing is Standing.CONFIRMED
    assert judgement.firm
    assert len(judgement.parameters) == 2


@pytest.mark.parametrize(
    ("plan", "left_out"),
    [
        (CLIPS["MAX and MIN"], [Left.CLIPPING]),
        (LIMITS["not negative"], [Left.LIMITS]),
        (STOPS["patience"], [Left.STOP]),
        (STOPS["rate halved"], [Left.RATE]),
        (STOPS["and clipped gradients"], [Left.CLIPPING, Left.STOP]),
        (line(), []),
    ],
)
def test_what_was_left_out_is_told(plan: Plan, left_out: list[Left], tmp_path: Path) -> None:
    (judgement,) = judged(plan, tmp_path)
    assert [each for each in Left if each in judgement.reason] == left_out


def test_headers_do_not_call_clipped_gradients_wrong(tmp_path: Path) -> None:
    headed = line(gradients=[("∂E/∂w1", "", "=MAX(-$D$1,MIN($D$1,(E{r}-B{r})*A{r}))"), ("∂E/∂b1", "", "=E{r}-B{r}")], headers=["i1", "t1", "w1", "b1", "o1", "E_total"])  # fmt: skip
    report = check_workbook(write(headed, tmp_path / "sheet.xlsx", stored=True))
    assert [(sheet.verdict, sheet.findings) for sheet in report.sheets] == [(Verdict.RIGHT, ())]


# ------------------------------------------------------------------------------------------------------- mistakes


def planted(plan: Plan, column: str, old: str, new: str, rows: range = range(4, 22)) -> Plan:
    """The plan with a part of the formulas of a column replaced."""
    changes: dict[Place, str] = {}
    for place, content in plan.cells.items():
        if place[2] == column_number(column) and place[1] in rows and str(content).startswith("="):
            changes[place] = re.sub(old, new, str(content))
    assert any(plan.cells[place] != changed for place, changed in changes.items())
    return plan.with_cells(changes)


SIGN = (r"\(E(\d+)-B(\d+)\)", r"(B\2-E\1)")
FACTOR = (r"=(.+)", r"=2*(\1)")
MISTAKES: dict[str, tuple[Plan, str, tuple[str, str], str]] = {
    "clipped gradient": (CLIPS["MAX and MIN"], "G", SIGN, "-((B4-E4)*A4)"),
    "clipped twice as large": (CLIPS["MEDIAN"], "H", FACTOR, "(E4-B4)"),
    "inside the clip": (CLIPS["in the gradient"], "G", SIGN, "MAX(-$D$1,MIN($D$1,-((B4-E4)*A4)))"),
    "the clip of another gradient": (CLIPS["IF with ABS and SIGN"], "J", (r"H", "G"), "IF(ABS(H4)>$D$1,SIGN(H4)*$D$1,H4)"),
    "scaled by the norm": (CLIPS["norm, factor"], "G", (r"\*A", "*B"), "(E4-B4)*A4"),
    "limited update": (LIMITS["both sides"], "C", (r"-\$B", "+$B"), "MAX(-1,MIN(1,C4-$B$1*G4))"),
    "limited update, no η": (LIMITS["not negative"], "D", (r"\$B\$1\*", ""), "MAX(0,D4-$B$1*H4)"),
    "update that stops": (STOPS["small loss"], "C", ("G", "H"), "IF(F4<$F$1,C4,C4-$B$1*G4)"),
    "gradient of one that stops": (STOPS["patience"], "G", (r"\*A", "*B"), "(E4-B4)*A4"),
    "momentum of clipped gradients": (CLIPS["momentum"], "G", (r"\*A", "*B"), "(E4-B4)*A4"),
}  # fmt: skip
"""Plan, column, what is replaced, and what the first of its formulas should be."""


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_under_a_clip_is_named(kind: str, tmp_path: Path) -> None:
    plan, column, edit, right = MISTAKES[kind]
    (fault,) = faults(planted(plan, column, *edit), tmp_path)
    assert {where[1] for _, where in fault.places} == {column_number(column)}
    assert fault.right == right


@pytest.mark.parametrize("slope", ["1", "(1-H{r}^2)", "IF(G{r}>0,1,0)"])
@pytest.mark.parametrize("clip", ["={g}", pytest.param("=MAX(-$D$1,MIN($D$1,{g}))", marks=pytest.mark.long)])
def test_the_slope_of_a_clipped_activation_is_not_left_out(slope: str, clip: str, tmp_path: Path) -> None:
    found = faults(hidden(HARD[0], slope, clip), tmp_path)
    assert {where[1] for fault in found for _, where in fault.places} == {column_number("L")}


WRONG_CLIPS = {
    "no upper bound": (CLIPS["MAX and MIN"], "I", (r"MIN\(\$D\$1,(.*)\)\)$", r"\1)")),
    "both bounds positive": (CLIPS["MAX and MIN"], "I", (r"-\$D", "$D")),
    "another bound in one row": (CLIPS["MAX and MIN"], "J", (r"\$D\$1,MIN\(\$D\$1", "0.1,MIN(0.1")),
    "no bound in one row": (CLIPS["MAX and MIN"], "J", (r"=.*,(H\d+).*", r"=\1")),
    "another tolerance in one row": (STOPS["small loss"], "C", (r"\$F\$1", "0.5")),
}


@pytest.mark.parametrize("kind", WRONG_CLIPS)
def test_a_wrong_clip_is_found(kind: str, tmp_path: Path) -> None:
    plan, column, edit = WRONG_CLIPS[kind]
    rows = range(9, 10) if "one row" in kind else range(4, 22)
    found = faults(planted(plan, column, *edit, rows=rows), tmp_path)
    assert {where[1] for fault in found for _, where in fault.places} == {column_number(column)}
