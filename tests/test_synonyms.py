"""Words of other programs: read where they mean the same, explained where they do not; and other ways to write a formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.test_cli import command
from tests.test_config import BASE, problems
from tracer.config.schema import ACTIVATION, FIELDS, INITIALIZER, LOSS, OPTIMIZER, json_schema
from tracer.formulas.evaluation import evaluate
from tracer.formulas.grammar import FormulaError
from tracer.formulas.primitives import FUNCTIONS
from tracer.tables.activations import ACTIVATIONS, KNOWN, read_formula
from tracer.tables.synonyms import CALLED, SAME

TABLES = {
    "activation": ACTIVATION.table, "loss": LOSS.table, "optimizer": OPTIMIZER.table, "initializer": INITIALIZER.table,
    "function": FUNCTIONS | ACTIVATIONS,
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_a_synonym_is_of_an_entry_and_no_name_of_one(kind: str) -> None:
    assert set(SAME[kind].values()) <= set(TABLES[kind])
    assert not {*SAME[kind], *CALLED[kind]} & set(TABLES[kind])


def test_what_is_explained_names_something_of_ours() -> None:
    """A single word is a name of ours; anything else says what to write."""
    known = {*FIELDS, "neurons", "activation", "decimals", "mean", "sum", "shuffled", "online", "full"}
    for kind, table in TABLES.items():
        names = {
            *table,
            *known,
            *(setting for row in table.values() for setting in (row if isinstance(row, dict) else ())),
        }
        for word, meanings in CALLED[kind].items():
            for meant in meanings:
                name = meant.partition("; ")[0]
                assert name in names or not name.isidentifier(), word


@pytest.mark.parametrize(
    ("words", "ours"),
    [
        ({"layers": [{"neurons": 2, "activation": "logistic"}, {"neurons": 2, "activation": "linear"}]},
         {"layers": [{"neurons": 2, "activation": "sigmoid"}, {"neurons": 2, "activation": "identity"}]}),
        ({"layers": [{"neurons": 2, "activation": ["swish", {"name": "lrelu", "alpha": 0.3}]}, {"neurons": 2}]},
         {"layers": [{"neurons": 2, "activation": ["silu", {"name": "leaky_relu", "alpha": 0.3}]}, {"neurons": 2}]}),
        ({"weights": {"init": "kaiming_uniform", "seed": 3}}, {"weights": {"init": "he_uniform", "seed": 3}}),
        ({"weights": {"init": "glorot_normal", "seed": 3}}, {"weights": {"init": "xavier_normal", "seed": 3}}),
        ({"bias": {"h": 0.1}}, {"biases": {"h": 0.1}}),
        ({"optimizer": "gradient_descent"}, {"optimizer": "sgd"}),
    ],
)  # fmt: skip
def test_words_that_mean_the_same(words: dict[str, Any], ours: dict[str, Any]) -> None:
    one, other = tracer.run(BASE | words), tracer.run(BASE | ours)
    assert one.columns == other.columns
    assert all((one[column] == other[column]).all() for column in one.columns)
    assert one.experiment.model == other.experiment.model


def test_lr_is_the_learning_rate() -> None:
    config = {key: value for key, value in BASE.items() if key != "learning_rate"}
    assert tracer.load(config | {"lr": 0.25}).learning_rates == (0.25,)
    assert "config: 'lr' and 'learning_rate' mean the same; keep one" in problems(BASE | {"lr": 0.25})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"loss": "mae"}, "loss: 'mae' is not known. It is called 'mean_absolute_error' here."),
        ({"loss": "BCE"}, "loss: 'BCE' is not known. It is called 'binary_cross_entropy' here; summed over the outputs, not averaged."),
        ({"loss": "categorical_crossentropy"}, "loss: 'categorical_crossentropy' is not known. It is called 'cross_entropy' here."),
        ({"loss": "nll"}, "loss: 'nll' is not known. It is called 'cross_entropy' here; it takes probabilities, not their logarithms."),
        ({"loss": "kld"}, "loss: 'kld' is not known. It is called 'kl_divergence' here; it takes probabilities, not their logarithms."),
        ({"layers": [{"neurons": 2, "activation": "hardtanh"}, {"neurons": 2}]},
         "layers.0.activation: 'hardtanh' is not known. Write the formula max(-1, min(1, z))."),
        ({"layers": [{"neurons": 2, "activation": "LeakyReLU"}, {"neurons": 2}]},
         "layers.0.activation: 'LeakyReLU' is not known. Did you mean 'leaky_relu'?"),
        ({"layers": [{"neurons": 2, "activation": "“tanh”"}, {"neurons": 2}]},
         "layers.0.activation: '“' is not allowed here; '“' is LEFT DOUBLE QUOTATION MARK (U+201C), write '\"'\n    “tanh”\n    ^"),
        ({"layers": [{"units": 2}, {"neurons": 2}]}, "layers.0: unknown key 'units'. It is called 'neurons' here."),
        ({"layers": [{"neurons": 2, "bias": 1}, {"neurons": 2}]}, "layers.0: unknown key 'bias'. Write biases: {…} beside layers."),
        ({"epochs": 5}, "unknown key 'epochs'. It is called 'iterations' here; one iteration is one update, an epoch one for every "
                        "sample or batch."),
        ({"batch_size": 5}, "unknown key 'batch_size'. Write update: {batch_size: …}."),
        ({"alpha": 5}, "unknown key 'alpha'. Write learning_rate for the rate, l2 for a penalty, or alpha beside an activation's name."),
        ({"inputs\u00a0": 5}, "unknown key 'inputs\\xa0'; '\\xa0' is NO-BREAK SPACE (U+00A0), write a space. Did you mean 'inputs'?"),
        ({" weights ": 5}, "unknown key ' weights '. Did you mean 'weights'?"),
        ({"optimizer": {"name": "adam", "lr": 1}}, "optimizer: adam has no setting 'lr'. Write learning_rate beside optimizer. It has "
                                                  "beta1, beta2, eps, weight_decay, betas."),
        ({"optimizer": {"name": "rmsprop", "rho": 0.9}}, "optimizer: rmsprop has no setting 'rho'. It is called 'alpha' here. It has "
                                                        "alpha, eps, weight_decay."),
        ({"weights": {"init": "random"}}, "weights: 'random' is not known. It is called 'uniform' here; with low and high."),
        ({"reduction": "average"}, "reduction: 'average' is not one of mean, sum. It is called 'mean' here."),
        ({"optimizer": {"name": "foo", "update": "p - eta*g"}}, "optimizer: unknown key 'name'. Known keys: states, update, settings, start."),
        ({"optimizer": {"states": {"v": ["g"]}, "update": "p"}}, "optimizer.states.v: a list of 1 is not text; write one text"),
    ],
)  # fmt: skip
def test_words_that_are_explained(change: dict[str, Any], problem: str) -> None:
    assert f"config: {problem}" in problems(BASE | change)


def test_an_editor_accepts_the_synonyms() -> None:
    text = str(json_schema())
    assert all(f"'{word}'" in text for kind in TABLES if kind != "function" for word in SAME[kind])


# ------------------------------------------------------------------------------------------------------ formulas


@pytest.mark.parametrize(
    ("written", "ours"),
    [
        ("x**2", "x^2"), ("x²", "x^2"), ("-x²", "-(x^2)"), ("2^x²", "2^(x^2)"), ("(x + y)³", "(x + y)^3"), ("x⁻¹ * y", "x^(-1) * y"),
        ("x × y", "x * y"), ("x · y", "x * y"), ("x ÷ y", "x / y"), ("x − y", "x - y"), ("−x", "-x"), ("ln(x)", "log(x)"),
        ("√(x)", "sqrt(x)"), ("σ(x)", "sigmoid(x)"), ("Φ(x)", "normal_cdf(x)"), ("arctan(x)", "atan(x)"), ("average(x, y)", "mean(x, y)"),
        ("linear(x) + swish(y)", "identity(x) + silu(y)"), ("if(x ≥ y, x, y)", "if(x >= y, x, y)"), ("if(x == y, 1, 2)", "if(x = y, 1, 2)"),
        ("if(x != y, 1, 2)", "if(x <> y, 1, 2)"), ("e^x", "exp(x)"), ("e^(-x²/2)", "exp(-(x^2)/2)"), ("log₁₀(x)", "log10(x)"),
        ("max(x,\n y)", "max(x, y)"), ("x\u00a0+ y", "x + y"),
    ],
)  # fmt: skip
def test_other_ways_to_write_a_formula(written: str, ours: str) -> None:
    assert read_formula(written) == read_formula(ours)


def test_constants_unless_a_quantity_has_the_name() -> None:
    assert evaluate(read_formula("2*pi + π + e"), {}) == 3 * math.pi + math.e
    assert evaluate(read_formula("e^2 + pi", frozenset({"e", "pi"})), {"e": 3.0, "pi": 1.0}) == 10
    (run,) = tracer.run(equations("e = x - w\nE = e^2")).runs
    assert run["E"][0] == 0.25
    (run,) = tracer.run(equations("E = e^w")).runs
    assert run["∂E/∂w"][0] == pytest.approx(math.exp(1.5), rel=1e-15)


def test_a_condition_with_other_signs() -> None:
    """On the bowl w², w shrinks by a fifth a step."""
    trace = tracer.run(equations("E = w²") | {"until": "E ≤ 0.5", "iterations": 50})
    assert trace["E"][-1] <= 0.5 < trace["E"][-2]


def test_a_run_may_end_by_a_quantity_called_e() -> None:
    trace = tracer.run(equations("e = x - w\nE = e^2") | {"until": "e^2 < 0.2", "iterations": 50})
    assert trace["e"][-1] ** 2 < 0.2 <= trace["e"][-2] ** 2


def equations(text: str) -> dict[str, Any]:
    return {
        "inputs": {"x": 2}, "parameters": {"w": 1.5}, "equations": text, "minimize": "E", "learning_rate": 0.1, "iterations": 2,
    }  # fmt: skip


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=6), st.sampled_from(["max", "min", "sum", "mean"]))
def test_functions_of_many(numbers: list[float], name: str) -> None:
    oracles: dict[str, Callable[[list[float]], float]] = {
        "max": max, "min": min, "sum": math.fsum, "mean": lambda values: math.fsum(values) / len(values),
    }  # fmt: skip
    formula = f"{name}({', '.join(map('({!r})'.format, numbers))})"
    assert evaluate(read_formula(formula), {}) == oracles[name](numbers)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tan(x)", "'tan' is not a function. Write sin(x) / cos(x)."),
        ("pow(x, 2)", "'pow' is not a function. Write x^y."),
        ("log2(x)", "'log2' is not a function. Write log(x) / log(2)."),
        ("EXP(x)", "'EXP' is not a function. Did you mean 'exp'?"),
        ("x – y", "'–' is not allowed here; '–' is EN DASH (U+2013), write '-'"),
        ("x （y）", "'（' is not allowed here; '（' is FULLWIDTH LEFT PARENTHESIS (U+FF08), write '('"),
        ("mean()", "a formula sees one sample at a time; mean takes two or more values, such as mean(x, y)"),
        ("mean(x)", "a formula sees one sample at a time; mean takes two or more values, such as mean(x, y)"),
        ("x, y", "',' may only separate the arguments of a function"),
        ("|x|", "'|' is not allowed here, write abs(x)"),
        ("[x + y] * 2", "'[' is not allowed here, write ("),
        ("x²³", "an operator is missing before '²³'"),
    ],
)  # fmt: skip
def test_formulas_that_are_explained(text: str, problem: str) -> None:
    with pytest.raises(FormulaError) as error:
        read_formula(text)
    assert error.value.problem == problem


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        ("1,5*w", "',' may only separate the arguments of a function; write 1.5: decimals take a point, thousands no mark\n    1,5*w\n     ^"),
        ("max(0,5, w)", "'0,5' would be two numbers; write 0.5: decimals take a point, thousands no mark; if they are two, write a space "
                        "behind every comma\n    max(0,5, w)\n        ^"),
        ("log(0,5)*w", "log takes 1 argument, not 2; write 0.5: decimals take a point, thousands no mark\n    log(0,5)*w\n    ^"),
    ],
)  # fmt: skip
def test_decimal_commas_in_formulas(formula: str, problem: str) -> None:
    assert problems(equations(f"E = {formula}")) == [f"config: equations: line 1: {problem}"]


def test_an_equation_over_several_lines() -> None:
    text = "a = max(w,\n  x,  # the larger\n\n  0.1)\nE = (a -\n  1)^2\n"
    assert tracer.run(equations(text))["E"].tolist() == [1.0, 1.0]
    assert problems(equations("a = max(w,\n  x +* 1)\nE = a")) == [
        "config: equations: line 1: a value is missing before '*'\n      x +* 1)\n         ^"
    ]
    assert problems(equations("a = (w\nE = a^2"))[0].startswith("config: equations: line 1: ')' is missing")


def test_the_list_shows_functions_and_knows_synonyms() -> None:
    text = command("list").stdout
    assert all(f"\n{name}  (function)\n" in text for name in FUNCTIONS)
    assert command("list", "linear").stdout.startswith("identity  (activation)\n")
    assert command("list", "ln").stdout.splitlines()[:2] == ["log  (function)", "    write       log(x)"]
    assert command("list", "mse").stderr.startswith("'mse' is not known. It is called 'mean_squared_error' here;")
    assert command("list", "tan").stderr == "'tan' is not known. Write sin(x) / cos(x).\n"


def test_an_option_is_named_once() -> None:
    result = command("run", "configs/walkthrough.yaml", "--columns", "some", "--iterations", "0")
    assert result.stderr.splitlines() == [
        "--iterations: 0 is out of range; must be at least 1", "--columns: 'some' is not one of full, compact.",
    ]  # fmt: skip


def test_every_known_function_is_listed() -> None:
    assert set(KNOWN) == {*FUNCTIONS, *ACTIVATIONS}
