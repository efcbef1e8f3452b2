"""What went wrong in a cell, and what it does to the rest."""
