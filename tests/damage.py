"""Workbooks damaged at random, in their XML or their bytes; `python -m tests.damage 1000` checks so many of them.

What is to hold of each: no exception, an answer within LIMIT, and a copy with notes, or a reason why there is none.
"""

from __future__ import annotations

import random
import re
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tracer
from tests.hand import book
from tests.homework import Layout, homework, write
from tests.places import SHARED, WALKTHROUGH
from tests.test_grading_mistakes import slip
from tracer.errors import OutputError
from tracer.grading.check import check_workbook
from tracer.grading.report import reports, terminal
from tracer.grading.report.annotation import annotate_all

LIMIT = 5.0
"""Seconds of the processor for one of them, on a slow machine; a tenth is usual."""

CONTENTS = re.compile(rb'>([^<>]+)<|="([^"]*)"')
FORMULA = re.compile(rb"<f>([^<]*)</f><v>[^<]*</v>")
STRANGE = (
    b"1e308", b"-1", b"", b"NaN", b"99999999999999999999", b"s", b"d", b"inlineStr", b"shared", b"A1", b"(", b"%d",
    b"SUM(A1:XFD9)", b"9^9^9", b"1/0", b"#REF!", b"'[1]x'!A1", b"A1048576", b"INDIRECT(A1)", b"\xff", b"E25", b"w999",
    b"&#0;", b"&amp;lt;", b"\xed\xa0\x80", b"=1+1", b"../../x", b"xl/styles.xml", b"\\1", b"h1", b"9" * 5000,
    b"(" * 3000, b"A1^" * 2000 + b"1", b"IF(" * 500 + b"1", b"-" * 3000 + b"A1", b"LET(x,A1,x)", b"A:A", b"1:1048576",
)  # fmt: skip


def originals(folder: Path) -> list[Path]:
    """A right workbook by hand, a wrong one, our own, an exercise, and those of SHARED."""
    trace = tracer.run(WALKTHROUGH, iterations=4, learning_rate=0.5)
    trace.to_excel(folder / "own.xlsx")
    trace.to_exercise(folder / "exercise.xlsx")
    right = write(homework(Layout(steps=6)).book(), folder / "right.xlsx")
    wrong = write(book(("Self", slip("dw3", "{ah2}*(1-{ah2})", "{ah1}*(1-{ah1})"))), folder / "wrong.xlsx")
    return [
        right,
        wrong,
        folder / "own.xlsx",
        folder / "exercise.xlsx",
        *filter(zipfile.is_zipfile, sorted(SHARED.glob("workbooks/*.xlsx"))),
    ]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The bytes with one to five places changed: contents, formulas, single bytes, missing parts."""
    data = content
    for _ in range(chance.randint(1, 5)):
        how = chance.randrange(4)
        if how == 0 and (found := list(CONTENTS.finditer(data))):
            match = chance.choice(found)
            first, last = match.span(1 if match[1] is not None else 2)
            data = data[:first] + chance.choice(STRANGE) + data[last:]
        elif how == 1 and (found := list(FORMULA.finditer(data))):
            match = chance.choice(found)
            data = data[: match.start()] + b"<f>" + chance.choice((*STRANGE, match[1])) + b"</f>" + data[match.end() :]
        elif how == 2 and data:
            place = chance.randrange(len(data))
            data = data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        elif data and chance.random() < 0.3:
            place = chance.randrange(len(data))
            data = data[:place] + data[place + chance.choice((1, 20, 400)) :]
    return data


def mutant(original: Path, target: Path, chance: random.Random) -> None:
    """Write a copy, damaged in one of its parts, or as a file."""
    if chance.random() < 0.2:
        target.write_bytes(damaged(original.read_bytes(), chance))
        return
    with zipfile.ZipFile(original) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        names = package.namelist()
        hit = chance.choice([*names, *[name for name in names if "sheet" in name] * 4])
        for name in names:
            part = package.read(name)
            copy.writestr(name, damaged(part, chance) if name == hit else part)


def attack(sources: Sequence[Path], folder: Path, count: int, seed: int = 20_250) -> Iterator[str]:
    """Check, report and annotate so many mutants; what went wrong with each that must not."""
    chance = random.Random(seed)
    for number in range(count):
        target = folder / f"mutant{number}.xlsx"
        mutant(chance.choice(sources), target, chance)
        began = time.process_time()
        try:
            report = check_workbook(target)
            texts = [form([report]) for form in (reports.as_json, reports.as_csv, reports.as_gradescope)]
            "\n".join([*terminal.lines(report), *texts]).encode()
            if not (report.reason or report.sheets):
                yield f"{target}: neither a reason nor a sheet"
            annotate_all([report], folder / "marked")
        except OutputError as error:
            if len(error.problems) != 1 or "\n" in error.problems[0]:
                yield f"{target}: {error}"
        except Exception as error:
            yield f"{target}: {type(error).__name__}: {error}"
        if time.process_time() - began > LIMIT:
            yield f"{target}: took {time.process_time() - began:.1f} s"


def main() -> None:
    """Check the number of mutants given as argument; those with a failure stay in out/damage."""
    kept = Path("out/damage")
    with TemporaryDirectory() as folder:
        failures = list(attack(originals(Path(folder)), Path(folder), int(sys.argv[1])))
        for failure in failures:
            print(failure)
            kept.mkdir(parents=True, exist_ok=True)
            path = Path(failure.partition(": ")[0])
            (kept / path.name).write_bytes(path.read_bytes())
    print(f"{sys.argv[1]} damaged workbooks, {len(failures)} failures")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
