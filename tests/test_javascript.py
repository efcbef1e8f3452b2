"""The program as JavaScript, run in Node: every number of every run as the engine in Python has it."""

from __future__ import annotations

import json
import math
import random
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tracer
from tests.javascript import differences, engine_source, node, nudged, runs_in_node, source_of
from tests.places import BLOWS_UP, CONFIGS, agree
from tests.test_batches import LINE, XOR
from tests.test_decimals import by_decimals
from tests.test_derivation import networks
from tests.test_primitives import CASES, Arguments, call, exact, names
from tests.test_recalculation import CONSTANTS, FAR_OUT
from tracer.execution.javascript_emitter import complete, shapes_source
from tracer.formulas.evaluation import FLOATS, evaluate
from tracer.formulas.notation.javascript import HELPERS
from tracer.formulas.primitives import rounded
from tracer.formulas.tree import Name
from tracer.tables.activations import ACTIVATIONS
from tracer.tables.losses import LOSSES, Domain
from tracer.tables.optimizers import OPTIMIZERS

pytestmark = pytest.mark.node


def check(configs: dict[str, Any], folder: Path) -> None:
    """The runs of all these configs, in one process."""
    traces = {name: tracer.run(config) for name, config in configs.items()}
    found = runs_in_node([*traces.values()], folder)
    wrong = {
        name: different
        for (name, trace), runs in zip(traces.items(), found, strict=True)
        if (different := differences(trace, runs))
    }
    assert wrong == {}


def test_every_number_of_the_shipped_configs(tmp_path: Path) -> None:
    check({path.stem: path for path in CONFIGS}, tmp_path)


def test_the_classic_network_takes_3_kilobytes(trace: tracer.Trace) -> None:
    assert len(source_of(trace.system).encode()) < 3_000


# ----------------------------------------------------------------------------------------- everything a config has

CHOICES: dict[str, dict[str, Any]] = {
    **{f"optimizer {name}": {"optimizer": name} for name in OPTIMIZERS},
    **{f"decimals {count}": {"decimals": count, "optimizer": "adam"} for count in (1, 2, 4, 9)},
    "batches": {"update": {"batch_size": 3}}, "sums": {"update": {"batch_size": 3}, "reduction": "sum"},
    "shuffled": {"order": "shuffled", "update": {"batch_size": 3}, "optimizer": "nadam"},
    "online shuffled": {"order": "shuffled", "learning_rate": "0.5 * 0.9^k"},
    "clipped": {"clip": {"norm": 0.1}}, "clipped values": {"clip": {"value": 0.01}, "update": "batch"},
    "until": {"until": "E_total < 0.13", "iterations": 900}, "until in a batch": {"until": "E_batch < 0.12", "update": "batch"},
    "frozen": {"frozen": ["w2", "b2"], "l1": 0.01, "l2": 0.02},
    "an own rule": {"optimizer": {"states": {"u": "c * u + g"}, "update": "p - eta * u / (1 + k)", "settings": {"c": 0.5}, "start": {"u": 0.1}}},
    "phases": {"learning_rate": [{"iterations": 5, "learning_rate": 0.1}, {"iterations": 7, "learning_rate": "silu(1/k)"}]},
}  # fmt: skip


def test_whatever_a_config_chooses(tmp_path: Path) -> None:
    check({name: XOR | {"iterations": 12} | choice for name, choice in CHOICES.items()}, tmp_path)


def test_every_activation_and_every_loss(tmp_path: Path) -> None:
    one = {"inputs": [0.3, -1.2], "targets": [0.8, 0.1], "weights": [0.9, -0.7, -0.5, 0.8, 0.6, 0.7, -0.4, 0.2],
           "learning_rate": [0.1, 1], "iterations": 30}  # fmt: skip
    configs = {name: one | {"layers": [{"neurons": 2, "activation": name}, {"neurons": 2}]} for name in ACTIVATIONS}
    for loss in LOSSES:
        last = "softmax" if LOSSES[loss].domain is Domain.DISTRIBUTION else "sigmoid"
        targets = [1, -1] if loss == "hinge" else [1, 0]
        configs[loss] = one | {
            "layers": [{"neurons": 2}, {"neurons": 2, "activation": last}],
            "loss": loss,
            "targets": targets,
        }
    check(configs | {f"far out: {name}": config for name, config in FAR_OUT.items()}, tmp_path)


def test_equations_of_constants(tmp_path: Path) -> None:
    check(CONSTANTS, tmp_path)


# ---------------------------------------------------------------------------------------------- where a run stops

MASKED = [
    "1 / exp(w*900)", "1 / (1 / (w - 1))", "if(1 / (w - 1) > 2, 1, 2)", "tanh(1 / (w - 1))", "max(0, -1 / (w - 1)^2)",
    "if(log(w - 1) < 0, w, 2*w)", "sign(sqrt(w - 2))", "exp(-(1 / (w - 1))^2)", "(w - 2)^0.5 + w", "exp(-exp(w*800))",
    "if(w > 0, w, 1 / (w - 1))", "1 / (w*1e200)^2", "1 / (1 + (w*1e200)*(w*1e200))", "atan(log(0*w))",
]  # fmt: skip
"""Formulas without a finite value on the way, which their results do not show, and a few that have one."""


