"""The cells of a workbook as a graph of equations, with their values and derivatives."""
