"""`python -m tracer` is the command `backprop-trace`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from _thread import interrupt_main, start_new_thread
from contextlib import suppress
from types import FrameType

EXIT_INTERRUPTED = 130
OBJECTS_BETWEEN_COLLECTIONS = 1_000_000
"""Looking for unreachable cycles after every 700 objects, as Python does, takes a tenth of a run; a run leaves few."""


def start() -> None:
    """Run the command. Ctrl-C ends it as quietly while its modules are loaded as later; an exception would surface
    there as one of the modules."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # or it is ignored, as in the background
    if heard:
        signal.signal(signal.SIGINT, _interrupted)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as in `… >&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    try:
        from tracer.commands.main import main

        main(prog_name="backprop-trace", obj=_loaded if heard else None)
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


def _loaded() -> None:
    """The command's own module is loaded: from now on Ctrl-C raises an exception, so that it can clean up."""
    signal.signal(signal.SIGINT, _interrupt)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, but not before the module that is being loaded is loaded: Python drops an exception in a
    callback of its import system, and a module written in C may report it as an error of its own."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            start_new_thread(_interrupt_later, ())
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _interrupt_later() -> None:
    time.sleep(0.002)
    interrupt_main()


def _interrupted(*_: object) -> None:
    os.write(2, b"interrupted: nothing was written\n")
    os._exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    start()
