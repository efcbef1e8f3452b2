"""The program of an iteration: executed quantity by quantity it gives what the emitted source gives, and a formula that
is replaced leads where a loop by hand leads."""

from __future__ import annotations

from typing import Any

import pytest

import tracer
from tracer.execution.interpreter import Interpreter, formula_of
from tracer.execution.program import program_of
from tracer.formulas.tree import Expression, Name, Number, add, mul, sub
from tracer.model import naming

ETA = Name(naming.ETA)
ONE_WEIGHT: dict[str, Any] = {
    "equations": "y = w*x\nE = (t - y)^2", "minimize": "E", "parameters": {"w": 1.0},
    "inputs": {"x": 2.0, "t": 1.0}, "learning_rate": 0.1, "iterations": 5,
}  # fmt: skip
SAMPLES: dict[str, Any] = {
    "samples": [{"inputs": [0.1 * n, 0.2], "targets": [0.3 + 0.1 * n]} for n in range(5)],
    "layers": [{"name": "h", "neurons": 2}, {"name": "o", "neurons": 1}],
    "weights": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "learning_rate": 0.5, "iterations": 7,
}  # fmt: skip
CASES: list[dict[str, Any]] = [
    {"optimizer": "adam"},
    {"optimizer": "momentum", "update": "batch"},
    {"optimizer": "nesterov", "update": {"batch_size": 2}, "clip": {"norm": 0.1}},
    {"learning_rate": "0.5 * 0.9^k", "update": {"batch_size": 3}, "order": "shuffled"},
]


@pytest.mark.parametrize("case", CASES)
def test_the_interpreter_gives_what_the_engine_gives(case: dict[str, Any]) -> None:
    trace = tracer.run(SAMPLES | case)
    (run,), system = trace.runs, trace.system
    program = program_of(system)
    start = dict(program.start)
    if ETA in start:
        start[ETA] = 0.5
    taken = [sample - 1 for _, sample in run.places()]
    values = [dict(zip(program.data, system.samples[sample], strict=True)) for sample in taken]
    sizes = [sum(1 for place, _ in run.places() if place == k) for k in range(1, run.iterations + 1)]
    walk = Interpreter(program, start, values, sizes)
    for row in range(len(run)):
        assert {name: walk.value(name, row) for name in program.columns} == run.step(row), row


def walk_of(config: dict[str, Any], **further: Any) -> Interpreter:
    program = program_of(tracer.assemble(tracer.load(config)))
    return Interpreter(program, {**program.start, ETA: 0.1}, [{"x": 2.0, "t": 1.0} for _ in range(5)], **further)


def test_a_replaced_formula_leads_where_a_loop_leads() -> None:
    """η is left out of the third update."""
    gradient = Name("∂E/∂w", 1)
    walk = walk_of(ONE_WEIGHT, replaced={"w": {3: sub(Name("w", 1), gradient)}})
    w = 1.0
    for row in range(5):
        assert walk.value("w", row) == pytest.approx(w, rel=1e-15)
        w -= (1.0 if row == 2 else 0.1) * -2 * (1 - 2 * w) * 2


def test_a_replaced_formula_may_use_the_next_row_where_there_is_one() -> None:
    ahead = {"y": dict.fromkeys((1, 4), mul(Name("x", -1), Number(3.0)))}
    walk = walk_of(ONE_WEIGHT, replaced=ahead)
    assert [walk.value("y", row) for row in (0, 1)] == [2.0, 6.0]
    assert walk.value("y", 4) == 2 * walk.value("w", 4)


def test_a_circle_is_noticed() -> None:
    walk = walk_of(ONE_WEIGHT, replaced={"y": {0: add(Name("E"), Number(1.0))}})
    with pytest.raises(LookupError, match="circular definition of y"):
        walk.value("y", 0)


def test_a_name_with_another_lag_is_another_name() -> None:
    expression: Expression = sub(Name("w"), mul(Number(10.0), Name("w", 1)))
    needed, value = formula_of(expression)
    assert needed == (Name("w"), Name("w", 1))
    assert value(3.0, 2.0) == -17.0


def test_what_leads_to_the_loss() -> None:
    program = program_of(tracer.assemble(tracer.load(SAMPLES)))
    ahead = program.needed_for(program.loss)
    assert ahead == ["h1", "a_h1", "h2", "a_h2", "o1", "a_o1", "E1", "E_total"]


def test_a_sum_of_thousands_of_terms_is_computed() -> None:
    _, value = formula_of(add(*(Name("w", lag % 2) for lag in range(9001))))
    assert value(2.0, 3.0) == 4501 * 2.0 + 4500 * 3.0
