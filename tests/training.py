"""PyTorch's own training of a module, beside a trace of the same network."""

from __future__ import annotations

from typing import Any

import pytest

import tracer
from tests.places import pytorch

STEPS = 10


def trains_alike(trace: tracer.Trace, module: Any, inputs: Any, targets: Any, loss: Any, optimizer: Any) -> None:
    """Assert that so many steps of the optimizer lead to the losses and the parameters of the trace, within 1e-9."""
    torch = pytorch()
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss(module(inputs), targets)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    (run,) = trace.runs
    curve = run[trace.system.curve][:: trace.experiment.batches.size]
    assert curve == pytest.approx(losses, rel=1e-9, abs=1e-12)
    network: Any = trace.experiment.model
    arrays = {name: array for layer in network.layers for name, array in layer.arrays(run.final).items()}
    for (name, array), parameter in zip(arrays.items(), module.parameters(), strict=True):
        assert torch.allclose(torch.tensor(array, dtype=torch.float64), parameter, rtol=1e-9, atol=1e-12), name
