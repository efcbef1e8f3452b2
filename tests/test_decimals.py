"""Hand arithmetic: with `decimals`, every computed quantity is rounded as it is computed, the same everywhere."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS, WALKTHROUGH
from tests.sheets import disagreements, recalculated, stored_cells
from tracer.commands.main import main
from tracer.errors import ConfigError
from tracer.execution.engine import Engine
from tracer.explain.rounding import lost
from tracer.explain.words import in_words
from tracer.formulas.evaluation import evaluate
from tracer.formulas.notation.numpy import value
from tracer.formulas.primitives import ROUND, rounded
from tracer.formulas.tree import Call, Name, Number
from tracer.model.typography import typeset

# ------------------------------------------------------------------------------------------------- the operation


def by_decimals(x: float, decimals: int) -> float:
    """ROUND by the decimal module: the exact number in 15 digits, then half away from zero; what these digits do not
    reach stays."""
    shown = Context(prec=15, rounding=ROUND_HALF_EVEN).plus(Decimal(x))
    if shown.adjusted() + decimals >= 15:
        return x
    return float(shown.quantize(Decimal(10) ** -decimals, ROUND_HALF_UP, Context(prec=400)))


def ties() -> st.SearchStrategy[float]:
    """Numbers that end in a 5 after a few decimals, as doubles, and their neighbors."""
    odd = st.builds(lambda k, n: float(f"{k}5e-{n}"), st.integers(-(10**7), 10**7), st.integers(1, 9))
    return st.builds(lambda x, up: math.nextafter(x, up * math.inf) if up else x, odd, st.integers(-1, 1))


@given(ties() | st.floats(-1e9, 1e9) | st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 15))
def test_rounding_is_half_away_from_zero_from_the_first_15_digits(x: float, decimals: int) -> None:
    expected = by_decimals(x, decimals)
    formula = rounded(Name("x"), decimals)
    for found in (evaluate(formula, {"x": x}), *value(formula, {Name("x"): np.array([x, x])})):
        assert found == expected
        assert found or math.copysign(1, found) == 1 or not x  # no −0 from a small negative number
    assert evaluate(rounded(Number(x), decimals), {}) == expected
    assert evaluate(formula, {"x": expected}) == expected


@pytest.mark.parametrize(
    ("x", "decimals", "expected"),
    [(0.285, 2, 0.29), (2.675, 2, 2.68), (1.005, 2, 1.01), (-1.005, 2, -1.01), (0.5, 0, 1.0), (-2.5, 0, -3.0),
     (0.00035, 4, 0.0004), (0.1 + 0.2, 15, 0.3), (1e300, 4, 1e300), (1e-300, 4, 0.0), (1234.0, -2, 1200.0)],
)  # fmt: skip
def test_rounding_of_known_numbers(x: float, decimals: int, expected: float) -> None:
    formula = Call(ROUND, (Name("x"), Number(float(decimals))))
    assert evaluate(formula, {"x": x}) == expected == float(value(formula, {Name("x"): x}))


def test_what_is_not_finite_stays_so() -> None:
    formula = rounded(Name("x"), 4)
    assert math.isnan(evaluate(formula, {"x": math.nan}))
    assert evaluate(formula, {"x": -math.inf}) == -math.inf


@pytest.mark.office
def test_libreoffice_rounds_alike(tmp_path: Path) -> None:
    """Ties, and numbers of all sizes that have decimals."""
    rng = random.Random(4)
    cases = [(0.285, 2), (2.675, 2), (1.005, 2), (-1.005, 2), (0.5, 0), (-2.5, 0), (1e-300, 4), (0.00035, 4)]
    cases += [((rng.randrange(-(10**6), 10**6) + 0.5) / 10**n, n) for n in range(1, 9) for _ in range(100)]
    cases += [(rng.uniform(-1, 1) * 10.0 ** rng.randrange(-9, 6), rng.randrange(1, 8)) for _ in range(300)]
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row, (x, decimals) in enumerate(cases, 1):
        sheet.append([x, f"=ROUND(A{row},{decimals})"])
    book.save(tmp_path / "book.xlsx")
    (computed,) = recalculated([tmp_path / "book.xlsx"], tmp_path / "computed")
    cells = stored_cells(computed)["Sheet"]
    found = {case: cells[f"B{row}"].value for row, case in enumerate(cases, 1)}
    assert found == {(x, decimals): by_decimals(x, decimals) for x, decimals in cases}


# --------------------------------------------------------------------------------------------------------- runs


def walkthrough_by_hand(decimals: int, iterations: int, eta: float) -> list[dict[str, float]]:
    """The classic network as a person computes it, rounding every number that is written down."""

    def r(x: float) -> float:
        return by_decimals(x, decimals)

    i, t = (0.05, 0.10), (0.5, 0.5)
    w = {1: 0.15, 2: 0.20, 3: 0.25, 4: 0.30, 5: 0.40, 6: 0.45, 7: 0.50, 8: 0.55}
    rows = []
    for _ in range(iterations):
        row = {f"w{n}": number for n, number in w.items()}
        h = [r(w[1] * i[0] + w[2] * i[1]), r(w[3] * i[0] + w[4] * i[1])]
        a = [r(1 / (1 + math.exp(-z))) for z in h]
        o = [r(w[5] * a[0] + w[6] * a[1]), r(w[7] * a[0] + w[8] * a[1])]
        y = [r(1 / (1 + math.exp(-z))) for z in o]
        error = [r(0.5 * (t[n] - y[n]) ** 2) for n in (0, 1)]
        by_o = [r(r(y[n] - t[n]) * r(y[n] * (1 - y[n]))) for n in (0, 1)]
        by_a = [r(by_o[0] * w[5] + by_o[1] * w[7]), r(by_o[0] * w[6] + by_o[1] * w[8])]
        by_h = [r(by_a[n] * r(a[n] * (1 - a[n]))) for n in (0, 1)]
        slopes = [r(x * y) for x, y in ((by_h[0], i[0]), (by_h[0], i[1]), (by_h[1], i[0]), (by_h[1], i[1]))]
        slopes += [r(x * y) for x in by_o for y in a]
        row |= {"h1": h[0], "a_h2": a[1], "o1": o[0], "a_o2": y[1], "E1": error[0], "E_total": r(sum(error))}
        row |= {"∂E/∂o1": by_o[0], "∂E/∂h2": by_h[1]} | {f"∂E/∂w{n}": slope for n, slope in enumerate(slopes, 1)}
        rows.append(row)
        w = {n: r(number - eta * slopes[n - 1]) for n, number in w.items()}
    return rows


@pytest.mark.parametrize("decimals", [2, 3, 4, 5])
def test_the_classic_network_by_hand(decimals: int) -> None:
    trace = tracer.run(WALKTHROUGH, decimals=decimals, learning_rate=0.5, iterations=30)
    by_hand = walkthrough_by_hand(decimals, 30, 0.5)
    for name in by_hand[0]:
        assert list(trace[name]) == [row[name] for row in by_hand], name


def test_it_is_an_option_a_key_and_an_argument(tmp_path: Path) -> None:
    """The same trace from each; an option takes the place of the config's number."""
    tracer.run(WALKTHROUGH, decimals=3, iterations=4, learning_rate=0.5).to_csv(tmp_path / "argument.csv")
    config = tmp_path / "rounded.yaml"
    config.write_text(WALKTHROUGH.read_text() + "decimals: 5\n")
    assert tracer.run(config).experiment.decimals == 5
    command = ["run", str(config), "--decimals", "3", "--iterations", "4", "--learning-rate", "0.5", "--format", "csv"]
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    config.write_text(config.read_text().replace("decimals: 5", "decimals: 3"))
    tracer.run(config, iterations=4, learning_rate=0.5).to_csv(tmp_path / "key.csv")
    texts = {path.read_text() for path in tmp_path.glob("*.csv")}
    assert len([*tmp_path.glob("*.csv")]) == 3
    (text,) = texts
    assert "0.028," in text
    assert "0.0275" not in text


