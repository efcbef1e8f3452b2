"""`python -m tracer` is the command `backprop-trace`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress

EXIT_INTERRUPTED = 130
OBJECTS_BETWEEN_COLLECTIONS = 1_000_000
"""Looking for unreachable cycles after every 700 objects, as Python does, takes a tenth of a run; a run leaves few."""


def start() -> None:
    """Run the command. Ctrl-C ends it as quietly while its modules are loaded as later; an exception would surface
    there as one of the modules."""
    asked = signal.getsignal(signal.SIGINT)
    if asked is signal.default_int_handler:  # or it is ignored, as in the background
        signal.signal(signal.SIGINT, _interrupted)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as in `… >&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    try:
        from tracer.commands.main import main

        signal.signal(signal.SIGINT, asked)
        main(prog_name="backprop-trace")
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as ended:
        if ended.code == EXIT_INTERRUPTED:  # Python itself ends by the signal where it came while a string was executed
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError):
                    stream.flush()
            os._exit(EXIT_INTERRUPTED)
        raise
    finally:
        gc.freeze()  # or Python looks for cycles once more while it ends, which takes an eighth of a run


def _interrupted(*_: object) -> None:
    os.write(2, b"interrupted: nothing was written\n")
    os._exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    start()
