"""Equations of one's own: differentiated, traced and refused where they make no sense."""

from __future__ import annotations

import cmath
import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import CONFIGS

OWN = [path for path in CONFIGS if "equations:" in path.read_text(encoding="utf-8")]
RNN: dict[str, Any] = {
    "inputs": {"x1": 1.0, "x2": 0.5}, "targets": {"t": 0.25}, "parameters": {"w": 0.6, "u": -0.4, "b": 0.1},
    "equations": "s1 = tanh(w*x1 + b)\ns2 = tanh(w*x2 + u*s1 + b)\nE  = (t - s2)^2 / 2\n", "minimize": "E",
    "learning_rate": 0.1, "iterations": 3,
}  # fmt: skip
STEP = 1e-30


def by_hand(config: dict[str, Any], values: dict[str, complex]) -> complex:
    """The minimised quantity by Python's own complex arithmetic, for values of all names."""
    scope: dict[str, Any] = {
        "exp": cmath.exp, "tanh": cmath.tanh, "sqrt": cmath.sqrt, "sigmoid": lambda z: 1 / (1 + cmath.exp(-z)),
        "relu": lambda z: z if z.real > 0 else 0j, "max": lambda x, y: x if x.real > y.real else y,
    }  # fmt: skip
    scope |= values
    for line in config["equations"].splitlines():
        if line.strip():
            exec(line.split("#")[0].strip().replace("^", "**"), scope)
    return complex(scope[config["minimize"]])


def test_there_are_examples() -> None:
    names = {path.stem for path in OWN}
    assert {"rnn", "convolution", "lstm", "attention", "layer-normalisation"} <= names


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
@given(data=st.data())
def test_gradients_equal_the_complex_step(path: Path, data: st.DataObject) -> None:
    """At random parameters; a parameter in several places gets the sum of its paths."""
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    numbers = st.floats(-1.5, 1.5).map(lambda value: round(value, 6))
    config["parameters"] = {name: data.draw(numbers) for name in config["parameters"]}
    step = tracer.run(config | {"learning_rate": 0.1, "iterations": 1}).runs[0].step(0)
    (sample, *_) = config.get("samples", [config])
    given_values = {**sample["inputs"], **sample["targets"], **config["parameters"]}
    start = {name: complex(value) for name, value in given_values.items()}
    for name in config["parameters"]:
        expected = by_hand(config, start | {name: start[name] + 1j * STEP}).imag / STEP
        if config["parameters"][name] == 0 and "relu" in config["equations"]:
            continue
        assert abs(step[f"∂E/∂{name}"] - expected) <= 1e-7 * abs(expected) + 1e-13, name


def test_the_columns_of_the_recurrent_network() -> None:
    assert tracer.run(RNN).columns == [
        "iteration", "eta", "t", "x1", "x2", "w", "u", "b", "s1", "s2", "E",
        "∂E/∂s2", "∂s2/∂s1", "∂E/∂s1", "∂s1/∂w", "∂s2/∂w", "∂E/∂w", "∂s2/∂u", "∂E/∂u", "∂s1/∂b", "∂s2/∂b", "∂E/∂b",
    ]  # fmt: skip


def test_equations_in_any_order() -> None:
    shuffled = "E = (t - s2)^2 / 2\ns2 = tanh(w*x2 + u*s1 + b)\n\n  # the first step\ns1 = tanh(w*x1 + b)"
    assert tracer.run(RNN | {"equations": shuffled}).final == tracer.run(RNN).final


def test_a_loss_by_another_name() -> None:
    config = {"parameters": {"x": 3}, "equations": "L = (x - 1)^2", "minimize": "L", "eta": 0.25, "iterations": 2}
    trace = tracer.run(config)
    assert trace.columns == ["iteration", "eta", "x", "L", "∂L/∂x"]
    assert (trace["x"].tolist(), trace["∂L/∂x"].tolist(), trace.final) == ([3, 2], [4, 2], {"x": 1.5})


