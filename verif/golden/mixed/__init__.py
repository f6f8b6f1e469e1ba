"""Golden models of the units in ``bitwright.hdl.mixed``."""
