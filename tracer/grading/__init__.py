"""A person's own workbook read back: its tables found, every cell judged, the mistake named."""
