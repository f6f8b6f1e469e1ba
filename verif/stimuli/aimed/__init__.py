"""Operands whose exact result is next to a number of its format: where rounding decides."""
