"""Explanations: the numbers put in give the result, every number is the trace's, what is asked for wrongly is said."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

import tracer
from tests.places import ABSOLUTE, BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH
from tracer.api import explain
from tracer.columns import columns
from tracer.commands.main import main
from tracer.documents.kinds import KINDS
from tracer.errors import OutputError
from tracer.explain.derivation import Derivations
from tracer.explain.document import Document, Equation
from tracer.explain.lesson.equations import digits_for
from tracer.explain.templates import MOST_DIGITS, Slot, filled, rounded, template, written
from tracer.formulas.tree import Name
from tracer.tables.activations import ACTIVATIONS, read_formula
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
            assert value == pytest.approx(equation.result, rel=1e-9, abs=1e-14), line
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


def test_no_digit_of_a_difference_is_a_tie() -> None:
    """A calculator in decimals, without the rounding of doubles: (1.4369836476176 − 1.4369834476183)/(2·1e-5) is a tie
    of six digits, where that of doubles is none. About one difference in 100 is such a case."""
    random, formula = Random(1), read_formula("(A - B)/(2*h)")
    values: dict[str, float] = {}

    def value(slot: Slot) -> float:
        return values[slot.name.name]

    for _ in range(1000):
        loss, slope, step, digits = random.uniform(1, 9), random.uniform(0.01, 1), 1e-5, random.choice((4, 5, 6))
        values |= {"A": loss + slope * step, "B": loss - slope * step, "h": step}
        result = (values["A"] - values["B"]) / (2 * step)
        count = digits_for(formula, value, result, digits)
        a, b, h = (Decimal(str(rounded(values[name], count))) for name in "ABh")
        shown = written(float((a - b) / (2 * h)), digits=digits)
        assert count == MOST_DIGITS or shown == written(result, digits=digits)


@pytest.mark.long
@settings(max_examples=300)
@given(networks(), st.integers(1, 12), st.integers(0, 999))
def test_numbers_put_in_give_the_result_in_many_networks(config: dict[str, Any], digits: int, quantity: int) -> None:
    assert hold_network(config, digits, quantity) > 0


# ------------------------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["w9"], "'w9' is not a quantity of this trace. Did you mean 'w8'?"),
        (["∂E/∂i1"], "∂E/∂i1: E_total has no derivative by i1 in this trace: it has those of the chain rule"),
        ([""], "'' is not a quantity of this trace."),
        (["iteration"], "'iteration' says which row it is, and has no equation; --iteration and --sample choose one"),
        (["dE/d"], "'dE/d' is not a quantity of this trace. Did you mean 'dE/dw8'?"),
        (["x" * 99], f"'{'x' * 60}…' is not a quantity of this trace."),
        (["norm_g"], "'norm_g' is not a quantity of this trace."),
        (["--iteration", "0"], "iteration 0: the run has the iterations 1 to 100."),
        (["--iteration", "101"], "iteration 101: the run has the iterations 1 to 100."),
        (["--sample", "2"], "sample 2: the run has only sample 1."),
        (["--digits", "0"], "digits 0: choose from 1 to 12"),
        (["--digits", "13"], "digits 13: choose from 1 to 12; a CSV file has every digit"),
        (["--depth", "-1"], "depth -1: choose from 0 to 1,000"),
    ],
)
def test_what_is_not_there_is_said(arguments: list[str], said: str) -> None:
    assert invoke(str(WALKTHROUGH), *arguments) == (2, f"{said}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--sample", "3", "--iteration", "2"],
            "sample 3: iteration 2 takes sample 2; sample 3 is in iteration 3, 7, 11",
        ),
        (["--sample", "5"], "sample 5: the run has the samples 1 to 4."),
        (["-o", "."], ".: the name of the file needs a suffix; choose from .txt, .md, .tex, .html, or give --format"),
        (["-o", "x.pdf"], "x.pdf: '.pdf' is not a format of documents; choose from"),
        (["--standalone"], "--standalone: goes with --format latex, not text"),
        (["-o", "/dev/null", "--format", "md"], "/dev/null: is a character device, not a regular file"),
    ],
)
def test_samples_and_files_that_are_not_there(arguments: list[str], said: str) -> None:
    code, output = invoke(str(ROOT / "configs" / "xor.yaml"), "--set", "update=online", *arguments)
    assert (code, output[: len(said)]) == (2, said)


def test_a_sample_is_looked_up_in_the_first_iteration_that_takes_it() -> None:
    _, output = invoke(str(ROOT / "configs" / "xor.yaml"), "h1", "--set", "update=online", "--sample", "3")
    assert output.startswith("h₁ in iteration 3, sample 3, η = 0.5\n")


def test_what_is_of_a_whole_batch_is_not_said_to_be_of_a_sample() -> None:
    shown = str(explain(tracer.load(STEP | {"update": "batch", "optimizer": "momentum"}), "v_w1", depth=3)).splitlines()
    heads = {below: line for line, below in zip(shown, shown[2:], strict=False)}
    of = {line.split(" = ")[0].strip(): head for line, head in heads.items() if head.startswith(("What", "And"))}
    assert of["∂E_batch/∂w₁"] == "What it is computed from"
    assert of["∂E/∂w₁"] == "What these are computed from, in sample 1"


def test_a_learning_rate_that_the_config_does_not_have() -> None:
    _, output = invoke(str(WALKTHROUGH), "w5", "--learning-rate", "0.7")
    assert "w₅ ← w₅ − η·∂E/∂w₅ = 0.4 − 0.7·0.0128808 = 0.390983\n" in output


def test_a_run_that_stops_is_explained_up_to_there() -> None:
    """The loss grows until a number overflows."""
    experiment = tracer.load(BLOWS_UP)
    (run,) = tracer.walk(experiment).runs
    assert run.divergence
    last, before = run.divergence.iteration, explain(experiment, "w5", run.divergence.iteration - 1)
    assert before.divergence is None or "Stopped in iteration" in str(before)
    stopped = explain(experiment, None, last)
    assert f"Stopped in iteration {last}: {run.divergence.quantity} is not a finite number." in stopped.written(
        ascii=True
    )
    assert stopped.divergence == run.divergence
    assert "nan" not in str(stopped)
    assert "inf" not in str(stopped)
    with pytest.raises(OutputError, match=f"iteration {last + 1}: the run has the iterations 1 to {last}. Stopped in"):
        explain(experiment, None, last + 1)


def test_a_run_that_ends_early() -> None:
    experiment = tracer.load(WALKTHROUGH, [tracer.Override(("until",), "E_total < 0.0142", "")])
    with pytest.raises(OutputError, match="the run has only iteration 1, where `until` is met"):
        explain(experiment, None, 2)


STEP = {
    "name": "step", "inputs": ["x1", "x2"], "targets": ["t"], "weights": [0, 0], "learning_rate": 0.5, "iterations": 8,
    "samples": [{"inputs": [0, 1], "targets": [0]}, {"inputs": [1, 1], "targets": [1]}],
    "layers": [{"neurons": 1, "activation": "if(z >= 0, 1, 0)"}],
}  # fmt: skip


@pytest.mark.parametrize("quantity", [None, "w1"])
def test_what_the_whole_run_says_stands_at_the_end(quantity: str | None) -> None:
    """Of samples that are taken one by one too, where an iteration is no pass."""
    (sentence,) = tracer.run(STEP).diagnoses
    shown = " ".join(str(explain(tracer.load(STEP), quantity)).split())
    assert sentence.startswith("The slope of a_o1 is 0 everywhere")
    assert "What the run says" in shown
    assert shown.translate(str.maketrans("₁₂", "12")).endswith(sentence)


def test_of_a_long_run_the_beginning_speaks() -> None:
    long = tracer.load(STEP | {"iterations": 10**9})
    for iteration in (1, 10**5):
        assert re.search(r"What the first [0-9,]+ iterations say\n-+\nThe slope", str(explain(long, "w1", iteration)))


# ------------------------------------------------------------------------------------------- what is shown


def test_the_published_walkthrough() -> None:
    """Matt Mazur's figures: 0.74136507, 0.186815602, 0.593269992, and w5 after the update."""
    shown = str(explain(tracer.load(MAZUR), "w5", digits=9))
    for line in (
        "∂E/∂w₅ = ∂E/∂a_o₁·∂a_o₁/∂o₁·∂o₁/∂w₅",
        "∂E/∂a_o₁  = −(t₁ − a_o₁)    = −(0.01 − 0.75136507)        = 0.74136507",
        "∂E/∂w₅ = 0.7413650696·0.1868156018·0.5932699921 = 0.0821670406",
        "w₅ ← w₅ − η·∂E/∂w₅ = 0.4 − 0.5·0.0821670406 = 0.35891648",
    ):
        assert line in shown.splitlines(), shown


