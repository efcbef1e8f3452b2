"""A process that checks workbooks for another one, which can end it: reads tasks from standard input, writes reports.

It ends with the process that started it, whose end closes the input: a thread waits for that.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import process_time

from tracer import processes
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import BookReport
from tracer.grading.options import Headed, Options

Task = tuple[str, Options, float]
"""The path of a workbook, how to check it, and the seconds that reading it may take, and judging it."""
SPARE = 5
"""Seconds of the processor beyond those of a task, after which the operating system ends the process, where it can."""


def serve() -> None:
    """Check workbooks until the input is closed; each wait begins with a None, and so does judging what was read."""
    tasks: SimpleQueue[Task] = SimpleQueue()
    reports = processes.answers()
    processes.received(tasks).start()

    def send(message: BookReport | Headed | None = None) -> None:
        pickle.dump(message, reports)
        reports.flush()

    while True:
        send()
        path, options, seconds = tasks.get()
        _limit(process_time() + 2 * seconds + SPARE)
        send(_check(path, options, send, lambda report: send(Headed(report))))


def _limit(seconds: float) -> None:
    """End this process after so much time of the processor, even in a call that lets no other thread run."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, most))


def _check(
    path: str, options: Options, when_read: Callable[[], None], when_headed: Callable[[BookReport], None]
) -> BookReport:
    try:
        return check_workbook(path, options, when_read=when_read, when_headed=when_headed)
    except Exception as error:  # whatever one file brings about, the others are checked
        return BookReport(path, f"could not be checked ({type(error).__name__}: {error})")