@pytest.mark.parametrize("decimals", [-1, 16, 2.5, "four", True])
def test_decimals_that_cannot_be(decimals: Any) -> None:
    with pytest.raises(ConfigError, match="decimals"):
        tracer.run(WALKTHROUGH, decimals=decimals)


def network(**changes: Any) -> dict[str, Any]:
    """A 2-3-2 network with tame numbers, changed in some places."""
    config: dict[str, Any] = {
        "inputs": [0.41237, -0.7], "targets": [0.2, 0.8], "iterations": 8, "learning_rate": 0.3, "decimals": 4,
        "layers": [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 2}],
        "weights": [0.3, -0.2, 0.5, 0.4, -0.6, 0.1, 0.7, -0.4, 0.23456789, 0.3, 0.6, -0.5], "biases": {"h": 0.1, "o": [0.2, -0.1]},
    }  # fmt: skip
    return {key: entry for key, entry in (config | changes).items() if entry is not None}


BATCH: dict[str, Any] = {
    "inputs": ["x1", "x2"], "targets": ["y1", "y2"], "update": {"batch_size": 2},
    "samples": [{"inputs": [0.1 * n, 0.7 - 0.2 * n], "targets": [0.1 * n, 0.9 - 0.1 * n]} for n in range(5)],
}  # fmt: skip
EVERYTHING: dict[str, dict[str, Any]] = {
    "adam": network(optimizer="adam", l2=0.01, clip={"norm": 0.5}, decimals=8),
    "momentum": network(optimizer={"name": "momentum", "momentum": 0.9}, frozen=["w9"], l1=0.001),
    "rmsprop": network(optimizer="rmsprop", clip={"value": 0.05}, learning_rate="0.1 / k", decimals=7),
    "phases": network(learning_rate=[{"iterations": 3, "learning_rate": 0.123456}, {"iterations": 5, "learning_rate": 0.1}],
                      loss="cross_entropy", layers=[{"name": "h", "neurons": 3, "activation": "relu"},
                                                    {"name": "o", "neurons": 2, "activation": "softmax"}]),
    "batch": network(**BATCH),
    "batch-sum-adam": network(**BATCH | {"update": "batch"}, reduction="sum", optimizer="adam", decimals=8),
    "online": network(**BATCH | {"update": "online"}, decimals=3),
    "equations": {"equations": "y = tanh(w*x + b)\nE = (y - t)^2 / 3", "inputs": {"x": 0.7}, "targets": {"t": 0.2},
                  "parameters": {"w": 0.6, "b": 0.123456}, "minimize": "E", "learning_rate": 0.3, "iterations": 6,
                  "decimals": 5},
}  # fmt: skip
"""Optimizers with states, penalties, clipping, schedules, batches, frozen parameters, equations of one's own."""


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_computed_quantity_is_rounded_and_no_given_one(name: str) -> None:
    config = EVERYTHING[name]
    trace = tracer.run(config)
    (run,) = trace.runs
    given_numbers = {*trace.system.data, *(p.name for p in trace.system.parameters if not p.trained), "η"}
    for quantity in run.columns:
        if quantity in given_numbers:
            continue
        first = quantity in trace.experiment.start  # where the iteration begins with the given number
        values = [x for x in run[quantity] if not first or x != trace.experiment.start[quantity]]
        assert values == [by_decimals(x, config["decimals"]) for x in values], quantity
    assert all(x == by_decimals(x, config["decimals"]) for n, x in run.final.items() if n not in given_numbers)
    for quantity in given_numbers & {*run.columns}:
        exact = tracer.run({key: entry for key, entry in config.items() if key != "decimals"})
        assert (trace[quantity] == exact[quantity]).all()


