"""The yardstick for the engine in NumPy: two layers of sigmoids as one writes them, that logs every quantity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

Array = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + numpy.exp(-z))


def walk(x: Array, t: Array, w_h: Array, w_o: Array, eta: float, iterations: int) -> Array:
    """One row a step, in another order than ours: E_total in the column after E."""
    log = numpy.empty((iterations, len(x) + 5 * len(w_h) + 7 * len(t) + 1 + 2 * w_h.size + 2 * w_o.size))
    for row in log:
        h = w_h @ x
        a_h = sigmoid(h)
        o = w_o @ a_h
        a_o = sigmoid(o)
        e = 0.5 * (t - a_o) ** 2
        d_a_o = -(t - a_o)
        s_o = a_o * (1 - a_o)
        d_o = d_a_o * s_o
        d_w_o = numpy.outer(d_o, a_h)
        d_a_h = d_o @ w_o
        s_h = a_h * (1 - a_h)
        d_h = d_a_h * s_h
        d_w_h = numpy.outer(d_h, x)
        quantities: Iterable[Array] = (
            t, x, w_h.ravel(), w_o.ravel(), h, a_h, o, a_o, e, numpy.array([e.sum()]), d_a_o, s_o, d_o, d_w_o.ravel(),
            d_a_h, s_h, d_h, d_w_h.ravel(),
        )  # fmt: skip
        numpy.concatenate([*quantities], out=row)
        w_h = w_h - eta * d_w_h
        w_o = w_o - eta * d_w_o
    return log
