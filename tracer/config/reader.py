"""A document → an `Experiment`: what every config has, around its network or its own equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tracer.config.equations_reader import EquationsReader
from tracer.config.network_reader import NetworkReader
from tracer.config.samples_reader import SamplesReader
from tracer.config.schema import FIELDS, Field, Model
from tracer.config.training_reader import TrainingReader
from tracer.config.values import show
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.model import naming
from tracer.model.experiment import Experiment, Network, OwnEquations


def read_experiment(document: Document, stem: str) -> Experiment:
    """The experiment of a document; `stem` names it where the document does not. Raises ConfigError."""
    experiment = _Reader(document).experiment(stem)
    document.check()
    return experiment


@dataclass(slots=True)
class _Reader(NetworkReader, EquationsReader, SamplesReader, TrainingReader):
    """Reads a whole document."""

    def experiment(self, stem: str) -> Experiment:
        config = self.document.value
        kind = Model.EQUATIONS if "equations" in config else Model.NETWORK
        self.check_keys(kind)
        name = self.file_name(stem)
        data = self.data(kind)
        model: Network | OwnEquations
        if kind is Model.EQUATIONS:
            model, start = self.own_equations(data)
            loss = model.minimize
        else:
            model, start = self.network(data)
            loss = naming.TOTAL
        batches = self.batches(data)
        optimizer, clip = self.optimizer(), self.clip()
        own = [*data.targets, *data.inputs, *start, *model.quantities()]
        computed = self.own_names(optimizer, clip, batches, naming.above(loss, own), start)
        self.check_names(computed, own)
        iterations = self.iterations()
        return Experiment(
            name=name,
            description=self.text("description"),
            inputs=data.inputs,
            targets=data.targets,
            samples=data.rows,
            batches=batches,
            model=model,
            start=start,
            frozen=self.frozen(start),
            clip=clip,
            optimizer=optimizer,
            learning_rates=self.learning_rates(),
            schedule=self.schedule(iterations),
            iterations=iterations,
            until=self.until([*own, *computed]),
            columns=self.choice("columns", FIELDS, config, ()),
            output=self.folder(),
            places={
                "iterations": self.document.where("iterations"),
                "model": self.document.where(str(kind)),
                "output": self.document.where("output"),
            },
        )

    def check_names(self, computed: Mapping[str, tuple[str, str]], taken: Iterable[str]) -> None:
        """Whether what is computed besides the model has names of its own."""
        for name in computed.keys() & set(taken):
            what, key = computed[name]
            message = f"'{name}' would be both a quantity of the config and {what}; rename it"
            self.document.problem((key,), message)

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
            elif field.needed_by(kind) and key not in config and not self.is_unneeded(field):
                spelled = " or ".join(f"'{name}'" for name in (key, *field.aliases))
                self.document.problem((), f"{spelled} is missing. {field.help}")

    def is_unneeded(self, field: Field) -> bool:
        """Whether another key says what this one would."""
        other = field.unless[0] if field.unless else ""
        return other in self.document.value and (other != "learning_rate" or self.has_phases())

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
