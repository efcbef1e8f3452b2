"""The primitive functions, one entry each: what every notation spells by itself."""

from __future__ import annotations

from tracer.expression import Function

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("exp", ("x",), ("a",)),
        Function("log", ("x",), ("1 / x",)),
        Function("sqrt", ("x",), ("1 / (2 * a)",)),
        Function("abs", ("x",), ("sign(x)",)),
        Function("sign", ("x",), ("0",)),
        Function("sin", ("x",), ("cos(x)",)),
        Function("cos", ("x",), ("-sin(x)",)),
        Function("tanh", ("x",), ("1 - a^2",)),
        Function("normal_cdf", ("x",), ("exp(-x^2 / 2) / sqrt(2 * 3.141592653589793)",)),
        Function("min", ("x", "y"), ("if(x < y, 1, if(x = y, 0.5, 0))", "if(y < x, 1, if(x = y, 0.5, 0))")),
        Function("max", ("x", "y"), ("if(x > y, 1, if(x = y, 0.5, 0))", "if(y > x, 1, if(x = y, 0.5, 0))")),
        Function("if", ("condition", "x", "y")),
    )
}
"""The primitive functions, each with its partial derivatives. At a kink they are PyTorch's: the slope of `abs` at 0 is
0, and equal arguments of `min` or `max` share the gradient (`torch.minimum`, `torch.maximum`). `normal_cdf` is the
standard normal distribution function Φ. `if` is differentiated by its branches."""
