"""backprop-trace: walk backpropagation through by hand, number by number.

    >>> import tracer
    >>> trace = tracer.run("configs/walkthrough.yaml", learning_rate=0.5)
    >>> trace["E_total"][0]
    0.014181377937891659

What is public is imported when it is first used, so that the command answers at once, Ctrl-C included.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.api import run, shown, walk
    from tracer.assembly import assemble
    from tracer.config import Override, load
    from tracer.engine import Engine
    from tracer.errors import ConfigError, OutputError, TraceError
    from tracer.experiment import Experiment
    from tracer.runs import Divergence, Run
    from tracer.system import System
    from tracer.trace import Trace

__all__ = [
    "ConfigError", "Divergence", "Engine", "Experiment", "OutputError", "Override", "Run", "System", "Trace",
    "TraceError", "assemble", "load", "run", "shown", "walk",
]  # fmt: skip
__version__ = "0.1.0"

_HOMES = ("api", "assembly", "config", "engine", "errors", "experiment", "runs", "system", "trace")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tracer' has no attribute '{name}'")
    homes = (import_module(f"tracer.{home}") for home in _HOMES)
    return next(getattr(home, name) for home in homes if hasattr(home, name))
