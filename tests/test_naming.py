"""The alphabet: every quantity of every system has a name of its own, in each spelling, and a spelling is read back."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS, WALKTHROUGH
from tracer.config import load
from tracer.errors import ConfigError
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.backward import compact
from tracer.model.naming import ALPHABETS, ASCII, read, spell
from tracer.model.quantity import Quantity, Role
from tracer.model.system import Phase, System
from tracer.model.typography import typeset

Options = st.SearchStrategy[dict[str, Any]]
LAYER_NAMES = st.lists(
    st.sampled_from(["h", "o", "h1", "hidden", "η_a", "out_2", "v_h"]), min_size=3, max_size=3, unique=True
)
OPTIMIZERS: Options = st.sampled_from(
    [{}, {"optimizer": "adam"}, {"optimizer": "momentum"}, {"optimizer": {"name": "adagrad"}}]
)
CLIPS: Options = st.sampled_from([{}, {"clip": {"norm": 1.0}}, {"clip": {"value": 0.5}}])
RATES: Options = st.sampled_from(
    [
        {"learning_rate": 0.5, "iterations": 2},
        {"learning_rate": "0.5 / k", "iterations": 2},
        {"learning_rate": [{"iterations": 2, "learning_rate": "1 / k"}, {"iterations": 2, "learning_rate": 0.1}]},
    ]
)
PENALTIES: Options = st.sampled_from([{}, {"l2": 0.1}, {"l1": 0.1, "l2": 0.1}])


def data(inputs: int, targets: int, several: bool) -> dict[str, Any]:
    sample = {"inputs": [0.5] * inputs, "targets": [0.25] * targets}
    return {"samples": [sample] * 3, "update": {"batch_size": 2}} if several else sample


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Configs of networks of one to three layers, with every option that adds quantities."""
    widths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    names, named = draw(LAYER_NAMES), draw(st.booleans())
    layers = [
        {"neurons": width, "activation": draw(st.sampled_from(["sigmoid", "softmax", "relu", "tanh"]))}
        | ({"name": name} if named else {})
        for width, name in zip(widths[1:], names, strict=False)
    ]
    return {
        "layers": layers,
        "biases": {name: draw(st.sampled_from([0.1, [0.1] * width])) for name, width in zip(names, widths[1:], strict=False)} if named else {},
        "weights": [0.1] * sum(a * b for a, b in pairwise(widths)),
        **data(widths[0], widths[-1], draw(st.booleans())),
        **draw(OPTIMIZERS), **draw(CLIPS), **draw(RATES), **draw(PENALTIES),
    }  # fmt: skip


OWN_NAMES = ["v_w", "E", "E_total", "a_h1", "h1", "g_w", "w1", "k1", "β", "momentum", "norm", "s_t", "d"]
"""Names that look like those of quantities that have a rule."""


@st.composite
def own_equations(draw: st.DrawFn) -> dict[str, Any]:
    """Configs of a chain of own equations, whose names are taken for others easily."""
    parameters = {"w": 0.5, "u": 0.25}
    results = draw(st.lists(st.sampled_from(OWN_NAMES), min_size=1, max_size=6, unique=True))
    before = "x"
    lines = []
    for name in results:
        lines.append(f"{name} = tanh({before} * {draw(st.sampled_from(['w', 'u']))}) * {before} + t")
        before = name
    several = draw(st.booleans())
    sample = {"inputs": {"x": 0.5}, "targets": {"t": 0.25}}
    return {
        "parameters": parameters,
        "equations": "\n".join(lines),
        "minimize": before,
        **({"samples": [sample] * 3, "update": {"batch_size": 2}} if several else sample),
        **draw(OPTIMIZERS), **draw(CLIPS), **draw(RATES),
    }  # fmt: skip


def check(system: System) -> None:
    """Every column, and every setting, is spelled in a way of its own in each alphabet, and read back from there."""
    names = [*system.columns(), *system.hyper, naming.ETA, naming.COUNT, naming.ITERATION, naming.SAMPLE]
    for alphabet in ALPHABETS.values():
        spelled = {name: spell(system.quantities[name], alphabet) for name in names}
        assert len({*spelled.values()}) == len(spelled)
        assert {name: read(text, system.quantities) for name, text in spelled.items()} == {
            name: system.quantities[name] for name in spelled
        }
    assert {name: spell(system.quantities[name]) for name in names} == {name: name for name in names}
    assert {name: spell(system.quantities[name], ASCII) for name in names} == {n: naming.to_ascii(n) for n in names}
    assert read("nothing", system.quantities) is None
    texts = typeset(system.quantities)
    assert texts.keys() == system.quantities.keys()
    assert len({*texts.values()}) == len(texts)


