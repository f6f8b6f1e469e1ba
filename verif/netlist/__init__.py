"""What synthesis made of a unit, ready for the bench: an FPGA's cells, with models of them."""

from .mapped import FAMILIES, MappedNetlist, NetlistError, map_unit

__all__ = ["FAMILIES", "MappedNetlist", "NetlistError", "map_unit"]
