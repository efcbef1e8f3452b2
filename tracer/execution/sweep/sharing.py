"""The blocks of a sweep, computed here or shared among processes of this machine."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol

from tracer import processes
from tracer.errors import OutputError, TraceError
from tracer.execution.sweep.points import Plan, Points
from tracer.execution.sweep.results import Results

Block = tuple[int, int]
"""The first point of a block, and the one behind its last."""
ATTEMPTS = 3
"""How often a block is begun whose process ends."""
SECONDS_A_VALUE, SECONDS_A_POINT = 1.2e-9, 5e-4
"""What a run takes roughly, an iteration and a quantity; and reading the config of a point."""
WORTHWHILE = 2.0
"""Seconds of work from which on further processes, which take a while to start, pay."""


class Finish(Protocol):
    """What is done with the results of a block where they are computed: they are written, for example."""

    def __call__(self, results: Results, first: int) -> Results: ...


def unchanged(results: Results, first: int) -> Results:
    """The results as they are."""
    return results


@dataclass(frozen=True, slots=True)
class Task:
    """Computes blocks of a plan; what goes to another process."""

    plan: Plan
    finish: Finish

    def run(self, points: Points, block: Block) -> Results:
        """The results of a block. Raises TraceError."""
        try:
            return self.finish(points.run(*block), block[0])
        except MemoryError:
            what = f"not enough memory for runs {block[0] + 1:,} to {block[1]:,}"
            raise OutputError([f"{what}; keep less with --keep, or run fewer iterations"]) from None


def here(task: Task, blocks: Sequence[Block]) -> Generator[tuple[Block, Results], None, None]:
    """The results of each block, computed in this process."""
    points = Points(task.plan)
    for block in blocks:
        yield block, task.run(points, block)


def shared(task: Task, blocks: Sequence[Block], workers: int) -> Generator[tuple[Block, Results], None, None]:
    """The results of the blocks, as they become ready, from so many processes, of which this is one: it computes while
    the others still start. Raises TraceError."""
    waiting: SimpleQueue[Block | None] = SimpleQueue()
    ready: SimpleQueue[tuple[Block, Results | TraceError]] = SimpleQueue()
    for block in blocks:
        waiting.put(block)
    crew = [_Worker(task, waiting, ready) for _ in range(min(workers, len(blocks)) - 1)]
    try:
        for worker in crew:
            worker.thread.start()
        points = Points(task.plan)
        for _ in blocks:
            own = _next(waiting) if ready.empty() else None
            if own is not None:
                yield own, task.run(points, own)
                continue
            block, results = ready.get()
            if isinstance(results, TraceError):
                raise results
            yield block, results
    finally:
        for worker in crew:
            worker.close()
        for _ in crew:
            waiting.put(None)
        for worker in crew:
            worker.thread.join()


def _next(waiting: SimpleQueue[Block | None]) -> Block | None:
    """A block that nobody has begun; None where there is none left."""
    try:
        return waiting.get_nowait()
    except Empty:
        return None


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(slots=True)
class _Worker:
    """A process, with the thread that gives it blocks; another one is started where it ends: its state."""

    task: Task
    waiting: SimpleQueue[Block | None]
    ready: SimpleQueue[tuple[Block, Results | TraceError]]
    thread: Thread = field(init=False)
    process: subprocess.Popen[bytes] | None = field(init=False, default=None)
    closed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        while (block := self.waiting.get()) is not None and not self.closed:
            for _ in range(ATTEMPTS):
                try:
                    self.ready.put((block, self._answer(block)))
                    break
                except (EOFError, OSError, pickle.UnpicklingError):
                    self._end()
                    if self.closed:
                        return
            else:
                what = f"runs {block[0] + 1:,} to {block[1]:,}: the process that computed them ended {ATTEMPTS} times"
                self.ready.put((block, OutputError([f"{what}, probably for lack of memory; keep less with --keep"])))
        self._end()

    def _answer(self, block: Block) -> Results | TraceError:
        if self.process is None:
            self.process = processes.start(processes.command(__name__))
            self._send(self.task)
        self._send(block)
        assert self.process.stdout is not None
        answer: Results | tuple[type[TraceError], tuple[str, ...]] = pickle.load(self.process.stdout)
        return answer if isinstance(answer, Results) else answer[0](answer[1])

    def _send(self, message: object) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        pickle.dump(message, self.process.stdin)
        self.process.stdin.flush()

    def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            processes.end(process)

    def close(self) -> None:
        """End the process, and start no other."""
        self.closed = True
        process = self.process
        if process is not None:
            process.kill()


def serve() -> None:
    """Compute blocks until the input is closed, which it is when the process that started this one ends."""
    blocks: SimpleQueue[Any] = SimpleQueue()
    answers = processes.answers()
    processes.received(blocks).start()
    task: Task = blocks.get()
    points = Points(task.plan)
    while True:
        pickle.dump(answered(task, points, blocks.get()), answers)
        answers.flush()


def answered(task: Task, points: Points, block: Block) -> Results | tuple[type[TraceError], tuple[str, ...]]:
    """The results, or what went wrong, in a form that another process can read."""
    try:
        return task.run(points, block)
    except TraceError as error:
        return type(error), error.problems