@pytest.mark.parametrize(
    "config", [*EVERYTHING.values(), *CONFIGS], ids=[*EVERYTHING, *(path.stem for path in CONFIGS)]
)
def test_compact_has_the_same_numbers(config: Any) -> None:
    iterations = None if isinstance(config, dict) else 5
    full, compact = (
        tracer.run(config, decimals=4, iterations=iterations, columns=columns) for columns in ("full", "compact")
    )
    for rates, run in zip(full.experiment.runs, full.runs, strict=True):
        # the compact system by itself: a trace has the columns of the full one
        alone = Engine(compact.system).run(rates, full.experiment.iterations)
        for name in alone.columns:
            assert alone[name] == run[name], name


def test_the_chain_rule_is_that_of_the_unrounded_equations() -> None:
    """A rounded function is flat; its gradient would be 0."""
    rounded_, exact = (tracer.run(WALKTHROUGH, decimals=d, learning_rate=0.5, iterations=1) for d in (6, None))
    gradients = [name for name in exact.system.columns() if name.startswith("∂")]
    assert len(gradients) > 15
    assert all(abs(rounded_[name][0] - exact[name][0]) < 2e-6 for name in gradients)
    assert all(exact[name][0] for name in gradients)


def test_a_condition_sees_the_rounded_numbers() -> None:
    trace = tracer.run(network(until="E_total <= 0.01", iterations=500))
    (run,) = trace.runs
    assert run.until_met
    losses = run["E_total"]
    assert losses[-1] <= 0.01 < losses[-2]
    assert losses[-1] == by_decimals(losses[-1], 4)


