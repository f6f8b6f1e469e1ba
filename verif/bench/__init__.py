"""The one simulation bench: drives any generated module through cocotb, as a pure transport."""

from ...gen.port import Port
from .packing import pack, unpack
from .process import SimulationError
from .simulate import Simulation, simulate

__all__ = ["Port", "Simulation", "SimulationError", "pack", "simulate", "unpack"]
