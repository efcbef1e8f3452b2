"""`python -m tracer` is the command `backprop-trace`."""

from __future__ import annotations

import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 1_000_000
"""Looking for unreachable cycles after every 700 objects, as Python does, takes a tenth of a run; a run leaves few."""


def start() -> None:
    """Run the command; Ctrl-C during loading is handled as quietly as later."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        from tracer.commands.main import main

        main(prog_name="backprop-trace")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was written\n")
        sys.exit(130)


if __name__ == "__main__":
    start()
