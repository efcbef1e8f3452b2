"""Checking many workbooks on all processors, isolated from each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from tracer.grading.check import Options, check_workbook
from tracer.grading.judging.findings import BookReport

ALONE = 3
"""Up to this number of workbooks, a second process is not worth its cost."""
MOST_PROCESSES = 4
SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm")


def workbooks(paths: Iterable[Path]) -> list[Path]:
    """The paths, folders replaced by the workbooks in them."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def check_all(paths: Sequence[Path], options: Options) -> Iterator[BookReport]:
    """One report per workbook, in order."""
    if len(paths) <= ALONE:
        yield from (_check(path, options) for path in paths)
        return
    processes = min(os.cpu_count() or 1, MOST_PROCESSES, len(paths))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        pending = [pool.submit(_check, path, options) for path in paths]
        for path, future in zip(paths, pending, strict=True):
            try:
                yield future.result()
            except BrokenProcessPool:
                yield _in_own_process(path, options)


def _in_own_process(path: Path, options: Options) -> BookReport:
    """Check a workbook in a process of its own, after the shared pool broke down."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(_check, path, options).result()
        except BrokenProcessPool:
            return BookReport(str(path), "ran out of memory")


def _check(path: Path, options: Options) -> BookReport:
    try:
        return check_workbook(path, options)
    except Exception as error:  # whatever one file brings about, the others are checked
        return BookReport(str(path), f"could not be checked ({type(error).__name__}: {error})")
