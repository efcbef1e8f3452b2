"""Reading a handmade workbook: find its tables, judge every cell, name the mistakes."""
