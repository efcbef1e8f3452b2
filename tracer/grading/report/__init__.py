"""What is said of it: in the terminal, in files, in the workbook."""
