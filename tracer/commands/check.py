"""The command `backprop-trace check`: options, files, exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tracer.commands import CONTEXT
from tracer.commands.options import as_ascii, quiet
from tracer.config import load
from tracer.errors import OutputError
from tracer.files import problems_of, replacing
from tracer.grading.judging.findings import TOLERANCE
from tracer.grading.options import SECONDS, Options

EXIT_FINDINGS, EXIT_UNREADABLE = 1, 2


@click.command(
    context_settings=CONTEXT,
    epilog="Example: backprop-trace check submissions/*.xlsx --report grades.csv --annotate marked",
)
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--config", type=click.Path(path_type=Path), help="The network, where the headers do not show it.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 0.1),
    default=TOLERANCE,
    show_default=True,
    help="How far a value may be from the correct one, relative to it; rounded values are given more.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Of an exercise, count only answers that equal the key, not those that follow from the student's own cells.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="How long a workbook may take; one that takes longer is not judged.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write all findings to FILE.",
    metavar="FILE",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="Write one row for each workbook to FILE, as CSV.",
    metavar="FILE",
)
@click.option(
    "--annotate",
    type=click.Path(path_type=Path),
    help="Write copies with wrong cells colored and noted to DIR.",
    metavar="DIR",
)
@click.option(
    "--gradescope",
    type=click.Path(path_type=Path),
    help="Write the results in Gradescope's format to FILE.",
    metavar="FILE",
)
@as_ascii
@quiet
def check(
    workbooks: tuple[Path, ...],
    config: Path | None,
    tolerance: float,
    strict: bool,
    seconds: float,
    json_file: Path | None,
    report: Path | None,
    annotate: Path | None,
    gradescope: Path | None,
    ascii: bool,
    quiet: bool,
) -> None:
    """Check WORKBOOKS made by hand (files, or folders of them): find the wrong cells, name the mistake.

    The network is inferred from the headers. Exit code 0: all is correct; 1: there are findings; 2: a workbook could
    not be read.
    """
    from tracer.commands.screen import can_print
    from tracer.grading import folder
    from tracer.grading.report import annotation, reports, terminal

    paths = folder.workbooks(workbooks)
    if not paths:
        raise OutputError([f"{', '.join(map(str, workbooks))}: no workbook (.xlsx) is there"])
    if config is not None:
        load(config)  # says at once what is wrong with it
    targets = [target for target in (json_file, report, gradescope) if target is not None]
    problems = problems_of(targets)
    originals = {path.resolve() for path in paths}
    problems += [
        f"{target}: is one of the workbooks to be checked" for target in targets if target.resolve() in originals
    ]
    if problems:
        raise OutputError(problems)
    found = folder.check_all(paths, Options(config, tolerance, strict), seconds)
    problems = []
    # the files first: whoever reads the output may go away
    for target, form in ((json_file, reports.as_json), (report, reports.as_csv), (gradescope, reports.as_gradescope)):
        if target is not None:
            try:
                with replacing(target) as part:
                    # a file name that is not UTF-8 is spelled with \udc.. for its bytes, which JSON reads back
                    part.write_text(form(found), encoding="utf-8", errors="backslashreplace")
            except OutputError as error:
                problems += error.problems
    if annotate is not None:
        try:
            annotation.annotate_all(found, annotate)
        except OutputError as error:
            problems += error.problems
    if not quiet:
        terminal.show(found, ascii or not can_print("∂−·…η", sys.stdout.encoding))
    if problems:
        raise OutputError(problems)
    if any(not each.readable for each in found):
        sys.exit(EXIT_UNREADABLE)
    if any(each.has_findings for each in found):
        sys.exit(EXIT_FINDINGS)
