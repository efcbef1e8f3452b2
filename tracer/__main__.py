"""`python -m tracer` is the command `backprop-trace`."""

from __future__ import annotations

import sys


def start() -> None:
    """Run the command; Ctrl-C while it is still being loaded is as quiet as later."""
    try:
        from tracer.cli import main

        main(prog_name="backprop-trace")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was written\n")
        sys.exit(130)


if __name__ == "__main__":
    start()
