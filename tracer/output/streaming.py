"""A trace that is written while it is computed, so that its length does not matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tracer.execution.engine import Engine
from tracer.execution.outcome import Losses, Outcome
from tracer.execution.progress import Progress, Stop
from tracer.execution.runs import End, Run, Stretch, title_of
from tracer.model import naming
from tracer.model.batches import Keep, kept_of
from tracer.output.blocks import Block, Layout, Writer
from tracer.output.keeping import kept


def streamed(
    engine: Engine,
    hyper: Mapping[str, float],
    iterations: int,
    layout: Layout,
    writers: Sequence[Writer],
    keep: Keep,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Outcome:
    """Run so many iterations with these hyper-parameters, and hand every block of rows that is kept to the writers.

    layout: the columns that they write. progress: called regularly with the number of steps done since the last call.
    stop: where it says so, the run ends there.
    """
    batches, columns, width = engine.system.batches, engine.columns, len(engine.columns)
    loss, curve = columns[engine.system.loss], columns[engine.system.curve]
    losses, steps, end = Losses(batches), 0, End()

    def watched() -> Iterator[Stretch]:
        nonlocal steps, end
        for stretch in engine.stretches(hyper, iterations, stop=stop):
            begin, steps, end = steps, steps + len(stretch.rows) // width, stretch.end or end
            whole = batches.first_row(end.divergence.iteration - 1) if end.divergence else steps
            complete = stretch.rows[: (min(whole, steps) - begin) * width]
            losses.add(complete[loss::width].tolist(), complete[curve::width].tolist())
            yield stretch
            if progress:
                progress(steps - begin)

    for part in kept(watched(), keep, batches, width):
        block = Block(layout, columns, part.places(batches, width), part.rows, hyper.get(naming.ETA))
        for write in writers:
            write(block)
    done = batches.iteration(steps - 1) + 1 if steps else 0
    title = title_of(hyper, columns)
    return Outcome(title, hyper, done, losses.first, losses.last, losses.curve, end)


def kept_run(
    engine: Engine,
    hyper: Mapping[str, float],
    iterations: int,
    layout: Layout,
    keep: Keep,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> tuple[Run, Outcome]:
    """A run with the rows of the iterations that are kept, as for `streamed`, and what it came to."""
    rows, numbers = bytearray(), dict[int, None]()

    def hold(block: Block) -> None:
        rows.extend(block.values.cast("B"))
        numbers.update(dict.fromkeys(iteration - 1 for iteration, _ in block.places))

    outcome = streamed(engine, hyper, iterations, layout, [hold], keep, progress, stop)
    end = outcome.end
    run = Run(
        hyper,
        kept_of(engine.system.batches, numbers),
        engine.columns,
        memoryview(rows).cast("d"),
        end.final,
        end.final_loss,
        end.divergence,
        end.until_met,
        end.stopped,
    )
    return run, outcome
