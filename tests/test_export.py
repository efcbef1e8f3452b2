"""Scripts that repeat a run: every one is executed, and asserts the trace's numbers by itself."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH, pytorch
from tests.test_command_input import command
from tracer.code.scripts import KINDS
from tracer.code.source import DIALECTS, Writer
from tracer.formulas.tree import Name, Number


def executed(text: str) -> dict[str, Any]:
    """What the script defines, after it has run; it raises AssertionError where its numbers are others."""
    scope: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        exec(compile(text, "<script>", "exec"), scope)
    return scope


def repeated(config: Any, kind: str, **changes: Any) -> dict[str, Any]:
    if kind == "pytorch":
        torch = pytorch()
        before = torch.get_default_dtype()
        try:
            return executed(tracer.script(tracer.run(config, **changes), kind))
        finally:
            torch.set_default_dtype(before)
    return executed(tracer.script(tracer.run(config, **changes), kind))


FEW = 400
"""Iterations: those of all shipped configs but one, with 10,000."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("most", [FEW, pytest.param(10**9, marks=pytest.mark.long)], ids=["few", "all"])
def test_every_config_in_every_kind(config: Path, kind: str, most: int) -> None:
    iterations = min(tracer.load(config).iterations, most)
    scope, trace = repeated(config, kind, iterations=iterations), tracer.run(config, iterations=iterations)
    assert len(scope["RUNS"]) == len(trace.runs)
    for (given, expected), run in zip(scope["RUNS"], trace.runs, strict=True):
        assert given == (run.iterations, *run.hyper.values())
        assert expected[0] == pytest.approx(run[trace.system.curve][-1], rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.long) for block in (1, 2, 3))])
def test_every_activation_loss_and_optimizer(block: int, kind: str) -> None:
    pytorch()
    from tests.test_optimizers import random_config

    for number in range(block, 60, 4):
        repeated(random_config(number), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_rule_of_ones_own(kind: str) -> None:
    rule = {"states": {"v": "beta*v + (1-beta)*g"}, "update": "p - eta*if(k = 1, 2, 1)*v", "settings": {"beta": 0.5}}
    for config in (WALKTHROUGH.parent / "xor.yaml", WALKTHROUGH.parent / "rnn.yaml"):
        trace = tracer.run(config, iterations=5, overrides=[tracer.Override(("optimizer",), rule, "test")])
        if kind == "pytorch":
            pytorch()
        executed(tracer.script(trace, kind))


@pytest.mark.parametrize("kind", ["lion", "momentum_ema"])
def test_optimizers_that_pytorch_lacks(kind: str) -> None:
    pytorch()
    trace = tracer.run(WALKTHROUGH, iterations=5, overrides=[tracer.Override(("optimizer",), kind, "test")])
    text = tracer.script(trace, "pytorch")
    assert "torch.optim" not in text
    executed(text)


def test_a_wrong_number_is_noticed() -> None:
    text = tracer.script(tracer.run(WALKTHROUGH, learning_rate=0.5), "python")
    with pytest.raises(AssertionError, match="E_total"):
        executed(text.replace("w1, w2, w3, w4, w5, w6, w7, w8 = 0.15", "w1, w2, w3, w4, w5, w6, w7, w8 = 0.16"))


@pytest.mark.parametrize(
    ("kind", "most", "line"),
    [
        ("python", 60, "dE_do1, dE_do2 = dE_da_o1 * da_o1_do1, dE_da_o2 * da_o2_do2"),
        ("numpy", 50, "dE_dW_h = dE_dz_h.T @ x"),
        ("pytorch", 50, "a_h = torch.sigmoid(z_h)"),
    ],
)
def test_the_classic_network_fits_on_a_screen(kind: str, most: int, line: str) -> None:
    rows = tracer.script(tracer.run(WALKTHROUGH), kind).splitlines()
    assert len(rows) <= most
    assert max(map(len, rows)) <= 120
    assert line in map(str.strip, rows)


def test_equations_that_need_each_other_are_not_side_by_side() -> None:
    one, two = Name("one"), Name("two")
    written = Writer(DIALECTS["python"]).assignments([(one, Number(1.0)), (two, one), (Name("three"), one), (one, two)])
    assert [*written] == ["one = 1", "two, three = one, one", "one = two"]


def test_names_that_python_would_not_take() -> None:
    config = {
        "inputs": {"lambda": 0.5, "print": 0.1}, "targets": {"t": 0.3}, "parameters": {"k1": 0.2, "RUNS": 0.4, "exp": 0.1},
        "equations": "math = k1*lambda + RUNS*print\ny = tanh(math) + exp\nE = (t - y)^2 / 2", "minimize": "E",
        "learning_rate": 0.1, "iterations": 3,
    }  # fmt: skip
    for kind in ("python", "numpy"):
        executed(tracer.script(tracer.run(config), kind))


def test_net_inputs_far_out_take_their_other_form() -> None:
    config = {
        "inputs": [900.0], "targets": [0.0], "layers": [{"neurons": 1}], "weights": [-1.0], "learning_rate": 0.1,
        "iterations": 2,
    }  # fmt: skip
    before = np.geterr()
    for kind in ("python", "numpy"):
        executed(tracer.script(tracer.run(config), kind))
    np.seterr(**before)


def test_rounded_quantities() -> None:
    trace = tracer.run(WALKTHROUGH, decimals=4, iterations=20)
    for kind in ("python", "numpy"):
        executed(tracer.script(trace, kind))
    with pytest.raises(tracer.OutputError, match="decimals: PyTorch has no gradients of rounded quantities"):
        tracer.script(trace, "pytorch")


def test_a_run_that_diverges_is_repeated_up_to_there() -> None:
    trace = tracer.run(BLOWS_UP)
    stop = trace.runs[0].divergence
    assert stop
    scope = executed(tracer.script(trace, "python"))
    assert scope["RUNS"][0][0][0] == stop.iteration - 1


def test_text_of_a_config_cannot_leave_the_docstring(tmp_path: Path) -> None:
    hostile = tmp_path / 'a"""\nraise SystemExit(3)\n"""\\.yaml'
    hostile.write_text(f"name: safe\n{WALKTHROUGH.read_text(encoding='utf-8')}", encoding="utf-8")
    executed(tracer.script(tracer.run(hostile, iterations=2), "python"))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = command("export", WALKTHROUGH, "--to", "python")
    assert (result.exit_code, result.output) == (0, "wrote out/walkthrough_python.py\n")
    written = tmp_path / "out" / "walkthrough_python.py"
    assert subprocess.run([sys.executable, written], capture_output=True).returncode == 0
    shown = command("export", WALKTHROUGH, "--to", "numpy", "-o", "-")
    assert shown.output == tracer.script(tracer.run(WALKTHROUGH), "numpy")
    assert runpy.run_path(str(written))["RUNS"]


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    assert (
        "'matlab' is not one of 'python', 'numpy', 'pytorch'" in command("export", WALKTHROUGH, "--to", "matlab").stderr
    )
    with pytest.raises(tracer.OutputError, match="'matlab' is not one of python, numpy, pytorch"):
        tracer.script(tracer.run(WALKTHROUGH), "matlab")
    result = command("export", WALKTHROUGH, "--to", "numpy", "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path}: is a folder; remove it, or choose another name\n")
