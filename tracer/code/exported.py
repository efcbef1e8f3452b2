"""A file of torch.export.save → the modules of its program: a zip archive of JSON and numbers, read without PyTorch.

Nothing is unpickled, and no code in the file is looked at. What is read is bounded: the file, each part when unpacked,
the number of parameters.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson

from tracer.errors import ConfigError

MEGABYTE = 1 << 20
MAX_FILE, MAX_PART = 64 * MEGABYTE, 16 * MEGABYTE
"""Bytes of the file, and of a part of it when unpacked."""
MAX_ENTRIES = 10_000
MAX_PARAMETERS = 100_000
"""Weights and biases; each gets a column."""
DTYPES = {6: "f2", 7: "f4", 8: "f8"}
"""PyTorch's numbers of types of floating-point numbers, as NumPy calls them (torch/_export/serde/schema.py)."""
OPERATIONS = {
    "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "selu": "SELU",
    "softplus": "Softplus", "silu": "SiLU", "gelu": "GELU", "hardsigmoid": "Hardsigmoid", "softmax": "Softmax",
    "linear": "Linear",
}  # fmt: skip
"""The operations of PyTorch (aten) that a module becomes; a Softsign becomes three."""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "LeakyReLU": {"negative_slope": 0.01}, "ELU": {"alpha": 1.0}, "Softplus": {"beta": 1.0},
    "GELU": {"approximate": "none"}, "Softmax": {"dim": None},
}  # fmt: skip
"""What an operation does not state where the module has its default."""
SOFTSIGN = ("abs", "add", "div")
SAVE = "torch.export.save(torch.export.export(module, (inputs,)), 'model.pt2')"
BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError, ValueError, LookupError,
    TypeError, AttributeError, OverflowError,
)  # fmt: skip
"""What a damaged or hostile archive leads zipfile, orjson and the code below to."""


class _Unreadable(Exception):
    """The reason why a file cannot be read, and what to do."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Numbers of the file, in nested lists, and whether they are trained."""

    values: Any
    shape: tuple[int, ...]
    requires_grad: bool

    def tolist(self) -> Any:
        """The numbers."""
        return self.values


class Module(SimpleNamespace):
    """A module of the program, with the attributes of PyTorch's class."""

    shown: str

    def __str__(self) -> str:
        return self.shown


def modules_of(path: Path) -> list[tuple[str, Any]]:
    """The modules of an exported program, in the order in which they are applied, by the names of their classes.

    Raises ConfigError if the file cannot be read, or its program is not a sequence of modules.
    """
    try:
        if not path.is_file():
            raise _Unreadable("is not a file" if path.exists() else "does not exist")
        if path.stat().st_size > MAX_FILE:
            raise _Unreadable(f"has more than {MAX_FILE // MEGABYTE} MB, which is the limit")
        with zipfile.ZipFile(path) as archive:
            return list(_Program(archive).modules())
    except _Unreadable as error:
        raise ConfigError([f"{path}: {error}"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror or error})"]) from None
    except zipfile.BadZipFile:
        raise ConfigError([f"{path}: is not a file of torch.export.save, or is damaged; write it by {SAVE}"]) from None
    except BROKEN as error:
        raise ConfigError([f"{path}: is damaged: {str(error) or type(error).__name__:.100}"]) from None


