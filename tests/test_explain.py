"""Explanations: the numbers put in give the result, every number is the trace's, what is asked for wrongly is said."""

from __future__ import annotations

import re
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

import tracer
from tests.places import ABSOLUTE, WALKTHROUGH
from tracer.api import explain
from tracer.commands.main import main
from tracer.explain.document import Document, Equation
from tracer.explain.templates import MOST_DIGITS, filled, template, written
from tracer.tables.activations import ACTIVATIONS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS

MAZUR: dict[str, Any] = {
    "name": "mazur", "inputs": [0.05, 0.1], "targets": [0.01, 0.99], "layers": [{"neurons": 2}, {"neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], "biases": {"h": 0.35, "o": 0.6}, "learning_rate": 0.5,
    "iterations": 3,
}  # fmt: skip
"""Matt Mazur, A Step by Step Backpropagation Example (2015)."""


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["explain", *arguments])
    return result.exit_code, result.output


# ------------------------------------------------------------------------------------------- an outside calculator

mp.dps = 40
WORDS = {
    "·": "*", "−": "-", "√": "sqrt", "⌊": "floor(", "⌋": ")", "Φ": "ncdf", "≤": "<=", "≥": ">=", "≠": "!=",
    "log₁₀": "log10", "ln": "log", "arctan": "atan", "^": "**", "η": "eta",
    **{sign: f"**{power}" for power, sign in enumerate("²³⁴⁵⁶⁷⁸⁹", 2)},
}  # fmt: skip
SCOPE: dict[str, Any] = {
    **{name: getattr(mp, name) for name in ("sqrt", "floor", "log", "log10", "sin", "cos", "tanh", "atan", "erf", "ncdf", "sign")},
    "min": min, "max": max, "abs": abs, "e": mp.e,
    "sum": lambda *values: mp.fsum(values), "mean": lambda *values: mp.fsum(values) / len(values),
    "round": lambda value, digits: mp.floor(abs(value) * 10**digits + mp.mpf("0.5") + 1e-12) / 10**digits * mp.sign(value),
    "number": mp.mpf,
}  # fmt: skip


def calculated(line: str) -> Any:
    """What a pocket calculator with 40 digits makes of a line as it is shown."""
    for sign, word in WORDS.items():
        line = line.replace(sign, word)
    while (shorter := re.sub(r"\|([^|]*)\|", r"abs(\1)", line)) != line:
        line = shorter
    line = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w.(])", r"number('\1')", line)
    line = line.replace(", else ", " else ").replace(" = ", " == ")
    return eval(line, {"__builtins__": {}}, SCOPE)


def lines_of(document: Document) -> list[tuple[Equation, str]]:
    """The equations with numbers put in, each with the line as it is shown; none with numbers left out."""
    found = []
    for part in document.parts:
        if isinstance(part, Equation) and part.put_in is not None and part.result is not None:
            assert part.value is not None
            line = filled(template(part.put_in, part.batch), part.value, part.digits_put_in)
            if "…" not in line:
                found.append((part, line))
    return found


def hold(document: Document) -> int:
    """Calculate every line anew; how many there are."""
    lines = lines_of(document)
    for equation, line in lines:
        assert equation.result is not None
        value = float(calculated(line))
        shown = written(equation.result, digits=equation.digits)
        if written(value, digits=equation.digits) != shown and abs(value - equation.result) > ABSOLUTE:
            assert equation.digits_put_in == MOST_DIGITS, (
                line
            )  # what doubles lose in a difference, no digits bring back
            lost = 1e-10 if line.endswith("/(2·1e-5)") else 1e-14  # of two losses, divided by 2ε
            assert value == pytest.approx(equation.result, rel=1e-9, abs=lost), line
    return len(lines)


ACTIVE = sorted(ACTIVATIONS)
RULES = sorted(OPTIMIZERS)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Random networks of every kind, small enough to go through."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    inputs = draw(st.integers(1, 3))
    numbers = st.floats(-2, 2).map(lambda value: round(value, 3))
    layers: list[dict[str, Any]] = [{"neurons": size, "activation": draw(st.sampled_from(ACTIVE))} for size in sizes]
    loss = draw(st.sampled_from(sorted(LOSSES)))
    samples = draw(st.integers(1, 4))
    targets = st.lists(numbers, min_size=sizes[-1], max_size=sizes[-1])
    if loss in ("kl_divergence", "cross_entropy", "binary_cross_entropy"):
        layers[-1]["activation"] = "sigmoid" if loss == "binary_cross_entropy" else "softmax"
        targets = st.permutations([1.0] + [0.0] * (sizes[-1] - 1))
    if loss == "hinge":
        targets = st.lists(st.sampled_from([-1.0, 1.0]), min_size=sizes[-1], max_size=sizes[-1])
    return {
        "samples": [
            {"inputs": [draw(numbers) for _ in range(inputs)], "targets": draw(targets)}
            for _ in range(samples)
        ],
        "layers": layers, "loss": loss, "weights": {"init": "uniform", "seed": draw(st.integers(0, 99))},
        "optimizer": draw(st.sampled_from(RULES)), "learning_rate": 0.1, "iterations": 3,
        "update": draw(st.sampled_from(["online", "batch"])), "l2": draw(st.sampled_from([0, 0.01])),
        "columns": draw(st.sampled_from(["full", "compact"])),
        **draw(st.sampled_from([{}, {"decimals": 4}, {"clip": {"norm": 0.1}}])),
    }  # fmt: skip


def hold_network(config: dict[str, Any], digits: int, quantity: int) -> int:
    experiment = tracer.load(config)
    trace = tracer.walk(experiment)
    names = [*trace.system.columns(), *tracer.assemble(experiment).columns()]
    number = min(2, trace.runs[0].complete // trace.runs[0].batches.size or 1)
    count = hold(explain(experiment, None, number, digits=digits).document)
    return count + hold(explain(experiment, names[quantity % len(names)], number, digits=digits).document)


@settings(max_examples=12)
@given(networks(), st.integers(3, 12), st.integers(0, 999))
def test_numbers_put_in_give_the_result(config: dict[str, Any], digits: int, quantity: int) -> None:
    assert hold_network(config, digits, quantity) > 0


@pytest.mark.long
@settings(max_examples=300)
@given(networks(), st.integers(1, 12), st.integers(0, 999))
def test_numbers_put_in_give_the_result_in_many_networks(config: dict[str, Any], digits: int, quantity: int) -> None:
    assert hold_network(config, digits, quantity) > 0


# ------------------------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["w9"], "w9: no quantity of this trace is called so. Did you mean 'w8'?"),
        (["∂E/∂i1"], "∂E/∂i1: E_total has no derivative by i1 in this trace: it has those of the chain rule"),
        ([""], "an empty name: no quantity of this trace is called so."),
        (["--iteration", "0"], "iteration 0: the run has the iterations 1 to 100."),
        (["--iteration", "101"], "iteration 101: the run has the iterations 1 to 100."),
        (["--sample", "2"], "sample 2: there are the samples 1 to 1."),
        (["--digits", "0"], "digits 0: choose from 1 to 17"),
        (["--digits", "99"], "digits 99: choose from 1 to 17"),
        (["--depth", "-1"], "depth -1: choose from 0 to 1,000"),
    ],
)
def test_what_is_not_there_is_said(arguments: list[str], said: str) -> None:
    assert invoke(str(WALKTHROUGH), *arguments) == (2, f"{said}\n")
