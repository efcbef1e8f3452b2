"""The Trace and the files it is written to."""