def test_a_hidden_weight_has_its_paths_and_their_sum() -> None:
    shown = str(explain(tracer.load(MAZUR), "∂E/∂w1")).splitlines()
    assert "path 2  w₁ → h₁ → a_h₁ → o₂ → a_o₂ → E_total" in shown
    assert "∂E/∂w₁ = path 1 + path 2 = 0.000668384 + (−0.000229826) = 0.000438558" not in shown
    assert any(line.startswith("∂E/∂w₁ = path 1 + path 2 = ") and line.endswith(" = 0.000438568") for line in shown)


def test_a_loss_that_depends_on_a_weight_directly_too() -> None:
    shown = str(explain(tracer.load(MAZUR | {"l1": 0.01, "l2": 0.1}), "w5")).splitlines()
    assert "∂E/∂w₅ = ∂E/∂w₅ directly + ∂E/∂a_o₁·∂a_o₁/∂o₁·∂o₁/∂w₅" in shown
    assert any(line.startswith("∂E/∂w₅ directly = 0.01·sign(w₅) + 0.2·w₅ = ") for line in shown)


def test_a_numeric_check_of_rounded_numbers() -> None:
    shown = " ".join(str(explain(tracer.load(MAZUR | {"decimals": 3}), "w1")).split())
    assert (
        "Relative difference to ∂E/∂w₁: 1. The run rounds every result to 3 decimals, and this check does not." in shown
    )


