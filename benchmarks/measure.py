"""How the benchmarks measure: two sides in turn, medians; memory in a process of its own; the results as a table and as
JSON."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROUNDS = 7
PEERS = ("numpy", "pandas", "openpyxl", "XlsxWriter", "orjson", "isal", "pyarrow", "polars", "torch")
HIGH_WATER = """
print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')), file=sys.stderr)"""
"""Prints the most memory that a process of Linux has had, in KiB, where sys has been imported."""

Work = Callable[[], object]
CLOCK: list[Callable[[], float]] = [time.perf_counter]
"""What time is measured by; the last one holds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: seconds of both sides, and their ratio.

    faster: how many times as fast as the other side; the median over the rounds, whose two sides ran in turn.
    notes: further figures, by what they are. target: the least `faster` that is aimed at.
    """

    part: str
    what: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    faster: float | None = None
    target: float | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


def processor() -> float:
    """The processor time of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def seconds(work: Work, clock: Callable[[], float] | None = None) -> float:
    """How long a piece of work takes, by the clock on the wall unless CLOCK says otherwise."""
    clock = clock or CLOCK[-1]
    began = clock()
    work()
    return clock() - began


def alone(part: str, what: str, work: Work, notes: Mapping[str, str] | None = None, rounds: int = ROUNDS) -> Row:
    """A piece of work by itself, after a round to warm up."""
    work()
    return Row(part, what, statistics.median(seconds(work) for _ in range(rounds)), notes=notes or {})


def against(
    part: str,
    what: str,
    ours: Work,
    peers: Mapping[str, Work],
    targets: Mapping[str, float] | None = None,
    notes: Mapping[str, str] | None = None,
    rounds: int = ROUNDS,
    share: float = 1.0,
    before: Work = lambda: None,
) -> Iterable[Row]:
    """A piece of work beside what others take for it. share: the part of the work that the peers do, where all of it
    would take too long. before: what is done before each piece, and is not measured."""

    def measured(work: Work) -> float:
        before()
        return seconds(work)

    for peer, theirs in peers.items():
        ours(), theirs()
        pairs = [(measured(ours), measured(theirs) / share) for _ in range(rounds)]
        mine, others = map(statistics.median, zip(*pairs, strict=True))
        faster = statistics.median(b / a for a, b in pairs)
        yield Row(part, what, mine, peer, others, faster, (targets or {}).get(peer), notes or {})


def process(*arguments: str | Path) -> Work:
    """A Python process, which has its compiled modules as in daily use."""
    return partial(_run, arguments)


def _run(arguments: Sequence[str | Path], errors: int | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    line = [sys.executable, *map(str, arguments)]
    return subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=errors, env=environment)


def watched(code: str, *arguments: str | Path) -> tuple[float, dict[str, str]]:
    """How long Python code takes in a process, and a note of the most memory that it has; none where the system does
    not say. What the code prints is not held."""
    high_water = HIGH_WATER if Path("/proc/self/status").exists() else ""
    ended = []
    taken = seconds(lambda: ended.append(_run(["-c", code + high_water, *arguments], subprocess.PIPE)))
    printed = ended[0].stderr.split()
    return taken, {"peak": f"{int(printed[-1]) * 1024 // 1_000_000} MB"} if printed else {}


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "system": f"{platform.system()} {platform.machine()}", "processor": _processor(), "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown",
        "Python": platform.python_version(), **{name: found for name in PEERS if (found := _version(name))},
    }  # fmt: skip


def in_words(machine: Mapping[str, str]) -> Iterator[str]:
    """The machine and the versions, as a reader is told them."""
    for name, value in machine.items():
        yield {"system": value, "processor": value, "cores": f"{value} cores"}.get(name, f"{name} {value}")


def _processor() -> str:
    """The model, where the system says it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def table(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | ours | others | ratio | target |", "|---|---|---|---|---|"]
    for row in rows:
        notes = "".join(f"; {name} {value}" for name, value in row.notes.items())
        others = f"{_time(row.theirs)}: {row.peer}" if row.theirs is not None else ""
        ratio = f"{row.faster:.3g} ×" if row.faster is not None else ""
        target = f"≥ {row.target:.3g} ×" if row.target else ""
        lines.append(f"| {row.what} | {_time(row.ours)}{notes} | {others} | {ratio} | {target} |")
    return "\n".join(lines)


def _time(value: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def with_tables(page: str, where: str, tables: Mapping[str, str]) -> str:
    """The page with the tables of the sections that have these headings, and with what they were measured on."""
    lines, heading = list[str](), ""
    for line in page.splitlines():
        heading = line[3:] if line.startswith("## ") else heading
        if line.startswith("|") and heading in tables:
            if not lines[-1].startswith("|"):
                lines += tables[heading].splitlines()
        else:
            lines.append(f"Measured on {where}." if line.startswith("Measured on") else line)
    return "\n".join(lines) + "\n"


def as_json(rows: Iterable[Row], where: Mapping[str, str]) -> str:
    """The rows with the machine, as JSON."""
    return json.dumps({"machine": dict(where), "rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=1)