def check_composed(system: System) -> None:
    """What no system has and a hand-made sheet may show: derivatives of any quantity by any other, and what becomes of
    a parameter in its own row."""
    forward = {e.quantity for e in system.equations if e.phase in (Phase.FORWARD, Phase.LOSS)}
    parameters = [parameter.name for parameter in system.parameters]
    quantities, reading = system.quantities, naming.reader(system.quantities)
    losses = {system.loss, system.curve}
    composed = [
        Quantity(Role.GRADIENT if of in losses else Role.LOCAL_DERIVATIVE, of=quantities[of], by=quantities[by])
        for of in sorted({*forward, *losses})
        for by in sorted({*forward, *parameters, *system.data})
    ]
    composed += [Quantity(r, of=quantities[p]) for r in (Role.AFTER_UPDATE, Role.CHANGE) for p in parameters]
    for alphabet in ALPHABETS.values():
        for quantity in composed:
            assert reading(spell(quantity, alphabet)) == quantity


def read_what_is_spelled(config: dict[str, Any]) -> None:
    try:
        system = assemble(load(config))
    except ConfigError as error:
        if all("would be both" in problem for problem in error.problems):
            reject()
        raise
    check(system)
    check(compact(system))
    check_composed(system)


@settings(max_examples=20)
@given(config=networks() | own_equations())
def test_reading_is_the_inverse_of_spelling(config: dict[str, Any]) -> None:
    read_what_is_spelled(config)


@pytest.mark.long
@settings(max_examples=200)
@given(config=networks() | own_equations())
def test_reading_is_the_inverse_of_spelling_in_many_networks(config: dict[str, Any]) -> None:
    read_what_is_spelled(config)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_names_of_every_config(path: Path) -> None:
    system = assemble(load(path))
    check(system)
    assert {*system.columns(), *system.hyper} <= system.quantities.keys()
    roles = {name: system.quantities[name].role for name in system.data}
    assert {*roles.values()} <= {Role.INPUT, Role.TARGET}


def test_what_the_names_of_the_walkthrough_stand_for() -> None:
    quantities = assemble(load(WALKTHROUGH)).quantities
    loss = Quantity(Role.LOSS)
    hidden = Quantity(Role.NET_INPUT, "h", (1,)), Quantity(Role.ACTIVATION, "h", (1,))
    assert quantities["i2"] == Quantity(Role.INPUT, indices=(2,))
    assert quantities["t1"] == Quantity(Role.TARGET, indices=(1,))
    assert quantities["w5"] == Quantity(Role.WEIGHT, "o", (5,))
    assert (quantities["h1"], quantities["a_h1"]) == hidden
    assert quantities["E2"] == Quantity(Role.ERROR, indices=(2,))
    assert quantities["E_total"] == loss
    assert quantities["∂a_h1/∂h1"] == Quantity(Role.LOCAL_DERIVATIVE, of=hidden[1], by=hidden[0])
    assert quantities["∂E/∂w5"] == Quantity(Role.GRADIENT, of=loss, by=quantities["w5"])
    assert quantities["η"].role is Role.LEARNING_RATE
    assert read("dE/da_o1", quantities) == quantities["∂E/∂a_o1"]
    assert [spell(part) for part in quantities["∂a_h1/∂h1"].parts()] == ["a_h1", "h1"]


def test_what_is_made_of_the_gradients() -> None:
    config = {
        "samples": [data(1, 1, several=False)] * 2, "update": "batch", "layers": [{"neurons": 2, "name": "h2"}, {"neurons": 1}],
        "weights": [0.1] * 4, "biases": {"h2": [0.1, 0.2], "o": 0.3}, "optimizer": "momentum", "clip": {"norm": 1.0},
        "learning_rate": 0.5, "iterations": 1, "l2": 0.1,
    }  # fmt: skip
    quantities = assemble(load(config)).quantities
    loss, weight = Quantity(Role.LOSS), Quantity(Role.WEIGHT, "h2", (2,))
    batch = Quantity(Role.BATCH_LOSS, of=loss)
    assert quantities["h2_2"] == Quantity(Role.NET_INPUT, "h2", (2,))
    assert quantities["b_h2_2"] == Quantity(Role.BIAS, "h2", (2,))
    assert quantities["b2"] == Quantity(Role.SHARED_BIAS, "o", (2,))
    assert quantities["E_batch"] == batch
    assert quantities["∂E_batch/∂w2"] == Quantity(Role.GRADIENT, of=batch, by=weight)
    assert quantities["norm_g"] == Quantity(Role.GRADIENT_NORM)
    assert quantities["g_w2"] == Quantity(Role.CLIPPED, of=weight)
    assert quantities["v_w2"] == Quantity(Role.STATE, of=weight, word="v")
    assert quantities["setting.momentum"] == Quantity(Role.SETTING, word="momentum")
    assert quantities["L2"] == Quantity(Role.PENALTY, word="L2")


