"""A trace held against others: gradients against differences and PyTorch, workbooks against LibreOffice."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tracer.code.source import DIALECTS, Writer
from tracer.errors import OutputError
from tracer.execution.runs import Run
from tracer.explain.numeric_check import numeric_check
from tracer.explain.words import stopped
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.primitives import unrounded
from tracer.formulas.tree import Name
from tracer.model.system import FORWARD_PASS, System
from tracer.output.trace import Trace

DIFFERENCES, TORCH, SHEET = "central difference", "PyTorch", "LibreOffice"
TOLERANCES = {DIFFERENCES: (1e-6, 1e-9), TORCH: (1e-9, 1e-12), SHEET: (1e-9, 1e-12)}
"""What a number is held against → how much it may differ, relative or absolute."""
STEPS = 3
"""Of every run that are held against others: the first, a middle and the last one."""
OFFICE = "soffice"
PATIENCE = 300
"""Seconds that LibreOffice may take."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A quantity held against another source: the largest difference, as (ours, theirs), relative to the larger one.
    ours and theirs are NaN where the other source has no number."""

    quantity: str
    against: str
    ours: float
    theirs: float

    @property
    def relative(self) -> float:
        """The relative difference, 0 if both are 0."""
        largest = max(abs(self.ours), abs(self.theirs))
        return abs(self.ours - self.theirs) / largest if largest else 0.0

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance."""
        relative, absolute = TOLERANCES[self.against]
        return abs(self.ours - self.theirs) <= max(relative * max(abs(self.ours), abs(self.theirs)), absolute)


def missing() -> dict[str, str]:
    """What cannot be held against here → why."""
    found = {}
    if find_spec("torch") is None:
        found[TORCH] = "it is not installed (pip install torch)"
    if shutil.which(OFFICE) is None:
        found[SHEET] = f"it is not installed ({OFFICE} is not on the path)"
    return found


def verify(trace: Trace) -> Iterator[Comparison]:
    """Hold a trace against all that is there; for every parameter the gradient with the largest difference, then the
    quantities of the workbook that differ most in each sheet. Raises OutputError where no run has a whole step, or
    LibreOffice fails."""
    system = trace.system
    steps = [run.step(index) for run in trace.runs for index in _chosen(run)]
    if not steps:
        run = trace.runs[0]
        assert run.divergence
        raise OutputError([f"no run has a whole step: {run.title}: {stopped(run.divergence)}"])
    absent = missing()
    sources = {DIFFERENCES: _by_differences} | ({} if TORCH in absent else {TORCH: _by_torch})
    for against, gradients in sources.items():
        worst: dict[str, Comparison] = {}
        for step in steps:
            theirs = gradients(system, step)
            for parameter in system.parameters:
                name = system.gradient(parameter.name)
                found = Comparison(name, against, step[name], theirs[parameter.name])
                worst[name] = max(found, worst.get(name, found), key=_severity)
        yield from worst.values()
    if SHEET not in absent:
        yield from _by_office(trace)


def _chosen(run: Run) -> list[int]:
    """The steps of a run that are compared."""
    last = run.complete - 1
    return sorted({0, last // 2, last}) if last >= 0 else []


def _severity(comparison: Comparison) -> tuple[bool, float]:
    return not comparison.agrees, comparison.relative


def _by_differences(system: System, step: Mapping[str, float]) -> dict[str, float]:
    found = {}
    for parameter in system.parameters:
        try:
            found[parameter.name] = numeric_check(system, step, parameter.name).slope
        except NO_NUMBER:
            found[parameter.name] = math.nan
    return found


def _by_torch(system: System, step: Mapping[str, float]) -> dict[str, float]:
    """The gradients of a step's loss by PyTorch, from our forward pass and its own derivatives."""
    import torch

    writer = Writer(DIALECTS["pytorch"])
    spell = writer.identifiers
    lines = [
        line
        for equation in system.equations
        if equation.phase in FORWARD_PASS
        for line in writer.assignment(spell(Name(equation.quantity)), unrounded(equation.expression))
    ]
    source = "\n".join([*writer.definitions("\n".join(lines)), *lines])
    tensors = {
        parameter.name: torch.tensor(step[parameter.name], dtype=torch.float64, requires_grad=True)
        for parameter in system.parameters
    }
    given = {name: torch.tensor(step[name], dtype=torch.float64) for name in system.data}
    scope: dict[str, Any] = {spell(Name(name)): tensor for name, tensor in {**given, **tensors}.items()}
    exec(compile(source, "<forward pass>", "exec"), scope)
    scope[spell(Name(system.loss))].backward()
    return {name: 0.0 if tensor.grad is None else float(tensor.grad) for name, tensor in tensors.items()}


def _by_office(trace: Trace) -> Iterator[Comparison]:
    """The quantity of every run's sheet that differs most after LibreOffice has computed the workbook anew."""
    import openpyxl

    from tracer.workbook.trace.formulas import FIRST_ROW, TraceFormulas
    from tracer.workbook.xlsx.names import sheet_titles

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        written = folder / "written.xlsx"
        trace.to_excel(written)
        emptied = openpyxl.load_workbook(written)  # which forgets the stored values
        emptied.save(folder / "emptied.xlsx")
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        command = [OFFICE, "--headless", profile, "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir"]
        computing = [*command, str(folder / "computed"), str(folder / "emptied.xlsx")]
        try:
            subprocess.run(computing, check=True, capture_output=True, timeout=PATIENCE)
        except (OSError, subprocess.SubprocessError) as error:
            raise OutputError([f"{SHEET} could not compute the workbook ({type(error).__name__})"]) from None
        book = openpyxl.load_workbook(folder / "computed" / "emptied.xlsx", data_only=True)
        for title, run in zip(sheet_titles(run.title for run in trace.runs), trace.runs, strict=True):
            sheet, letters = book[title], TraceFormulas(title, trace.system, run).letters
            worst = None
            for index in range(run.complete):
                step = run.step(index)
                for name, letter in letters.items():
                    theirs = sheet[f"{letter}{FIRST_ROW + index}"].value
                    number = float(theirs) if isinstance(theirs, (int, float)) else math.nan
                    found = Comparison(f"{title}: {name}", SHEET, step[name], number)
                    worst = max(found, worst or found, key=_severity)
            if worst:
                yield worst
