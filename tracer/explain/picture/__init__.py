"""Pictures of a step as data, which a sheet, a page or a terminal can show."""
