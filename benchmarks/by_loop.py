"""The yardstick for the engine in plain Python: the classic walkthrough, a tuple of numbers a step."""

from __future__ import annotations

import math


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def walk(eta: float, iterations: int) -> list[tuple[float, ...]]:
    """One row a step, 43 quantities each, in another order than ours."""
    t1, t2, i1, i2 = 0.5, 0.5, 0.05, 0.10
    w1, w2, w3, w4, w5, w6, w7, w8 = 0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55
    rows: list[tuple[float, ...]] = []
    for _ in range(iterations):
        h1, h2 = w1 * i1 + w2 * i2, w3 * i1 + w4 * i2
        a_h1, a_h2 = sigmoid(h1), sigmoid(h2)
        o1, o2 = w5 * a_h1 + w6 * a_h2, w7 * a_h1 + w8 * a_h2
        a_o1, a_o2 = sigmoid(o1), sigmoid(o2)
        e1, e2 = 0.5 * (t1 - a_o1) ** 2, 0.5 * (t2 - a_o2) ** 2
        da_o1, da_o2 = -(t1 - a_o1), -(t2 - a_o2)
        so1, so2 = a_o1 * (1 - a_o1), a_o2 * (1 - a_o2)
        do1, do2 = da_o1 * so1, da_o2 * so2
        g5, g6, g7, g8 = do1 * a_h1, do1 * a_h2, do2 * a_h1, do2 * a_h2
        da_h1, da_h2 = do1 * w5 + do2 * w7, do1 * w6 + do2 * w8
        sh1, sh2 = a_h1 * (1 - a_h1), a_h2 * (1 - a_h2)
        dh1, dh2 = da_h1 * sh1, da_h2 * sh2
        g1, g2, g3, g4 = dh1 * i1, dh1 * i2, dh2 * i1, dh2 * i2
        rows.append((
            t1, t2, i1, i2, w1, w2, w3, w4, h1, a_h1, h2, a_h2, w5, w6, w7, w8, o1, a_o1, o2, a_o2, e1, e2, e1 + e2,
            da_o1, so1, do1, da_o2, so2, do2, g5, g6, g7, g8, da_h1, sh1, dh1, da_h2, sh2, dh2, g1, g2, g3, g4,
        ))  # fmt: skip
        w1, w2, w3, w4 = w1 - eta * g1, w2 - eta * g2, w3 - eta * g3, w4 - eta * g4
        w5, w6, w7, w8 = w5 - eta * g5, w6 - eta * g6, w7 - eta * g7, w8 - eta * g8
    return rows
