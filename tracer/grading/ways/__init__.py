"""The two ways to judge a sheet, by its headers and by its formulas, and how they are joined."""
