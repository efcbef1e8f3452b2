"""Many runs of a config: those of one shape advance in lock-step, on all cores or on a cluster."""

KEEP = ("final", "loss", "all")
"""What is kept of a run: what it came to; its loss in every iteration too; every parameter in every iteration too."""