@dataclass(slots=True)
class _Program:
    """The graph of a program, and where its weights are. parameters: the name in the graph → that of the weight."""

    archive: zipfile.ZipFile
    root: str = ""
    graph: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    weights: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def modules(self) -> Iterator[tuple[str, Module]]:
        """The modules along the one path from the input to the output."""
        entries = self.archive.namelist()
        if len(entries) > MAX_ENTRIES:
            raise _Unreadable(f"has {len(entries):,} parts; a model has a few dozen")
        models = [name for name in entries if "/models/" in name and name.endswith(".json")]
        if len(models) != 1:
            raise _Unreadable(_other_kind(entries, models))
        self.root, _, model = models[0].partition("/models/")
        program = self.json(models[0])
        self.graph = program["graph_module"]["graph"]
        weights = f"{self.root}/data/weights/{model.removesuffix('.json')}_weights_config.json"
        self.weights = self.json(weights)["config"] if weights in entries else {}
        inputs = []
        for spec in program["graph_module"]["signature"]["input_specs"]:
            if "parameter" in spec:
                self.parameters[spec["parameter"]["arg"]["name"]] = spec["parameter"]["parameter_name"]
            elif "user_input" in spec:
                inputs.append(spec["user_input"]["arg"]["as_tensor"]["name"])
        if len(inputs) != 1:
            raise _Unreadable(f"takes {len(inputs)} inputs; a network of a config takes one tensor")
        yield from self.path(inputs[0])

    def path(self, current: str) -> Iterator[tuple[str, Module]]:
        """The modules from the value `current` to the output."""
        nodes = iter(self.graph["nodes"])
        for node in nodes:
            operation, args = _operation(node), {arg["name"]: arg["arg"] for arg in node["inputs"]}
            if operation == SOFTSIGN[0] and _class(node) == "Softsign":
                rest = [next(nodes), next(nodes)]
                if (operation, *map(_operation, rest)) != SOFTSIGN or _class(rest[1]) != "Softsign":
                    raise _Unreadable("has an operation abs that is not part of a Softsign")
                kind, node = "Softsign", rest[1]
            else:
                kind = OPERATIONS.get(operation) or _class(node) or operation
                if operation not in OPERATIONS and kind in OPERATIONS.values():
                    raise _Unreadable(f"has {kind} in parts ({operation}); save it without run_decompositions()")
            given = args.get("input" if operation == "linear" else "self", args.get("input", {})).get("as_tensor", {})
            if kind in OPERATIONS.values() and given.get("name") != current:
                raise _Unreadable(f"is no sequence of layers: {kind} does not take what the module before it gives")
            yield kind, self.module(kind, args)
            current = node["outputs"][0]["as_tensor"]["name"]
        if [output["as_tensor"]["name"] for output in self.graph["outputs"]] != [current]:
            raise _Unreadable("does not give what its last module gives; a network of a config has one output layer")

    def module(self, kind: str, args: Mapping[str, Any]) -> Module:
        """A module with the attributes that its class has."""
        if kind == "Linear":
            weight, bias = self.tensor(args["weight"], 2), args.get("bias", {})
            bias = self.tensor(bias, 1) if "as_tensor" in bias else None
            outputs, inputs = weight.shape
            if bias and bias.shape != (outputs,):
                raise _Unreadable(f"has a bias of {bias.shape[0]:,} numbers for {outputs:,} neurons")
            return Module(shown=kind, weight=weight, bias=bias, in_features=inputs, out_features=outputs)
        settings = dict(DEFAULTS.get(kind, {}))
        for name in settings:
            if name in args:
                (settings[name],) = args[name].values()
        shown = ", ".join(f"{name}={value}" for name, value in settings.items())
        if settings.get("dim") not in (None, -1):
            settings["dim"] = -1 if settings["dim"] == self.rank(args["self"]) - 1 else 0
        return Module(shown=f"{kind}({shown})", **settings)

    def rank(self, arg: Any) -> int:
        """The number of dimensions of a value of the graph."""
        return len(self.graph["tensor_values"][arg["as_tensor"]["name"]]["sizes"])

    def tensor(self, arg: Any, rank: int) -> Tensor:
        """The numbers of a weight or a bias."""
        import numpy as np

        name = self.parameters.get(arg["as_tensor"]["name"])
        if name is None or name not in self.weights:
            raise _Unreadable("computes a weight or a bias, or keeps it elsewhere; a config's are given numbers")
        if name in self.used:
            raise _Unreadable(f"uses {name} in several layers; in a config each layer has weights of its own")
        self.used.add(name)
        entry, meta = self.weights[name], self.weights[name]["tensor_meta"]
        if entry.get("use_pickle", True) is not False:
            raise _Unreadable(f"keeps {name} pickled, which could run code and is not read; {_SAVE_ANEW}")
        if meta["dtype"] not in DTYPES:
            raise _Unreadable(f"keeps {name} in a type that is not read; convert it by module.double()")
        shape = tuple(_whole(size) for size in meta["sizes"])
        strides = tuple(_whole(stride) for stride in meta["strides"])
        if len(shape) != rank or len(strides) != rank or not prod(shape):
            raise _Unreadable(f"has a {name} of shape {list(shape)}, where nn.Linear has one of {rank} dimensions")
        self.count(prod(shape))
        dtype = np.dtype(DTYPES[meta["dtype"]]).newbyteorder(">" if self.text("byteorder") == "big" else "<")
        stored = self.read(f"{self.root}/data/weights/{entry['path_name']}")
        begin = _whole(meta["storage_offset"])
        last = begin + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
        needed = (last + 1) * dtype.itemsize
        users = sum(other.get("path_name") == entry["path_name"] for other in self.weights.values())
        is_whole = users == 1 and not begin  # a view of a larger tensor is stored with all of it
        if len(stored) < needed or len(stored) % dtype.itemsize or (is_whole and len(stored) > needed):
            size = f"{len(stored):,} bytes, not {needed:,}"
            raise _Unreadable(f"is damaged: the part with the numbers of {name} has {size}")
        numbers = np.frombuffer(stored, dtype)[begin:]
        steps = tuple(stride * dtype.itemsize for stride in strides)
        values = np.lib.stride_tricks.as_strided(numbers, shape, steps, writeable=False)
        return Tensor(values.astype(float).tolist(), shape, meta.get("requires_grad", True) is not False)

    def count(self, more: int) -> None:
        """Refuse more parameters than there may be, before they are read."""
        known = (self.weights[name]["tensor_meta"]["sizes"] for name in self.used)
        if more > MAX_PARAMETERS or sum(prod(map(_whole, sizes)) for sizes in known) > MAX_PARAMETERS:
            raise _Unreadable(f"has more than {MAX_PARAMETERS:,} parameters; this is a tool for small networks")

    def json(self, name: str) -> Any:
        """A part that is JSON. What is nested deeply orjson refuses; json follows it as far as Python may recurse."""
        return orjson.loads(self.read(name))

    def text(self, name: str) -> str:
        """A short part that is a word; "" if it is missing."""
        name = f"{self.root}/{name}"
        return self.read(name).decode("ascii").strip() if name in self.archive.namelist() else ""

    def read(self, name: str) -> bytes:
        """A part, bounded, whatever the archive says of its size."""
        with self.archive.open(name) as part:
            data = part.read(MAX_PART + 1)
        if len(data) > MAX_PART:
            raise _Unreadable(f"has a part of more than {MAX_PART // MEGABYTE} MB when unpacked, which is the limit")
        return data


