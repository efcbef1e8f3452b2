"""The command `backprop-trace check`: options, files, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from tracer.commands import CONTEXT
from tracer.commands.options import as_ascii, quiet, strict
from tracer.config import load
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing
from tracer.grading.judging.findings import TOLERANCE
from tracer.grading.options import SECONDS, Options

EXIT_FINDINGS, EXIT_UNREADABLE, EXIT_INTERRUPTED = 1, 2, 130


def _path(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    return value and path_of(value)


def _file(name: str, help: str, metavar: str = "FILE") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option that takes a path."""
    return click.option(name, type=click.Path(path_type=Path), metavar=metavar, callback=_path, help=help)


@click.command(
    context_settings=CONTEXT,
    epilog="Example: backprop-trace check submissions/*.xlsx --report grades.csv --annotate marked",
)
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@_file("--config", "The network, where the headers do not show it.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 0.1),
    default=TOLERANCE,
    show_default=True,
    help="How far a value may be from the correct one, relative to it; rounded values are given more.",
)
@strict
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="How long reading a workbook may take, and judging it; one that takes longer is not judged.",
)
@click.option(
    "--how", is_flag=True, help="Print how each sheet was understood: its updates, loss, learning rate and steps."
)
@_file("--json", "Write all findings to FILE.")
@_file("--report", "Write one row for each workbook to FILE, as CSV.")
@_file("--annotate", "Write copies with wrong cells colored and noted to DIR.", "DIR")
@_file("--gradescope", "Write the results in Gradescope's format to FILE.")
@as_ascii
@quiet
def check(
    workbooks: tuple[Path, ...],
    config: Path | None,
    tolerance: float,
    strict: bool,
    seconds: float,
    how: bool,
    annotate: Path | None,
    ascii: bool,
    quiet: bool,
    **results: Path | None,
) -> None:
    """Find and name the mistakes in WORKBOOKS made by hand.

    WORKBOOKS are files, or folders of them.

    The network is inferred from the headers. One of the results may go to standard output, with - for FILE. Exit code
    0: all is correct; 1: there are findings; 2: a workbook could not be judged; 130: interrupted, with what was done.
    """
    from tracer.commands.screen import can_print
    from tracer.grading import folder
    from tracer.grading.report import annotation, reports, terminal

    paths = folder.workbooks(workbooks)
    if not paths:
        raise OutputError([f"{', '.join(map(str, workbooks))}: no workbook (.xlsx) is there"])
    if config is not None:
        load(config)  # says at once what is wrong with it
    targets = {form: target for form in reports.FORMS if (target := results[form])}
    printed = [form for form, target in targets.items() if str(target) == STANDARD_OUTPUT]
    files = {form: target for form, target in targets.items() if form not in printed}
    problems = problems_of([*files.values()])
    if len(printed) > 1:
        problems.append(f"{' and '.join(f'--{form} -' for form in printed)}: standard output takes one of them")
    originals = {path.resolve() for path in paths}
    problems += [f"{f}: is one of the workbooks to be checked" for f in files.values() if f.resolve() in originals]
    if problems:
        raise OutputError(problems)
    try:
        found, interrupted = folder.check_all(paths, Options(config, tolerance, strict), seconds), False
    except folder.Interrupted as stopped:
        found, interrupted = stopped.reports, True
    problems = []
    # the files first: whoever reads the output may go away
    for form, target in files.items():
        try:
            with replacing(target) as part:
                # a file name that is not UTF-8 is spelled with \udc.. for its bytes, which JSON reads back
                part.write_text(reports.FORMS[form](found), encoding="utf-8", errors="backslashreplace")
        except OutputError as error:
            problems += error.problems
    if annotate is not None:
        try:
            annotation.annotate_all(found, annotate)
        except OutputError as error:
            problems += error.problems
    if printed:
        click.echo(reports.FORMS[printed[0]](found).encode("utf-8", "backslashreplace"), nl=False)
    elif not quiet:
        terminal.show(found, ascii or not can_print("∂−·…η", sys.stdout.encoding), how)
    if interrupted:
        problems.append(f"interrupted: {len(found)} of {len(paths)} workbooks were checked")
        click.echo("\n".join(problems), err=True)
        sys.exit(EXIT_INTERRUPTED)
    if problems:
        raise OutputError(problems)
    if any(not each.readable for each in found):
        sys.exit(EXIT_UNREADABLE)
    if any(each.has_findings for each in found):
        sys.exit(EXIT_FINDINGS)
