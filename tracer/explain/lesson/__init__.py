"""What is explained of a step, as a document: one quantity, or everything."""
