"""Our own exercises, handed in: the same rule as in the workbook, and the causes of what is wrong."""
