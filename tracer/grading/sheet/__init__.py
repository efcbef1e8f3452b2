"""A sheet: what its headers mean, and where its tables are."""
