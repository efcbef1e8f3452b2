"""What a table shows: its network, and which quantity each of its cells is."""
