"""Many runs of a config: those of one shape advance in lock-step, on all cores or on a cluster."""
