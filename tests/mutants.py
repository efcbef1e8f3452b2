"""Configs changed at random, in their values or their text; `python -m tests.mutants 10000` runs so many of them.

What is to hold of each: it is run and written, or refused with problems that each have a place, within LIMIT.
"""

from __future__ import annotations

import contextlib
import copy
import random
import re
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from tests.places import CONFIGS, ROOT
from tracer.api import walk
from tracer.config import load
from tracer.config.schema import FIELDS, LAYER
from tracer.errors import OutputError, TraceError
from tracer.model.assembly import assemble, shown
from tracer.output import formats
from tracer.tables.activations import ACTIVATIONS, KNOWN
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS

LIMIT = 10.0
"""Seconds of the processor for one of them, on a slow machine; a tenth is usual."""
MOST_ITERATIONS = 1_000_000
"""More are left as they are, for the refusal of long runs; fewer become few, to be done soon."""

PLACE = re.compile(r"[^\n]+:\d+(:\d+)?: ")
"""File, line and column, or the row of a file of samples."""

OWN: list[dict[str, Any]] = [
    {"inputs": [0.05, 0.1], "targets": [0.5, 0.4],
     "layers": [{"name": "h", "neurons": 2, "activation": ["z * sigmoid(1)", {"name": "elu", "alpha": 0.5}]},
                {"name": "o", "neurons": 2, "activation": "softmax"}],
     "weights": {"init": "he_normal", "seed": 1}, "biases": {"h": 0.1, "o": [0.2, 0.3]}, "loss": {"name": "huber", "delta": 0.5},
     "l1": 0.01, "l2": 0.02, "clip": {"norm": 1}, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}, "iterations": 3,
     "learning_rate": "0.1 * sigmoid(1 / k)", "until": "E_total < 1e-9", "decimals": 6, "frozen": ["w1"], "csv": "excel-eu"},
    {"samples": [{"inputs": [1, 2], "targets": [1]}, {"inputs": [0, -1], "targets": [0]}, {"inputs": [2, 2], "targets": [1]}],
     "layers": [{"neurons": 2, "activation": "tanh"}, {"neurons": 1, "activation": "sigmoid"}], "weights": [0.1] * 6,
     "loss": "binary_cross_entropy", "update": {"batch_size": 2}, "order": "shuffled", "seed": 3, "reduction": "sum",
     "learning_rate": [{"iterations": 2, "learning_rate": 0.1}, {"iterations": 2, "learning_rate": "0.2 / k"}],
     "optimizer": {"states": {"v": "beta*v + (1-beta)*g"}, "update": "p - eta*v/(1-beta^k)", "settings": {"beta": 0.9},
                   "start": {"v": 0.1}}, "columns": "compact"},
    {"inputs": {"x": 2, "y": 0}, "targets": {"t": 1}, "parameters": {"w": 0.5, "u": -1},
     "equations": "a = if(y > 0, w / y, w * x)\nb = max(a, u, sigmoid(0.5))\nE = (t - b)^2 / 2", "minimize": "E",
     "learning_rate": [0.1, 0.5], "iterations": 3, "optimizer": "nadam"},
]  # fmt: skip

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 0.5, -0.0, 1e-320, 1e308, -1e308, 10**30, float("inf"), float("nan"), "", " ", "x", "1",
    "0,5", "1/0", "nothing", "w*", "*", "[", "é", "∂E/∂w1", "=1+1", "a" * 70, "\x07", "\ud800", "~", "-", "..", "η", "e", "pi",
    [], {}, [[]], [{}], [0], [1, 1], [[1.0]], {"a": 1}, {"name": None}, {"name": "x"}, {"init": "zeros"}, {"x": {"y": {}}},
    [0.1] * 6, list(range(5000)), [0.001 * n for n in range(1, 5001)], [{"neurons": 1}] * 2000, 2000, 100_000,
    {f"w{n}": 0.5 for n in range(1, 9)}, *ACTIVATIONS, *LOSSES, *OPTIMIZERS, *({"init": name} for name in INITIALIZERS),
]  # fmt: skip
KEYS = [
    *FIELDS,
    *LAYER.fields,
    "lr",
    "bias",
    "epochs",
    "x",
    "w1",
    "h",
    "o",
    "1",
    "",
    "name",
    "init",
    "states",
    "update",
]
NAMES = (
    "z",
    "t",
    "a",
    "k",
    "p",
    "g",
    "eta",
    "w",
    "x",
    "y",
    "u",
    "v",
    "w1",
    "h1",
    "a_o1",
    "E_total",
    "E",
    "e",
    "pi",
    "i1",
)
NUMBERS = ("0", "1", "2", "0.5", "1e308", "1e-320", "700", "1e999", "05", "1,5", "1000")
STRANGE = (
    "\t",
    "\u00a0",
    "：",
    "−",
    "“",
    "\0",
    "\ufeff",
    "&a ",
    "*a",
    "!!int ",
    "- ",
    ": ",
    "{",
    "]",
    "#",
    "'",
    "\n",
    "%",
    "|",
    "e",
    "(",
    ")",
)


