"""A document → an `Experiment`: what every config has, around its network or its own equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tracer.config.records import Model
from tracer.config.schema import CSV_STYLES, FILE_NAME
from tracer.config.sections.equations import EquationsReader
from tracer.config.sections.network import NetworkReader
from tracer.config.sections.reading import read_fields
from tracer.config.sections.samples import SamplesReader
from tracer.config.sections.training import TrainingReader
from tracer.config.yamlfile import Document
from tracer.errors import OutputError, nearest
from tracer.files import STANDARD_OUTPUT, path_of
from tracer.model import naming
from tracer.model.experiment import CsvStyle, Experiment, Network, OwnEquations


def read_experiment(document: Document, stem: str) -> Experiment:
    """The experiment of a document; `stem` names it where the document does not. Raises ConfigError."""
    model = Model.EQUATIONS if "equations" in document.value else Model.NETWORK
    experiment = _Reader(document, read_fields(document, model)).experiment(stem, model)
    document.check()
    return experiment


@dataclass(slots=True)
class _Reader(NetworkReader, EquationsReader, SamplesReader, TrainingReader):
    """Reads a whole document."""

    def experiment(self, stem: str, kind: Model) -> Experiment:
        config = self.config
        if "name" not in self.document.value:
            FILE_NAME.read(stem, ("name",), self.document)
        data = self.data(kind)
        model: Network | OwnEquations
        if kind is Model.EQUATIONS:
            model, start = self.own_equations(data)
            loss = model.minimize
        else:
            model, start = self.network(data)
            loss = naming.TOTAL
        batches = self.batches(data)
        (optimizer, rule), clip = self.optimizer(), self.clip()
        own = [*data.targets, *data.inputs, *start, *model.quantities()]
        computed = self.own_names(rule, clip, batches, naming.above(loss, own), start)
        self.check_names(computed, own)
        iterations = self.iterations()
        places = {"iterations": "iterations", "model": str(kind), "output": "output", "rates": "learning_rate"}
        return Experiment(
            name=config["name"] or stem,
            description=config["description"],
            inputs=data.inputs,
            targets=data.targets,
            samples=data.rows,
            batches=batches,
            model=model,
            start=start,
            frozen=self.frozen(start),
            clip=clip,
            optimizer=optimizer,
            rule=rule,
            learning_rates=self.learning_rates(),
            schedule=self.schedule(iterations),
            iterations=iterations,
            until=self.until([*own, *computed]),
            decimals=config["decimals"],
            columns=config["columns"],
            charts=self.charts(start),
            output=self.folder(),
            csv=self.csv(),
            places={key: self.document.where(where) for key, where in places.items()},
        )

    def check_names(self, computed: Mapping[str, tuple[str, str]], taken: Iterable[str]) -> None:
        """Check that the names of what is computed besides the model are unique."""
        spelled = set(map(naming.to_ascii, taken))
        for name in [name for name in computed if naming.to_ascii(name) in spelled]:
            what, key = computed[name]
            self.problem((key,), f"'{name}' would be both a quantity of the config and {what}; rename it")

    def csv(self) -> CsvStyle:
        """How the CSV is written."""
        value = self.config["csv"]
        if not isinstance(value, dict):
            return CSV_STYLES.get(value, CsvStyle())
        style = CsvStyle(**{key: given for key, given in value.items() if given is not None})
        if style.separator == style.decimal:
            self.problem(("csv",), f"separator and decimal are both '{style.separator}'; change one")
        return style

    def folder(self) -> Path:
        """The folder of the results."""
        if self.config["output"] == STANDARD_OUTPUT:
            self.problem(("output",), "- is standard output, which only the option -o - of run can name; give a folder")
        try:
            return path_of(self.config["output"] or ".")
        except OutputError as error:
            self.problem(("output",), error.problems[0])
            return Path()

    def charts(self, start: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
        """The pairs of parameters to be drawn, also where they are spelled in ASCII."""
        spelled = {naming.to_ascii(name): name for name in start} | {name: name for name in start}
        for number, pair in enumerate(self.config["charts"] or ()):
            for index, name in enumerate(pair or ()):
                if name is not None and start and name not in spelled:
                    what = f"no parameter of this network is named '{name}'.{nearest(name, spelled)}"
                    self.problem(("charts", number, index), what)
        return tuple((spelled.get(x, x), spelled.get(y, y)) for x, y in filter(None, self.config["charts"] or ()))

    def frozen(self, start: Mapping[str, float]) -> frozenset[str]:
        """The parameters that are not updated, by the patterns that they match."""
        frozen: set[str] = set()
        for index, pattern in enumerate(self.config["frozen"] or ()):
            matches = [name for name in start if pattern and fnmatchcase(name, pattern)]
            if pattern and start and not matches:
                what = f"no parameter of this network is named '{pattern}'.{nearest(pattern, start)}"
                self.problem(("frozen", index), what)
            frozen.update(matches)
        return frozenset(frozen)
