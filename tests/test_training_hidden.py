"""What derivatives do not tell: parameters behind a step function, and units that compete for each sample."""

from __future__ import annotations

import pytest

from tests import hand
from tracer.grading.graph.read import read_graph
from tracer.grading.training.hidden import BEHIND_STEPS, COMPETITION
from tracer.grading.training.judgement import Judgement, Standing
from tracer.grading.ways.formulas import judge_graph

Columns = dict[str, tuple[hand.Value, str | None]]
STEPS = 12


def judged(columns: Columns, *data: list[float]) -> Judgement:
    """The judgement of a table with these numbers in its first columns, again and again."""
    cells = hand.table("A3", columns, STEPS, {"eta": "$B$1"})
    cells |= {"A1": "eta", "B1": 0.3}
    for letter, numbers in zip("ABC", data, strict=False):
        cells |= {f"{letter}{4 + step}": numbers[step % len(numbers)] for step in range(STEPS)}
    book = hand.book(("Sheet", cells))
    (judgement,) = judge_graph(book, read_graph(book))
    return judgement


INPUTS, TARGETS = [0.5, 1.0, -0.7, 0.2], [1.2, 2.1, -0.9, 0.6]
BINARY: Columns = {
    "x": (None, None),
    "t": (None, None),
    "w": (0.3, "={w-1}-{eta}*{e-1}*{x-1}"),
    "b": (0.1, "={b-1}-{eta}*{e-1}"),
    "y": ("=SIGN({w})*{x}+{b}", None),
    "e": ("={y}-{t}", None),
    "E": ("={e}^2/2", None),
}
"""A line whose slope is 1 or −1; the gradient passes straight through the sign."""


@pytest.mark.parametrize("step", ["SIGN({w})", "IF({w}>=0,1,-1)", "ROUND({w},0)", "INT({w}*16)/16"])
def test_a_parameter_behind_a_step_function_is_not_judged(step: str) -> None:
    judgement = judged(BINARY | {"y": (f"={step}*{{x}}+{{b}}", None)}, INPUTS, TARGETS)
    assert (judgement.standing, judgement.faults) == (Standing.CONFIRMED, ())
    assert [parameter.places[0][1] for parameter in judgement.parameters] == [(4, 4)]
    assert [parameter.places[0][1] for parameter in judgement.without_value] == [(4, 3)]
    assert judgement.not_judged == (BEHIND_STEPS,)


def test_the_only_other_parameter_tells_nothing_with_a_factor_of_its_own_in_each_step() -> None:
    judgement = judged(BINARY | {"b": (0.1, "={b-1}-{eta}*{e-1}*{t-1}")}, INPUTS, TARGETS)
    assert (judgement.standing, judgement.reason) == (Standing.NOTHING, BEHIND_STEPS)


def test_an_input_of_0_is_no_step() -> None:
    """Its weight has the derivative 0 in every step, and is updated all the same."""
    columns = {name: BINARY[name] for name in ("x", "t")} | {"z": (None, None)} | BINARY
    columns |= {"y": ("={w}*{z}+{b}*{x}", None), "b": (0.1, "={b-1}-{eta}*{e-1}*{x-1}")}
    judgement = judged(columns, INPUTS, TARGETS, [0.0])
    assert judgement.standing is Standing.WRONG
    assert {place[1][1] for fault in judgement.faults for place in fault.places} == {4}


def test_the_error_of_a_step_still_drives_the_perceptron_rule() -> None:
    columns = BINARY | {"y": ("=IF({w}*{x}+{b}>0,1,0)", None)}
    judgement = judged(columns, INPUTS, [1.0, 1.0, 0.0, 0.0])
    assert (judgement.standing, judgement.assumed_loss) == (Standing.CONFIRMED, "perceptron rule")


SQUARED = "({x}-{a#})^2+({y}-{b#})^2"


def competing(winner: str, update: str, distance: str = SQUARED, more: Columns | None = None) -> Judgement:
    """Two units, of which the one nearer to a sample learns. #: the unit; @: x or y; update: of its weight {w-1}."""
    columns: Columns = {"x": (None, None), "y": (None, None)}
    for unit, start in ((1, 0.4), (2, -0.2)):
        for weight, data in (("a", "x"), ("b", "y")):
            own = update.replace("{w", f"{{{weight}{unit}").replace("#", str(unit)).replace("@", data)
            columns[f"{weight}{unit}"] = (start + (0.1 if weight == "b" else 0.0), f"={own}")
    columns |= {f"d{unit}": (f"={distance.replace('#', str(unit))}", None) for unit in (1, 2)}
    columns |= {"best": (f"={winner}", None)} | (more or {})
    return judged(columns, [0.5, -0.3, 0.9], [0.2, 0.7, -0.4, 0.1])


NEARER, LEARNS = "IF({d1}<{d2},1,2)", "{w-1}+{eta}*({@-1}-{w-1})"


@pytest.mark.parametrize(
    ("winner", "update"),
    [(NEARER, f"IF({{best-1}}=#,{LEARNS},{{w-1}})"), ("0", f"IF({{d#-1}}=MIN({{d1-1}},{{d2-1}}),{LEARNS},{{w-1}})")],
)
def test_the_winner_of_a_competition_learns_by_its_distance(winner: str, update: str) -> None:
    judgement = competing(winner, update)
    assert (judgement.standing, judgement.firm, judgement.faults) == (Standing.CONFIRMED, True, ())
    assert len(judgement.parameters) == 4


@pytest.mark.parametrize("less", ["0", "0.3"])
def test_a_competition_without_a_loss_is_not_judged(less: str) -> None:
    """All learn by a factor, which is smaller for those that are no winner."""
    factors: Columns = {f"h{unit}": (f"=IF({{best}}={unit},1,{less})", None) for unit in (1, 2)}
    judgement = competing(NEARER, "{w-1}+{eta}*{h#-1}*({@-1}-{w-1})", more=factors)
    assert (judgement.standing, judgement.reason) == (Standing.NOTHING, COMPETITION)


@pytest.mark.parametrize("distance", ["SQRT(({x}-{a#})^2+({y}-{b#})^2)", "ABS({x}-{a#})+ABS({y}-{b#})"])
def test_a_competition_by_another_distance_has_no_findings(distance: str) -> None:
    assert not competing(NEARER, f"IF({{best-1}}=#,{LEARNS},{{w-1}})", distance).faults
