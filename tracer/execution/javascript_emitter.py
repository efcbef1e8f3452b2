"""A program as JavaScript. Every slot is an element of the array `q`, so no name from a config reaches the source.

The functions compute; `page/engine.js` calls them and keeps what they compute. What depends on numbers alone, such as
samples, start values and the order of the samples, is data beside them: `page/program.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tracer.execution.program import Assignment, Program
from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.javascript import JAVASCRIPT, SYNTAX, helpers, strict
from tracer.formulas.notation.source import Source
from tracer.formulas.tree import Expression, Name, names
from tracer.model.batches import Batches

NO_NUMBER = 'const NO_NUMBER = Symbol("no number");'
STATEMENTS = 400
"""In a function: V8 does not optimize a very long one."""


def complete(*sources: str, result: str) -> str:
    """The source of constants, with the helpers that they need. result: the constants that are known afterwards, as
    JavaScript destructures them: `program`, or `{ program, shapes }`."""
    lines = [NO_NUMBER, *helpers("\n".join(sources)), *sources, f"return {result};"]
    return "\n".join([f"const {result} = (() => {{", *lines, "})();", ""])


def program_source(program: Program, batches: Batches) -> str:
    """The source of `program`, an object of functions.

    forward, backward: what is computed for a sample, up to the loss and after it; lists of functions of `q`, the values
        of a row, in the order of `Program.slots`. shared: what is computed once for all rows of a batch, from `of`,
        which gives the values of a slot in these rows. update: what the next iteration starts from, which becomes
        elements of `next`. holds: whether the condition that ends a run holds in a row. reduce: the mean or the sum of
        the losses of several samples. noNumber: what a function throws where a value does not exist and the result
        would not show it.
    """
    needed = {*program.needed_for(program.loss)}
    forward = 1 + max(
        (number for number, a in enumerate(program.of_sample) if a.target.name in needed), default=-1
    )  # fmt: skip
    parts = {
        "forward": _functions(program, program.of_sample[:forward], "q"),
        "backward": _functions(program, program.of_sample[forward:], "q"),
        "shared": _functions(program, program.of_batch, "q, of"),
        "update": _functions(program, program.updates, "q, next", "next", hidden=True),
        "holds": _condition(program),
        "reduce": f"losses => {batches.reduction}(losses)",
        "noNumber": "NO_NUMBER",
    }
    listed = "".join(f"  {name}: {source},\n" for name, source in parts.items())
    return f"const program = {{\n{listed}}};"


def shapes_source(expressions: Sequence[Expression]) -> str:
    """The source of `shapes`, a list with a function of numbers for each expression, which take the values of its
    distinct names in the order of their first appearance."""
    functions = []
    for expression in expressions:
        known: dict[Name, str] = {}
        for name in names(expression):
            known.setdefault(name, f"x{len(known)}")
        written = render(expand(expression, far=True), JAVASCRIPT, known.__getitem__)
        functions.append(f"  ({', '.join(known.values())}) => {written},\n")
    return f"const shapes = [\n{''.join(functions)}];"


def _functions(
    program: Program, assignments: Sequence[Assignment], arguments: str, target: str = "q", *, hidden: bool = False
) -> str:
    """The source of a list of functions that make these assignments, one after the other."""
    parts = [assignments[first : first + STATEMENTS] for first in range(0, len(assignments), STATEMENTS)]
    return f"[{', '.join(_function(program, part, arguments, target, hidden) for part in parts)}]"


def _function(program: Program, assignments: Iterable[Assignment], arguments: str, target: str, hidden: bool) -> str:
    source = Source(lambda name: _element(program, name), JAVASCRIPT, syntax=SYNTAX)
    lines = _lines(program, source, assignments, target, hidden)
    return f"({arguments}) => {{\n{''.join(f'    {line}' + chr(10) for line in lines)}  }}"


def _lines(
    program: Program, source: Source, assignments: Iterable[Assignment], target: str, hidden: bool
) -> Iterator[str]:
    for assignment in assignments:
        element = _element(program, assignment.target, target)
        yield from source.assignment(element, strict(assignment.expression, hidden))


def _condition(program: Program) -> str:
    """The source of a function of a row, or null."""
    if program.until is None:
        return "null"
    source = Source(lambda name: _element(program, name), JAVASCRIPT, syntax=SYNTAX)
    lines, value = source.written(strict(expand(program.until, far=True), hidden=True))
    return f"q => {{\n{''.join(f'    {line}' + chr(10) for line in lines)}    return {value};\n  }}"


def _element(program: Program, name: Name, array: str = "q") -> str:
    """A slot's element; for a quantity in all rows of the batch, its values in these."""
    if name.batch:
        return f"of({program.slots[Name(name.name)]})"
    return f"{array}[{program.slots[name]}]"
