"""The yardstick for the engine in PyTorch: two layers of sigmoids in double precision, every gradient retained."""

from __future__ import annotations

from typing import Any

import torch


def walk(x: Any, t: Any, w_h: Any, w_o: Any, eta: float, iterations: int) -> list[Any]:
    """The quantities of each step, a tensor each; x, t, w_h, w_o: NumPy arrays."""
    x, t = torch.tensor(x), torch.tensor(t)
    w_h, w_o = torch.tensor(w_h, requires_grad=True), torch.tensor(w_o, requires_grad=True)
    optimizer = torch.optim.SGD([w_h, w_o], lr=eta)
    steps = []
    for _ in range(iterations):
        optimizer.zero_grad()
        h = w_h @ x
        a_h = torch.sigmoid(h)
        o = w_o @ a_h
        a_o = torch.sigmoid(o)
        errors = 0.5 * (t - a_o) ** 2
        loss = errors.sum()
        retained = (h, a_h, o, a_o)
        for value in retained:
            value.retain_grad()
        loss.backward()
        kept = [w_h, w_o, *retained]
        steps.append(
            [errors.detach(), loss.detach(), *(v.detach().clone() for v in kept), *(v.grad.clone() for v in kept)]
        )
        optimizer.step()
    return steps
