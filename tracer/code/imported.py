"""An exported program, samples, and how it is to be trained → the text of a config."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tracer.code.exported import modules_of
from tracer.code.modules import layers_of
from tracer.config import load, yamlfile
from tracer.config.overrides import Override
from tracer.config.tables import DELIMITED, WORKBOOKS, read_table
from tracer.errors import ConfigError
from tracer.files import path_of

OF_LOGITS = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
"""Losses whose programs often end without the activation that they are stated for: PyTorch's CrossEntropyLoss and
BCEWithLogitsLoss have it within."""
FILES = (*DELIMITED, *WORKBOOKS)


@dataclass(frozen=True, slots=True)
class Training:
    """How a program is to be trained, as options have it: text, or None where one is not given.

    inputs, targets: numbers with commas between, one text a sample; or inputs is a file of samples, and targets, if
    given, names the columns in it. loss, optimizer, learning_rate, iterations: the values of these keys.
    """

    inputs: Sequence[str]
    targets: Sequence[str]
    loss: str
    optimizer: str | None = None
    learning_rate: str | None = None
    iterations: str | None = None


def config_of(program: Path, training: Training, folder: Path) -> str:
    """A config that trains a program of torch.export.save, to be written to a folder.

    Raises ConfigError, with every problem, if the program cannot be read or the config would not run.
    """
    problems: list[str] = []
    network = layers_of(modules_of(program), str(program), problems)
    if problems:
        raise ConfigError(problems)
    wide = len(next(iter(network["weights"].values()))[0])
    samples = _samples(training, wide, network["layers"][-1]["neurons"], problems)
    values = {
        name: _value(_option(name), text, problems)
        for name, text in (("loss", training.loss), ("optimizer", training.optimizer),
                           ("learning_rate", training.learning_rate), ("iterations", training.iterations))
        if text is not None
    }  # fmt: skip
    if problems:
        raise ConfigError(problems)
    last = network["layers"][-1]
    within = OF_LOGITS.get(values["loss"]) if last["activation"] in ("identity", {"name": "identity"}) else None
    if within:
        last["activation"] = within
    options = [Override((name,), value, _option(name)) for name, value in values.items()]
    load({"name": "imported", **samples, **network, "loss": "squared_error", "learning_rate": 0.1}, options)
    if "samples" in samples and isinstance(samples["samples"], str):
        samples["samples"] = Path(os.path.relpath(samples["samples"], folder)).as_posix()
    note = f"{within}, which the program leaves to the loss" if within else ""
    return "".join(_lines(program.name, {**samples, **network, **values}, note))


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _value(option: str, text: str, problems: list[str]) -> Any:
    try:
        return yamlfile.scalar(text)
    except ConfigError:
        problems.append(f"{option}: {text!r:.60} cannot be read as a value")
        return None


def _samples(training: Training, inputs: int, targets: int, problems: list[str]) -> dict[str, Any]:
    """The keys of a config that hold the data."""
    if len(training.inputs) == 1 and path_of(training.inputs[0]).suffix.lower() in FILES:
        return _of_file(path_of(training.inputs[0]), training, inputs, targets)
    rows = {
        option: [_numbers(option, text, count, problems) for text in texts]
        for option, texts, count in (("inputs", training.inputs, inputs), ("targets", training.targets, targets))
    }
    if not training.targets:
        problems.append("--targets: missing; give them for each sample, as --inputs")
    elif len(rows["inputs"]) != len(rows["targets"]):
        counts = f"given for {len(rows['targets'])} of {len(rows['inputs'])} samples"
        problems.append(f"--targets: {counts}; give --inputs and --targets once for each sample")
    pairs = [{"inputs": x, "targets": t} for x, t in zip(rows["inputs"], rows["targets"], strict=False)]
    return pairs[0] if len(pairs) == 1 else {"samples": pairs, "update": "batch"}


def _numbers(option: str, text: str, count: int, problems: list[str]) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        problems.append(
            f"--{option}: {text!r:.60} is neither numbers, such as 0.05,0.1, nor a {' or '.join(FILES)} file"
        )
        return []
    problems += [
        f"--{option}: {part.strip()!r:.60} is not a finite number"
        for part, number in zip(text.split(","), numbers, strict=True)
        if not math.isfinite(number)
    ]
    if len(numbers) != count:
        problems.append(f"--{option}: {_given(len(numbers), 'number', count, option)}")
    return [int(number) if number.is_integer() else number for number in numbers]


def _given(count: int, what: str, needed: int, option: str) -> str:
    one = f"one for each {option.removesuffix('s')} of the program"
    return f"{count} {what if count == 1 else f'{what}s'} given, {needed} needed: {one}"


def _of_file(file: Path, training: Training, inputs: int, wanted: int) -> dict[str, Any]:
    try:
        table = read_table(file)
    except ConfigError as error:
        raise ConfigError([f"--inputs: {problem}" for problem in error.problems]) from None
    data: dict[str, Any] = {"samples": str(file.resolve())}
    header = ", ".join(table.header)
    if not training.targets and any(f"t{number}" not in table.header for number in range(1, wanted + 1)):
        raise ConfigError([f"--targets: missing; name the columns of {file} that hold them; it has {header:.200}"])
    if training.targets and path_of(training.targets[0]) != file:
        targets = [name.strip() for text in training.targets for name in text.split(",")]
        unknown = [name for name in targets if name not in table.header]
        if unknown:
            columns = f"{', '.join(unknown)}; it has {header:.200}"
            raise ConfigError([f"--targets: {file} has no column {columns}"])
        others = [name for name in table.header if name and name not in targets]
        if len(targets) != wanted:
            raise ConfigError([f"--targets: {_given(len(targets), 'column', wanted, 'targets')}"])
        if len(others) != inputs:
            columns = f"{', '.join(others) or 'no column':.200} besides the targets"
            raise ConfigError([f"--inputs: {file} has {columns}; {inputs} needed: one for each input of the program"])
        data |= {"inputs": others, "targets": targets}
    return data | ({"update": "batch"} if len(table.rows) > 1 else {})


def _lines(program: str, config: Mapping[str, Any], note: str) -> Iterator[str]:
    """The config as a person would write it: a line a key, a row of weights, a sample."""
    yield f"# {program!r}, read by backprop-trace import.\n"
    for key, value in config.items():
        if key == "layers" and note:
            yield f"# The last activation is {note}.\n"
        if key == "weights":
            yield "weights:\n"
            for layer, rows in value.items():
                yield f"  {layer}:\n"
                yield from (f"    - {_flow(row)}\n" for row in rows)
        elif key == "biases":
            yield "biases:\n"
            yield from (f"  {layer}: {_flow(row)}\n" for layer, row in value.items())
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{key}:\n"
            yield from (f"  - {_flow(_plain(entry))}\n" for entry in value)
        else:
            yield f"{key}: {_flow(value)}\n"


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """An activation without settings by its name alone."""
    activation = entry.get("activation")
    if isinstance(activation, dict) and len(activation) == 1:
        return entry | {"activation": activation["name"]}
    return entry


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n...\n").strip()
