"""What two revisions write, compared: numbers, formulas and verdicts must be the same; texts and additions may differ.

Run it as: make same BASE=<revision>. Both sides run as programs of their own, and what the base wrote is kept in a
cache for the next time. Exit code 1: something differs that must not. The workbooks of ../shared/cases show known
faults, and the schema may become stricter: what differs there is shown, and does not count.
"""

from __future__ import annotations

import argparse
import csv
import fcntl
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any

from same_workbooks import ALLOWED, Difference, book_differences, text_kind

TREE = Path(__file__).resolve().parent.parent
SHARED = TREE.parent / "shared"
PARTS = ("run", "exercise", "check", "cases", "list", "schema")
SHOWN_ONLY = ("cases", "schema")
SENTENCES = {"cause", "reason", "right", "theirs", "network", "differs", "note", "not_judged"}  # of `check --json`
SENTENCES |= {"description", "title", "examples", "errorMessage", "markdownDescription"}  # of the schema
NAMES_OF_ITEMS = ("workbook", "sheet", "cells", "quantity")
OPTIMIZERS = ("adam", "adagrad", "rmsprop", "nesterov")
WORKERS = 2
EXAMPLES = 4


@dataclass(frozen=True)
class Job:
    """A command, run in a folder of its own that bears its name; `inputs` are the files that it depends on."""

    name: str
    part: str
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...] = ()
    seconds: int = 300

    def digest(self) -> str:
        """What a result in the cache must have been made from."""
        found = hashlib.sha256(repr(self.arguments).encode())
        for path in self.inputs:
            found.update(path.read_bytes())
        return found.hexdigest()


def run_jobs() -> Iterator[Job]:
    """`run` of every config with all its columns and the classic ones, and of some optimizers."""
    data = tuple(sorted(TREE.glob("configs/*.csv")))
    for config in sorted(TREE.glob("configs/*.yaml")):
        for columns in ("full", "compact"):
            command = ("run", f"../configs/{config.name}", "--columns", columns, "-o", "out")
            yield Job(f"run-{config.stem}-{columns}", "run", command, (config, *data))
    config, short = TREE / "configs/walkthrough.yaml", ("--iterations", "20", "-o", "out")
    for name in OPTIMIZERS:
        arguments = ("run", "../configs/walkthrough.yaml", "--set", f"optimizer={name}", *short)
        yield Job(f"run-walkthrough-{name}", "run", arguments, (config,))
    yield Job("run-walkthrough-ascii", "run", ("run", "../configs/walkthrough.yaml", "--ascii", *short), (config,))


def exercise_jobs() -> Iterator[Job]:
    """`exercise` of two configs, with every choice of empty cells."""
    for name in ("walkthrough", "deep"):
        for blank in ("forward", "backward", "updates", "all"):
            arguments = ("exercise", f"../configs/{name}.yaml", "--blank", blank, "--key", "-o", "out.xlsx")
            yield Job(f"exercise-{name}-{blank}", "exercise", arguments, (TREE / f"configs/{name}.yaml",))


def check_job(name: str, workbook: Path, *options: str, inputs: tuple[Path, ...] = ()) -> Job:
    """`check` of one workbook."""
    arguments = ("check", str(workbook), "--json", "found.json", *options)
    return Job(name, "check", arguments, (workbook, *inputs))


def check_jobs(base: Path) -> Iterator[Job]:
    """`check` of the shared workbooks, and of those that `run` of the base wrote: the full ones by their configs."""
    for path in sorted(SHARED.glob("workbooks/*.xlsx")):
        yield check_job(f"check-{path.stem}", path, "--annotate", "marked")
    for job in run_jobs():
        options = ("--config", job.arguments[1]) if job.name.endswith("-full") else ()
        for path in sorted((base / job.name / "out").glob("*.xlsx")):
            yield check_job(f"check-{job.name}", path, *options, inputs=job.inputs)


def case_jobs() -> Iterator[Job]:
    """`check` of the shared cases, also with the configs beside them that begin a name or stand in a subfolder."""
    root = SHARED / "cases/check"
    for path in sorted(root.rglob("*.xlsx")):
        name = "-".join(("case", *path.relative_to(root).with_suffix("").parts))
        yield replace(check_job(name, path), part="cases", seconds=60)
        for config in sorted(path.parent.glob("*.yaml")):
            if path.parent != root or path.stem.startswith(config.stem):
                job = check_job(f"{name}-by-{config.stem}", path, "--config", str(config), inputs=(config,))
                yield replace(job, part="cases", seconds=60)


def list_jobs() -> Iterator[Job]:
    """What `list` and `schema` print."""
    yield Job("list", "list", ("list",))
    yield Job("list-ascii", "list", ("list", "--ascii"))
    yield Job("schema", "schema", ("schema",))


