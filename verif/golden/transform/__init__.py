"""Golden models of the transforms."""
