"""The updates in a graph of cells: X' = X ± what depends on X, and the chains that they make."""
