"""The operands of a block dot product: elements without their zero points, scales, exceptions."""

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.data import ArrayLayout

from ..arithmetic.product import multiply
from ..arithmetic.raw import Raw, either, read
from ..arithmetic.significands import multiply_significands
from ..formats import BlockFormat, FloatFormat, IntegerFormat, NumberFormat
from ..formats.dot_semantics import Run, lanes_of
from ..pipeline import wire

__all__ = ["BlockOperands", "is_zero"]


def is_zero(raw: Raw, format: NumberFormat) -> Value | None:
    """Whether a number read is zero; None if its format has no zero."""
    if isinstance(format, FloatFormat) and not format.zero:
        return None
    return ~raw.significand.any()


class BlockOperands:
    """What the parts of a block dot product ask of its operands.

    Parameters
    ----------
    parameters
        Of the unit.

    Attributes
    ----------
    lanes : int
        Element pairs a beat.
    fields : dict
        Input fields and their shapes.
    elements : dict of NumberFormat
        Formats of the elements ``a`` and ``b`` once their zero points are subtracted.
    powers_of_two : bool
        Whether the product of two scales is always a power of two.
    """

    def __init__(self, parameters: Any):
        p = self._parameters = parameters
        self.lanes = lanes_of(p.a, p.b, p.blocks)
        self._blocks: dict[str, BlockFormat] = {"a": p.a, "b": p.b}
        self.elements = {side: block.difference for side, block in self._blocks.items()}
        self.powers_of_two = all(
            isinstance(b.scale, FloatFormat) and b.scale.mantissa_width == 0 and not b.scale.zero
            for b in self._blocks.values()
        )
        self.fields: dict[str, Any] = {}
        for side, block in self._blocks.items():
            self.fields[side] = ArrayLayout(block.element, self.lanes)
            count = self.lanes // block.size
            shared = {"scale": block.scale} | ({"zero": block.element} if block.zero_point else {})
            for what, format in shared.items():
                several = ArrayLayout(format, count)
                self.fields[f"{side}_{what}"] = format if count == 1 else several
        self._scales: dict[tuple[str, int], Raw] = {}

    def _shared(self, values: dict[str, Any], side: str, what: str, block: int) -> Any:
        """A block's scale or zero point."""
        field = values[f"{side}_{what}"]
        return field if self.lanes == self._blocks[side].size else field[block]

    def read_scales(self, m: Module, values: dict[str, Any]) -> dict[tuple[str, int], Raw]:
        """All scales, by side and block."""
        flush = self._parameters.projection.ftz_in
        return {
            (side, k): read(
                m,
                self._shared(values, side, "scale", k),
                block.scale,
                f"{side}_scale{k}",
                flush=flush,
            )
            for side, block in self._blocks.items()
            for k in range(self.lanes // block.size)
        }

    def run_elements(self, m: Module, values: dict[str, Any], side: str, run: Run) -> list[Any]:
        """The elements of a run, zero points subtracted."""
        elements = [values[side][k] for k in range(run.start, run.stop)]
        block = self._blocks[side]
        if not block.zero_point:
            return elements
        zero = Value.cast(self._shared(values, side, "zero", getattr(run, side)))
        return [
            wire(m, f"{side}{run.start + k}_from_zero", (Value.cast(x) - zero).as_signed())
            for k, x in enumerate(elements)
        ]

    def scale(self, m: Module, scales: dict[tuple[str, int], Raw], run: Run) -> Raw:
        """The product of a run's scales, exactly; its significand a constant 1 where they are
        powers of two."""
        a, b = scales["a", run.a], scales["b", run.b]
        if self.powers_of_two:
            significand: Value = Const(1, 1)
        else:
            structure = self._parameters.structure
            significand = multiply_significands(
                m, a.significand, b.significand, structure, normalized=False
            )
        product = multiply(m, a, b, significand)
        zeros = [is_zero(x, self._blocks[s].scale) for s, x in (("a", a), ("b", b))]
        # Whether a product of scales is zero is asked only where elements may be infinite.
        return Raw(**{**vars(product), "slack": None, "zero": either(*zeros)})

    def exceptions(
        self,
        m: Module,
        scale: Raw,
        flags: dict[str, Value],
        elements: Sequence[list[Any]],
        name: str,
    ) -> dict[str, Value]:
        """The flags ``nan``, ``plus_infinity`` and ``minus_infinity`` of a run's scaled products;
        those that cannot be set are left out.

        Args:
            flags: of the products alone.
        """
        nan = either(flags.get("nan"), scale.nan)
        plus, minus = flags.get("plus_infinity"), flags.get("minus_infinity")
        if plus is not None and minus is not None:
            if scale.zero is not None:
                nan = either(nan, (plus | minus) & scale.zero)
            if scale.negative is not None:
                swap = scale.negative
                plus, minus = (plus & ~swap) | (minus & swap), (minus & ~swap) | (plus & swap)
        if scale.infinite is not None:
            zero, positive, negative = self._any_products(m, elements, scale, name)
            infinite = scale.infinite
            nan = either(nan, infinite & zero)
            plus = either(plus, infinite & positive)
            minus = either(minus, infinite & negative)
        found = {"nan": nan, "plus_infinity": plus, "minus_infinity": minus}
        return {
            flag: wire(m, f"{name}{flag}", bit) for flag, bit in found.items() if bit is not None
        }

    def _any_products(
        self, m: Module, elements: Sequence[list[Any]], scale: Raw, name: str
    ) -> tuple[Value, Value, Value]:
        """Whether a scaled product is zero, positive, negative: an infinite scale's products."""
        zeros, signs = [], []
        for pair in zip(*elements, strict=True):
            sign: Value = Const(0, 1) if scale.negative is None else scale.negative
            zero: Value = Const(0, 1)
            for side, x in zip("ab", pair, strict=True):
                format = self.elements[side]
                value = Value.cast(x)
                if isinstance(format, IntegerFormat):
                    magnitude = value
                else:
                    magnitude = value[: len(value) - format.signed]
                zero = zero | ~magnitude.any()
                if format.signed:
                    sign = sign ^ value[-1]
            zeros.append(zero)
            signs.append(sign)
        signs = wire(m, f"{name}product_signs", Cat(*signs))
        return Cat(*zeros).any(), (~signs).any(), signs.any()
