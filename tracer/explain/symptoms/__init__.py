"""Why a run does not learn: the conditions on its numbers, in the rows of `diagnoses`."""
