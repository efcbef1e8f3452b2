"""Output of the results: in the terminal, in files, in the workbook."""