def formula(chance: random.Random, names: Sequence[str] = NAMES, wild: bool = True, depth: int = 0) -> str:
    """A formula of these names; a wild one may be wrong."""
    kind = chance.randrange(8)
    if depth > 4 or kind < 2:
        return chance.choice(names if kind % 2 or not names else NUMBERS if wild else NUMBERS[:6])
    inner = [formula(chance, names, wild, depth + 1) for _ in range(chance.randint(0, 4))]
    if kind < 5:
        name = chance.choice([*KNOWN])
        count = 3 if name == "if" else max(len(KNOWN[name].parameters), 2 * KNOWN[name].more)
        arguments = [*inner, "1", "0.5", names[0]][: len(inner) if wild and chance.random() < 0.1 else count]
        if name == "if" and arguments:
            arguments[0] += chance.choice([" > ", " = ", " <= ", " " if wild else " < "]) + "0"
        return f"{name}({', '.join(arguments)})"
    if kind == 5:
        return "(" * (n := chance.choice([1, 2, 30, 120 if wild else 60])) + chance.choice(names) + ")" * n
    left, right = [*inner, "1", names[0]][:2]
    return f"({left} {chance.choice(['+', '-', '*', '/', '^', '**', '×', '' if wild else '·'])} {right})"


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list within a value, with each of its keys or indices."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(entries)[:60]:
        yield value, key
        yield from places(item)


