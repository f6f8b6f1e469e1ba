"""A board in simulation behind a pseudo-terminal, for tests and for whoever has no board."""

from .board import Activity, SimulatedBoard

__all__ = ["Activity", "SimulatedBoard"]
