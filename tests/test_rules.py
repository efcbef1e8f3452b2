"""Update rules without PyTorch: Adam in 40 digits, the rules that PyTorch does not have by loops of their papers'
formulas, and rules of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft7Validator
from mpmath import mp, mpf, sqrt

import tracer
from tracer.config.schema import json_schema
from tracer.model import naming
from tracer.tables.optimizers import OPTIMIZERS

OWN_MOMENTUM: dict[str, Any] = {
    "states": {"v": "beta*v + (1-beta)*g"}, "update": "p - eta*v", "settings": {"beta": 0.9}, "start": {"v": 0},
}  # fmt: skip


def parabola(optimizer: Any, start: float = 5.0, factor: float = 1.0, **changes: Any) -> dict[str, Any]:
    """f = factor·w², so that the gradient is 2·factor·w."""
    return {
        "equations": f"f = {factor!r}*w^2", "minimize": "f", "parameters": {"w": start}, "optimizer": optimizer,
        "learning_rate": 0.1, "iterations": 3, **changes,
    }  # fmt: skip


def adam(w: float, factor: float, eta: float, iterations: int, eps: str = "1e-8", corrected: bool = True) -> list[Any]:
    """The weights and m̂, v̂ of Adam (Kingma and Ba, ICLR 2015, algorithm 1) in 40 digits, for f = factor·w²."""
    with mp.workdps(40):
        theta, m, v, b1, b2 = mpf(w), mpf(0), mpf(0), mpf(0.9), mpf(0.999)
        rows = []
        for k in range(1, iterations + 1):
            g = 2 * mpf(factor) * theta
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            m_hat, v_hat = (m / (1 - b1**k), v / (1 - b2**k)) if corrected else (m, v)
            rows.append((theta, m_hat, v_hat))
            theta -= mpf(eta) * m_hat / (sqrt(v_hat) + mpf(float(eps)))
        return rows


def differ(run: tracer.Run, rows: list[Any]) -> float:
    """The largest relative difference of w, m̂ and v̂ from these rows."""
    ours = zip(run["w"], run["m̂_w"], run["v̂_w"], strict=True)
    pairs = [pair for mine, theirs in zip(ours, rows, strict=True) for pair in zip(mine, theirs, strict=True)]
    return max(abs(float(mine / theirs - 1)) for mine, theirs in pairs)


def test_adam_in_40_digits() -> None:
    """Gradients of about 1e-7, so that ε counts; the same rule without its bias correction, or with another ε, is
    further off than any tolerance here."""
    (run,) = tracer.run(parabola("adam", 1.0, 5e-8, learning_rate=1e-3, iterations=50)).runs
    given = 1.0, 5e-8, 1e-3, 50
    assert differ(run, adam(*given)) < 1e-12
    assert differ(run, adam(*given, corrected=False)) > 0.5
    assert differ(run, adam(*given, eps="1e-7")) > 1e-4


def test_adam_by_hand() -> None:
    """f = w², w = 5, η = 0.1: m̂ = 10 and 9.8947, v̂ = 100 and 98.0190."""
    (run,) = tracer.run(parabola("adam", iterations=2)).runs
    assert run["m̂_w"] == pytest.approx([10, 9.8947368], rel=1e-7)
    assert run["v̂_w"] == pytest.approx([100, 98.0190095], rel=1e-7)
    assert run["w"] == pytest.approx([5, 4.9], rel=1e-9)
    columns = tracer.run(parabola("adam")).columns
    assert columns[-4:] == ["m_w", "v_w", "m̂_w", "v̂_w"]
    assert list(map(naming.to_ascii, columns[-2:])) == ["m_hat_w", "v_hat_w"]


def test_an_average_of_the_gradients() -> None:
    """The figures of courses: v = 0.9·v + 0.1·g from 0, f = w², w = 5, η = 0.1."""
    for optimizer in ({"name": "momentum_ema", "momentum": 0.9}, "momentum_ema", OWN_MOMENTUM):
        (run,) = tracer.run(parabola(optimizer)).runs
        assert run["v_w"] == pytest.approx([1, 1.88, 2.6344], rel=1e-14)
        assert [*run["w"], run.final["w"]] == pytest.approx([5, 4.9, 4.712, 4.44856], rel=1e-14)


def test_momentum_with_dampening_stays_pytorchs() -> None:
    (run,) = tracer.run(parabola({"name": "momentum", "dampening": 0.9})).runs
    assert run["v_w"] == pytest.approx([10, 9.8, 9.424], rel=1e-14)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_lion_by_its_paper(decay: float) -> None:
    """Chen and others (2023), algorithm 2, on f = cos(3·w) with many changes of sign."""
    b1, b2, eta = 0.8, 0.95, 0.07
    config = parabola({"name": "lion", "betas": [b1, b2], "weight_decay": decay}, learning_rate=eta, iterations=300)
    (run,) = tracer.run(config | {"equations": "f = cos(3*w)", "parameters": {"w": 0.4}}).runs
    theta, m, signs = 0.4, 0.0, set()
    for k in range(300):
        assert run["w"][k] == pytest.approx(theta, rel=1e-9, abs=1e-12)
        g = -3 * math.sin(3 * theta)
        c = b1 * m + (1 - b1) * g
        signs.add(math.copysign(1, c))
        theta = theta - eta * (math.copysign(1, c) + decay * theta)
        m = b2 * m + (1 - b2) * g
        assert run["c_w"][k] == pytest.approx(c, rel=1e-9, abs=1e-12)
        assert run["m_w"][k] == pytest.approx(m, rel=1e-9, abs=1e-12)
    assert signs == {1.0, -1.0}


def test_every_row_has_its_source_and_runs() -> None:
    for name, rule in OPTIMIZERS.items():
        assert rule.source
        assert set(rule.start) <= set(rule.states)
        (run,) = tracer.run(parabola(name, iterations=100)).runs
        assert run.divergence is None
        assert run["f"][-1] < run["f"][0], name


# ----------------------------------------------------------------------------------------------- rules of one's own

RULES: dict[str, tuple[dict[str, Any], Callable[[float, float, float, int], tuple[float, float]]]] = {
    "a state before and after": (
        {"states": {"v": "0.5*v + g"}, "update": "p - eta*(2*v - v_before)", "start": {"v": 3}},
        lambda p, g, v, k: (p - 0.1 * (2 * (0.5 * v + g) - v), 0.5 * v + g),
    ),
    "k counts from 1": (
        {"states": {"v": "v + g/k"}, "update": "p - a*v", "settings": {"a": 0.05}, "start": {"v": -1}},
        lambda p, g, v, k: (p - 0.05 * (v + g / k), v + g / k),
    ),
    "states see each other": (
        {"states": {"c": "v + g", "v": "0.9*v + 0.1*c", "d": "v - v_before"}, "update": "p - eta*c - 0.01*d"},
        lambda p, g, v, k: (p - 0.1 * (v + g) - 0.01 * (0.1 * (v + g) - 0.1 * v), 0.9 * v + 0.1 * (v + g)),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_the_users_own(name: str) -> None:
    rule, step = RULES[name]
    (run,) = tracer.run(parabola(rule, iterations=40)).runs
    w, v = 5.0, float(rule.get("start", {}).get("v", 0))
    for k in range(1, 41):
        assert run["w"][k - 1] == pytest.approx(w, rel=1e-12, abs=1e-12)
        w, v = step(w, 2 * w, v, k)
        assert run["v_w"][k - 1] == pytest.approx(v, rel=1e-12, abs=1e-12)


def test_settings_are_yellow_cells_and_the_rule_is_in_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "own.xlsx"
    tracer.run(parabola(OWN_MOMENTUM | {"start": {"v": 2}})).to_excel(path)
    book = openpyxl.load_workbook(path)
    sheet = book["η = 0.1"]
    labels = {cell.value: cell.offset(0, 1) for row in sheet["A1:T1"] for cell in row if isinstance(cell.value, str)}
    assert labels["beta ="].value == 0.9
    assert labels["beta ="].style == labels["η ="].style
    assert labels["beta ="].fill.fgColor.rgb == labels["η ="].fill.fgColor.rgb != "00000000"
    texts = [str(cell.value) for row in book["Summary"].iter_rows() for cell in row]
    assert "own rule (beta 0.9); v = beta*v + (1-beta)*g; p ← p - eta*v; v starts from 2" in texts


def test_no_learning_rate_where_no_formula_uses_it(tmp_path: Path) -> None:
    config = parabola({"update": "p - rate*g", "settings": {"rate": 0.1}})
    del config["learning_rate"]
    trace = tracer.run(config)
    assert trace.columns == ["iteration", "w", "f", "∂f/∂w"]
    assert trace.final == pytest.approx({"w": 5 * 0.8**3})
    trace.to_csv(tmp_path / "own.csv")
    assert (tmp_path / "own.csv").read_text(encoding="utf-8").splitlines()[0] == "iteration,w,f,∂f/∂w"
    trace.to_excel(tmp_path / "own.xlsx")
    assert openpyxl.load_workbook(tmp_path / "own.xlsx")["run"]["A1"].value is None
    config["optimizer"] = {"update": "p - eta*g"}
    with pytest.raises(tracer.ConfigError, match="'learning_rate' or 'eta' or 'η' or 'lr' is missing"):
        tracer.load(config)


def test_what_is_wrong_with_a_rule_is_said_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        """\
parameters: {w: 5}
equations: f = w^2
minimize: f
iterations: 3
learning_rate: 0.1
optimizer:
  states:
    v: beta*v + (1-bet)*g
    eta: g
    g: "1"
  settings:
    beta: none
    v: 2
    gamma: .nan
  start: {u: 0}
  rule: p - eta*v