SINGLE: dict[str, Any] = {"name": "single", "learning_rate": 0.1, "iterations": 1, "minimize": "E"}


@pytest.mark.parametrize(
    ("equations", "start", "said"),
    [
        ("E = abs(w - 1)", 1.000004, "jumps between w − ε and w + ε"),
        ("E = max(0, w)", -0.000003, "jumps between w − ε and w + ε"),
        ("E = w^2", 1e-9, "Relative difference to ∂E/∂w: "),
        ("E = 5 + 0*w + 1e-14*w", 1.0, "within the rounding error of the two losses"),
        ("E = 1e6 + (w - 1)^4", 1.0001, "within the rounding error of the two losses"),
        ("E = w^4", 0.3, "Relative difference to ∂E/∂w: "),
        ("E = sin(30*w)", 0.05235988, "Relative difference to ∂E/∂w: "),
        ("E = abs(w - 1)", 1.00002, "Relative difference to ∂E/∂w: "),
    ],
)
def test_a_numeric_check_that_does_not_agree_says_why(equations: str, start: float, said: str) -> None:
    """The slope within ε of a kink is none; where the loss is large beside its slope, its digits are lost."""
    shown = str(explain(tracer.load(SINGLE | {"equations": equations, "parameters": {"w": start}}), "w"))
    check = " ".join(shown[shown.index("The numeric check") : shown.index("The update")].split())
    assert said in check
    assert ("jumps" in check) is ("jumps" in said)


@pytest.mark.parametrize("depth", range(5))
def test_every_level_down_to_the_inputs(depth: int) -> None:
    shown = str(explain(tracer.load(MAZUR), "E_total", depth=depth))
    computed = ["E_total", "E₁", "a_o₁", "o₁", "a_h₁", "h₁"][: depth + 1]
    for quantity in ["E_total", "E₁", "a_o₁", "o₁", "a_h₁", "h₁"]:
        assert any(line.startswith(f"{quantity} ") and " = " in line for line in shown.splitlines()) is (
            quantity in computed
        )


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_number_is_the_traces(config: Path) -> None:
    """The results and what is put in, of a whole step of every shipped config, full and compact."""
    for form in ("full", "compact"):
        experiment = tracer.load(config, [tracer.Override(("columns",), form, "")])
        trace = tracer.walk(replace(experiment, iterations=3, learning_rates=experiment.learning_rates[:1]))
        row, count = trace.row(2), 0
        for part in explain(experiment, None, 2).document.parts:
            if isinstance(part, Equation) and isinstance(part.left, Name) and not part.is_update:
                assert part.result == row[part.left.name]
                count += 1
            elif isinstance(part, Equation) and isinstance(part.left, Name) and part.left.name in trace.system.updates:
                assert part.result == trace.row(3)[part.left.name]
                count += 1
        assert count > 5
        assert hold(explain(experiment, None, 2).document) > 5


@pytest.mark.parametrize(
    "config", [MAZUR | {"biases": {"h": [0.1, 0.2]}}, ROOT / "configs" / "iris.yaml"], ids=["mazur", "iris"]
)
def test_every_number_of_a_gradient_is_the_traces(config: Any) -> None:
    """What is multiplied, the product and the sum, and the update: of each quantity that the loss depends on."""
    trace = tracer.run(config, iterations=3)
    row, after = trace.row(2), trace.row(3)
    for quantity in Derivations(trace.system).quantities[::3]:
        document = trace.explain(trace.system.gradient(quantity), iteration=2).document
        equations = [part for part in document.parts if isinstance(part, Equation) and isinstance(part.left, Name)]
        shown = [
            (part.left.name, part.result)
            for part in equations
            if isinstance(part.left, Name) and part.result is not None
        ]
        assert [
            (name, value) for name, value in shown if value != (after if name == quantity else row).get(name, value)
        ] == []
        assert trace.system.gradient(quantity) in dict(shown)


