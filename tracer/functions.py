"""The primitive functions, one entry each: what every notation spells by itself."""

from __future__ import annotations

from tracer.expression import Function

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("exp", ("x",), ("a",)),
        Function("log", ("x",), ("1 / x",)),
        Function("tanh", ("x",), ("1 - a^2",)),
        Function("max", ("x", "y"), ("if(x > y, 1, if(x = y, 0.5, 0))", "if(y > x, 1, if(x = y, 0.5, 0))")),
        Function("if", ("x", "y", "z"), ("0", "if(x, 1, 0)", "if(x, 0, 1)")),
    )
}
"""The primitive functions, each with its partial derivatives. Where `max` has two equal arguments the gradient is
shared equally, as PyTorch's `torch.maximum` does."""