def test_a_run_still_stops_where_numbers_blow_up() -> None:
    config = network(learning_rate=1e300, layers=[{"name": "h", "neurons": 3, "activation": "relu"},
                                                  {"name": "o", "neurons": 2, "activation": "identity"}])  # fmt: skip
    (run,) = tracer.run(config).runs
    (exact,) = tracer.run({key: entry for key, entry in config.items() if key != "decimals"}).runs
    assert run.divergence == exact.divergence is not None


# -------------------------------------------------------------------------------------------------- what is said


def test_it_is_said_in_words() -> None:
    system = tracer.run(WALKTHROUGH, decimals=4, columns="compact").system
    described = in_words(system, typeset(system.quantities))
    assert described["h1"] == "h₁ = round(w₁·i₁ + w₂·i₂, 4)"
    assert described["w5"] == "w₅ ← round(w₅ − η·∂E/∂w₅, 4)"
    assert described["∂E/∂w5"] == ("∂E/∂w₅ = round(round(round(−(t₁ − a_o₁), 4)·round(a_o₁·(1 − a_o₁), 4), 4)·a_h₁, 4)")


@pytest.mark.parametrize("columns", ["full", "compact"])
def test_what_is_rounded_to_0_in_every_step_is_said(columns: str, tmp_path: Path) -> None:
    command = ["run", str(WALKTHROUGH), "--decimals", "2", "--iterations", "9", "--columns", columns]
    result = CliRunner().invoke(main, [*command, "--learning-rate", "0.5", "-o", str(tmp_path)])
    sentence = "Rounded to 0 in every step: ∂E/∂w1, ∂E/∂w2, ∂E/∂w3, ∂E/∂w4; more decimals would show them"
    assert sentence in " ".join(result.output.split())
    book = openpyxl.load_workbook(tmp_path / "walkthrough.xlsx")
    texts = {title: " ".join(str(cell.value) for row in book[title].iter_rows(max_row=30) for cell in row if cell.value)
             for title in ("Summary", "η = 0.5")}  # fmt: skip
    assert all(f"{sentence}." in text and "rounded to 2 decimals" in text for text in texts.values())


def test_what_is_0_by_itself_is_not_called_rounded() -> None:
    """The gradients of a dead rectifier."""
    layers = [{"name": "h", "neurons": 3, "activation": "relu"}, {"name": "o", "neurons": 2}]
    trace = tracer.run(network(layers=layers, biases={"h": -9}))
    assert not any(trace["∂E/∂h1"])
    assert lost(trace.system, trace.runs[0]) == ""
    exact = tracer.run(network(layers=layers, decimals=None))
    assert lost(exact.system, exact.runs[0]) == ""


@pytest.mark.parametrize("name", ["batch", "adam"])
def test_what_a_batch_or_an_optimizer_loses_is_said(name: str) -> None:
    trace = tracer.run(EVERYTHING[name] | {"decimals": 1, "iterations": 3})
    sentence = lost(trace.system, trace.runs[0])
    assert sentence.startswith("Rounded to 0 in every step: ")
    assert " more; " in sentence


# ------------------------------------------------------------------------------------------------- spreadsheets


def rounding_sheets(folder: Path, configs: dict[str, Any], recalculate: Callable[..., list[Path]]) -> dict[str, Any]:
    """What LibreOffice computes otherwise, by workbook; both forms of columns of each config."""
    paths = []
    for name, config in configs.items():
        for columns in ("full", "compact"):
            paths.append(folder / f"{name} {columns}.xlsx")
            tracer.run(config, columns=columns).to_excel(paths[-1])
    computed = recalculate(paths, folder / "computed")
    for path in paths:
        formulas = [
            cell.formula for sheet, cells in stored_cells(path).items() for cell in cells.values() if cell.formula
        ]
        assert sum("ROUND(" in formula for formula in formulas) > 20
    return {
        path.stem: found for path, other in zip(paths, computed, strict=True) if (found := disagreements(path, other))
    }


@pytest.mark.long
@pytest.mark.office
def test_libreoffice_computes_the_same_numbers(tmp_path: Path) -> None:
    """Sheets of runs, Walkthrough with the numbers put in, Compare and Summary."""
    sample = {
        "walkthrough": {**network(), "learning_rate": [0.1, 0.5]},
        **{n: EVERYTHING[n] for n in ("adam", "batch")},
    }
    assert rounding_sheets(tmp_path, sample, recalculated) == {}


@pytest.mark.office
@pytest.mark.long
def test_libreoffice_computes_the_same_numbers_for_all(tmp_path: Path) -> None:
    assert rounding_sheets(tmp_path, EVERYTHING, recalculated) == {}
