"""A program as straight-line Python: every slot is a local variable, so no name of a config ever reaches the source."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from tracer.execution.program import Program
from tracer.formulas.evaluation import NO_NUMBER, compiled, namespace
from tracer.formulas.notation.source import Source
from tracer.formulas.tree import Expression, Name
from tracer.model.batches import Batches

DOUBLE = 8
"""Bytes."""

Statements = Mapping[str, Sequence[str]]
"""What computes each quantity of a sample, in their order."""
Walk = Callable[..., tuple[tuple[float, ...], int, int]]


def statements_of(program: Program) -> Statements:
    """The statements for a sample, written once for both functions."""
    source = _source(program)
    return {
        assignment.target.name: source.assignment(_local(program, assignment.target), assignment.expression)
        for assignment in program.of_sample
    }


def written(program: Program) -> str:
    """The program as text, in which equal programs are equal, whatever they start from."""
    source = _source(program)
    assignments = (*program.of_sample, *program.of_batch, *program.updates)
    lines = [line for a in assignments for line in source.assignment(locals_of(program, [a.target]), a.expression)]
    if program.until is not None:
        lines += source.assignment("until", program.until)
    return "\n".join([locals_of(program, map(Name, program.columns)), locals_of(program, program.start), *lines])


def walk_function(program: Program, batches: Batches, statements: Statements) -> Walk:
    """walk(samples, rows, buffer, offset, held, *start) → (the start of the next iteration, completed iterations, for
    how many steps of the pass the condition has held).

    samples: what each iteration takes, a sample or a list of them. buffer: where the steps are packed from `offset` on,
    as doubles in the order of the columns; rows is the same memory as doubles. start: the values of `Program.start`. An
    iteration that raises ends the walk; its own start is returned, so that it can be retraced.
    """
    several, width = batches.several, len(program.columns)
    shared = set(program.shared) if several else set()
    own = [name for name in program.columns if name not in shared]
    of_sample = struct.Struct(f"{len(own)}d")
    each = [*chain.from_iterable(statements.values())]
    each.append(f"pack(buffer, offset, {locals_of(program, map(Name, own))})")
    each.append(f"offset += {width * DOUBLE}")
    data, source = _sample(program), _source(program)
    body = each
    if several:
        common = [name for name in program.columns if name in shared]
        body = [
            f"first = offset // {DOUBLE}",
            f"for {data} in batch:",
            *("    " + line for line in each),
            *chain.from_iterable(
                source.assignment(_local(program, assignment.target), assignment.expression)
                for assignment in program.of_batch
            ),
            f"for place in range(first * {DOUBLE} + {of_sample.size}, offset, {width * DOUBLE}):",
            f"    pack_common(buffer, place, {locals_of(program, map(Name, common))})",
        ]
    begin = "first" if several else f"offset // {DOUBLE} - {width}"
    packing = {"pack": of_sample.pack_into, "pack_common": struct.Struct(f"{len(shared)}d").pack_into}
    return finished(program, batches, "batch" if several else data, body, begin, packing)


def finished(
    program: Program,
    batches: Batches,
    taken: str,
    body: list[str],
    begin: str,
    further: Mapping[str, Any],
    before: Sequence[str] = (),
) -> Walk:
    """The function `walk` whose iterations begin with `body`: the updates and the condition follow.

    taken: the variable of what an iteration takes. begin: the expression of where its rows begin, in doubles. further:
    what the body calls. before: what comes before all iterations.
    """
    width, source = len(program.columns), _source(program)
    # all at once: where one raises, the iteration's own start is still there
    targets = locals_of(program, (assignment.target for assignment in program.updates))
    values = []
    for update in program.updates:
        lines, value = source.written(update.expression)
        body += lines
        values.append(value)
    body.append(f"{targets}, = {', '.join(values)},")
    needed, holds = _condition(program.until)
    if holds:
        places = ", ".join(f"rows[at + {program.slots[name]}]" for name in needed)
        body += [
            f"for at in range({begin}, offset // {DOUBLE}, {width}):",
            f"    held = 0 if at // {width} % {batches.samples} == 0 else held",  # a pass begins
            f"    held += holds({places})",
            f"if held == {batches.samples}:",
            "    done += 1",
            "    break",
        ]
    start = locals_of(program, program.start)
    lines = [
        f"def walk(samples, rows, buffer, offset, held, {start}):",
        "    done = -1",
        *(f"    {line}" for line in before),
        "    try:",
        f"        for done, {taken} in enumerate(samples):",
        *(f"            {line}" for line in body),
        "        else:",
        "            done += 1",
        "    except NO_NUMBER:",
        "        pass",
        f"    return ({start},), done, held",
    ]
    walk: Walk = _defined("walk", lines, {**further, "holds": holds})
    return walk


def losses_function(program: Program, statements: Statements) -> Callable[..., list[float]]:
    """losses(samples, *start) → the loss of every sample: the forward pass alone."""
    lines = [
        f"def losses(samples, {locals_of(program, program.start)}):",
        "    found = []",
        f"    for {_sample(program)} in samples:",
        *("        " + line for name in program.needed_for(program.loss) for line in statements[name]),
        f"        found.append({_local(program, Name(program.loss))})",
        "    return found",
    ]
    losses: Callable[..., list[float]] = _defined("losses", lines, {})
    return losses


def _local(program: Program, name: Name) -> str:
    """A slot's variable; for a quantity in all rows of the batch, its values in these."""
    if name.batch:
        return f"rows[first + {program.slots[Name(name.name)]}:offset // {DOUBLE}:{len(program.columns)}]"
    return f"q{program.slots[name]}"


def locals_of(program: Program, names: Iterable[Name]) -> str:
    """The variables of these names, with commas between."""
    return ", ".join(_local(program, name) for name in names)


def _sample(program: Program) -> str:
    """The locals that a sample is unpacked into."""
    return f"({''.join(_local(program, Name(name)) + ', ' for name in program.data)})"


def _source(program: Program) -> Source:
    known = {name: f"q{slot}" for name, slot in program.slots.items()}
    return Source(lambda name: known.get(name) or _local(program, name))


def _condition(condition: Expression | None) -> tuple[list[Name], Callable[..., bool] | None]:
    """The names in a condition, and whether it holds for values of these; if it has no value, it does not."""
    if condition is None:
        return [], None
    needed, holds = compiled(condition)

    def safely(*values: float) -> bool:
        try:
            return bool(holds(*values))
        except NO_NUMBER:
            return False

    return needed, safely


def _defined(name: str, lines: Sequence[str], further: Mapping[str, Any]) -> Any:
    """The function of this name that the lines define."""
    scope = namespace() | dict(further)
    exec(compile("\n".join(lines), "<equations>", "exec"), scope)
    return scope[name]
