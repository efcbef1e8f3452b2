"""backprop-trace: walk backpropagation through by hand, number by number.

    >>> import tracer
    >>> trace = tracer.run("configs/walkthrough.yaml", learning_rate=0.5)
    >>> trace["E_total"][0]
    0.014181377937891659

Public names are imported on first use, so that the command starts quickly.
"""

from __future__ import annotations

from importlib import import_module

from tracer.version import VERSION as __version__

TYPE_CHECKING = False  # for type checkers it is true; typing itself would take as long as all else before the command
if TYPE_CHECKING:
    from typing import Any

    from tracer.api import run, script, sweep, walk
    from tracer.code.from_torch import from_torch
    from tracer.config import Override, load
    from tracer.errors import ConfigError, OutputError, TraceError
    from tracer.execution.engine import Engine
    from tracer.execution.runs import Divergence, Run
    from tracer.model.assembly import assemble, shown
    from tracer.model.experiment import Experiment
    from tracer.model.system import System
    from tracer.output.sweeps import Sweep
    from tracer.output.trace import Trace

__all__ = [
    "ConfigError", "Divergence", "Engine", "Experiment", "OutputError", "Override", "Run", "Sweep", "System", "Trace",
    "TraceError", "__version__", "assemble", "from_torch", "load", "run", "script", "shown", "sweep", "walk",
]  # fmt: skip

_HOMES = {
    "api": ("run", "script", "sweep", "walk"),
    "output.sweeps": ("Sweep",),
    "code.from_torch": ("from_torch",),
    "config": ("Override", "load"),
    "errors": ("ConfigError", "OutputError", "TraceError"),
    "model.assembly": ("assemble", "shown"),
    "model.experiment": ("Experiment",),
    "model.system": ("System",),
    "output.trace": ("Trace",),
    "execution.engine": ("Engine",),
    "execution.runs": ("Divergence", "Run"),
}
"""Where each public name is defined, below `tracer`."""


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'tracer' has no attribute '{name}'")
    return getattr(import_module(f"tracer.{home}"), name)


def __dir__() -> list[str]:
    return list(__all__)