_SAVE_ANEW = f"save it by a newer PyTorch (2.8 or later): {SAVE}"


def _other_kind(entries: list[str], models: list[str]) -> str:
    """Why an archive is not one of ours."""
    if models:
        return f"has {len(models)} models; save one of them by itself"
    if any(name.endswith("serialized_exported_program.json") for name in entries):
        return f"keeps its weights pickled, which could run code and is not read; {_SAVE_ANEW}"
    if any(name.endswith((".pkl", ".pt")) for name in entries):
        return f"is pickled (torch.save or torch.jit.save), which could run code and is not read; write it by {SAVE}"
    return f"is an archive without an exported program; write it by {SAVE}"


def _operation(node: Any) -> str:
    """The name of an operation: relu of torch.ops.aten.relu_.default."""
    parts = str(node["target"]).split(".")
    return parts[-2].rstrip("_") if len(parts) > 2 else parts[-1]


def _class(node: Any) -> str:
    """The class of the module that an operation comes from; "" if the file does not say."""
    stack = str(node.get("metadata", {}).get("nn_module_stack", ""))
    name = stack.rpartition(".")[2]
    return name if name.isidentifier() and name != "Sequential" else ""


def _whole(value: Any) -> int:
    """A size, a stride or an offset."""
    number = value["as_int"]
    if type(number) is not int or not 0 <= number <= MAX_PART:
        raise _Unreadable("has sizes that are not whole numbers, or too large")
    return number
