"""The activations: one entry each, and everything else follows from it.

`z` is the neuron's net input and `a` its activation, both dimensionless. The derivative, the Excel formula, the text
and the gradient check are derived from the entry. At a kink the slope is PyTorch's choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from tracer.formulas.grammar import parse
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import COMPARISONS, Call, Expression, Form, Function, Number, add, div, mul, neg, sub
from tracer.tables.settings import Setting, Settings, defaults
from tracer.tables.synonyms import SAME, explained


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function a = f(z).

    formula: f, in `z` and the settings. slope: da/dz, in `z`, `a` and the settings, where one is stated; otherwise the
    formula is differentiated. source: a reference. settings: the numbers of the family, defaults and ranges.
    far: (condition, formula) where `formula` overflows although its value exists. symbol: what a textbook calls it, if
    not by its name; empty for one that is always written out.
    """

    formula: str
    slope: str | None
    source: str
    settings: Settings = field(default_factory=dict)
    far: tuple[str, str] | None = None
    symbol: str | None = None

    def function(self, name: str, settings: Mapping[str, float] | None = None) -> Function:
        """The activation as a function of the expression language, with settings that override the defaults."""
        symbol = name if self.symbol is None else self.symbol
        values = tuple({**defaults(self.settings), **(settings or {})}.items())
        slopes = (read_formula(self.slope),) if self.slope else ()
        far = (read_formula(self.far[0]), read_formula(self.far[1])) if self.far else None
        return Function(name, ("z",), slopes, read_formula(self.formula), far, values, symbol=symbol)


GOODFELLOW = "Goodfellow, Bengio and Courville, Deep Learning (2016), section"
TAIL = 8
LOG_TAIL = "exp(-abs(z)) * (1 - exp(-abs(z)) / 2 + exp(-2 * abs(z)) / 3 - exp(-3 * abs(z)) / 4)"
"""log(1 + e^(-|z|)) beyond TAIL, from its series: 1 + e^(-|z|) would lose what e^(-|z|) is."""

ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation("z", "1", f"{GOODFELLOW} 6.2.2.1", symbol=""),
    "sigmoid": Activation(
        "1 / (1 + exp(-z))", "a * (1 - a)", f"{GOODFELLOW} 3.10",
        far=("z < -700", "exp(z)"), symbol="σ",  # exp(-z) ends at z = -709; from -37 on, 1 + exp(-z) rounds to exp(-z)
    ),
    "tanh": Activation("tanh(z)", "1 - a^2", f"{GOODFELLOW} 6.3.2"),
    "relu": Activation("max(0, z)", "if(z > 0, 1, 0)", f"{GOODFELLOW} 6.3.1; slope 0 at 0", symbol="ReLU"),
    "leaky_relu": Activation(
        "if(z > 0, z, alpha * z)", "if(z > 0, 1, alpha)", "Maas, Hannun and Ng, ICML (2013); slope alpha at 0",
        {"alpha": Setting(0.01)}, symbol="LeakyReLU",
    ),
    "elu": Activation(
        "if(z > 0, z, alpha * (exp(z) - 1))", "if(z > 0, 1, alpha * exp(z))",
        "Clevert, Unterthiner and Hochreiter, ICLR (2016); slope alpha at 0", {"alpha": Setting(1.0)}, symbol="ELU",
    ),
    "selu": Activation(
        "if(z > 0, 1.0507009873554805 * z, 1.7580993408473766 * (exp(z) - 1))",
        "if(z > 0, 1.0507009873554805, 1.7580993408473766 * exp(z))",
        "Klambauer, Unterthiner, Mayr and Hochreiter, NeurIPS (2017)", symbol="SELU",
    ),
    "softplus": Activation(
        "max(z, 0) + log(1 + exp(-abs(z)))", "sigmoid(z)",
        f"{GOODFELLOW} 3.10: log(1 + e^z), written so that it cannot overflow",
        far=(f"abs(z) > {TAIL}", f"max(z, 0) + {LOG_TAIL}"),
    ),
    "softsign": Activation("z / (1 + abs(z))", "1 / (1 + abs(z))^2", "Glorot and Bengio, AISTATS (2010)"),
    "silu": Activation(
        "z * sigmoid(z)", "sigmoid(z) * (1 + z * (1 - sigmoid(z)))",
        "Hendrycks and Gimpel, arXiv 1606.08415 (2016); Ramachandran, Zoph and Le (2017) call it swish", symbol="SiLU",
    ),
    "gelu": Activation(
        "z * normal_cdf(z)", "normal_cdf(z) + z * exp(-z^2 / 2) / sqrt(2 * 3.141592653589793)",
        "Hendrycks and Gimpel, arXiv 1606.08415 (2016)", symbol="GELU",
    ),
    "gelu_tanh": Activation(
        "0.5 * z * (1 + tanh(0.7978845608028654 * (z + 0.044715 * z^3)))", None,
        "Hendrycks and Gimpel, arXiv 1606.08415 (2016), the approximation with tanh; 0.797… is √(2/π)", symbol="GELU",
    ),
    "hard_sigmoid": Activation(
        "max(0, min(1, z / 6 + 0.5))", "if(z > -3, if(z < 3, 1 / 6, 0), 0)", "PyTorch, Hardsigmoid; slope 0 at ±3",
        symbol="HardSigmoid",
    ),
    "sin": Activation("sin(z)", "cos(z)", "Sitzmann and others, NeurIPS (2020)"),
}  # fmt: skip


