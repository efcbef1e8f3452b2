"""A validated config as frozen data, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tracer.formulas.tree import Expression
from tracer.model import naming
from tracer.model.batches import ALL, Batches, Keep
from tracer.tables.optimizers import OPTIMIZERS, Optimizer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a table by its name, with settings in place of its defaults; or a formula of the user's own."""

    name: str
    settings: tuple[tuple[str, float], ...] = ()
    is_formula: bool = False

    def __str__(self) -> str:
        settings = ", ".join(f"{key} {value:g}" for key, value in self.settings)
        return f"{self.name} ({settings})" if settings else self.name


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of neurons, given by the names of its quantities.

    neurons: the net inputs; activations: one per neuron, from ACTIVATIONS or formulas in z; weights: a row per neuron,
    a name per input; biases: a name per neuron, the same for all if they share it, None if there is none.
    """

    name: str
    activations: tuple[Choice, ...]
    neurons: tuple[str, ...]
    weights: tuple[tuple[str, ...], ...]
    biases: tuple[str | None, ...]

    def __repr__(self) -> str:
        activations = ", ".join(dict.fromkeys(map(str, self.activations)))
        return f"<Layer {self.name!r}: {len(self.neurons):,} neurons, {activations:.60}>"

    def parameters(self) -> list[str]:
        """The layer's weights, then its biases, each once."""
        names = [weight for row in self.weights for weight in row]
        return names + list(dict.fromkeys(bias for bias in self.biases if bias))

    @property
    def shares_bias(self) -> bool:
        """Whether one bias serves several neurons."""
        return len(self.biases) > 1 and len({*self.biases}) == 1 and self.biases[0] is not None

    def arrays(self, values: Mapping[str, T]) -> dict[str, Any]:
        """What `values` has for each parameter, as matrix and vector: W_h, a row a neuron and a column an input; b_h,
        one a neuron (None where it has none), or one for all where they share it. Without biases there is no b_h."""
        found: dict[str, Any] = {f"W_{self.name}": [[values[name] for name in row] for row in self.weights]}
        if any(self.biases):
            biases = [values[name] if name else None for name in self.biases]
            found[f"b_{self.name}"] = biases[0] if self.shares_bias else biases
        return found


@dataclass(frozen=True, slots=True)
class Network:
    """Layers of neurons, the loss of their last layer, and the strengths of l1 and l2, where not 0."""

    layers: tuple[Layer, ...]
    loss: Choice
    penalties: Mapping[str, float]

    def __repr__(self) -> str:
        layers = " → ".join(f"{layer.name}: {len(layer.neurons):,}" for layer in self.layers)
        return f"<Network of {layers:.60} neurons, loss {self.loss}>"

    def quantities(self) -> list[str]:
        """What is computed by the layers, and the loss with its parts."""
        neurons = [neuron for layer in self.layers for neuron in layer.neurons]
        errors = naming.errors(len(self.layers[-1].neurons)) if self.layers else []
        parts = [*errors, *map(naming.penalty, self.penalties), naming.TOTAL]
        return [*neurons, *map(naming.activation, neurons), *parts]


@dataclass(frozen=True, slots=True)
class OwnEquations:
    """The user's own equations, in order of computation, and the quantity to minimize."""

    equations: Mapping[str, Expression]
    minimize: str

    def __repr__(self) -> str:
        return f"<OwnEquations: {len(self.equations):,}, minimizes {self.minimize}>"

    def quantities(self) -> list[str]:
        """What is computed by the equations."""
        return list(self.equations)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning rate that changes: a formula of the iteration k and of the rates (name → value) in it."""

    formula: Expression
    rates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an experiment comes from: the name of its file, if any, the YAML as read, and the values that were
    overridden, as KEY=VALUE; overridden: the keys of the config that they changed, with their whole values then."""

    file: str = ""
    text: str = ""
    settings: tuple[str, ...] = ()
    overridden: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How a CSV file is written. bom: with a byte order mark, by which spreadsheets recognize UTF-8."""

    separator: str = ","
    decimal: str = "."
    bom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A config after reading, or a network that a table shows. Values are dimensionless; the defaults are those of a
    config that leaves a key out.

    samples: their values, a row per sample: the targets, then the inputs. start: every parameter before the first step.
    batches: which of them an iteration takes. clip: how gradients are clipped, from CLIPPINGS.
    rule: the update rule that the optimizer's name stands for, or the user's own.
    learning_rates: one run each; empty with a schedule, or if no formula uses η.
    iterations: at most, where `until` ends a run. keep: which of them are written.
    decimals: to which every computed quantity is rounded as it is computed; None for not at all.
    charts: pairs of parameters; the workbook draws the second one over the first one.
    places: where the keys that a later check may complain of stand.
    """

    name: str
    description: str = ""
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    samples: tuple[tuple[float, ...], ...]
    batches: Batches = field(default_factory=Batches)
    model: Network | OwnEquations
    start: Mapping[str, float]
    frozen: frozenset[str] = frozenset()
    clip: Choice | None = None
    optimizer: Choice = Choice("sgd")
    rule: Optimizer = OPTIMIZERS["sgd"]
    learning_rates: tuple[float, ...] = ()
    schedule: Schedule | None = None
    iterations: int = 1
    keep: Keep = ALL
    until: Expression | None = None
    decimals: int | None = None
    columns: str = "full"
    charts: tuple[tuple[str, str], ...] = ()
    output: Path = Path("out")
    csv: CsvStyle = CsvStyle()
    places: Mapping[str, str] = field(default_factory=dict)
    source: Source = Source()

    def __repr__(self) -> str:
        counts = {"inputs": self.inputs, "targets": self.targets, "samples": self.samples, "parameters": self.start}
        listed = ", ".join(f"{len(values):,} {name}" for name, values in counts.items())
        return f"<Experiment {self.name!r}: {listed}, {len(self.runs):,} runs of {self.iterations:,} iterations>"

    def arrays(self, values: Mapping[str, T]) -> dict[str, Any]:
        """What `values` has for each parameter, in the shapes of the layers, see `Layer.arrays`; for equations of one's
        own, each by its name."""
        match self.model:
            case Network(layers=layers):
                return {name: array for layer in layers for name, array in layer.arrays(values).items()}
        return {name: values[name] for name in self.start}

    @property
    def runs(self) -> tuple[Mapping[str, float], ...]:
        """The hyper-parameters specific to each run; empty for a single run without a constant
        learning rate."""
        return tuple({naming.ETA: rate} for rate in self.learning_rates) or ({},)

    @property
    def most_rows(self) -> int:
        """The steps of a run that goes through all iterations."""
        return self.batches.first_row(self.iterations)

    @property
    def kept_rows(self) -> int:
        """The most steps of a run that are kept."""
        return min(self.most_rows, self.keep.most(self.iterations) * self.batches.size)
