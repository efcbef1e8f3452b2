"""A config → an `Experiment`: reading, overriding, checking. All problems of a file are reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from tracer.config import yamlfile
from tracer.config.overrides import Override, apply
from tracer.config.records import canonical
from tracer.config.schema import FIELDS
from tracer.config.sections.document import read_experiment
from tracer.config.values import plain
from tracer.config.yamlfile import Document
from tracer.errors import ConfigError, required
from tracer.files import path_of
from tracer.model.experiment import Experiment, Source

__all__ = ["Override", "load"]

STANDARD_INPUT = "<stdin>"
"""What messages call a config that is not read from a file by its name; its results are called stdin."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A config that is read, and not checked yet: one text serves many experiments that differ in some values.

    stem: names an experiment where the document does not. file: the name of its file, if any.
    """

    document: Document
    stem: str
    file: str

    def experiment(self, overrides: Iterable[Override] = ()) -> Experiment:
        """The experiment, with these values in place of the config's. Raises ConfigError with all problems and their
        positions."""
        overrides = list(overrides)
        for override in overrides:
            required(override, Override, "an override")
        overrides = [replace(override, value=plain(override.value, override.origin)) for override in overrides]
        document = self.document.copied()
        for override in overrides:
            apply(document, override)
        settings = tuple(override.written() for override in overrides if override.place != ("output",))
        changed = {str(place[0]): document.value[place[0]] for place in document.overridden if place != ("output",)}
        source = Source(self.file, document.text, settings, changed)
        return replace(read_experiment(document, self.stem), source=source)


def prepared(source: str | Path | Mapping[str, Any] | BinaryIO) -> Prepared:
    """Read a config file, which may be open already, or a mapping of the same form. Raises ConfigError."""
    if isinstance(source, Mapping):
        document, stem, file = Document("config", plain(source, "config")), "trace", ""
        document.text = yaml.safe_dump(document.value, sort_keys=False, allow_unicode=True)
    elif isinstance(source, (str, Path)) and str(source):
        path = path_of(source)
        document, stem, file = yamlfile.read(path), path.stem, path.name
    elif not isinstance(source, (str, Path)) and hasattr(source, "read"):
        document, stem, file = yamlfile.read(Path(STANDARD_INPUT), source), "stdin", ""
    else:
        raise ConfigError([f"config: {source!r:.60} is neither a file nor a mapping"])
    canonical(document, document.value, (), FIELDS)
    return Prepared(document, stem, file)


def load(source: str | Path | Mapping[str, Any] | BinaryIO, overrides: Iterable[Override] = ()) -> Experiment:
    """Read a config file, which may be open already, or a mapping of the same form, and check it.

    Raises ConfigError with all problems and their positions.
    """
    return prepared(source).experiment(overrides)
