"""What an operation of a unit switches: toggles on a stream of operands, weighted by capacitance.

Counted is the netlist that the estimate of gates costs, cell by cell. Energy is this capacitance
times half the square of a supply voltage, which is why figures are only compared with each other,
and each with the int8 multiply-accumulate of the same library on operands of the same kind.
"""

from .measure import BASELINE, UNIT, Energy, WrongNetlistError, energy
from .operands import KINDS, check_operands

__all__ = ["BASELINE", "KINDS", "UNIT", "Energy", "WrongNetlistError", "check_operands", "energy"]
