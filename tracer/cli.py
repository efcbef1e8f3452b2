"""The command `backprop-trace`: a thin door to the functions of `tracer`, with a screen and exit codes.

Exit codes: 0 done; 1 a run met a non-finite number (the trace up to there is written); 2 the config, an option or the
place to write to cannot be used (nothing is written); 130 interrupted (nothing is written); 141 the reader of the
output went away. `check` has its own, see `tracer.grading.command`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

import tracer
from tracer import results
from tracer.blanks import BLANKS
from tracer.config import Override, yamlfile
from tracer.config.schema import COLUMNS, FIELDS, json_schema
from tracer.errors import EXIT_BROKEN_PIPE, ConfigError, TraceError, nearest
from tracer.experiment import Experiment
from tracer.grading.command import check
from tracer.results import FORMATS

EXIT_DIVERGED, EXIT_UNUSABLE, EXIT_INTERRUPTED, EXIT_TERMINATED = 1, 2, 130, 143


class _Main(click.Group):
    """Turns every expected failure into lines on stderr and an exit code; nobody sees a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal that cannot show η shows ? and goes on
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            click.echo(f"cannot print ({error.strerror or error})", err=True)
            sys.exit(EXIT_UNUSABLE)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TraceError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            ctx.exit(EXIT_UNUSABLE)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(EXIT_BROKEN_PIPE)
        except KeyboardInterrupt:
            click.echo("interrupted: nothing was written", err=True)
            ctx.exit(EXIT_INTERRUPTED)
        except MemoryError:
            click.echo("not enough memory for this trace; use fewer iterations or --columns compact", err=True)
            ctx.exit(EXIT_UNUSABLE)


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=_Main, context_settings=CONTEXT, epilog="Example: backprop-trace run configs/walkthrough.yaml")
@click.version_option(tracer.__version__, prog_name="backprop-trace")
def main() -> None:
    """Walk backpropagation through by hand, number by number."""
    signal.signal(signal.SIGTERM, _terminated)


def _terminated(_signal: int, _frame: object) -> NoReturn:
    sys.exit(EXIT_TERMINATED)


def _formats(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip().lower() for part in value.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in FORMATS]
    if unknown or not chosen:
        raise click.BadParameter(f"{value!r}; choose from {', '.join(FORMATS)}")
    return chosen


