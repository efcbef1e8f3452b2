"""The yardstick of a scalar autograd engine: micrograd's `Value`, with a sigmoid, on the classic walkthrough.

After github.com/karpathy/micrograd (engine.py, MIT), with what the walkthrough needs. Only the weights, their gradients
and the activations are kept, fewer numbers than a trace has.
"""

from __future__ import annotations

import math
from collections.abc import Callable


class Value:
    """A scalar and its gradient."""

    def __init__(self, data: float, children: tuple[Value, ...] = ()) -> None:
        self.data, self.grad = data, 0.0
        self._backward: Callable[[], None] = lambda: None
        self._prev = set(children)

    def __add__(self, other: Value) -> Value:
        out = Value(self.data + other.data, (self, other))

        def backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = backward
        return out

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = backward
        return out

    def sigmoid(self) -> Value:
        out = Value(1 / (1 + math.exp(-self.data)), (self,))

        def backward() -> None:
            self.grad += out.data * (1 - out.data) * out.grad

        out._backward = backward
        return out

    def backward(self) -> None:
        order: list[Value] = []
        visited = set()

        def build(value: Value) -> None:
            if value not in visited:
                visited.add(value)
                for child in value._prev:
                    build(child)
                order.append(value)

        build(self)
        self.grad = 1.0
        for value in reversed(order):
            value._backward()


def walk(eta: float, iterations: int) -> list[tuple[float, ...]]:
    """The activations, the loss, the weights and their gradients of each step."""
    t = [Value(-0.5), Value(-0.5)]
    x = [Value(0.05), Value(0.10)]
    w = [Value(value) for value in (0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55)]
    rows = []
    for _ in range(iterations):
        a_h = [(w[k] * x[0] + w[k + 1] * x[1]).sigmoid() for k in (0, 2)]
        a_o = [(w[k] * a_h[0] + w[k + 1] * a_h[1]).sigmoid() for k in (4, 6)]
        errors = [(a + minus) * (a + minus) * 0.5 for a, minus in zip(a_o, t, strict=True)]
        loss = errors[0] + errors[1]
        for value in w:
            value.grad = 0.0
        loss.backward()
        kept = (*a_h, *a_o, *errors, loss, *w)
        rows.append((*(value.data for value in kept), *(value.grad for value in kept)))
        for value in w:
            value.data -= eta * value.grad
    return rows