def work(checkout: Path, place: Path, job: Job) -> None:
    """Run a command of a checkout, unless the folder holds its result already."""
    folder = place / job.name
    stamp, digest = folder / "stamp", job.digest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = os.environ | {"PYTHONPATH": str(checkout), "COLUMNS": "120", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    with (folder / "stdout.txt").open("w") as out, (folder / "stderr.txt").open("w") as err:
        command = [sys.executable, "-m", "tracer", *job.arguments]
        try:
            ended = subprocess.run(
                command, cwd=folder, env=environment, stdout=out, stderr=err, timeout=job.seconds, check=False
            )
            code = str(ended.returncode)
        except subprocess.TimeoutExpired:
            code = f"no end within {job.seconds} s"
    if "Traceback" in (folder / "stderr.txt").read_text():
        code = "traceback"
    (folder / "code").write_text(code)
    stamp.write_text(digest)


def fresh(place: Path, job: Job) -> bool:
    """Whether the result of a job is there already."""
    stamp = place / job.name / "stamp"
    return stamp.exists() and stamp.read_text() == job.digest()


def csv_differences(where: str, base: Path, tree: Path) -> Iterator[Difference]:
    """The differences of two CSV files that are not the same bytes; numbers may be spelled otherwise."""
    old, new = (
        [[read_back(text) for text in row] for row in csv.reader(path.open(newline="", encoding="utf-8"))]
        for path in (base, tree)
    )
    for name in old[0]:
        if name not in new[0]:
            yield Difference("removed", f"{where}: column", name)
    yield from (Difference("added column", f"{where}: column", None, n) for n in new[0] if n not in old[0])
    if len(old) != len(new):
        yield Difference("number or formula", f"{where}: rows", len(old), len(new))
    pairs = [(n, i, new[0].index(n)) for i, n in enumerate(old[0]) if n in new[0]]
    for row, (a, b) in enumerate(zip(old, new, strict=False), 1):
        yield from (
            Difference("number or formula", f"{where}: {n}, line {row}", a[i], b[j])
            for n, i, j in pairs
            if a[i] != b[j]
        )


def read_back(text: str) -> str:
    """A cell of a CSV file, a number as Python spells it."""
    try:
        return repr(float(text))
    except ValueError:
        return text


def by_name(items: list[Any]) -> dict[str, Any]:
    """The items of a list by what names them, or by their positions; plain strings name themselves."""
    found = {}
    for position, item in enumerate(items):
        if isinstance(item, dict):
            named = " ".join(str(item[k]) for k in NAMES_OF_ITEMS if k in item)
            found[named if named and named not in found else f"{named}#{position}"] = item
        else:
            found[item if isinstance(item, str) else f"#{position}"] = item
    return found


def json_differences(where: str, base: Any, tree: Any, sentence: bool = False) -> Iterator[Difference]:
    """The differences of two JSON values; a sentence may change."""
    if isinstance(base, list) and isinstance(tree, list) and not sentence:
        base, tree = by_name(base), by_name(tree)
    if isinstance(base, dict) and isinstance(tree, dict):
        for key in base.keys() | tree.keys():
            if key not in base:
                yield Difference("added", f"{where}/{key}", None, tree[key])
            elif key not in tree:
                yield Difference("text" if sentence else "removed", f"{where}/{key}", base[key])
            else:
                counted = isinstance(base[key], int)  # a sheet's "right" is a number, a finding's is a formula
                said = sentence or (key in SENTENCES and not counted)
                yield from json_differences(f"{where}/{key}", base[key], tree[key], said)
    elif base != tree or type(base) is not type(tree):
        numbers = isinstance(base, float) and isinstance(tree, float) and math.isclose(base, tree, abs_tol=1e-15)
        kind = text_kind(str(base), str(tree)) if sentence else "rounding" if numbers else "verdict, score or cell"
        yield Difference(kind, where, base, tree)


def line_differences(where: str, base: str, tree: str) -> Iterator[Difference]:
    """The differences of what two commands print."""
    old, new = base.splitlines(), tree.splitlines()
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            one, other = "\n".join(old[a:b]), "\n".join(new[c:d])
            yield Difference("added" if tag == "insert" else text_kind(one, other), f"{where}:{a + 1}", one, other)


def file_differences(base: Path, tree: Path, where: str) -> Iterable[Difference]:
    """The differences of two files of one name."""
    if base.read_bytes() == tree.read_bytes():
        return ()
    match base.suffix:
        case ".xlsx":
            return book_differences(base, tree)
        case ".csv":
            return csv_differences(where, base, tree)
        case ".json":
            return json_differences(where, json.loads(base.read_text()), json.loads(tree.read_text()))
    return line_differences(where, base.read_text(), tree.read_text())


def folder_differences(base: Path, tree: Path, job: Job) -> Iterator[Difference]:
    """The differences of what two runs of a job left behind."""
    code, now = ((side / "code").read_text() for side in (base, tree))
    if code != now:
        broken = not code.isdigit()  # the base ended in a traceback or not at all
        yield Difference("mended" if broken and now.isdigit() else "exit code", job.name, code, now)
    if not (code.isdigit() and now.isdigit()):
        return
    old, new = ({p.relative_to(side): p for p in side.rglob("*.*") if p.is_file()} for side in (base, tree))
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            yield Difference("removed" if name in old else "added", f"the file {name}")
        elif name == Path("stdout.txt") and job.arguments == ("schema",) and code == now:
            texts = [json.loads(x[name].read_text()) for x in (old, new)]
            yield from json_differences("schema", *texts)
        else:
            yield from file_differences(old[name], new[name], str(name))


def compared(place: Path, base: Path, job: Job) -> tuple[Job, list[Difference]]:
    """Run a job on the working tree and compare what it wrote with the base's."""
    work(TREE, place, job)
    return job, list(folder_differences(base / job.name, place / job.name, job))


def git(*arguments: str) -> str:
    """What a git command prints."""
    return subprocess.run(("git", "-C", TREE, *arguments), check=True, capture_output=True, text=True).stdout.strip()


def fill(revision: str, base: Path, jobs: list[Job], stack: ExitStack, pool: ProcessPoolExecutor) -> None:
    """Run those jobs on the base that its folder has no result of; `revision` may be a folder."""
    missing = [job for job in jobs if not fresh(base, job)]
    if not missing:
        return
    checkout = Path(revision).resolve()
    if not checkout.is_dir():
        checkout = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "base"
        git("worktree", "add", "--detach", str(checkout), revision)
        stack.callback(git, "worktree", "remove", "--force", str(checkout))
    list(pool.map(partial(work, checkout, base), missing))


def report(results: list[tuple[Job, list[Difference]]], verbose: bool) -> bool:
    """Print the differences by part and kind; whether all of them are allowed."""
    good = True
    for part in PARTS:
        found = [(job, differences) for job, differences in results if job.part == part]
        if not found:
            continue
        differing = [job for job, differences in found if differences]
        print(f"\n{part}: {len(found) - len(differing)} identical, {len(differing)} differing")
        kinds: dict[str, list[str]] = {}
        for job, differences in found:
            for d in differences:
                kinds.setdefault(d.kind, []).append(f"{job.name}: {d.where}: {d.base!r} -> {d.tree!r}")
        for kind in sorted(kinds, key=lambda k: (k in ALLOWED, k)):
            harmless = part in SHOWN_ONLY or kind in ALLOWED
            good = good and harmless
            weight = "allowed" if kind in ALLOWED else "shown only" if harmless else "MUST NOT DIFFER"
            print(f"  {kind} ({weight}): {len(kinds[kind])}")
            shown = kinds[kind] if verbose else kinds[kind][:EXAMPLES]
            print(*(f"    {line if verbose else line[:300]}" for line in shown), sep="\n")
    return good


def main() -> int:
    """Compare, and say with the exit code whether only allowed things differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("base", help="the revision to compare with, or a folder that holds a checkout")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "backprop-trace-same")
    parser.add_argument("--verbose", action="store_true", help="list every difference")
    options = parser.parse_args()
    parts = options.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only: unknown {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = Path(options.base).is_dir()
        base = place / "base" if folder else options.cache / git("rev-parse", f"{options.base}^{{commit}}")
        tree = place / "tree"
        for side in (base, tree):
            shutil.copytree(TREE / "configs", side / "configs", dirs_exist_ok=True)
        lock = stack.enter_context((base / "lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        pool = stack.enter_context(ProcessPoolExecutor(WORKERS))
        runs = list(run_jobs())
        if {"run", "check"} & set(parts):
            fill(options.base, base, runs, stack, pool)
        jobs = [*runs, *exercise_jobs(), *check_jobs(base), *case_jobs(), *list_jobs()]
        jobs = [job for job in jobs if job.part in parts]
        fill(options.base, base, jobs, stack, pool)
        fcntl.flock(lock, fcntl.LOCK_UN)
        began = time.perf_counter()
        results = list(pool.map(partial(compared, tree, base), jobs))
        print(f"{len(jobs)} commands of the working tree, run and compared in {time.perf_counter() - began:.0f} s")
    return 0 if report(results, options.verbose) else 1


if __name__ == "__main__":
    sys.exit(main())
