"""Runs in lock-step, on arrays: every one of them as the run of a single config, which the engine makes by itself."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.places import ABSOLUTE, BLOWS_UP, CONFIGS
from tests.test_batches import LINE, XOR
from tests.test_derivation import networks
from tests.test_javascript import CHOICES, MASKED
from tests.test_recalculation import FAR_OUT
from tracer.config import load
from tracer.execution.engine import Engine
from tracer.execution.numpy_emitter import total
from tracer.execution.sweep.lockstep import ran
from tracer.execution.sweep.results import Results, joined
from tracer.execution.sweep.shape import LEAST, Member, curves_of, shape_of
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment

COUNT = 2 * LEAST
"""Runs: more than are run one after the other."""


def members_of(experiment: Experiment, engine: Engine, spread: float) -> list[Member]:
    """Runs from starts around that of the config, the first one from its own; all learning rates in turn."""
    draw, found = random.Random(1), []
    for number in range(COUNT):
        moved = {} if number == 0 else {
            name: value * draw.uniform(1 - spread, 1 + spread) + draw.gauss(0, spread / 10)
            for name, value in experiment.start.items()
        }  # fmt: skip
        start = {**engine.program.start, **{Name(name): value for name, value in {**experiment.start, **moved}.items()}}
        if experiment.learning_rates:
            start[Name(naming.ETA)] = experiment.learning_rates[number % len(experiment.learning_rates)]
        found.append(Member(start, experiment.samples, experiment.batches))
    return found


def both(experiment: Experiment, iterations: int, spread: float) -> tuple[Results, Results]:
    """What runs come to in lock-step, and one by one."""
    engine = Engine(assemble(experiment))
    shape = shape_of(engine, iterations, "all")
    members = members_of(experiment, engine, spread)
    return ran(shape, members, "all"), one_by_one(shape, members)


def one_by_one(shape: Any, members: Sequence[Member]) -> Results:
    return joined({number: ran(shape, [member], "all") for number, member in enumerate(members)}, len(members))


def check(config: Any, iterations: int = 3, spread: float = 0.5, relative: float = 1e-12) -> Results:
    """The same verdicts, and the same numbers within the tolerance."""
    found, expected = both(load(config), iterations, spread)
    for name in ("diverged", "quantity", "iterations", "until_met", "to_fraction"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name
    np.testing.assert_allclose(found.final_loss, expected.final_loss, rtol=relative, atol=ABSOLUTE)
    for values, others in ((found.curves, expected.curves), (found.final, expected.final)):
        for name in others:
            np.testing.assert_allclose(values[name], others[name], rtol=relative, atol=ABSOLUTE, err_msg=name)
    return found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_steps_of_the_shipped_configs(path: Any) -> None:
    check(path, iterations=1)
    check(path, relative=1e-10)


@pytest.mark.parametrize("choice", CHOICES)
def test_whatever_a_config_chooses(choice: str) -> None:
    """One step from equal parameters; and some more, in which a fraction of 1e-16 may have grown."""
    config = XOR | {"iterations": 12} | CHOICES[choice]
    check(config, 1, 0.1)
    check(config, 900 if "until" in choice else 12, 0.1, 1e-8)


@pytest.mark.parametrize("name", FAR_OUT)
def test_far_out_arguments(name: str) -> None:
    check(FAR_OUT[name], 1, 0.5)


@settings(max_examples=15)
@given(networks())
def test_steps_of_random_networks(config: dict[str, Any]) -> None:
    check(config, 2)


@pytest.mark.long
@settings(max_examples=400)
@given(networks())
def test_steps_of_many_random_networks(config: dict[str, Any]) -> None:
    check(config, 3)


@pytest.mark.long
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_whole_runs_of_the_shipped_configs(path: Any) -> None:
    check(path, load(path).iterations, 0.2, 1e-9)


# ---------------------------------------------------------------------------------------------- where a run stops


@pytest.mark.parametrize("formula", MASKED)
def test_a_run_stops_where_python_has_no_number(formula: str) -> None:
    """Also where the result would not show it, as in 1/(1 + e^800); runs that begin elsewhere go on."""
    config = LINE | {
        "inputs": {"x": 2.0, "t": 1.0},
        "parameters": {"w": 1},
        "equations": f"y = {formula}\nE = (t - y*w)^2",
    }
    check(config, 3, 2.0)


def test_those_that_diverge_do_not_disturb_the_others() -> None:
    line = LINE | {"inputs": {"x": 2.0, "t": 1.0}, "parameters": {"w": 0.5}}
    found = check(line | {"learning_rate": [0.1, 12, 30, 1e3, 1e5, 1e100, 1e308]}, 250, 0.3, 1e-9)
    assert 0 < np.count_nonzero(found.diverged) < COUNT
    assert len({*found.diverged.tolist()}) > 3
    check(BLOWS_UP | {"learning_rate": [0.001, 20, 1e6, 1e100, 1e308], "frozen": []}, 20, 0.3, 1e-9)


def test_conditions_end_each_run_by_itself() -> None:
    config = XOR | {"until": "E_total < 0.2", "learning_rate": [0.5, 2, 5], "update": {"batch_size": 3}}
    found = check(config, 200, 0.5, 1e-9)
    assert len({*found.until_met.tolist()}) > 5


def test_own_samples_and_orders() -> None:
    """Runs may have other samples each, and each its own order of them."""
    experiment = load(XOR | {"order": "shuffled", "update": {"batch_size": 3}})
    engine = Engine(assemble(experiment))
    shape = shape_of(engine, 9, "all")
    draw, members = random.Random(2), []
    for number, member in enumerate(members_of(experiment, engine, 0.2)):
        samples = tuple(tuple(value + draw.random() / 10 for value in sample) for sample in member.samples)
        seed = tracer.load(XOR | {"order": "shuffled", "seed": number % 5, "update": {"batch_size": 3}}).batches
        members.append(Member(member.start, samples, seed))
    found, expected = ran(shape, members, "all"), one_by_one(shape, members)
    for name in curves_of(engine, "all"):
        np.testing.assert_allclose(found.curves[name], expected.curves[name], rtol=1e-12, atol=ABSOLUTE)


def test_a_batch_is_added_up_as_exactly_as_by_fsum() -> None:
    draw = random.Random(3)
    rows = np.array([[draw.gauss(0, 1) * 10 ** draw.uniform(-8, 8) for _ in range(20)] for _ in range(151)])
    rows = np.concatenate([rows, -rows[:-1]])
    exact = [math.fsum(column) for column in rows.T]
    np.testing.assert_allclose(total(rows), exact, rtol=1e-15)


SATURATED = XOR | {
    "layers": [{"name": "h", "neurons": 2, "activation": "tanh"}, {"name": "o", "neurons": 1}],
    "weights": [-11, 7, 9, -13, 5, -8],
}
"""Neurons whose slope 1 − a² consists of the last digit of a."""


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "nadam", "rmsprop"])
def test_saturated_neurons(optimizer: str) -> None:
    check(SATURATED | {"optimizer": optimizer, "learning_rate": 0.1}, 10, 0.8, 1e-10)


CUTS: list[dict[str, Any]] = [{}, {"clip": {"norm": 0.1}}, {"clip": {"value": 0.05}}]
RATES: list[Any] = [
    0.3,
    "0.5 * 0.9^k",
    [{"iterations": 4, "learning_rate": 0.5}, {"iterations": 8, "learning_rate": "1/k"}],
]
UPDATES: list[Any] = ["online", "batch", {"batch_size": 3}, {"batch_size": 2}]
RULES: list[Any] = ["sgd", {"name": "momentum", "momentum": 0.9}, "nesterov", "adam", "adamw", "rmsprop", "adagrad"]


@st.composite
def trainings(draw: st.DrawFn) -> dict[str, Any]:
    """The exclusive or, trained in any way."""
    config: dict[str, Any] = (
        XOR | draw(st.sampled_from(CUTS)) | draw(st.sampled_from([{}, {"l2": 0.01}, {"until": "E_total < 0.12"}]))
    )
    config |= {
        "learning_rate": draw(st.sampled_from(RATES)),
        "update": draw(st.sampled_from(UPDATES)),
        "optimizer": draw(st.sampled_from(RULES)),
    }
    shuffled = {"order": "shuffled", "seed": draw(st.integers(0, 9))}
    return {**config, **draw(st.sampled_from([{}, shuffled]))}


@settings(max_examples=6)
@given(trainings())
def test_trained_in_any_way(config: dict[str, Any]) -> None:
    check(config, 1, 0.3)
    check(config, 12, 0.3, 1e-9)


@pytest.mark.long
@settings(max_examples=300)
@given(trainings())
def test_trained_in_many_ways(config: dict[str, Any]) -> None:
    check(config, 12, 0.3, 1e-9)