class _Known(Mapping[str, Function]):
    """The functions that a formula may call by name; an activation's formulas are parsed on first use."""

    def __init__(self) -> None:
        self._functions = dict(FUNCTIONS)  # sin and tanh are both, and the same

    def __getitem__(self, name: str) -> Function:
        name = SAME["function"].get(name) or SAME["activation"].get(name, name)
        if name not in self._functions:
            self._functions[name] = ACTIVATIONS[name].function(name)
        return self._functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**ACTIVATIONS, **FUNCTIONS})

    def __len__(self) -> int:
        return len({**ACTIVATIONS, **FUNCTIONS})


KNOWN = _Known()
"""The functions of formulas: the primitive functions, and the activations with their default settings."""


@cache
def read_formula(text: str, quantities: frozenset[str] = frozenset()) -> Expression:
    """A formula that may call every known function. quantities: names of constants that mean something else here, such
    as e. Raises FormulaError if it is invalid."""
    return parse(text, KNOWN, quantities, lambda name: explained("function", name, KNOWN))


SOFTMAX = "softmax"
SOFTMAX_FORMULA, SOFTMAX_SLOPE = "exp(z_j) / (exp(z_1) + … + exp(z_n))", "a_j * (1 - a_j), and -a_j * a_k by z_k"
SOFTMAX_SOURCE = f"{GOODFELLOW} 6.2.2.3; far out the largest z is subtracted first, and no a is below 1e-300"
FAR = 300.0
"""Net inputs beyond this take softmax's second form: their differences could leave the range of exp."""


def softmax(index: int, count: int) -> Function:
    """The activation of neuron `index` (from 0) of a softmax layer, as a function of all its net inputs.

    Its slopes with respect to these are a row of the Jacobian.
    """

    def slope(by: int) -> Form:
        def rule(call: Call) -> Expression:
            if by == index:
                return mul(call, sub(Number(1.0), call))
            return mul(neg(call), Call(softmax(by, count), call.args))

        return rule

    return Function(
        f"{SOFTMAX} {index + 1} of {count}",
        tuple(f"z{number + 1}" for number in range(count)),
        tuple(slope(by) for by in range(count)),
        lambda call: _share(call.args, index),
        (
            lambda call: Call(
                COMPARISONS[">"], (_largest([Call(FUNCTIONS["abs"], (arg,)) for arg in call.args]), Number(FAR))
            ),
            lambda call: Call(
                FUNCTIONS["max"],
                (_share([sub(arg, _largest(call.args)) for arg in call.args], index), Number(1e-300)),
            ),
        ),
        symbol=f"{SOFTMAX}_{index + 1}",
    )


def _share(net_inputs: Sequence[Expression], index: int) -> Expression:
    powers = [Call(FUNCTIONS["exp"], (z,)) for z in net_inputs]
    return div(powers[index], add(*powers))


def _largest(values: Sequence[Expression]) -> Expression:
    return Call(FUNCTIONS["max"], tuple(values)) if len(values) > 1 else values[0]
