"""The kinds of scripts that reproduce a run and compare themselves with its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tracer.code import equations, network, pytorch
from tracer.code.arrays import Arrays, in_arrays
from tracer.code.source import DIALECTS, WIDTH, Writer, literal
from tracer.errors import OutputError
from tracer.execution.runs import Run
from tracer.explain.words import stopped
from tracer.formulas.expansion import far_conditions
from tracer.formulas.tree import names
from tracer.model import naming
from tracer.model.system import System
from tracer.output.trace import Trace
from tracer.version import VERSION


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of script. samples: how they are stored, from a list of tuples. compared: the comparison of a `value` that
    was found with `ours`, within 1e-9 relative or 1e-12 absolute. prelude: a statement before all of it, and
    one more for arguments far out."""

    description: str
    samples: str
    compared: str
    prelude: tuple[str, str] = ("", "")


ONE_A_LINE = 12
"""So many samples are listed one below the other."""
DIGITS = 13
"""Significant digits of the expected numbers; the tolerance needs 10."""

KINDS = {
    "python": Kind(
        "plain Python, equation by equation", "{}", "isclose(value, ours, rel_tol=1e-9, abs_tol=1e-12)"
    ),
    "numpy": Kind(
        "NumPy", "np.array({})", "np.allclose(value, ours, rtol=1e-9, atol=1e-12)",
        ("", 'np.seterr(over="ignore")  # in the branch of a choice that is not taken'),
    ),
    "pytorch": Kind(
        "PyTorch, with its gradients", "torch.tensor({})",
        "torch.allclose(value, torch.tensor(ours), rtol=1e-9, atol=1e-12)",
        ("torch.set_default_dtype(torch.float64)", ""),
    ),
}  # fmt: skip


def script(trace: Trace, to: str) -> str:
    """A script of a kind from KINDS that reproduces the runs of a trace, and asserts the last loss and the parameters.

    Raises OutputError where a run has not one whole iteration, or the kind of script cannot do what the config asks.
    """
    if to not in KINDS:
        raise OutputError([f"{to!r:.40} is not one of {', '.join(KINDS)}"])
    experiment, system, kind = trace.experiment, trace.system, KINDS[to]
    problems = [
        f"{run.title}: {stopped(run.divergence)} There is nothing to reproduce."
        for run in trace.runs
        if run.divergence and not run.complete
    ]
    if to == "pytorch" and experiment.decimals is not None:
        problems.append("decimals: PyTorch has no gradients of rounded quantities; choose another kind of script")
    if problems:
        raise OutputError(problems)
    writer = Writer(DIALECTS[to], _is_far(trace))
    layers = in_arrays(experiment) if to != "python" and not writer.far else []
    if layers:
        of_network = pytorch.of_network if to == "pytorch" else network.function
        body = of_network(experiment, layers, writer)
    elif to == "pytorch":
        body = pytorch.of_equations(experiment, system, writer)
    else:
        body = equations.function(system, writer)
    lines = [
        *(f"{line}\n" for line in kind.prelude[: 1 + writer.far] if line),
        *_given(trace, kind, layers), *_batches(system, kind), "", "", *body, "", "",
        "for given, expected in RUNS:",
        "    found = run(*given)",
        "    print(given, found)",
        "    for (name, value), ours in zip(found.items(), expected):",
        f"        assert {kind.compared}, (name, value, ours)",
    ]  # fmt: skip
    head = writer.definitions("\n".join(lines))
    source = experiment.source.file or "a config that was passed in Python"
    title = f"{experiment.name}, {kind.description}. Written by backprop-trace {VERSION} from {source}."
    safe = title.replace("\\", "/").replace('"', "'")
    return "\n".join([f'"""{safe}"""', "", *head, "", *([""] if "def" in head[-1] else []), *lines, ""])


def _is_far(trace: Trace) -> bool:
    """Whether an argument of a function is so far out in some step that its plain formula does not do."""
    import numpy as np

    from tracer.formulas.notation.numpy import value

    for condition in {c for equation in trace.system.equations for c in far_conditions(equation.expression)}:
        for run in trace.runs:
            rows = {name: np.array(run[name.name][: run.complete]) for name in names(condition)}
            if np.any(value(condition, rows)):
                return True
    return False


def _given(trace: Trace, kind: Kind, layers: list[Arrays]) -> Iterator[str]:
    """The samples, and what is expected of each run."""
    system = trace.system
    columns = f"# {', '.join(naming.to_ascii(name) for name in system.data)}"
    rows = [f"    {sample}," for sample in system.samples]
    beside = not 1 < len(rows) <= ONE_A_LINE
    listed = literal([*system.samples], 8) if beside else "\n".join(["[", *rows, "]"])
    samples = f"SAMPLES = {kind.samples.format(listed)}"
    yield from [f"{samples}  {columns}"] if len(f"{samples}  {columns}") <= WIDTH else [columns, samples]
    yield "RUNS = [  # the arguments of run, and the values that it returns"
    for run in trace.runs:
        given = (run.batches.iteration(run.complete - 1) + 1, *run.hyper.values())
        yield f"    {literal((given, _expected(system, run, layers)), 4)},"
    yield "]"


def _expected(system: System, run: Run, layers: list[Arrays]) -> tuple[Any, ...]:
    """The last loss, and the parameters after it where the run did not diverge, in the order in which `run` of the
    script returns them."""
    found = [run[system.curve][run.complete - 1]]
    if not run.divergence:
        arrays = [value for layer in layers for value in layer.parameters(run.final).values()]
        found += arrays or run.final.values()
    return tuple(map(_rounded, found))


def _rounded(value: Any) -> Any:
    """A number, or the numbers of a list, to DIGITS."""
    return [*map(_rounded, value)] if isinstance(value, list) else float(f"{value:.{DIGITS}g}")


def _batches(system: System, kind: Kind) -> Iterator[str]:
    """The function that gives the samples of every iteration."""
    batches = system.batches
    if batches.samples == 1:
        return
    yield from ("", "", "def batches():", '    """The samples of every iteration, endlessly."""')
    if batches.seed is None and batches.samples <= batches.size:
        return (yield from ("    while True:", "        yield SAMPLES"))
    if batches.seed is None:
        yield from ("    while True:", "        order = range(len(SAMPLES))")
    else:
        yield from (
            "    for number in count():",
            f'        keys = random.Random(f"{batches.seed} {{number}}")',
            "        order = sorted(range(len(SAMPLES)), key=lambda _: keys.random())",
        )
    yield f"        for start in range(0, len(SAMPLES), {batches.size}):"
    taken = f"order[start : start + {batches.size}]"
    of_lists = kind.samples == KINDS["python"].samples
    yield (
        f"            yield [SAMPLES[index] for index in {taken}]"
        if of_lists
        else f"            yield SAMPLES[{taken}]"
    )
