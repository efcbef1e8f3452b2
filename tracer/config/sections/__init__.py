"""The parts of a document, one file for each: what a section of a config says, read into an experiment."""
