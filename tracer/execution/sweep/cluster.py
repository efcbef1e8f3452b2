"""The blocks of a sweep on Dask (https://distributed.dask.org), on other machines or on a local cluster."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from tracer.errors import OutputError, TraceError
from tracer.execution.sweep.points import Points
from tracer.execution.sweep.results import Results
from tracer.execution.sweep.sharing import ATTEMPTS, Block, Task, answered

SECONDS = 10
"""How long a scheduler, and the first worker, are waited for."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the blocks are computed: by the workers of a scheduler, or by so many processes of this machine."""

    scheduler: str | None = None
    workers: int | None = None

    def check(self) -> None:
        """Raise OutputError where both are given, or Dask is not installed."""
        given = f"--workers {self.workers}" if self.scheduler is None else f"--scheduler {self.scheduler}"
        if self.scheduler is not None and self.workers is not None:
            what = "the workers of a scheduler are started beside it; leave out one of the two"
            raise OutputError([f"{given} --workers {self.workers}: {what}"])
        if find_spec("distributed") is None:
            what = "needs Dask, which is not installed: pip install 'backprop-trace[distributed]'"
            raise OutputError([f"{given} {what}"])

    def run(self, task: Task, blocks: Sequence[Block]) -> Generator[tuple[Block, Results], None, None]:
        """The results of the blocks, as they become ready. A block whose worker is lost is computed by another one.
        Raises TraceError."""
        from distributed import as_completed

        with _silent(), self._client(len(blocks)) as client:
            sent = client.submit(_unchanged, pickle.dumps(task), key=f"sweep-{id(task)}-{len(blocks)}")
            waiting = {
                client.submit(_computed, sent, block, pure=False, retries=ATTEMPTS - 1): block for block in blocks
            }
            try:
                for future in as_completed(waiting):
                    block = waiting.pop(future)
                    yield block, _result(future, block)
                    future.release()
            finally:
                client.cancel([*waiting])

    @contextmanager
    def _client(self, blocks: int) -> Iterator[Any]:
        """A connection to the scheduler, which has a worker. blocks: their number; a worker more than that would have
        nothing to do. Raises OutputError."""
        from distributed import Client, LocalCluster

        if self.scheduler is None:
            with (
                LocalCluster(
                    n_workers=min(self.workers or 1, blocks),
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(self.scheduler, timeout=SECONDS)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            what = f"does not answer ({str(error).strip() or type(error).__name__})".replace("\n", " ")
            raise OutputError([f"--scheduler {self.scheduler}: {what}; start one with: dask scheduler"]) from None
        except Exception as error:  # another program's answer is read as lengths and messages: MemoryError, for example
            what = f"the server there is not a Dask scheduler that can be used ({type(error).__name__})"
            hint = "give the address that dask scheduler prints, not that of its dashboard"
            raise OutputError([f"--scheduler {self.scheduler}: {what}; {hint}"]) from None
        with client:
            try:
                client.wait_for_workers(1, timeout=SECONDS)
            except TimeoutError:
                what = f"has no workers; start one with: dask worker {self.scheduler}"
                raise OutputError([f"--scheduler {self.scheduler}: {what}"]) from None
            yield client


@contextmanager
def _silent() -> Iterator[None]:
    """Without what Dask logs of workers that come and go."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.nanny", "distributed.scheduler")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _result(future: Any, block: Block) -> Results:
    try:
        answer: Results | tuple[type[TraceError], tuple[str, ...]] = future.result()
    except Exception as error:  # whatever a worker's environment brings about
        what = f"runs {block[0] + 1:,} to {block[1]:,} failed on the cluster ({type(error).__name__}: {error:.200})"
        raise OutputError([f"{what}; every worker needs this version of backprop-trace, and memory"]) from None
    if isinstance(answer, Results):
        return answer
    raise answer[0](answer[1])


def _unchanged(task: bytes) -> bytes:
    """The task, as a value that the scheduler can have made again where its worker is lost."""
    return task


_KNOWN: dict[bytes, tuple[Task, Points]] = {}
"""The task of a worker, with what it has compiled and read."""


def _computed(sent: bytes, block: Block) -> Results | tuple[type[TraceError], tuple[str, ...]]:
    """Compute a block in a worker."""
    if sent not in _KNOWN:
        _KNOWN.clear()
        task: Task = pickle.loads(sent)
        _KNOWN[sent] = task, Points(task.plan)
    task, points = _KNOWN[sent]
    return answered(task, points, block)
