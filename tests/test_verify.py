"""`verify`: gradients against central differences and PyTorch, the workbook against LibreOffice."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH, pytorch
from tests.test_command_input import command
from tracer.code import verification
from tracer.code.verification import DIFFERENCES, SHEET, TORCH, Comparison, verify
from tracer.formulas.tree import Name
from tracer.formulas.tree import replace as substitute


@pytest.fixture
def without_office(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "OFFICE", "no-such-program")


@pytest.mark.usefixtures("without_office")
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_gradient_agrees(config: Path) -> None:
    pytorch()
    trace = tracer.run(config, iterations=20)
    found = list(verify(trace))
    assert [c.quantity for c in found if c.against == TORCH] == [
        trace.system.gradient(parameter.name) for parameter in trace.system.parameters
    ]
    assert [c for c in found if not c.agrees] == []


@pytest.mark.usefixtures("without_office")
def test_a_wrong_gradient_is_found() -> None:
    """The classic slip: a_h1 in place of a_h2."""
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5)
    equations = tuple(
        replace(e, expression=substitute(e.expression, {Name("a_h2"): Name("a_h1")}))
        if e.quantity == "∂a_h2/∂h2"
        else e
        for e in trace.system.equations
    )
    wrong = tracer.walk(trace.experiment, replace(trace.system, equations=equations))
    wrong = replace(wrong, system=trace.system)
    differ = {c.quantity for c in verify(wrong) if not c.agrees}
    assert differ == {"∂E/∂w3", "∂E/∂w4"}


@pytest.mark.office
def test_the_workbook_is_computed_anew() -> None:
    found = [c for c in verify(tracer.run(WALKTHROUGH, learning_rate=[0.5, 2], iterations=5)) if c.against == SHEET]
    assert [c.quantity.split(":")[0] for c in found] == ["η = 0.5", "η = 2"]
    assert all(c.agrees for c in found)


def test_libreoffice_that_fails_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "OFFICE", sys.executable)  # which does not know the options
    result = command("verify", WALKTHROUGH, "--learning-rate", "0.5", "--iterations", "1")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2, "LibreOffice could not compute the workbook (CalledProcessError)",
    )  # fmt: skip


def test_the_tolerance() -> None:
    assert Comparison("g", DIFFERENCES, 1.0, 1.0 + 0.9e-6).agrees
    assert not Comparison("g", DIFFERENCES, 1.0, 1.0 + 1.2e-6).agrees
    assert not Comparison("g", TORCH, 1.0, float("nan")).agrees
    assert Comparison("g", TORCH, 0.0, 0.0).relative == 0


@pytest.mark.usefixtures("without_office")
def test_the_command() -> None:
    result = command("verify", WALKTHROUGH, "--learning-rate", "0.5", "--ascii")
    lines = result.stdout.splitlines()
    assert (result.exit_code, lines[-1]) == (0, "everything agrees")
    assert lines[0].split() == ["quantity", "ours", "theirs", "relative", "compared", "with"]
    assert lines[1].split()[0] == "dE/dw1"
    assert lines[1].endswith("central difference")
    assert "not compared with LibreOffice: it is not installed" in result.stderr
    rounded = command("verify", WALKTHROUGH, "--decimals", "4")
    assert rounded.exit_code == 0
    assert "decimals are left out: rounded numbers have no gradients" in rounded.stderr


@pytest.mark.usefixtures("without_office")
def test_a_difference_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verification.TOLERANCES, DIFFERENCES, (0.0, 0.0))
    result = command("verify", WALKTHROUGH, "--learning-rate", "0.5")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "something differs")
    assert "DIFFERS" in result.stdout


def test_a_run_without_a_whole_step(tmp_path: Path) -> None:
    config = tmp_path / "x.yaml"
    config.write_text(tracer.run(BLOWS_UP).experiment.source.text.replace("1000000", "1e200"), encoding="utf-8")
    result = command("verify", config, "--set", "weights=[1e200, 1e200, 1e200, 1e200, 1e200, 1e200, 1e200, 1e200]")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith("no run has a whole step: η = ")