WIDE = {
    "name": "wide", "inputs": [number / 12 for number in range(12)], "targets": [1, 0, 0, 0],
    "layers": [{"neurons": 9, "activation": "tanh"}, {"neurons": 4, "activation": "softmax"}], "loss": "cross_entropy",
    "weights": {"init": "xavier_uniform", "seed": 3}, "learning_rate": 0.1, "iterations": 3,
}  # fmt: skip


def test_a_wide_network_is_shortened_with_figures() -> None:
    shown = str(explain(tracer.load(WIDE)))
    assert "… and 100 more equations of the same kind." in shown
    assert "136 of the 144 parameters are left out." in shown


def test_more_than_32_paths_are_summed_layer_by_layer() -> None:
    config = WIDE | {"layers": [{"neurons": 2}, {"neurons": 9}, {"neurons": 4}], "loss": "half_squared_error"}
    shown = str(explain(tracer.load(config), "w1"))
    assert "36 paths, more than 32: too many to follow one by one." in shown
    assert "term 9 " in shown


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_no_line_is_wider_than_the_terminal(config: Path) -> None:
    experiment = tracer.load(config)
    for width in (60, 80, 132):
        for ascii in (False, True):
            lines = explain(experiment).written(width=width, ascii=ascii).splitlines()
            assert max(map(columns, lines)) <= width
            assert not ascii or all(line.isascii() for line in lines)


def test_files_are_as_their_suffix_says(tmp_path: Path) -> None:
    begin = {".txt": "∂E/∂w₅ in", ".md": "# $\\frac{\\partial E_{total}}{\\partial w_5}$", ".html": "<!doctype html>"}
    for suffix, text in begin.items():
        path = tmp_path / f"lesson{suffix}"
        assert invoke(str(WALKTHROUGH), "dE/dw5", "-o", str(path)) == (0, f"wrote {path}\n")
        assert path.read_text(encoding="utf-8").startswith(text)
    path = tmp_path / "lesson.tex"
    assert invoke(str(WALKTHROUGH), "-o", str(path), "--standalone")[0] == 0
    assert "\\documentclass" in path.read_text(encoding="utf-8")


def test_a_notebook_shows_it_and_its_repr_is_a_screen() -> None:
    trace = tracer.run(WALKTHROUGH)
    shown = trace.explain("∂E/∂w1", iteration=3, learning_rate=0.5)
    assert shown._repr_markdown_().startswith("# $")
    assert shown._repr_html_().count("<math") == shown.written("html").count("<math") > 20
    assert len(repr(shown).splitlines()) <= 24
    assert str(shown) == str(
        explain(tracer.load(WALKTHROUGH, [tracer.Override(("learning_rate",), 0.5, "")]), "dE/dw1", 3)
    )


ADAM = MAZUR | {"name": "adam", "optimizer": "adam", "clip": {"norm": 0.1}}


@pytest.mark.parametrize(
    ("config", "every"), [(ADAM, 7), *(pytest.param(config, 1, marks=pytest.mark.long) for config in [ADAM, *CONFIGS])]
)
def test_every_quantity_can_be_explained(config: Any, every: int) -> None:
    """In every kind of document, full and compact; the local derivatives that have no column among them."""
    for form in ("full", "compact"):
        experiment = replace(tracer.load(config), columns=form, iterations=2)
        trace, full = tracer.walk(experiment), tracer.assemble(experiment)
        names = [*full.columns(), *full.hyper, "η", "k", *["∂o1/∂w5"] * (experiment.name in ("adam", "walkthrough"))]
        for name in names[::every]:
            shown = trace.explain(name, iteration=2, depth=2)
            hold(shown.document)
            assert len([shown.written(kind) for kind in KINDS]) == 4


def test_an_update_that_has_no_number() -> None:
    """w⁴ from 1e70 with η = 1e150: the gradient is 4e210, the step 4e360."""
    config = {"name": "far", "equations": "E = w^4", "minimize": "E", "parameters": {"w": 1e70}, "learning_rate": 1e150,
              "iterations": 5}  # fmt: skip
    for quantity in (None, "w"):
        found = explain(tracer.load(config), quantity)
        assert found.divergence
        assert "w ← w − η·∂E/∂w = 1e70 − 1e150·4e210\n" in str(found)
        assert "Stopped in iteration 2: w is not a finite number." in str(found)
        assert "inf" not in str(found)