def changed(config: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The config with one to three things changed."""
    config = copy.deepcopy(config)
    for _ in range(chance.randint(1, 3)):
        every = list(places(config))
        if not every:
            break
        formulas = [
            (holder, key)
            for holder, key in every
            if isinstance(holder[key], str) and re.search(r"[*/^=(]", holder[key])
        ]
        holder, key = chance.choice(formulas if formulas and chance.random() < 0.4 else every)
        how = chance.randrange(7)
        if how < 2 and isinstance(holder[key], str):
            words = re.split(r"(\W+)", holder[key])
            words[chance.randrange(len(words))] = formula(chance)
            holder[key] = "".join(words)
        elif how == 2:
            holder[key] = formula(chance)
        elif how == 3:
            del holder[key]
        elif how == 4 and isinstance(holder, dict):
            holder[chance.choice(KEYS)] = copy.deepcopy(chance.choice([*VALUES, holder[key]]))
        elif how == 5:
            other, there = chance.choice(every)
            if key in holder if isinstance(holder, dict) else key < len(holder):
                holder[key] = copy.deepcopy(other[there])
        else:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
    return config


VARIABLES = {
    "activation": ("z",),
    "loss": ("t", "a"),
    "learning_rate": ("k",),
    "update": ("p", "g", "k", "eta"),
    "v": ("v", "g", "p"),
}
"""What the formulas of these keys may use."""
ENTRIES: dict[str, list[Any]] = {
    "activation": [*ACTIVATIONS, "softmax"], "loss": [*LOSSES], "optimizer": [*OPTIMIZERS], "columns": ["full", "compact"],
    "init": [*INITIALIZERS], "decimals": [0, 1, 4, 12], "clip": [{"norm": 0.1}, {"value": 1e-9}], "csv": ["excel"], "l1": [0.1],
    "until": ["E_total < 1", "w1 > 0.2", "E > 1e308"], "frozen": [["w*"], ["*"]], "update": ["batch", {"batch_size": 2}],
}  # fmt: skip
"""Values that are valid at these keys, at least in some configs."""


def changed_gently(config: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The config with one to three things changed that are often still valid: numbers, entries, parts of formulas."""
    config = copy.deepcopy(config)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(places(config)))
        value, name = holder[key], key if isinstance(key, str) else "activation"
        if isinstance(value, bool):
            continue
        if isinstance(value, int) and name in ("neurons", "iterations", "seed", "batch_size"):
            holder[key] = chance.randint(1, 4)
        elif isinstance(value, (int, float)):
            holder[key] = chance.choice([0.0, 1.0, -1.0, 0.5, 1e-9, 1e3, 1e200, -1e-300, 700.0, value, value + 1])
        elif name == "equations":
            known = re.findall(r"\w+", " ".join([*config.get("inputs", ()), *config.get("parameters", ())])) or ["1"]
            parts = re.split(r"(\b[\w.]+\b(?!\s*[=(\w]))", value)
            if len(parts) > 1:
                parts[chance.randrange(len(parts) // 2) * 2 + 1] = formula(chance, known, wild=False)
            holder[key] = "".join(parts)
        elif name in ("activation", *VARIABLES) and isinstance(value, (str, float)):
            names = VARIABLES.get(name, ("z",))
            written = formula(chance, names, wild=False)
            holder[key] = chance.choice([*ENTRIES.get(name, []), *[f"{written} + 0*{names[0]}"] * 9])
        elif name in ENTRIES:
            holder[key] = chance.choice(ENTRIES[name])
        else:
            extra = chance.choice([*ENTRIES])
            if extra not in ("init", "activation"):
                config[extra] = chance.choice(ENTRIES[extra])
    return config


def shortened(config: Any) -> Any:
    """The config with few iterations, unless there are so many that they are refused."""
    for holder, key in places(config):
        if key == "iterations" and isinstance(holder, dict) and isinstance(holder[key], int):
            holder[key] = min(holder[key], 4) if holder[key] < MOST_ITERATIONS else holder[key]
    return config


def sources() -> list[dict[str, Any]]:
    """The shipped configs, with few samples, and OWN."""
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in CONFIGS]
    for config in found:
        if isinstance(config.get("samples"), str):
            config["samples"] = str(ROOT / "configs" / config["samples"])
    return [shortened(config) for config in (*found, *OWN)]


def mutants(count: int, seed: int = 20_251) -> Iterator[str | dict[str, Any]]:
    """So many changed configs, each as YAML or as a mapping."""
    chance, originals = random.Random(seed), sources()
    for _ in range(count):
        change = chance.choice((changed, changed_gently))
        config = shortened(change(chance.choice(originals), chance))
        if chance.random() < 0.3:
            yield config
            continue
        try:
            text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
        except UnicodeEncodeError:
            text = yaml.safe_dump(config, sort_keys=False)
        for _ in range(chance.choice([0, 0, 1, 2]) if change is changed else 0):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(STRANGE) + text[at + chance.choice([0, 1]) :]
        yield text


def run(config: str | dict[str, Any], folder: Path) -> tuple[str, ...]:
    """Run a config and write everything; the problems why not, if any."""
    path = folder / "mutant.yaml"
    try:
        if isinstance(config, str):
            path.write_bytes(config.encode("utf-8", "surrogatepass"))
        experiment = load(path if isinstance(config, str) else config)
        system = assemble(experiment)
        targets = {form: folder / f"mutant.{form}" for form in formats.FORMATS}
        formats.check(experiment, shown(experiment, system), targets)
        trace = walk(experiment, system)
        formats.write(trace, targets, ascii=False)
        with contextlib.suppress(OutputError):  # nothing is left to fill in
            formats.write_exercise(walk(formats.shortened(experiment, 2)), "all", folder / "exercise.xlsx")
    except TraceError as error:
        return error.problems
    return ()


def attack(count: int, folder: Path, seed: int = 20_251) -> Iterator[tuple[str | dict[str, Any], str]]:
    """What must not happen to one of so many mutants, with the mutant."""
    for mutant in mutants(count, seed):
        began = time.process_time()
        try:
            for problem in run(copy.deepcopy(mutant), folder):
                if isinstance(mutant, str) and not PLACE.match(problem):
                    yield mutant, f"a problem without a place: {problem}"
        except Exception:
            yield mutant, traceback.format_exc()
        if (seconds := time.process_time() - began) > LIMIT:
            yield mutant, f"took {seconds:.1f} s"


def main() -> None:
    """Run the number of mutants given as argument, and print what must not happen."""
    failures = 0
    with TemporaryDirectory() as folder:
        for mutant, failure in attack(
            int(sys.argv[1]), Path(folder), int(sys.argv[2]) if len(sys.argv) > 2 else 20_251
        ):
            failures += 1
            print(f"--- {str(mutant)[:1500]}\n{failure[-1500:]}", flush=True)
    print(f"{sys.argv[1]} changed configs, {failures} failures")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
