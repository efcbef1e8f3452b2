"""Scripts that reproduce a run without this program."""
