"""The yardstick for the engine: the classic walkthrough as one writes it with NumPy, logging the same quantities."""

from typing import Any

import numpy

Array = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


def sigmoid(z: Array) -> Array:
    return 1 / (1 + numpy.exp(-z))


def walk(eta: float, iterations: int) -> Array:
    """One row a step, 43 quantities each, in another order than ours."""
    x, t = numpy.array([0.05, 0.10]), numpy.array([0.5, 0.5])
    w_h, w_o = numpy.array([[0.15, 0.20], [0.25, 0.30]]), numpy.array([[0.40, 0.45], [0.50, 0.55]])
    log = numpy.empty((iterations, 43))
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
        row[0:2], row[2:4], row[4:8], row[8:12] = t, x, w_h.ravel(), w_o.ravel()
        row[12:14], row[14:16], row[16:18], row[18:20] = h, a_h, o, a_o
        row[20:22], row[22], row[23:25], row[25:27], row[27:29] = e, e.sum(), d_a_o, s_o, d_o
        row[29:33], row[33:35], row[35:37], row[37:39], row[39:43] = d_w_o.ravel(), d_a_h, s_h, d_h, d_w_h.ravel()
        w_h = w_h - eta * d_w_h
        w_o = w_o - eta * d_w_o
    return log