def test_a_run_stops_at_the_same_quantity(tmp_path: Path) -> None:
    configs: dict[str, Any] = {
        formula: LINE
        | {"inputs": {"x": 2.0, "t": 1.0}, "parameters": {"w": 1}, "equations": f"y = {formula}\nE = (t - y*w)^2"}
        for formula in MASKED
    }
    steep = {"weights": [5, -7, 3, 9, 50, 60], "learning_rate": 1e6, "iterations": 60}
    layers = [{"neurons": 2, "activation": "relu"}, {"neurons": 1, "activation": "identity"}]
    grows = XOR | steep | {"layers": layers}
    configs |= {f"{size} samples": grows | {"update": {"batch_size": size}} for size in (1, 3, 4)}
    configs |= {f"blows up at {rate:g}": BLOWS_UP | {"learning_rate": rate} for rate in (1e6, 1e100, 1e200, 1e308)}
    configs |= {f"with {name}": grows | {"optimizer": name} for name in ("momentum", "rmsprop", "adam")}
    configs["in the update"] = XOR | {"optimizer": {"update": "p - eta * g / (3 - k)"}}
    configs["in a state"] = XOR | {
        "optimizer": {"states": {"u": "1 / (4 - k)"}, "update": "p - eta * u"},
        "update": "batch",
    }
    stopped = [tracer.run(config).runs[0].divergence is not None for config in configs.values()]
    assert sum(stopped) > 20
    check(configs, tmp_path)


# ------------------------------------------------------------------------------------------------ the primitives


def values_in_node(cases: list[tuple[Any, Arguments]]) -> list[float]:
    """The value of each expression for its arguments."""
    source = complete(shapes_source([expression for expression, _ in cases]), result="shapes")
    arguments = json.dumps([args for _, args in cases])
    printed = node(f"{source}\nconsole.log(JSON.stringify({arguments}.map((args, n) => String(shapes[n](...args)))));")
    return [
        float(text.replace("Infinity", "inf")) if text not in ("true", "false") else float(text == "true")
        for text in json.loads(printed)
    ]


def test_every_primitive_against_mpmath() -> None:
    """Within 1e-15, or within what Python's own function is off; Φ far below 0 as in Python."""
    cases = [(name, args) for name, args in CASES if all(map(math.isfinite, args))]
    found = values_in_node([(call(name, args), args) for name, args in cases])
    wrong = {}
    for (name, args), value in zip(cases, found, strict=True):
        expected = exact(name, args)
        allowed = 4e-13 if name == "normal_cdf" and args[0] <= -5 else 1e-15
        if value != expected and not abs(value - expected) <= allowed * abs(expected):
            wrong[name, args] = value, expected
    assert wrong == {}


def test_erf_and_the_normal_distribution_everywhere() -> None:
    """The functions that JavaScript lacks, against mpmath, over all their range."""
    points = [sign * x / 37 for x in range(1, 37 * 27) for sign in (1, -1)]
    for name in ("erf", "normal_cdf"):
        found = values_in_node([(call(name, (0.0,)), (x,)) for x in points])
        for x, value in zip(points, found, strict=True):
            expected = exact(name, (x,)) if name == "erf" else exact_normal(x)
            assert abs(value - expected) <= 1e-15 * abs(expected) + sys.float_info.min, (name, x)


def exact_normal(x: float) -> float:
    """Φ of the double that -x/√2 is, which is what Python and JavaScript take erfc of."""
    import mpmath

    with mpmath.workdps(60):
        return float(mpmath.erfc(mpmath.mpf(-x / math.sqrt(2))) / 2)


def test_rounding_is_that_of_decimals() -> None:
    """Numbers of every size, ties and their neighbors, all at once."""
    draw = random.Random(1)
    odd = [float(f"{draw.randrange(-(10**7), 10**7)}5e-{draw.randint(1, 9)}") for _ in range(1500)]
    near = [math.nextafter(x, draw.choice([-math.inf, math.inf])) for x in odd]
    wide = [draw.choice([-1, 1]) * 10 ** draw.uniform(-20, 20) for _ in range(3000)]
    points = [(x, draw.randint(0, 15)) for x in [*odd, *near, *wide, 0.0, -1e-9]]
    found = values_in_node([(rounded(Name("x"), places), (x,)) for x, places in points])
    wrong = [
        (x, places, value) for (x, places), value in zip(points, found, strict=True) if value != by_decimals(x, places)
    ]
    assert wrong == []


@settings(max_examples=8)
@given(st.lists(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=9), min_size=20, max_size=20))
def test_sums_are_exact(rows: list[list[float]]) -> None:
    cases = [(call(name, tuple(row)), tuple(row)) for row, name in product(rows, ("sum", "mean"))]
    for value, (expression, args) in zip(values_in_node(cases), cases, strict=True):
        right = evaluate(expression, {name.name: x for name, x in zip(names(args), args, strict=True)})
        assert value == pytest.approx(right, rel=3e-16, abs=1e-22)


