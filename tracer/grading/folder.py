"""Checking many workbooks on all processors, isolated from each other and each within its time."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Timer

from tracer import processes
from tracer.grading.judging.findings import BookReport, Verdict
from tracer.grading.options import SECONDS, Headed, Options

MOST_PROCESSES = 4
SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm")
_COMMAND = processes.command("tracer.grading.worker")


def workbooks(paths: Iterable[Path]) -> list[Path]:
    """The paths, folders replaced by the workbooks in them."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C after some of the workbooks were checked: their reports, in order."""

    def __init__(self, reports: list[BookReport]) -> None:
        super().__init__()
        self.reports = reports


def check_all(paths: Sequence[Path], options: Options, seconds: float = SECONDS) -> list[BookReport]:
    """One report per workbook, in order.

    seconds: how long reading each may take, and judging it. A workbook that takes longer, or that brings down the
    process that checks it, has a report that says so. Raises Interrupted.
    """
    workers = [_Worker() for _ in range(min(os.cpu_count() or 1, MOST_PROCESSES, len(paths)))]
    free: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def check(path: Path) -> BookReport:
        worker = free.get()
        try:
            return worker.check(str(path), options, seconds)
        finally:
            free.put(worker)

    pool = ThreadPoolExecutor(len(workers))
    pending = [pool.submit(check, path) for path in paths]
    try:
        return [future.result() for future in pending]
    except KeyboardInterrupt:
        done = [future.result() for future in pending if future.done() and not future.exception()]
        if not done:
            raise
        raise Interrupted(done) from None
    finally:
        for worker in workers:
            worker.close()
        pool.shutdown(cancel_futures=True)


def incomplete(report: BookReport, seconds: float) -> BookReport:
    """What the headers tell of a workbook whose other formulas were not judged in time."""
    reason = f"its formulas were not judged within {seconds:g} s; allow more with --seconds"
    sheets = (replace(s, reason=reason) if s.verdict is Verdict.NO_TABLE else s for s in report.sheets)
    return replace(report, sheets=tuple(sheets))


class _Worker:
    """A process that checks one workbook after another, and the next one when it had to be ended: its state."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.closed = False

    def check(self, path: str, options: Options, seconds: float) -> BookReport:
        """The report of one workbook."""
        process, late = self._started(), Event()
        report: BookReport | Headed | None

        def end() -> None:
            late.set()
            process.kill()

        headed: BookReport | None = None
        report, timer = None, Timer(seconds, end)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            pickle.load(process.stdout)  # it is ready: loading its modules does not count
            timer.start()
            pickle.dump((path, options, seconds), process.stdin)
            process.stdin.flush()
            while report is None:
                report = pickle.load(process.stdout)
                if isinstance(report, Headed):
                    headed, report = report.report, None
                    continue
                timer.cancel()
                if report is None and not late.is_set():  # it is read, and now judged
                    timer = Timer(seconds, end)
                    timer.start()
        except (EOFError, OSError, pickle.UnpicklingError):
            why = "the process that checked it ended, probably for lack of memory"
            report = BookReport(path, f"could not be checked: {why}")
            self._end()
        finally:
            timer.cancel()
            if timer.is_alive():
                timer.join()
        if late.is_set():
            self._end()
            if headed is not None:
                return incomplete(headed, seconds)
            return BookReport(path, f"not judged within {seconds:g} s; allow more with --seconds", late=True)
        return report

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            if self.closed:
                raise InterruptedError
            self.process = processes.start(_COMMAND)
        return self.process

    def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            processes.end(process)

    def close(self) -> None:
        """End the process, and start no other."""
        self.closed = True
        self._end()
