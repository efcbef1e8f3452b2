"""A document → an `Experiment`: what every config has, around its network or its own equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tracer import naming
from tracer.config.equations_reader import EquationsReader
from tracer.config.network_reader import NetworkReader
from tracer.config.schema import FIELDS, Model
from tracer.config.values import show
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.experiment import Choice, Experiment, Network, OwnEquations
from tracer.optimizers import OPTIMIZERS

BELOW_ONE = ("beta1", "beta2", "alpha")
"""Settings of optimizers that are shares."""


def read_experiment(document: Document, stem: str) -> Experiment:
    """The experiment of a document; `stem` names it where the document does not. Raises ConfigError."""
    experiment = _Reader(document).experiment(stem)
    document.check()
    return experiment


@dataclass(slots=True)
class _Reader(NetworkReader, EquationsReader):
    """Reads a whole document."""

    def experiment(self, stem: str) -> Experiment:
        config = self.document.value
        kind = Model.EQUATIONS if "equations" in config else Model.NETWORK
        self.check_keys(kind)
        name = self.file_name(stem)
        inputs = self.named_numbers("inputs", naming.inputs)
        targets = self.named_numbers("targets", naming.targets)
        model: Network | OwnEquations
        if kind is Model.EQUATIONS:
            model, start = self.own_equations(inputs, targets)
        else:
            model, start = self.network(inputs, targets)
        optimizer = self.optimizer()
        self.state_names(optimizer, {*inputs, *targets, *start, *model.quantities()}, start)
        return Experiment(
            name=name,
            description=self.text("description"),
            inputs=inputs,
            targets=targets,
            model=model,
            start=start,
            frozen=self.frozen(start),
            optimizer=optimizer,
            learning_rates=self.learning_rates(),
            iterations=self.count("iterations", FIELDS, config, ()),
            columns=self.choice("columns", FIELDS, config, ()),
            output=self.folder(),
            places={
                "iterations": self.document.where("iterations"),
                "model": self.document.where(str(kind)),
                "output": self.document.where("output"),
            },
        )

    def state_names(self, optimizer: Choice, taken: set[str], parameters: Iterable[str]) -> None:
        """Whether what the optimizer remembers has names of its own."""
        names = [naming.state(state, name) for name in parameters for state in OPTIMIZERS[optimizer.name].states]
        for name in taken.intersection(names):
            what = f"'{name}' would be both a quantity of the config and what {optimizer.name} remembers; rename it"
            self.document.problem(("optimizer",), what)

    def optimizer(self) -> Choice:
        """The optimizer; PyTorch's pair of betas is two settings."""
        place: Place = ("optimizer",)
        value = self.document.value.get("optimizer", FIELDS["optimizer"].default)
        if isinstance(value, dict) and "betas" in value:
            betas = value["betas"]
            if not isinstance(betas, list) or len(betas) != 2:
                self.document.problem((*place, "betas"), f"{show(betas)}: give two numbers, such as [0.9, 0.999]")
                betas = [0.9, 0.999]
            rest = {key: item for key, item in value.items() if key != "betas"}
            if {"beta1", "beta2"} & set(rest):
                self.document.problem(place, "'betas' and 'beta1', 'beta2' mean the same; keep one")
            value = {**rest, "beta1": betas[0], "beta2": betas[1]}
        table = {name: optimizer.settings for name, optimizer in OPTIMIZERS.items()}
        chosen = self.choose(value, place, table) or Choice(next(iter(OPTIMIZERS)))
        for key, number in chosen.settings:
            if number < 0:
                self.document.problem((*place, key), f"{number:g} is negative; {key} is 0 or more")
            elif key in BELOW_ONE and number >= 1:
                self.document.problem((*place, key), f"{number:g} is too large; {key} is below 1")
        return chosen

    def folder(self) -> Path:
        """The folder of the results; ~ is the home folder."""
        path = Path(self.text("output") or ".")
        try:
            return path.expanduser()
        except RuntimeError:
            self.document.problem(("output",), f"there is no home folder for {path}")
            return path

    def check_keys(self, kind: Model) -> None:
        """What is missing for this kind of model, and what belongs to the other kind."""
        config = self.document.value
        for key, field in FIELDS.items():
            if field.model not in (None, kind) and key in config:
                what = f"'{key}' goes with '{field.model}', not with '{kind}'; keep one of the two"
                self.document.problem((), what, (key,), key=True)
            elif field.needed_by(kind) and key not in config:
                spelled = " or ".join(f"'{name}'" for name in (key, *field.aliases))
                self.document.problem((), f"{spelled} is missing. {field.help}")

    def learning_rates(self) -> tuple[float, ...]:
        key = "learning_rate"
        value = self.document.value.get(key)
        if key not in self.document.value:
            return ()
        entries = (
            [((key, index), item) for index, item in enumerate(value)] if isinstance(value, list) else [((key,), value)]
        )
        rates: list[float] = []
        for place, item in entries:
            rate = self.number(item, place)
            if rate < 0:
                self.document.problem(place, f"{rate:g} is negative, the loss would be climbed; use 0 or more")
            elif rate in rates:
                self.document.problem(place, f"{rate:g} stands twice; each learning rate is one run")
            rates.append(rate)
        if not rates:
            self.document.problem((key,), "is empty; give one learning rate, or a list")
        return tuple(rates)

    def frozen(self, start: Mapping[str, float]) -> frozenset[str]:
        value = self.document.value.get("frozen", FIELDS["frozen"].default)
        if not isinstance(value, list):
            self.document.problem(("frozen",), f"{show(value)}: give a list of parameters, such as [b1, b2]")
            return frozenset()
        frozen: set[str] = set()
        for index, pattern in enumerate(value):
            place: Place = ("frozen", index)
            matches = [name for name in start if isinstance(pattern, str) and fnmatchcase(name, pattern)]
            if not isinstance(pattern, str):
                self.document.problem(place, f"{show(pattern)} is not the name of a parameter")
            elif not matches and start:
                what = f"no parameter of this network is called '{pattern}'.{nearest(pattern, start)}"
                self.document.problem(place, what)
            frozen.update(matches)
        return frozenset(frozen)
