"""Units on real boards: clock, board top, bitstream and what came of it."""
