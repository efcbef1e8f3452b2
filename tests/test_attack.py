"""Configs changed at random: run and written, or refused with a place, and soon; the same of kinds that once crashed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.mutants import attack
from tests.places import SHARED, needs_shared
from tests.test_config import BASE, problems
from tracer.commands.main import main
from tracer.formulas.grammar import FormulaError
from tracer.tables.activations import ACTIVATIONS, read_formula

EQUATIONS: dict[str, Any] = {
    "inputs": {"x": 0.5, "zero": 0}, "parameters": {"w": 0.4}, "minimize": "E", "learning_rate": 0.1, "iterations": 3,
}  # fmt: skip


@pytest.mark.parametrize("count", [12, pytest.param(300, marks=pytest.mark.long)])
def test_a_changed_config_is_run_or_refused(count: int, tmp_path: Path) -> None:
    assert list(attack(count, tmp_path)) == []


def written(config: dict[str, Any], folder: Path) -> tracer.Trace:
    """A run of the config, after all of its files have been written."""
    trace = tracer.run(config)
    trace.to_csv(folder / "a.csv")
    trace.to_excel(folder / "a.xlsx")
    trace.to_exercise(folder / "exercise.xlsx")
    return trace


OFTEN = ("sigmoid", "elu", "gelu_tanh")
"""Of every kind one: with a slope, with a setting, without a slope."""


@pytest.mark.parametrize(
    "name", [*OFTEN, *(pytest.param(n, marks=pytest.mark.long) for n in ACTIVATIONS if n not in OFTEN)]
)
def test_an_activation_of_a_constant_in_every_place(name: str, tmp_path: Path) -> None:
    call = f"{name}(0.5)"
    equations = {"equations": f"E = (w*{call} - 1)^2"}
    layers = [{"neurons": 2, "activation": f"z*{call}"}, {"neurons": 2}]
    rule = {"states": {"v": f"g*{call}"}, "update": f"p - eta*v*{name}(k)"}
    for change in ({"layers": layers}, {"loss": f"(t - a)^2*{call}"}, {"optimizer": rule}, {"until": f"E_total < {call} - 10"},
                   {"learning_rate": f"abs({name}(1/k))"}):  # fmt: skip
        assert written(BASE | change, tmp_path).runs[0].divergence is None
    assert written(EQUATIONS | equations, tmp_path).runs[0].divergence is None


@pytest.mark.parametrize(
    "branch", ["w / zero", "sigmoid(w / zero)", "log(zero)", "sqrt(0 - x)", "(0 - x)^0.5", "exp(1000 / x)"]
)
def test_a_branch_not_taken_may_have_no_value(branch: str, tmp_path: Path) -> None:
    config = EQUATIONS | {"equations": f"a = if(zero > 0, {branch}, w*x)\nE = a^2"}
    (run,) = written(config, tmp_path).runs
    assert run.divergence is None
    assert run["∂E/∂w"][0] == pytest.approx(2 * 0.4 * 0.5**2, rel=1e-15)


@pytest.mark.parametrize(
    ("change", "options", "problem"),
    [
        ({"learning_rate": [n / 1000 for n in range(1, 5001)]}, [],
         ": learning_rate: a workbook holds at most 200 learning rates, a sheet each, not 5,000; use fewer, or --format csv"),
        ({"layers": [{"neurons": 1}] * 2000}, ["--format", "csv"],
         ": layers: 2,000 layers, more than 500; this is a tool for small networks"),
        ({"iterations": 10**12}, ["--format", "csv"], ": iterations: the trace would hold"),
    ],
)  # fmt: skip
def test_too_much_work_is_refused_with_the_figure(
    change: dict[str, Any], options: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "big.yaml").write_text(yaml.safe_dump(BASE | change), encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "big.yaml", *options])
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.startswith("big.yaml:")
    assert [path.name for path in tmp_path.iterdir()] == ["big.yaml"]


def test_the_screen_lists_a_hundred_learning_rates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = BASE | {"learning_rate": [n / 1000 for n in range(1, 301)], "iterations": 1}
    (tmp_path / "rates.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    result = CliRunner().invoke(main, ["run", "rates.yaml", "--format", "csv"])
    assert result.exit_code == 0
    assert "and 200 more learning rates: in Python, trace.final holds them all" in result.stdout


def test_deep_nesting_is_refused_at_once() -> None:
    found = problems(EQUATIONS | {"equations": f"E = {'(' * 5000}w{')' * 5000}"})
    assert "nested more than 100 levels deep" in found[0]


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_a_problem_with_a_place(text: str) -> None:
    error = None
    try:
        read_formula(text)
    except FormulaError as raised:
        error = raised
    assert error is None or (error.problem and 0 <= error.position <= len(text))


@given(st.text("wxzk0159.,+-*/^()<>=e π²−√ifmax", max_size=40))
def test_any_text_as_a_formula_in_every_place(text: str) -> None:
    for config in (BASE | {"layers": [{"neurons": 2, "activation": text}, {"neurons": 2}]}, BASE | {"loss": text},
                   BASE | {"learning_rate": text}, BASE | {"until": text}, EQUATIONS | {"equations": f"E = {text}"},
                   BASE | {"optimizer": {"update": text}}):  # fmt: skip
        with contextlib.suppress(tracer.ConfigError):
            tracer.run(config)


REFUSED = {
    "csv-extra-fields/config.yaml": "data.csv:2: has 6 fields, the header 3; with decimal commas",
    "csv-mixed-marks/config.yaml": "data.csv:2: column 'x1': this file has decimal commas (0,1), but here is '1.234'",
    "yaml-decimal-comma/list.yaml": "write 0.05: decimals take a point",
    "yaml-decimal-comma/map.yaml": "write 0.05: decimals take a point",
    "yaml-decimal-comma/equation.yaml": "write 1.5: decimals take a point",
    "hints/loss.yaml": "It is called 'cross_entropy' here.",
    "batch-across/batch-norm.yaml": "a formula sees one sample at a time",
}
RUN = ("sigmoid-of-a-constant", "sigmoid-of-k", "sigmoid-of-a-constant-in-an-activation", "nested-hard_sigmoid",
       "division-by-zero-in-a-sigmoid", "momentum-ema/config", "adam-m-hat/config")  # fmt: skip


@needs_shared("cases/config")
@pytest.mark.parametrize("case", REFUSED)
def test_cases_that_are_refused(case: str) -> None:
    with pytest.raises(tracer.ConfigError) as error:
        tracer.load(SHARED / "cases" / "config" / case)
    assert REFUSED[case] in error.value.problems[0]


@needs_shared("cases/config")
@pytest.mark.parametrize("case", RUN)
def test_cases_that_are_run_and_written(case: str, tmp_path: Path) -> None:
    trace = tracer.run(SHARED / "cases" / "config" / f"{case}.yaml")
    trace.to_csv(tmp_path / "a.csv")
    trace.to_excel(tmp_path / "a.xlsx")
    assert len(trace) >= 1
    expected = {"momentum-ema/config": ("v_w", [1, 1.88, 2.6344]), "adam-m-hat/config": ("m̂_theta", [10, 9.8947368])}
    if case in expected:
        column, values = expected[case]
        assert trace[column] == pytest.approx(values, rel=1e-7)
