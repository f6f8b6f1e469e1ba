"""Golden models of the units in ``bitwright.hdl.shift_add``."""