def test_a_users_own_name_stays_the_users() -> None:
    config = {
        "inputs": {"x": 0.5}, "targets": {"t": 0.25}, "parameters": {"w": 0.5},
        "equations": "v_h1 = w * x\nE_total = (t - v_h1)^2", "minimize": "E_total",
        "optimizer": "momentum", "learning_rate": 0.5, "iterations": 1,
    }  # fmt: skip
    quantities = assemble(load(config)).quantities
    assert read("v_h1", quantities) == Quantity(Role.OWN, word="v_h1")
    assert read("v_w", quantities) == Quantity(Role.STATE, word="v", of=Quantity(Role.OWN_PARAMETER, word="w"))
    assert read("x", quantities) == Quantity(Role.INPUT, indices=(1,), word="x")
    assert read("dE/dw", quantities) == Quantity(Role.GRADIENT, of=Quantity(Role.LOSS), by=quantities["w"])


def test_a_loss_beside_a_quantity_that_is_called_like_its_short_name() -> None:
    """∂E/∂w is of E here, not of E_total: by hand at w = 3, E = w² = 9, E_total = E² = 81."""
    config = {
        "inputs": {"x": 1.0}, "targets": {"t": 0.0}, "parameters": {"w": 3.0},
        "equations": "E = (w*x - t)^2\nE_total = E^2", "minimize": "E_total", "learning_rate": 0.5, "iterations": 1,
    }  # fmt: skip
    step = tracer.run(config).runs[0].step(0)
    assert step["∂E/∂w"] == 6
    assert step["∂E_total/∂E"] == 18
    assert step["∂E_total/∂w"] == 108


def test_names_as_in_a_textbook() -> None:
    """Indices are subscripts; in a layer whose own name ends in a digit, they need no underscore before them."""
    layers = [{"name": "h1", "neurons": 12}, {"name": "o", "neurons": 1}]
    config = {"layers": layers, "weights": [0.1] * 36, "biases": {"h1": [0.1] * 12, "o": 0.2}, "optimizer": "adam",
              "inputs": {"x1": 1, "length": 2}, "targets": [0.5], "learning_rate": 0.1, "iterations": 1}  # fmt: skip
    texts = typeset(assemble(load(config)).quantities)
    shown = {
        "x1": "x₁", "length": "length", "t1": "t₁", "w12": "w₁₂", "h1_12": "h1₁₂", "a_h1_12": "a_h1₁₂", "b_h1_2": "b_h1₂",
        "b2": "b₂", "o1": "o₁", "E_total": "E_total", "∂E/∂w12": "∂E/∂w₁₂", "∂a_o1/∂o1": "∂a_o₁/∂o₁", "m_w3": "m_w₃",
        "m̂_w3": "m̂_w₃", "setting.beta1": "β₁", "setting.eps": "ε", "η": "η",
    }  # fmt: skip
    assert {name: texts[name] for name in shown} == shown


@given(st.sets(st.from_regex(r"[a-zβμ₁][a-z_0-9₀-₉]{0,4}", fullmatch=True), min_size=2, max_size=40))
def test_no_two_quantities_are_typeset_alike(words: set[str]) -> None:
    """Not even where a user's own names have subscripts or Greek letters, or are those of settings."""
    own = {word: Quantity(Role.OWN, word=word) for word in words}
    settings = {f"setting.{word}": Quantity(Role.SETTING, word=word) for word in ("beta1", "eps", *words)}
    loss = Quantity(Role.LOSS)
    gradients = {spell(of): of for of in (Quantity(Role.GRADIENT, of=loss, by=quantity) for quantity in own.values())}
    texts = typeset(own | settings | gradients)
    assert len({*texts.values()}) == len(own) + len(settings) + len(gradients)