def test_a_function_of_javascript_has_the_name_of_the_primitive() -> None:
    """Where the table states no other one."""
    printed = node("console.log(JSON.stringify(Object.getOwnPropertyNames(Math)));")
    missing = {*FLOATS} - {*json.loads(printed)}
    assert missing <= {*HELPERS} | {"sign"}


# ------------------------------------------------------------------------------------------------- any network


CHANGES = st.fixed_dictionaries(
    {"iterations": st.integers(1, 60), "learning_rate": st.sampled_from([0.1, 3, "0.5 * 0.9^k", [0.5, 2]])},
    optional={
        "optimizer": st.sampled_from(sorted({*OPTIMIZERS} - {"lion"})),
        "clip": st.sampled_from([{"norm": 0.3}, {"value": 0.05}]),
        "columns": st.just("full"),
    },
)
SEVERAL = st.lists(st.builds(lambda config, changes: config | changes, networks(), CHANGES), min_size=12, max_size=12)
WITHOUT_SHRINKING = (Phase.explicit, Phase.generate)
MORE = 1000
"""Times what the run makes of a difference in the last digits of its start; it may be chaotic. With lion, which takes
the sign of what may be rounding alone, it is anything."""


def check_nearly(configs: list[dict[str, Any]], folder: Path) -> None:
    """The same for runs that may amplify a last digit: a gradient that is nothing but rounding, divided by its own size,
    is any number."""
    traces, wrong = [*map(tracer.run, configs)], {}
    for number, (trace, runs) in enumerate(zip(traces, runs_in_node(traces, folder), strict=True)):
        beside = nudged(trace)
        if [*map(len, beside.runs)] != [*map(len, trace.runs)]:
            continue  # it even decides where the run stops
        pairs = zip(trace.runs, beside.runs, strict=True)
        room = [MORE * grown(np.array(run.rows) - np.array(other.rows), len(run.columns)) for run, other in pairs]
        if found := differences(trace, runs, room):
            wrong[number] = found
    assert wrong == {}


def grown(difference: Any, columns: int) -> Any:
    """By row and column, the largest difference of the column so far."""
    return np.maximum.accumulate(np.nan_to_num(np.abs(difference)).reshape(-1, columns), axis=0)


@settings(max_examples=2, phases=WITHOUT_SHRINKING)
@given(SEVERAL)
def test_random_networks(tmp_path_factory: pytest.TempPathFactory, configs: list[dict[str, Any]]) -> None:
    check_nearly(configs, tmp_path_factory.mktemp("node"))


@pytest.mark.long
@settings(max_examples=25, phases=WITHOUT_SHRINKING)
@given(SEVERAL)
def test_many_random_networks(tmp_path_factory: pytest.TempPathFactory, configs: list[dict[str, Any]]) -> None:
    check_nearly(configs, tmp_path_factory.mktemp("node"))


def test_long_runs_are_computed_anew_from_checkpoints(tmp_path: Path) -> None:
    """More iterations than checkpoints, in batches of which the last one is smaller, of another state than zero."""
    long = XOR | {"iterations": 3_001, "update": {"batch_size": 3}, "optimizer": "momentum", "order": "shuffled"}
    check({"long": long}, tmp_path)


# ----------------------------------------------------------------------------------------------- changed numbers


def test_changed_numbers_are_those_of_a_changed_config() -> None:
    """A weight, an input of one sample, a setting of the optimizer, another η; and back."""
    config = XOR | {"optimizer": {"name": "momentum", "momentum": 0.9}, "update": "batch"}
    changed = XOR | {"optimizer": {"name": "momentum", "momentum": 0.5}, "update": "batch", "learning_rate": 0.25}
    changed["weights"] = [0.25, *XOR["weights"][1:]]
    changed["samples"] = [*XOR["samples"][:3], {"inputs": [1, 0.5], "targets": [0]}]
    trace = tracer.run(config)
    script = f"""
      {engine_source(trace)}
      const engine = new Engine(data, program), found = [];
      const loss = eta => found.push(engine.run(eta).finalLoss);
      loss(0.5);
      engine.set("w1", 0.25);
      engine.set("i2", 0.5, 4);
      engine.set("setting.momentum", 0.5);
      loss(0.25);
      found.push(engine.changes());
      engine.set("w1", null);
      engine.reset();
      loss(0.5);
      console.log(JSON.stringify(found));
    """
    first, other, changes, again = json.loads(node(script))
    assert first == again
    assert agree(first, trace.runs[0].final_loss)
    assert agree(other, tracer.run(changed).runs[0].final_loss)
    assert changes == [
        {"name": "w1", "sample": None, "value": 0.25, "given": 0.9},
        {"name": "setting.momentum", "sample": None, "value": 0.5, "given": 0.9},
        {"name": "i2", "sample": 4, "value": 0.5, "given": 1},
    ]
