"""The one simulation bench: drives any generated module through cocotb, as a pure transport."""

from .packing import pack, unpack
from .process import SimulationError
from .simulate import Simulation, simulate
from .wrapper import Port

__all__ = ["Port", "Simulation", "SimulationError", "pack", "simulate", "unpack"]
