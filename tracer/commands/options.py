"""The argument and the options that several commands share, and the experiment that they describe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

import click

from tracer.config import Override, load, yamlfile
from tracer.config.schema import COLUMNS, FIELDS
from tracer.errors import ConfigError
from tracer.files import STANDARD_OUTPUT
from tracer.model.experiment import Experiment

as_ascii = click.option("--ascii", "ascii", is_flag=True, help="Spell ∂E/∂w1 as dE/dw1 and η as eta.")
strict = click.option(
    "--strict", is_flag=True,
    help="Count only answers that equal the key, not those that follow from the student's own cells.",
)  # fmt: skip
quiet = click.option("-q", "--quiet", is_flag=True, help="Print only warnings and errors.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the arguments that `of_config` adds ask for, as text."""

    config: Path
    learning_rate: tuple[str, ...]
    decimals: str | None
    columns: str | None
    settings: tuple[str, ...]

    def experiment(
        self, iterations: str | None = None, csv: str | None = None, further: Sequence[Override] = ()
    ) -> Experiment:
        """The config, with what the options put in place of its values. Raises ConfigError, with every problem."""
        overrides, problems = self.overrides(iterations, csv)
        try:
            experiment = load(self.source, [*overrides, *further])
        except ConfigError as error:
            raise ConfigError([*problems, *error.problems]) from None
        if problems:
            raise ConfigError(problems)
        return experiment

    @property
    def source(self) -> Path | BinaryIO:
        """Where the config is read from."""
        return sys.stdin.buffer if str(self.config) == STANDARD_OUTPUT else self.config

    def overrides(self, iterations: str | None = None, csv: str | None = None) -> tuple[list[Override], list[str]]:
        """What the options put in place of the config's values, and the problems of those that cannot be read."""
        options = [(f"--set {text}", *_key_and_value(text)) for text in self.settings]
        options += [
            ("--iterations", "iterations", iterations),
            ("--csv", "csv", csv),
            ("--columns", "columns", self.columns),
            ("--decimals", "decimals", self.decimals),
        ]
        if rates := self.learning_rate:
            text = rates[0] if len(rates) == 1 else f"[{', '.join(rates)}]"
            options.append(("--learning-rate", "learning_rate", text))
        return _overrides(options)


def of_config(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options of a command that reads a config; it gets them as an `Asked`."""

    @wraps(command)
    def asking(
        config: Path,
        learning_rate: tuple[str, ...],
        decimals: str | None,
        columns: str | None,
        settings: tuple[str, ...],
        **others: Any,
    ) -> None:
        command(Asked(config, learning_rate, decimals, columns, settings), **others)

    for option in reversed(
        (
            click.argument("config", type=click.Path(path_type=Path)),
            click.option("--learning-rate", metavar="X", multiple=True,
                         help=FIELDS["learning_rate"].help + " Repeatable."),
            click.option("--decimals", metavar="N", help=FIELDS["decimals"].help),
            click.option("--columns", metavar="|".join(COLUMNS), help=FIELDS["columns"].help),
            click.option("--set", "settings", metavar="KEY=VALUE", multiple=True,
                         help="Replace any value of the config, such as weights.w1=0.2 or layers.0.activation=tanh. "
                         "Repeatable."),
        )
    ):  # fmt: skip
        asking = option(asking)
    return asking


def _key_and_value(setting: str) -> tuple[str, str | None]:
    key, equals, value = setting.partition("=")
    return (key.strip(), value) if equals else ("", None)


def _overrides(options: list[tuple[str, str, str | None]]) -> tuple[list[Override], list[str]]:
    """Options as (what a message calls them, the key, the text of the value; None where an option is not given) →
    the overrides, and the problems of those that cannot be read."""
    overrides, problems = [], []
    for origin, key, text in options:
        if not key:
            problems.append(f"{origin}: write it as KEY=VALUE, such as iterations=10")
        elif text is not None:
            try:
                place = tuple(part.strip() for part in key.split("."))
                overrides.append(Override(place, yamlfile.scalar(text), origin))
            except ConfigError as error:
                _, _, why = error.problems[0].partition(": value: ")
                problems.append(f"{origin}: {why or f'{text!r} cannot be read as a value'}")
    return overrides, problems
