"""`python -m tracer` is the command `backprop-trace`."""

from tracer.cli import main

main(prog_name="backprop-trace")
