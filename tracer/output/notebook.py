"""What a notebook shows of a trace: the losses of its runs, what is wrong with them, their curves, its first rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

from tracer.execution.runs import Run
from tracer.explain.words import stopped
from tracer.output.blocks import Row

MOST_RUNS, MOST_ROWS, MOST_COLUMNS = 12, 5, 60
"""That are shown."""


def html(
    name: str,
    loss: str,
    runs: Sequence[Run],
    columns: Sequence[str],
    first_rows: Iterable[Row],
    curves: str,
    diagnoses: Iterable[str] = (),
) -> str:
    """A trace as an HTML fragment: its name, its runs, its columns and first rows, its curves as SVG, and what
    its numbers say."""
    first, last = ("first pass", "last pass") if runs[0].batches.samples > 1 else ("first", "last")
    losses = [
        (run.title, _digits(run.over_pass(loss)), _digits(run.over_pass(loss, last=True)),
         stopped(run.divergence) if run.divergence else "")
        for run in runs[:MOST_RUNS]
    ]  # fmt: skip
    rows = [tuple(map(_digits, row[:MOST_COLUMNS])) for row in islice(first_rows, MOST_ROWS)]
    more = f"<p>and {len(runs) - MOST_RUNS:,} more runs</p>" if len(runs) > MOST_RUNS else ""
    left_out = f", the first {MOST_COLUMNS} of them below" if len(columns) > MOST_COLUMNS else ""
    return "\n".join(
        [
            f"<h4>{escape(name)}</h4>", _table(("run", f"{first} {loss}", f"{last} {loss}", ""), losses), more,
            *(f"<p><b>{escape(sentence)}</b></p>" for sentence in diagnoses), curves,
            f"<p>{sum(map(len, runs)):,} rows, {len(columns):,} columns{left_out}</p>",
            f'<div style="overflow-x: auto">{_table(columns[:MOST_COLUMNS], rows)}</div>',
        ]
    )  # fmt: skip


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    cells = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"


def _digits(value: float) -> str:
    return "—" if value != value else f"{value:.6g}"
