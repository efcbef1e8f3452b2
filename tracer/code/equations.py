"""A run as a script of scalar equations, for any system: in plain Python, or with NumPy's functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import indent

from tracer.code.source import Writer, beside
from tracer.execution.program import Program, program_of
from tracer.formulas.tree import Name, names
from tracer.model import naming
from tracer.model.system import Equation, Phase, System

IN_A_LINE = 8
"""Start values."""


def function(system: System, writer: Writer) -> Iterator[str]:
    """The lines of `run`, which repeats a run of the system."""
    spell, batches = writer.identifiers, system.batches
    program = program_of(system)
    of_sample = [e for e in system.equations if not system.once_an_iteration(e.phase)]
    of_batch = [e for e in system.equations if system.once_an_iteration(e.phase)]
    data = ", ".join(spell(Name(name)) for name in system.data)
    if batches.several:
        rows = list(dict.fromkeys(name for e in of_batch for name in names(e.expression) if name.batch))
        body = [f"{spell(name)} = []" for name in rows] + [f"for {data} in batch:"]
        body += indented(equations(of_sample, writer, system))
        body += indented(f"{spell(name)}.append({spell(Name(name.name))})" for name in rows)
        body += equations(of_batch, writer, system)
    else:
        body = [
            f"{data} = {'batch' if len(system.samples) > 1 else 'SAMPLES'}[0]",
            *equations(of_sample, writer, system),
        ]
    body += ["# update", *updates(program, writer)]
    found = [Name(system.curve), *(Name(parameter.name) for parameter in system.parameters)]
    several = len(system.samples) > 1
    yield from run(writer, program, {}, body, {spell(name): spell(name) for name in found}, several=several)


def run(
    writer: Writer,
    program: Program,
    start: Mapping[Name, str],
    body: Iterable[str],
    found: Mapping[str, str],
    before: Iterable[str] = (),
    *,
    several: bool,
) -> Iterator[str]:
    """The function `run`: what an iteration starts from, the iterations, what was found at the end. start: the source
    of start values that are not numbers. before: the lines between these and the iterations. several: whether an
    iteration takes a batch of several samples."""
    spell = writer.identifiers
    yield "def run(iterations, eta=None):"
    yield from indented(beside((spell(name), [f"{spell(name)} = {source}"], set()) for name, source in start.items()))
    numbers = [name for name, value in program.start.items() if value == value and name.name != naming.COUNT]
    numbers = [name for name in numbers if name not in start]
    for _, group in groupby(numbers, key=lambda name: program.slots[name] < len(program.columns)):
        of_kind = list(group)
        for first in range(0, len(of_kind), IN_A_LINE):
            few = of_kind[first : first + IN_A_LINE]
            values = ", ".join(repr(program.start[name]) for name in few)
            yield f"    {', '.join(map(spell, few))} = {values}"
    yield from indented(before)
    counted = "range(1, iterations + 1)"
    yield f"    for k, batch in zip({counted}, batches()):" if several else f"    for k in {counted}:"
    yield from indented(body, "        ")
    pairs = ", ".join(f'"{name}": {source}' for name, source in found.items())
    yield f"    return {{{pairs}}}"


def equations(of: Iterable[Equation], writer: Writer, system: System) -> Iterator[str]:
    """The equations, those of a phase and a layer below a comment that names them, those of one kind side by side."""
    for (phase, layer), group in groupby(of, key=lambda e: (e.phase, "" if e.phase in _WHOLE else e.layer)):
        yield f"# {phase} {layer}".rstrip()
        for of_kind in _by_kind([*group], system):
            yield from writer.assignments((Name(e.quantity), e.expression) for e in of_kind)


def _by_kind(of: Sequence[Equation], system: System) -> Iterable[Sequence[Equation]]:
    """The equations by the kind of their quantity; one by one, if else one came before what it needs."""
    kinds: dict[object, list[Equation]] = {}
    for equation in of:
        kinds.setdefault(system.quantities[equation.quantity].kind, []).append(equation)
    missing = {Name(equation.quantity) for equation in of}
    for equation in (equation for kind in kinds.values() for equation in kind):
        if not missing.isdisjoint(names(equation.expression)):
            return ([equation] for equation in of)
        missing.discard(Name(equation.quantity))
    return kinds.values()


def updates(program: Program, writer: Writer) -> Iterator[str]:
    """What the next iteration starts from."""
    return writer.assignments((u.target, u.expression) for u in program.updates if u.target.name != naming.COUNT)


_WHOLE = (Phase.LOSS, Phase.BATCH, Phase.OPTIMIZER)


def indented(lines: Iterable[str], by: str = "    ") -> Iterator[str]:
    """The lines, indented."""
    return (indent(line, by) for line in lines)