def test_a_quantity_that_the_loss_does_not_need() -> None:
    config = RNN | {"equations": RNN["equations"] + "unused = 3*u\n", "parameters": {**RNN["parameters"], "v": 1.0}}
    trace = tracer.run(config)
    assert set(trace["∂E/∂v"]) == {0}
    assert set(trace["v"]) == {1.0}


def test_a_root_of_a_negative_number_is_no_number() -> None:
    """Python would give a complex one."""
    config = {"parameters": {"x": -8}, "equations": "y = x^0.5\nE = y + 1", "minimize": "E", "eta": 1, "iterations": 2}
    assert tracer.run(config).runs[0].divergence == tracer.Divergence("y", 1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"equations": "E = (t - s)^2"}, "equations: 's' in the equation of 'E' is unknown."),
        ({"equations": "E = a + b1\nb1 = a"}, "equations: 'a' in the equation of 'E' is unknown."),
        ({"equations": "p = q\nq = p\nE = p"}, "equations: circular definition: p → q → p"),
        ({"equations": "E = E + 1"}, "equations: circular definition: E → E"),
        ({"equations": "E = w +* 2"}, "equations: line 1: a value is missing before '*'\n    w +* 2\n       ^"),
        (
            {"equations": "m = mean(w)\nE = m^2"},
            "equations: line 1: a formula sees one sample at a time; mean takes two or more",
        ),
        (
            {"equations": "E = w*(1 + sum(w))"},
            "equations: line 1: a formula sees one sample at a time; sum takes two or more",
        ),
        ({"equations": "E = w\n\nF = sinus(w)"}, "equations: line 3: 'sinus' is not a function. Did you mean 'sin'?"),
        ({"equations": "E = w\nE = u"}, "equations: line 2: 'E' already has an equation; use another name"),
        ({"equations": "w^2"}, "equations: line 1: write it as name = formula, not 'w^2'"),
        ({"equations": "E == w"}, "equations: line 1: write it as name = formula, not 'E == w'"),
        ({"equations": "2E = w"}, "equations: '2E' is not a valid name"),
        ({"equations": "w = 2*u\nE = w"}, "equations: 'w' would be both a parameter and the result of an equation"),
        ({"equations": ["E = w"]}, "equations: a list of 1: write one equation per line, such as 'y = tanh(w*x)'"),
        ({"minimize": "F"}, "minimize: 'F' is not the result of an equation."),
        ({"minimize": "s3"}, "minimize: 's3' is not the result of an equation. Did you mean 's2'?"),
        ({"parameters": [1, 2]}, "parameters: a list of 2: give numbers by name {name: 0.5, …}"),
        ({"layers": []}, "'layers' cannot be used with 'equations'; remove one of the two"),
        ({"loss": "huber"}, "'loss' cannot be used with 'equations'; remove one of the two"),
        ({"equations": "E = __import__('os').system('x')"}, "equations: line 1: "),
        ({"equations": "E = w.__class__"}, "equations: line 1: '.' is not allowed here"),
        ({"equations": "E = (lambda: w)()"}, "equations: line 1: "),
        ({"equations": "E = " + "(" * 5000 + "w"}, "equations: line 1: nested more than 100 levels deep"),
        ({"equations": "E = " + "-" * 5000 + "w"}, "equations: line 1: nested more than 100 levels deep"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(RNN | change)
    assert [line for line in caught.value.problems if line.startswith(f"config: {problem}")]


def test_a_missing_minimize() -> None:
    config = {key: value for key, value in RNN.items() if key != "minimize"}
    with pytest.raises(tracer.ConfigError, match="'minimize' is missing"):
        tracer.load(config)


@given(st.text(alphabet="abEw=+-*/^()0123456789., \n#tanh_'\"[]", max_size=60))
def test_any_text_is_equations_or_a_config_error(text: str) -> None:
    with contextlib.suppress(tracer.ConfigError):
        tracer.run(RNN | {"equations": text, "iterations": 1})


def test_quantities_called_like_the_optimizers_settings() -> None:
    """A parameter `eps` or `momentum` is not the optimizer's."""
    names = {"w": "eps", "u": "momentum", "b": "beta1"}
    renamed = RNN["equations"]
    for old, new in names.items():
        renamed = renamed.replace(f"{old}*", f"{new}*").replace(f"+ {old}", f"+ {new}")
    parameters = {names[name]: value for name, value in RNN["parameters"].items()}
    for optimizer in ("momentum", "adam"):
        plain = tracer.run(RNN | {"optimizer": optimizer}).final
        other = tracer.run(RNN | {"optimizer": optimizer, "equations": renamed, "parameters": parameters}).final
        assert list(plain.values()) == list(other.values())


def test_quantities_called_like_the_optimizers_states() -> None:
    config = RNN | {"equations": RNN["equations"] + "v_w = 2*w\n", "optimizer": "momentum"}
    with pytest.raises(tracer.ConfigError, match="'v_w' would be both a quantity of the config and a state"):
        tracer.load(config)


@pytest.mark.parametrize("line", ["s = 2w", "s == w", "s = softmax(w)", "s = 1e*w", "s = w*1e999"])
def test_a_broken_equation_is_one_problem(line: str) -> None:
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(RNN | {"equations": f"{line}\nE = s"})
    assert len(caught.value.problems) == 1


def test_problems_of_equations_point_to_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    config = RNN | {"equations": "s1 = w\n\nE = s1 +* 2\n"}
    block = "".join(f"  {line}\n" for line in config.pop("equations").splitlines())
    path.write_text(f"equations: |\n{block}" + yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(tracer.ConfigError) as caught:
        tracer.load(path)
    assert caught.value.problems[0].startswith(f"{path}:4:1: equations: line 3: a value is missing before '*'")


@pytest.mark.parametrize(
    ("equation", "problem"),
    [
        ("E = if(1 < x < 3, w, 0)", "a comparison is not a number; write if(x > 2, 1, 0), one at a time"),
        ("E = w * (x > 2)", "a comparison is not a number; write if(x > 2, 1, 0), one at a time"),
        ("E = x > 2", "a comparison is not a number; write if(x > 2, 1, 0)"),
        ("E = max(x > 2, w)", "max takes numbers; a comparison is not a number; write if(x > 2, 1, 0)"),
        ("E = if(x > 2, x < 3, w)", "if takes numbers; a comparison is not a number; write if(x > 2, 1, 0)"),
    ],
)
def test_comparisons_are_conditions_alone(equation: str, problem: str) -> None:
    """Spreadsheets have truth values of their own, which are no numbers there."""
    config = {
        "inputs": {"x": 2},
        "parameters": {"w": 1},
        "equations": equation,
        "minimize": "E",
        "eta": 1,
        "iterations": 1,
    }
    with pytest.raises(tracer.ConfigError) as error:
        tracer.load(config)
    assert problem in error.value.problems[0]


@pytest.mark.parametrize("value", [["E"], {"x": 1}, 3, None])
def test_minimize_must_be_a_name(value: Any) -> None:
    with pytest.raises(tracer.ConfigError, match=r"is not text; (write one text|put it in quotes)"):
        tracer.load(RNN | {"minimize": value})


def test_functions_inside_each_other_without_end(tmp_path: Path) -> None:
    nested = "x"
    for _ in range(70):
        nested = f"abs({nested})"
    trace = tracer.run({"inputs": {"x": 2}, "parameters": {"w": 1}, "equations": f"E = w*{nested}", "minimize": "E",
                        "eta": 1, "iterations": 1})  # fmt: skip
    with pytest.raises(tracer.OutputError, match="more than 64 functions inside each other"):
        trace.to_excel(tmp_path / "deep.xlsx")
