"""The sheets that sum up a run."""