""",
        encoding="utf-8",
    )
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(path)
    lines = [line.removeprefix(str(path)) for line in str(caught.value).splitlines() if line.startswith(str(path))]
    found = {line.split(": ", 1)[0]: line.split(": ", 1)[1] for line in lines}
    assert [*found] == [":7:3", ":8:5", ":8:8", ":9:5", ":10:5", ":12:11", ":14:12", ":15:11", ":16:3"], lines
    assert found[":7:3"].startswith("optimizer: 'update' is missing; write {states:")
    assert found[":8:5"] == "optimizer.states: 'v' would be both a setting and a state; rename one of them"
    assert found[":8:8"] == "optimizer.states.v: the formula has an unknown 'bet'. Did you mean 'beta'?"
    assert found[":9:5"] == "optimizer.states: 'eta' is a reserved name; choose another one"
    assert found[":10:5"] == "optimizer.states: 'g' is a reserved name; choose another one"
    assert found[":12:11"] == "optimizer.settings.beta: 'none' is not a number"
    assert found[":14:12"] == "optimizer.settings.gamma: nan is not a finite number"
    assert found[":15:11"].startswith("optimizer.start: 'u' is not a state.")
    assert found[":16:3"].startswith("optimizer: unknown key 'rule'. Known keys: ")


def test_a_state_with_a_hat_in_a_condition() -> None:
    (run,) = tracer.run(parabola("adam", until="m_hat_w < 9.9")).runs
    assert (run.iterations, run.until_met) == (2, True)


@pytest.mark.parametrize(
    ("rule", "usable"),
    [
        (OWN_MOMENTUM, True), ({"update": "p - eta*g"}, True), ({"update": ""}, False), ({"update": 3}, False),
        ({"states": {"v": "g"}}, False), (OWN_MOMENTUM | {"name": "adam"}, False), (OWN_MOMENTUM | {"x": 1}, False),
        (OWN_MOMENTUM | {"settings": {"beta": "0.9"}}, False), (OWN_MOMENTUM | {"start": {"v": None}}, False),
        (OWN_MOMENTUM | {"states": {"v": "beta*v + g", "g": "p"}}, False),
        (OWN_MOMENTUM | {"states": {"v": "beta*v + g", "v_before": "p"}}, False), (OWN_MOMENTUM | {"start": {}}, True),
    ],
)  # fmt: skip
def test_the_schema_refuses_the_rules_that_the_reader_refuses(rule: dict[str, Any], usable: bool) -> None:
    config = parabola(rule)
    assert Draft7Validator(json_schema()).is_valid(config) == usable
    if usable:
        tracer.load(config)
    else:
        with pytest.raises(tracer.ConfigError):
            tracer.load(config)


@pytest.mark.parametrize(
    ("rule", "needs_rate"), [({"update": "p - 0.1*g"}, False), (OWN_MOMENTUM, True), ("sgd", True)]
)
def test_the_schema_knows_which_rules_need_no_learning_rate(rule: Any, needs_rate: bool) -> None:
    config = parabola(rule)
    del config["learning_rate"]
    assert Draft7Validator(json_schema()).is_valid(config) != needs_rate
    for key in ("eta", "learning_rate"):
        assert Draft7Validator(json_schema()).is_valid(config | {key: 0.1})
    assert not Draft7Validator(json_schema()).is_valid(config | {"eta": 0.1, "learning_rate": 0.1})


@pytest.mark.parametrize("iterations", [1, 2])
@pytest.mark.parametrize("update", ["(0 - abs(g))^(abs(p) / 3)", "p + (0 - g)^0.5", "(g - 20)^0.5 * p"])
def test_a_root_of_a_negative_number_ends_the_run(update: str, iterations: int) -> None:
    """In Python it is complex, in the last update as in any other."""
    trace = tracer.run(parabola({"update": update}, iterations=iterations))
    (run,) = trace.runs
    assert run.divergence
    assert run.divergence.quantity == "w"
