"""The product's alphabet: how every quantity is called.

Inputs `i1…`, targets `t1…`, net inputs `h1…` and activations `a_h1…` of a layer `h`; weights are numbered through the
whole network, layer by layer, neuron by neuron, input by input, as in the classic figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

ETA = "η"
SCHEDULE = "η(k)"
"""A learning rate that changes with the iteration."""
ITERATION, SAMPLE = "iteration", "sample"
COUNT = "k"
"""The number of the iteration in formulas."""
TOTAL = "E_total"
OUTPUT_LAYER = "o"
HIDDEN_LAYER = "h"

_ASCII = str.maketrans(
    {
        "∂": "d",
        "η": "eta",
        "·": "*",
        "−": "-",
        "≤": "<=",
        "≥": ">=",
        "≠": "<>",
        "←": "<-",
        "…": "...",
        "—": "-",
        "→": "->",
        "π": "pi",
        "±": "+-",
        "½": "1/2",
        "²": "^2",
        "Σ": "sum",
        "√": "sqrt",
        "Φ": "Phi",
    }
)


def to_ascii(text: str) -> str:
    """The ASCII spelling of a quantity or an equation: `∂E/∂w5` → `dE/dw5`."""
    return text.translate(_ASCII)


def inputs(count: int) -> list[str]:
    return [f"i{index}" for index in range(1, count + 1)]


def targets(count: int) -> list[str]:
    return [f"t{index}" for index in range(1, count + 1)]


def layers(count: int) -> list[str]:
    """The names of `count` layers for which the user gave none: `h, o`, or `h1, h2, …, o`."""
    hidden = count - 1
    return [HIDDEN_LAYER if hidden == 1 else f"{HIDDEN_LAYER}{index}" for index in range(1, count)] + [OUTPUT_LAYER]


def neurons(layer: str, count: int) -> list[str]:
    """The net inputs of a layer: `h1, h2, …`; `h1_1, h1_2, …` where the layer's own name ends in a digit."""
    joint = "_" if layer[-1].isdigit() else ""
    return [f"{layer}{joint}{index}" for index in range(1, count + 1)]


def activation(neuron: str) -> str:
    return f"a_{neuron}"


def weights(widths: Sequence[int]) -> list[list[list[str]]]:
    """The names of all weights by layer, neuron and input, for the widths of the inputs and of every layer."""
    number = 0
    table = []
    for fan_in, width in pairwise(widths):
        first = number + 1
        number += fan_in * width
        table.append([[f"w{first + neuron * fan_in + index}" for index in range(fan_in)] for neuron in range(width)])
    return table


def shared_bias(layer_number: int) -> str:
    """The bias that all neurons of a layer share; layers count from 1."""
    return f"b{layer_number}"


def neuron_bias(neuron: str) -> str:
    return f"b_{neuron}"


def errors(count: int) -> list[str]:
    return [f"E{index}" for index in range(1, count + 1)]


def penalty(name: str) -> str:
    """The penalty on the weights, a part of the loss: l2 → `L2`."""
    return name.upper()


def gradient(quantity: str, loss: str) -> str:
    """∂E/∂quantity, where E stands for the total error; a loss of the user's own keeps its name."""
    return f"∂{_short(loss)}/∂{quantity}"


def batch_loss(loss: str) -> str:
    """The loss of a batch: `E_batch`; its gradients are `∂E_batch/∂w1`."""
    return f"{_short(loss)}_batch"


def _short(loss: str) -> str:
    return "E" if loss == TOTAL else loss


GRADIENT_NORM = "norm_g"
"""The 2-norm of all gradients of an iteration."""


def clipped(parameter: str) -> str:
    """The gradient as the optimizer gets it, after clipping: `g_w1`."""
    return f"g_{parameter}"


def phase_rate(number: int) -> str:
    """The learning rate of a phase, by a name that no quantity can have; phases count from 1."""
    return setting(f"{ETA}{number}")


_SETTING = "setting."


def setting(name: str) -> str:
    """A number that holds for a whole run, such as the momentum, by a name that no quantity can have."""
    return _SETTING + name


def label(name: str) -> str:
    """A name as it is shown."""
    return name.removeprefix(_SETTING)


def state(name: str, parameter: str) -> str:
    """What the optimizer remembers of a parameter: `v_w1`."""
    return f"{name}_{parameter}"


def local_derivative(result: str, quantity: str) -> str:
    return f"∂{result}/∂{quantity}"
