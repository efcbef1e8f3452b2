"""What trains in a workbook, found in its graph of cells without any headers, and whether it trains rightly."""
