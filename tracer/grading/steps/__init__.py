"""The steps that chains of updates make, the cells of each, and what breaks or joins them."""
