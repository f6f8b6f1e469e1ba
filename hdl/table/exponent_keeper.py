"""Exponents that rows keep from beat to beat, in front of a unit's datapath."""

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value

from ..pipeline import wire
from ..unit import Unit
from .aligned import RowExponent, row_exponent
from .table_shape import TableShape

__all__ = ["ExponentKeeper"]


class ExponentKeeper(Unit):
    """A unit whose datapath finds each row's largest exponent in all beats of a sum up to this one.

    They are known before the first register of the datapath, which therefore can be as long as it
    likes: no beat waits for the one before it. The steps find them as ``values["row_exponents"]``.

    Attributes
    ----------
    table_shape : TableShape
        That of the tables.
    kept_rows : int
        For how many rows of ``a`` exponents are kept; 0 if none are.
    """

    table_shape: TableShape
    kept_rows: int = 0

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        if not self.kept_rows:
            return super().connect(m, inputs, valid, ready)
        registers: list[tuple[Signal, Value]] = []
        found = [self._of_row(m, inputs, row, registers) for row in range(self.kept_rows)]
        values = {**inputs, "row_exponents": found}
        outputs, offered, taken = super().connect(m, values, valid, ready)
        with m.If(valid & taken):
            m.d.sync += [held.eq(field) for held, field in registers]
        return outputs, offered, taken

    def _of_row(
        self,
        m: Module,
        inputs: Mapping[str, Any],
        row: int,
        registers: list[tuple[Signal, Value]],
    ) -> RowExponent:
        """One row's exponent; the register that keeps it is added to the others."""
        lanes, name = len(inputs["a"]) // self.kept_rows, f"a{row}"
        activations = [inputs["a"][row * lanes + k] for k in range(lanes)]
        largest = row_exponent(m, self.table_shape, activations, name).field
        held = Signal(len(largest), name=f"{name}_exponent_held", reset_less=True)
        so_far = held & (~inputs["first"]).replicate(len(held))
        rises = wire(m, f"{name}_rises", largest > so_far)
        field = wire(m, f"{name}_exponent", Mux(rises, largest, so_far))
        by = (largest - so_far)[: len(held)]
        here = rises & ~inputs["first"]
        risen = wire(m, f"{name}_risen", by & here.replicate(len(held)))
        registers.append((held, field))
        return RowExponent(field, risen)
