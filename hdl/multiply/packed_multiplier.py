"""Several small products from one wide multiplication."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.data import ArrayLayout

from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..formats import IntegerFormat, product_range
from ..pipeline import Step, wire
from ..unit import Unit, check_positive

__all__ = ["PackedMultiplier"]

# The widest multiplier input of a DSP block there is: 27 bits, in AMD's DSP48E2 and DSP58.
_WIDEST = 27


class PackedMultiplier(Unit):
    """Multiplies several integers by one shared factor, in a single DSP block.

    ``p[i] = a[i] * b``, each exact, in the smallest format that holds every product. The operands
    ``a[i]`` stand ``k`` bits apart in one wide factor, ``k`` the width of a product:
    ``(a[0] + a[1] * 2**k + ...) * b`` is ``p[0] + p[1] * 2**k + ...``.

    The products do not disturb each other: with ``2**(k-1)`` added to each signed product but the
    last, ``0 <= p[i] + 2**(k-1) < 2**k``. These are then the digits of the sum in base ``2**k``,
    and digits are unique; a digit is its product with the top bit inverted. Unsigned products are
    digits as they are. So no bits of guard are needed between the products, and one constant
    replaces the correction of each product by the sign of the one below it.

    The wide factor has ``k`` bits for each operand but the last, which has its own width and, in
    signed formats, one bit more. A block of an iCE40 UltraPlus takes 16 bits, of an ECP5 18, of an
    AMD 7 series 25. Signed 4-bit operands need 13 for two products, 5-bit ones 16; three products
    need 16 at 3 bits and 21 at 4; two of 8 bits need 25. LUTs beside the one block, and LUTs of as
    many separate multipliers in logic, the smaller of ``booth`` and ``compressor``:

    | products | iCE40 packed | in logic | ECP5 packed | in logic |
    | --- | --- | --- | --- | --- |
    | 2 of int4, int4 | 7 | 58 | 16 | 80 |
    | 2 of uint4, int4 | 1 | 64 | 10 | 80 |
    | 2 of uint4, uint4 | 0 | 58 | 0 | 100 |
    | 2 of int5, int5 | 8 | 108 | 18 | 190 |
    | 3 of int3, int3 | 12 | 42 | 33 | 54 |
    | 4 of int2, int2 | 15 | 16 | 35 | 16 |

    The LUTs borrow from the next operand where one is negative, and on ECP5 add the constant, which
    the iCE40's block adds itself. Separate products would take a block each. Products of 2 bits
    are too small for any of it.

    Latency is ``stages`` cycles, throughput all products every cycle.

    Parameters
    ----------
    a
        Format of the operands that are packed.
    b
        Format of the shared factor.
    lanes
        Operands, and so products, from 2 up.
    structure
        How the wide product is made; no result bit depends on it. ``dsp`` and ``auto`` mark it for
        a DSP block, the others make it of logic, where separate products are smaller.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operands
    i.b : shared factor
    o.p : products, in the order of ``a``

    Raises
    ------
    ValueError
        If the wide factor is wider than any DSP block's input, 27 bits.
    """

    reference = (
        "AMD WP486, Deep Learning with INT8 Optimization, and WP521, with INT4 Optimization: "
        "shared operands in one DSP slice"
    )

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(4),
        b: IntegerFormat = IntegerFormat(4),
        lanes: int = 2,
        structure: Structure = Structure.DSP,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes, least=2)
        low, high = product_range(a, b)
        self.product_format = IntegerFormat.holding(low, high, a.lsb_exponent + b.lsb_exponent)
        self.packed_width = (lanes - 1) * self.product_format.width + a.width + a.signed
        if max(self.packed_width, b.width) > _WIDEST:
            raise ValueError(
                f"The packed factor must have at most {_WIDEST} bits, as many as the widest DSP "
                f"block takes, not {max(self.packed_width, b.width)}"
            )
        super().__init__(
            {"a": ArrayLayout(a, lanes), "b": b},
            {"p": ArrayLayout(self.product_format, lanes)},
            stages=stages,
        )

    def steps(self) -> list[Step]:
        return [Step("pack", self._pack), Step("multiply", self._multiply)]

    def _pack(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The operands side by side: each leaves one less to the next where it is negative."""
        p, distance = self.parameters, self.product_format.width
        fields: list[Value] = []
        borrow: Value = Const(0, 1)
        for lane in range(p.lanes):
            operand = Value.cast(values["a"][lane])
            if p.a.signed and lane:
                operand = wire(m, f"operand{lane}", operand - borrow)
            borrow = operand[-1]
            fill = borrow if p.a.signed else Const(0, 1)
            extended = Cat(operand, fill.replicate(distance))[:distance]
            fields.append(extended if lane < p.lanes - 1 else operand)
        packed = Cat(fields)
        return {**values, "packed": packed.as_signed() if p.a.signed else packed}

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, width = self.parameters, self.product_format.width
        structure = Structure.DSP if p.structure is Structure.AUTO else p.structure
        # A signed product is a digit after the addition of half the base; the last one need not be.
        half = 1 << (width - 1)
        signed = [self.product_format.signed and lane < p.lanes - 1 for lane in range(p.lanes)]
        digits = BitHeap(p.lanes * width)
        add_products(m, digits, [values["packed"]], [Value.cast(values["b"])], structure=structure)
        digits.add_constant(sum(half << lane * width for lane in range(p.lanes) if signed[lane]))
        total = digits.sum(m, name="digits", structure=structure)
        products = []
        for lane, corrected in enumerate(signed):
            digit = total[lane * width : (lane + 1) * width]
            products.append(Cat(digit[:-1], ~digit[-1]) if corrected else digit)
        return {"p": Cat(products)}
