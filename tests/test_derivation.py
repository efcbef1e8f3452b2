"""The chain of factors from the loss to a quantity, the update and its sentence, and the numeric check, as data."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS, ROOT, pytorch
from tracer.explain.derivation import MOST_FACTORS, MOST_PATHS, Derivations
from tracer.explain.explanation import sum_in_words
from tracer.explain.numeric_check import numeric_check
from tracer.explain.update import said, update_of
from tracer.explain.words import in_words, words
from tracer.formulas.evaluation import evaluate
from tracer.model import naming
from tracer.model.typography import typeset
from tracer.tables.optimizers import OPTIMIZERS

MAZUR: dict[str, Any] = {
    "inputs": [0.05, 0.1], "targets": [0.01, 0.99], "layers": [{"neurons": 2}, {"neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], "biases": {"h": 0.35, "o": 0.6}, "learning_rate": 0.5,
    "iterations": 2,
}  # fmt: skip
"""Matt Mazur, A Step by Step Backpropagation Example (2015)."""
OWN_RULE = {
    "states": {"v": "beta*v + (1-beta)*g"}, "update": "p - eta*v", "settings": {"beta": 0.9}, "start": {"v": 0},
}  # fmt: skip


def step_of(trace: tracer.Trace, index: int = 0) -> dict[str, float]:
    run = trace.runs[-1]
    iteration = list(run.places())[index][0]
    return {**run.step(index), **trace.system.hyper, **run.hyper, naming.COUNT: float(iteration)}


def symbols(paths: tuple[Any, ...]) -> list[str]:
    return ["·".join(factor.symbol for factor in path) for path in paths]


def test_the_published_factors_of_w5() -> None:
    trace = tracer.run(MAZUR)
    derivation, step = Derivations(trace.system).of("w5"), step_of(trace)
    assert symbols(derivation.paths) == ["∂E/∂a_o1·∂a_o1/∂o1·∂o1/∂w5"]
    assert [words(factor.expression) for factor in derivation.factors] == ["−(t1 − a_o1)", "a_o1·(1 − a_o1)", "a_h1"]
    published = [0.74136507, 0.186815602, 0.593269992]
    assert [factor.value(step) for factor in derivation.factors] == pytest.approx(published, abs=5e-10)
    assert derivation.value(step) == pytest.approx(0.082167041, abs=5e-10)


def test_the_published_paths_of_w1() -> None:
    """0.055399425 and −0.019049119 are his ∂E_o1/∂out_h1 and ∂E_o2/∂out_h1, 0.241300709·0.05 the rest."""
    trace = tracer.run(MAZUR)
    derivation, step = Derivations(trace.system).of("w1"), step_of(trace)
    assert symbols(derivation.paths) == [
        "∂E/∂a_o1·∂a_o1/∂o1·∂o1/∂a_h1·∂a_h1/∂h1·∂h1/∂w1", "∂E/∂a_o2·∂a_o2/∂o2·∂o2/∂a_h1·∂a_h1/∂h1·∂h1/∂w1",
    ]  # fmt: skip
    products = [math.prod(factor.value(step) for factor in path) for path in derivation.paths]
    assert products == pytest.approx([0.055399425 * 0.241300709 * 0.05, -0.019049119 * 0.241300709 * 0.05], rel=1e-7)
    assert derivation.value(step) == pytest.approx(0.000438568, abs=5e-10)


def test_a_shared_bias_reaches_the_loss_through_all_its_neurons() -> None:
    derivation = Derivations(tracer.run(MAZUR).system).of("b1")
    assert derivation.count == 4
    assert derivation.parting == "b1"
    assert [symbol.split("·")[-1] for symbol in symbols(derivation.paths)] == ["∂h1/∂b1"] * 2 + ["∂h2/∂b1"] * 2


def test_a_penalty_is_a_path_of_its_own() -> None:
    trace = tracer.run(MAZUR | {"l2": 0.1, "l1": 0.01})
    derivation, step = Derivations(trace.system).of("w5"), step_of(trace)
    direct, through = derivation.paths
    assert (
        words(direct[0].expression) == "0.02·w5" if "L1" not in trace.columns else "sign" in words(direct[0].expression)
    )
    assert math.prod(f.value(step) for f in direct) == pytest.approx(0.01 + 2 * 0.1 * 0.4, rel=1e-14)
    assert math.prod(f.value(step) for f in through) == pytest.approx(0.082167041, abs=5e-10)


def test_weights_that_are_used_twice() -> None:
    """A recurrent weight has a path through each step, and one that the loss depends on directly has that too."""
    trace = tracer.run(ROOT / "configs" / "rnn.yaml")
    assert symbols(Derivations(trace.system).of("w").paths) == ["∂E/∂s2·∂s2/∂s1·∂s1/∂w", "∂E/∂s2·∂s2/∂w"]
    own = {
        "equations": "s = w*x\nE = (s - 1)^2 + w^2", "minimize": "E", "inputs": {"x": 2}, "parameters": {"w": 3},
        "learning_rate": 0.1, "iterations": 1,
    }  # fmt: skip
    trace = tracer.run(own)
    derivation = Derivations(trace.system).of("w")
    assert symbols(derivation.paths) == ["∂E/∂w directly", "∂E/∂s·∂s/∂w"]
    assert derivation.value(step_of(trace)) == 2 * 3 + 2 * (2 * 3 - 1) * 2


def test_one_path_is_no_paths() -> None:
    trace = tracer.run(MAZUR)
    assert sum_in_words(trace.system, Derivations(trace.system).of("w5")) == "∂E/∂w5 = the sum over its 1 path"
    assert sum_in_words(trace.system, Derivations(trace.system).of("w1")) == "∂E/∂w1 = the sum over its 2 paths"


def test_what_the_loss_does_not_depend_on_has_no_path() -> None:
    own = {
        "equations": "s = v*w\nE = w^2", "minimize": "E", "parameters": {"w": 3, "v": 1}, "learning_rate": 0.1,
        "iterations": 1,
    }  # fmt: skip
    trace = tracer.run(own)
    derivation = Derivations(trace.system).of("v")
    assert (derivation.count, derivation.paths, derivation.value(step_of(trace))) == (0, (), 0.0)


# ------------------------------------------------------------------------------------------------- any network


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    activation = st.sampled_from(["sigmoid", "tanh", "elu", "softplus", "identity"])
    layers = [
        {"name": name, "neurons": width, "activation": draw(activation)}
        for name, width in zip("cdefg", widths, strict=False)
    ]
    config: dict[str, Any] = {
        "inputs": draw(st.lists(st.floats(-2, 2), min_size=1, max_size=3)), "layers": layers, "iterations": 2,
        "learning_rate": 0.1, "weights": {"init": "xavier_uniform", "seed": draw(st.integers(0, 99))},
        "columns": draw(st.sampled_from(["full", "compact"])),
    }  # fmt: skip
    outputs = widths[-1]
    if outputs > 1 and draw(st.booleans()):
        layers[-1]["activation"] = "softmax"
        config |= {"loss": "cross_entropy", "targets": [1.0] + [0.0] * (outputs - 1)}
    else:
        config["targets"] = draw(st.lists(st.floats(-1, 1), min_size=outputs, max_size=outputs))
    shared = draw(st.booleans())
    config["biases"] = {name: 0.1 if shared else [0.1] * width for name, width in zip("cdefg", widths, strict=False)}
    return config | draw(st.sampled_from([{}, {"l2": 0.01}, {"l1": 0.01}]))


def paths_add_up(config: dict[str, Any]) -> None:
    """The trace's gradients are held against the complex-step derivative elsewhere. The number of paths follows from
    the widths alone: every neuron of a later layer is reached from every one of the layer before."""
    trace = tracer.run(config)
    full = step_of(tracer.run(config | {"columns": "full"}), 1)
    step, derivations = step_of(trace, 1), Derivations(trace.system)
    for quantity in derivations.quantities:
        derivation = derivations.of(quantity)
        gradient = full[derivation.gradient]
        size = sum(abs(math.prod(factor.value(step) for factor in path)) for path in derivation.paths)
        assert derivation.value(step) == pytest.approx(gradient, rel=1e-12, abs=1e-14 + 1e-13 * size), quantity
        assert len(derivation.paths) <= MOST_PATHS or derivation.by_layer
        assert all(len(path) <= 2 * MOST_FACTORS for path in derivation.paths)
    widths = [layer["neurons"] for layer in config["layers"]]
    softmax = config["layers"][-1]["activation"] == "softmax"
    through = math.prod(widths[1:]) * (widths[-1] if softmax else 1)
    assert derivations.of("w1").count == through + ("l1" in config or "l2" in config)


@settings(max_examples=15)
@given(networks())
def test_the_products_of_all_paths_add_up_to_the_gradient(config: dict[str, Any]) -> None:
    paths_add_up(config)


@pytest.mark.long
@settings(max_examples=150)
@given(networks())
def test_the_products_of_all_paths_add_up_in_many_networks(config: dict[str, Any]) -> None:
    paths_add_up(config)


def test_a_local_derivative_is_pytorchs() -> None:
    """The cross derivatives of a softmax, which hand-made sheets leave out."""
    torch = pytorch()
    trace = tracer.run(ROOT / "configs" / "iris.yaml", iterations=1)
    step, derivations = step_of(trace), Derivations(trace.system)
    z = torch.tensor([step[name] for name in ("o1", "o2", "o3")], dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, 0), z)
    factors = {factor.symbol: factor for factor in derivations.of("w13").factors}
    for of in (1, 2, 3):
        value = factors[f"∂a_o{of}/∂o1"].value(step)
        assert value == pytest.approx(float(jacobian[of - 1][0]), rel=1e-12)


@pytest.mark.parametrize("columns", ["full", "compact"])
def test_too_many_paths_are_counted_and_summed_by_layer(columns: str) -> None:
    layers = [*({"name": f"l{n}", "neurons": 4, "activation": "tanh"} for n in range(5)), {"name": "o", "neurons": 2}]
    config = MAZUR | {
        "layers": layers, "weights": {"init": "xavier_uniform", "seed": 5}, "biases": {"o": 0.1}, "columns": columns,
    }  # fmt: skip
    trace = tracer.run(config)
    derivation, step = Derivations(trace.system).of("w1"), step_of(trace)
    assert derivation.count == 4**4 * 2
    assert derivation.by_layer
    assert symbols(derivation.terms) == [f"∂E/∂l1{n}·∂l1{n}/∂a_l01" for n in range(1, 5)] or len(derivation.terms) == 4
    gradients = step_of(tracer.run(config | {"columns": "full"}))
    assert derivation.value(step) == pytest.approx(gradients["∂E/∂w1"], rel=1e-13)


def test_a_derivation_of_a_wide_or_a_deep_network_is_fast() -> None:
    """64-32-10 with 2,410 parameters, and a hundred layers with 2 to the power of 99 paths."""
    wide = MAZUR | {
        "inputs": [n / 64 for n in range(64)], "targets": [1] + [0] * 9, "loss": "cross_entropy",
        "layers": [{"neurons": 32}, {"neurons": 10, "activation": "softmax"}], "weights": {"init": "xavier_uniform", "seed": 3},
    }  # fmt: skip
    deep = MAZUR | {
        "targets": [0.3], "layers": [*({"neurons": 2} for _ in range(100)), {"neurons": 1}], "weights": [0.1] * 402,
        "biases": {"o": 0.1},
    }  # fmt: skip
    for config, paths in ((wide, 100), (deep, 2**99)):
        trace = tracer.run(config)
        step, begin = step_of(trace), time.perf_counter()
        derivation = Derivations(trace.system).of("w1")
        value = derivation.value(step)
        assert time.perf_counter() - begin < 2
        assert derivation.count == paths
        assert value == pytest.approx(step["∂E/∂w1"], rel=1e-12)


def test_numbers_that_are_rounded_by_hand_stay_rounded() -> None:
    trace = tracer.run(MAZUR, decimals=4)
    step = step_of(trace)
    factors = Derivations(trace.system).of("w5").factors
    assert [factor.value(step) for factor in factors] == [0.7414, 0.1868, 0.5933]


# ------------------------------------------------------------------------------------------------- the update


def text_of(trace: tracer.Trace, quantity: str, step: Mapping[str, float]) -> str:
    return said(update_of(trace.system, quantity, trace.experiment.optimizer.name).sentence, step)


def test_sentences() -> None:
    trace = tracer.run(MAZUR | {"frozen": ["w1"]})
    step = step_of(trace)
    assert text_of(trace, "w5", step) == "∂E/∂w5 is positive, so w5 goes down by η·0.082167 = 0.0410835."
    assert text_of(trace, "w7", step) == "∂E/∂w7 is negative, so w7 goes up by η·0.0226025 = 0.0113013."
    assert text_of(trace, "w1", step) == "∂E/∂w1 is positive; w1 is frozen, so it does not move."
    assert text_of(trace, "h1", step) == "∂E/∂h1 is positive, so a slightly larger h1 would increase E."
    assert text_of(trace, "w5", step | {"∂E/∂w5": 0.0}) == "∂E/∂w5 is 0, so w5 does not move."
    assert text_of(trace, "w5", step | {"η": -0.5}) == "w5 moves by −η·∂E/∂w5 = 0.0410835."
    clipped = tracer.run(MAZUR | {"clip": {"value": 0.05}})
    assert text_of(clipped, "w5", step_of(clipped)) == (
        "g_w5, the clipped gradient, is positive, so w5 goes down by η·0.05 = 0.025."
    )
    batch = tracer.run(ROOT / "configs" / "xor.yaml")
    assert text_of(batch, "w1", step_of(batch)).startswith("∂E_batch/∂w1, the mean over the batch, is ")
    adam = tracer.run(MAZUR | {"optimizer": "adam"})
    assert text_of(adam, "w5", step_of(adam)) == (
        "Adam moves w5 by −η·m̂_w5/(√(v̂_w5) + eps) = −0.5; ∂E/∂w5 is positive."
    )


@pytest.mark.parametrize("clip", [{}, {"clip": {"norm": 0.1}}])
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "own"])
def test_the_change_is_what_the_run_does(optimizer: str, clip: dict[str, Any]) -> None:
    rule: dict[str, Any] = OWN_RULE if optimizer == "own" else {"name": optimizer}
    if "weight_decay" in getattr(OPTIMIZERS.get(optimizer), "settings", {}):
        rule |= {"weight_decay": 0.1}
    trace = tracer.run(MAZUR | clip | {"optimizer": rule, "iterations": 4})
    now, after = step_of(trace, 2), step_of(trace, 3)
    update = update_of(trace.system, "w5", trace.experiment.optimizer.name)
    assert update.change is not None
    assert now["w5"] + evaluate(update.change, now) == pytest.approx(after["w5"], rel=1e-14)
    *states, last = update.lines
    assert (last.quantity, last.is_update) == ("w5", True)
    assert evaluate(last.expression, now) == after["w5"]
    of_rule = () if optimizer == "own" else OPTIMIZERS[optimizer].columns
    expected = [naming.clipped("w5")] * bool(clip) + [naming.state(name, "w5") for name in of_rule or ("v",)] * (
        optimizer == "own" or bool(of_rule)
    )
    assert [line.quantity for line in states] == expected


def test_a_rounded_change_is_the_actual_one() -> None:
    trace = tracer.run(MAZUR, decimals=3)
    assert (
        text_of(trace, "w5", step_of(trace))
        == "∂E/∂w5 is positive, so w5 goes down by η·0.082 = 0.041, rounded to 3 decimals."
    )


def test_a_parameter_that_only_rounding_moves() -> None:
    trace = tracer.run(MAZUR, decimals=1, learning_rate=0.1)
    assert text_of(trace, "w1", step_of(trace)) == "∂E/∂w1 is 0; w1 moves by 0.05, rounded to 1 decimals."


# ------------------------------------------------------------------------------------------------- the numeric check


@pytest.mark.parametrize("config", [*CONFIGS], ids=lambda config: config.stem)
def test_the_numeric_check_agrees_with_every_gradient(config: Path) -> None:
    trace = tracer.run(config, iterations=5, columns="full")
    step = step_of(trace, len(trace.runs[-1]) - 1)
    for quantity in Derivations(trace.system).quantities:
        gradient = step[trace.system.gradient(quantity)]
        check = numeric_check(trace.system, step, quantity)
        assert check.difference(gradient) < 1e-6 or abs(check.slope - gradient) < 1e-9, quantity


def test_the_numeric_check_takes_no_rounded_number() -> None:
    trace = tracer.run(MAZUR, decimals=4)
    check = numeric_check(trace.system, step_of(trace), "w5")
    assert check.slope == pytest.approx(0.082167041, abs=1e-8)
    assert check.difference(0.0822) == pytest.approx(0.0004, rel=0.01)


def test_what_is_overwritten_has_an_arrow() -> None:
    """Parameters, and the states that their own equations use; the corrected ones are computed anew each time."""
    trace = tracer.run(MAZUR, optimizer="adam")
    described = in_words(trace.system, typeset(trace.system.quantities))
    assert described["w5"] == "w₅ ← w₅ − η·m̂_w₅/(√(v̂_w₅) + ε)"
    assert described["m_w5"] == "m_w₅ ← β₁·m_w₅ + (1 − β₁)·∂E/∂w₅"
    assert described["v_w5"] == "v_w₅ ← β₂·v_w₅ + (1 − β₂)·(∂E/∂w₅)²"
    assert described["m̂_w5"] == "m̂_w₅ = m_w₅/(1 − β₁^k)"
