"""What trains in a graph of cells: its updates, the steps that they make, and the cells of each step."""
