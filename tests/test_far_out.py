"""Net inputs of ±1000: nothing overflows that need not, and the true values come out."""

from __future__ import annotations

import math

import pytest

import tracer
from tests.test_recalculation import FAR_OUT


def first_step(name: str) -> dict[str, float]:
    (run,) = tracer.run(FAR_OUT[name]).runs
    assert run.divergence is None
    return run.step(0)


def test_sigmoid() -> None:
    step = first_step("sigmoid")
    assert (step["a_o1"], step["a_o2"]) == (1.0, 0.0)
    assert first_step("silu")["a_o1"] == 1000


def test_softplus() -> None:
    step = first_step("softplus")
    assert (step["a_o1"], step["a_o2"]) == (1000, 0)
    assert (step["∂a_o1/∂o1"], step["∂a_o2/∂o2"]) == (1, 0)


def test_log_cosh() -> None:
    step = first_step("log_cosh")
    assert step["E1"] == step["E2"] == pytest.approx(1000 - math.log(2), rel=1e-15)
    assert (step["∂E/∂o1"], step["∂E/∂o2"]) == (1, -1)


def test_binary_cross_entropy() -> None:
    """log(1 + e^z) − t·z, and a − t."""
    step = first_step("bce")
    assert [step[f"E{n}"] for n in (1, 2, 3, 4)] == [1000, 1000, 0, 500]
    assert step["E5"] == pytest.approx(40, rel=1e-15)
    assert [step[f"∂E/∂o{n}"] for n in range(1, 6)] == pytest.approx([1, -1, 0, -0.5, 1], abs=1e-13)


def test_softmax() -> None:
    step = first_step("softmax")
    shares = [1 / (1 + math.exp(-10)), 0, math.exp(-10) / (1 + math.exp(-10))]
    assert [step[f"a_o{n}"] for n in (1, 2, 3)] == pytest.approx(shares, abs=1e-15)


@pytest.mark.parametrize(("name", "entropy"), [("ce", 0.0), ("kl", 0.25 * math.log(0.25) + 0.75 * math.log(0.75))])
def test_cross_entropies_of_a_softmax(name: str, entropy: float) -> None:
    step = first_step(name)
    assert step["E_total"] == pytest.approx(0.25 * 2000 + 0.75 * 1000 + entropy, rel=1e-15)
    assert [step[f"∂E/∂o{n}"] for n in (1, 2, 3)] == pytest.approx([1, -0.25, -0.75], abs=1e-15)


def test_softmax_with_cross_entropy_is_the_closed_form() -> None:
    """The whole chain, Jacobian and all, comes to a − t."""
    config = FAR_OUT["ce"] | {"weights": [0.3, -0.4, 1.2]}
    step = tracer.run(config).runs[0].step(0)
    for n in (1, 2, 3):
        assert step[f"∂E/∂o{n}"] == pytest.approx(step[f"a_o{n}"] - step[f"t{n}"], abs=1e-15)
    assert {f"∂a_o{j}/∂o{k}" for j in (1, 2, 3) for k in (1, 2, 3)} < set(step)


@pytest.mark.parametrize("z", [-40, -28, -16, -8.5, -7.5, -1, 0, 3, 7.9, 8.1, 15, 25, 31.9, 32.1, 40, 700])
@pytest.mark.parametrize("target", [0, 0.25, 1])
def test_losses_and_softplus_lose_no_digits(z: float, target: float) -> None:
    """Against log1p, which keeps what 1 + e^z would round away."""
    config = {"inputs": [1], "targets": [target], "weights": [z], "learning_rate": 0, "iterations": 1}
    loss = config | {"layers": [{"neurons": 1, "activation": "sigmoid"}], "loss": "binary_cross_entropy"}
    expected = max(z, 0) - target * z + math.log1p(math.exp(-abs(z)))
    assert tracer.run(loss).runs[0]["E1"] == [pytest.approx(expected, rel=1e-11, abs=1e-300)]
    softplus = tracer.run(config | {"layers": [{"neurons": 1, "activation": "softplus"}]}).runs[0]
    assert softplus["a_o1"] == [pytest.approx(max(z, 0) + math.log1p(math.exp(-abs(z))), rel=1e-12, abs=1e-300)]
