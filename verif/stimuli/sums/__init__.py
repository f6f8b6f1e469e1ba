"""Sums that one bit far below decides, that end a range, or that take many beats."""
