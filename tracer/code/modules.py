"""A sequence of PyTorch's modules → the layers of a config, with their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tracer.errors import nearest
from tracer.model import naming


def _of(name: str, **settings: str) -> Callable[[Any], Any]:
    """An activation with settings that are attributes of the module."""
    return lambda module: {"name": name, **{ours: getattr(module, theirs) for ours, theirs in settings.items()}}


ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "Identity": _of("identity"), "Sigmoid": _of("sigmoid"), "Tanh": _of("tanh"), "ReLU": _of("relu"),
    "LeakyReLU": _of("leaky_relu", alpha="negative_slope"), "ELU": _of("elu", alpha="alpha"), "SELU": _of("selu"),
    "Softsign": _of("softsign"), "SiLU": _of("silu"), "Hardsigmoid": _of("hard_sigmoid"),
    "Softmax": lambda module: {"name": "softmax"} if module.dim in (-1, 1, None) else None,
    "GELU": lambda module: {"name": "gelu_tanh" if module.approximate == "tanh" else "gelu"},
    "Softplus": lambda module: {"name": "softplus"} if module.beta == 1 else None,
}  # fmt: skip
"""PyTorch's class → our activation, as a config has it; None where the module differs from it."""
DIFFERENT = {
    "Softmax": "is not the softmax of a config, which is over the outputs (dim=-1)",
    "Softplus": "is not the softplus of a config, whose beta is 1",
}
"""How a module differs from our activation."""
SUPPORTED = ("Linear", *ACTIVATIONS)


def layers_of(parts: Iterable[tuple[str, Any]], origin: str, problems: list[str]) -> dict[str, Any]:
    """The keys of a config that hold the network: layers, weights, biases, frozen.

    parts: each module by the name of its class, with the attributes that the class has. origin: what messages call the
    modules. problems: those found are added; if there are any, what is returned is of no use.
    """
    layers: list[dict[str, Any]] = []
    linear: list[Any] = []
    before = len(problems)
    for kind, part in parts:
        if kind == "Linear":
            layers.append({"neurons": part.out_features, "activation": "identity"})
            linear.append(part)
        elif kind in ACTIVATIONS and not layers:
            problems.append(
                f"{origin}: {kind} stands before the first nn.Linear; in a config an activation follows one"
            )
        elif kind in ACTIVATIONS:
            activation = ACTIVATIONS[kind](part)
            if activation is None:
                problems.append(f"{origin}: {part} {DIFFERENT[kind]}")
            elif layers[-1]["activation"] != "identity":
                problems.append(f"{origin}: {kind} follows another activation; a layer has one")
            else:
                layers[-1]["activation"] = activation
        else:
            hint = nearest(kind, SUPPORTED)
            problems.append(f"{origin}: {kind} is not supported; a module may have {', '.join(SUPPORTED)}.{hint}")
    if not layers and len(problems) == before:
        problems.append(f"{origin}: has no nn.Linear")
    if len(problems) > before:
        return {}
    names = naming.layers(len(layers))
    named = [{"name": name, **layer} for name, layer in zip(names, layers, strict=True)]
    biases = {name: part.bias.tolist() for name, part in zip(names, linear, strict=True) if part.bias is not None}
    frozen = _frozen(names, linear)
    return {
        "layers": named, "weights": {name: part.weight.tolist() for name, part in zip(names, linear, strict=True)},
        **({"biases": biases} if biases else {}), **({"frozen": frozen} if frozen else {}),
    }  # fmt: skip


def _frozen(names: list[str], linear: list[Any]) -> list[str]:
    """The parameters that PyTorch does not train."""
    widths = [linear[0].in_features, *(part.out_features for part in linear)]
    found: list[str] = []
    for name, part, weights in zip(names, linear, naming.weights(widths), strict=True):
        if not part.weight.requires_grad:
            found += [weight for row in weights for weight in row]
        if part.bias is not None and not part.bias.requires_grad:
            found += [naming.neuron_bias(neuron) for neuron in naming.neurons(name, part.out_features)]
    return found