def _of_config(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and the options of a command that reads a config."""
    for option in reversed(
        (
            click.argument("config", type=click.Path(path_type=Path)),
            click.option("--learning-rate", metavar="X", multiple=True,
                         help=FIELDS["learning_rate"].help + " Repeatable."),
            click.option("--columns", metavar="|".join(COLUMNS), help=FIELDS["columns"].help),
            click.option("--set", "settings", metavar="KEY=VALUE", multiple=True,
                         help="Replace any value of the config, such as weights.w1=0.2 or layers.0.activation=tanh. "
                         "Repeatable."),
            click.option("--ascii", "ascii", is_flag=True, help="Spell ∂E/∂w1 as dE/dw1 and η as eta."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@main.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace run configs/walkthrough.yaml --iterations 10 -o out"
)
@_of_config
@click.option("-o", "--output", metavar="DIR", help=FIELDS["output"].help)
@click.option("--iterations", metavar="N", help=FIELDS["iterations"].help)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    default=",".join(FORMATS),
    show_default=True,
    callback=_formats,
    help="The files to write.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def run(
    config: Path,
    output: str | None,
    iterations: str | None,
    learning_rate: tuple[str, ...],
    columns: str | None,
    settings: tuple[str, ...],
    formats: tuple[str, ...],
    ascii: bool,
    quiet: bool,
) -> None:
    """Run CONFIG: log every intermediate of every forward and backward pass to a CSV file and an Excel workbook."""
    folder = [] if output is None else [Override(("output",), output, "--output")]
    experiment = _experiment(config, learning_rate, columns, settings, iterations, folder)
    system = tracer.assemble(experiment)
    if "xlsx" in formats:
        _load_openpyxl_alone()
    paths = results.paths(experiment, formats)
    results.check(experiment, tracer.shown(experiment, system), paths)

    from tracer import screen

    steps = experiment.most_rows * len(experiment.runs)
    with screen.progress(steps * (1 + len(paths)), hidden=quiet) as progress:
        trace = tracer.walk(experiment, system, progress)
        results.write(trace, paths, ascii, progress)
    if not quiet:
        screen.show(trace, list(paths.values()), ascii)
    stopped = [run for run in trace.runs if run.divergence]
    for run in stopped:
        click.echo(screen.divergence_line(run, ascii), err=True)
    if stopped:
        sys.exit(EXIT_DIVERGED)


@main.command(
    context_settings=CONTEXT, epilog="Example: backprop-trace exercise configs/walkthrough.yaml --blank backward --key"
)
@_of_config
@click.option(
    "--blank", type=click.Choice(list(BLANKS)), default="all", show_default=True, help="Which cells to leave empty."
)
@click.option("--rows", type=click.IntRange(1), default=3, show_default=True,
              help="How many rows to fill in; of a batch, all of its rows.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
              help="The workbook to write; NAME-exercise.xlsx in the folder for results by default.")  # fmt: skip
@click.option("--key", is_flag=True, help="Write the solved workbook beside it.")
def exercise(
    config: Path,
    learning_rate: tuple[str, ...],
    columns: str | None,
    settings: tuple[str, ...],
    ascii: bool,
    blank: str,
    rows: int,
    output: Path | None,
    key: bool,
) -> None:
    """Write an exercise of CONFIG: its workbook with empty cells, which turn green when they are right."""
    experiment = _experiment(config, learning_rate, columns, settings)
    trace = tracer.walk(results.shortened(experiment, rows))
    for path in results.write_exercise(trace, blank, output, key, ascii):
        click.echo(f"wrote {path}")


def _load_openpyxl_alone() -> None:
    """openpyxl loads NumPy to know its numbers, and a run writes none of them: a tenth of a short run."""
    if "numpy" in sys.modules:
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]  # what Python takes for a module that is not there
    try:
        import openpyxl  # noqa: F401
    finally:
        del sys.modules["numpy"]


def _experiment(
    config: Path,
    learning_rate: tuple[str, ...],
    columns: str | None,
    settings: tuple[str, ...],
    iterations: str | None = None,
    further: Sequence[Override] = (),
) -> Experiment:
    """The config, with what the options put in place of its values. Raises ConfigError, with every problem."""
    options = [(f"--set {text}", *_key_and_value(text)) for text in settings]
    options += [("--iterations", "iterations", iterations), ("--columns", "columns", columns)]
    if learning_rate:
        rates = learning_rate[0] if len(learning_rate) == 1 else f"[{', '.join(learning_rate)}]"
        options.append(("--learning-rate", "learning_rate", rates))
    overrides, problems = _overrides(options)
    try:
        experiment = tracer.load(config, [*overrides, *further])
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return experiment


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
            except ConfigError:
                problems.append(f"{origin}: '{text}' cannot be read as a value")
    return overrides, problems


@main.command(context_settings=CONTEXT, epilog="Example: backprop-trace schema > configs/schema.json")
def schema() -> None:
    """Print the JSON Schema of a config, with which editors complete and check it."""
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@main.command("list", context_settings=CONTEXT, epilog="Example: backprop-trace list sigmoid cross_entropy")
@click.argument("names", nargs=-1)
@click.option("--ascii", "ascii", is_flag=True, help="Spell ∂ as d.")
def list_(names: tuple[str, ...], ascii: bool) -> None:
    """Show every activation, loss, penalty, initializer, clipping and optimizer, or those of these NAMES."""
    from tracer import screen
    from tracer.catalogue import catalogue

    entries = list(catalogue())
    known = [entry.name for entry in entries]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError([f"'{name}' is not known.{nearest(name, known)}" for name in unknown])
    screen.show_catalogue([entry for entry in entries if not names or entry.name in names], ascii)


main.add_command(check)
