"""Partial products: what a multiplication puts on a bit heap.

The products of many pairs of operands may go on one heap: a dot product is then one tree with one
final adder, and no product is ever resolved by itself.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value, ValueLike

from .adders import Adder
from .bitheap import BitHeap, Structure

__all__ = ["DSP_BLOCK", "add_products", "dot_product", "marks", "multiply"]

DSP_BLOCK = {"use_dsp": "yes", "multstyle": "dsp", "syn_multstyle": "block_mult"}
"""Attributes of a net that ask for its product to be made by a DSP block: as AMD Vivado (UG901),
Intel Quartus and Synplify read them, and our own synthesis."""


def marks(structure: Structure) -> dict[str, str]:
    """Attributes of the net of a product."""
    return dict(DSP_BLOCK) if structure is Structure.DSP else {}


def multiply(
    m: Module,
    a: ValueLike,
    b: ValueLike,
    *,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
    name: str = "product",
) -> Value:
    """``a * b``, exact; as wide as both operands together, signed if one of them is."""
    a, b = Value.cast(a), Value.cast(b)
    shape = Shape(len(a) + len(b), a.shape().signed or b.shape().signed)
    return _sum_of_products(m, [a], [b], shape, structure, adder, name)


def dot_product(
    m: Module,
    a: Sequence[ValueLike],
    b: Sequence[ValueLike],
    *,
    structure: Structure = Structure.COMPRESSOR,
    adder: Adder = Adder.SKLANSKY,
    name: str = "dot",
) -> Value:
    """The exact sum of ``a[i] * b[i]``, of the smallest shape that holds every such sum.

    All elements of a vector have one shape; the two vectors' shapes may differ.
    """
    a, b = [Value.cast(x) for x in a], [Value.cast(x) for x in b]
    _check_lanes(a, b)
    corners = [x * y for x in _limits(a[0].shape()) for y in _limits(b[0].shape())]
    low, high = len(a) * min(corners), len(a) * max(corners)
    shape = Shape.cast(range(min(low, 0), max(high, 0) + 1))
    return _sum_of_products(m, a, b, shape, structure, adder, name)


def _sum_of_products(
    m: Module,
    a: list[Value],
    b: list[Value],
    shape: Shape,
    structure: Structure,
    adder: Adder,
    name: str,
) -> Value:
    heap = BitHeap(max(shape.width, 1))
    add_products(m, heap, a, b, structure=structure, name=name)
    total = heap.sum(m, name=name, structure=structure, adder=adder)
    return total.as_signed() if shape.signed else total


def add_products(
    m: Module,
    heap: BitHeap,
    a: Sequence[ValueLike],
    b: Sequence[ValueLike],
    *,
    weight: int = 0,
    negate: bool = False,
    arrival: int = 0,
    structure: Structure = Structure.COMPRESSOR,
    name: str = "product",
) -> None:
    """Add the sum of ``a[i] * b[i] * 2**weight`` to a heap, or subtract it.

    Booth recodes ``b``. With many lanes, ``{name}_a`` and ``{name}_b`` hold the operands bit by
    bit, bit 0 of every lane first: one statement then makes a row of every lane, and the bits of
    one column stand together.
    """
    a, b = [Value.cast(x) for x in a], [Value.cast(x) for x in b]
    _check_lanes(a, b)
    if structure.operators:
        for lane, (x, y) in enumerate(zip(a, b, strict=True)):
            product = x * y
            # A net of its own keeps synthesis from merging products into one wide sum.
            net = Signal(product.shape(), name=f"{name}_p{lane}", attrs=marks(structure))
            m.d.comb += net.eq(product)
            heap.add(net, weight=weight, negate=negate, arrival=arrival)
        return
    x = _Operand(m, a, f"{name}_a")
    y = _Operand(m, b, f"{name}_b")
    rows = _booth_rows if structure is Structure.BOOTH else _array_rows
    for row in rows(m, x, y, name):
        count = len(row.planes) // x.lanes
        for index in range(count):
            heap.add_column(
                row.planes[index * x.lanes : (index + 1) * x.lanes],
                weight=weight + row.weight + index,
                negate=negate ^ row.negate ^ (row.signed and index == count - 1),
                arrival=arrival + row.arrival,
            )


class _Operand:
    """One vector, bit 0 of every lane first, then bit 1 of every lane, and so on."""

    def __init__(self, m: Module, lanes: list[Value], name: str):
        self.lanes = len(lanes)
        self.width = lanes[0].shape().width
        self.signed = lanes[0].shape().signed
        if self.lanes == 1:
            self.planes = lanes[0].as_unsigned()
        else:
            planes = Signal(self.lanes * self.width, name=name)
            m.d.comb += planes.eq(Cat(lane[i] for i in range(self.width) for lane in lanes))
            self.planes = planes

    def plane(self, index: int) -> Value:
        """Bit ``index`` of every lane: zeros below bit 0, the sign or zeros above the top bit."""
        if index >= self.width and self.signed:
            index = self.width - 1
        if not 0 <= index < self.width:
            return Const(0, self.lanes)
        return self.planes[index * self.lanes : (index + 1) * self.lanes]


class _Row(NamedTuple):
    """Partial products of all lanes, plane by plane from ``weight`` up."""

    planes: Value
    weight: int
    signed: bool
    negate: bool
    arrival: int


def _array_rows(m: Module, x: _Operand, y: _Operand, name: str) -> Iterator[_Row]:
    """One row of AND gates for each bit of ``y``, negative for the top bit of a signed one."""
    for index in range(y.width):
        row = Signal(len(x.planes), name=f"{name}_r{index}")
        m.d.comb += row.eq(x.planes & y.plane(index).replicate(x.width))
        yield _Row(row, index, x.signed, y.signed and index == y.width - 1, 0)


def _booth_rows(m: Module, x: _Operand, y: _Operand, name: str) -> Iterator[_Row]:
    """One row for each two bits of ``y``, which become a digit from -2 to 2.

    A negative digit inverts its row; the one that completes the negation is a row of one bit.
    Digit 0 may be negative too: all ones plus one is 0 (MacSorley, Proc. IRE 49, 1961).
    """
    # A row holds twice x and a sign, which for unsigned x only the inversion makes.
    width = x.width + (1 if x.signed else 2)
    once = Cat(x.plane(index) for index in range(width))
    twice = Cat(x.plane(index - 1) for index in range(width))
    bits = y.width if y.signed else y.width + 1
    for digit in range((bits + 1) // 2):
        low, middle, minus = (y.plane(2 * digit + k) for k in (-1, 0, 1))
        one = Signal(x.lanes, name=f"{name}_d{digit}_one")
        two = Signal(x.lanes, name=f"{name}_d{digit}_two")
        row = Signal(len(once), name=f"{name}_d{digit}_row")
        m.d.comb += [
            one.eq(middle ^ low),
            two.eq((minus ^ middle) & ~one),
            row.eq(
                ((one.replicate(width) & once) | (two.replicate(width) & twice))
                ^ minus.replicate(width)
            ),
        ]
        yield _Row(row, 2 * digit, True, False, 1)
        if not isinstance(minus, Const):
            yield _Row(minus, 2 * digit, False, False, 0)


def _limits(shape: Shape) -> tuple[int, int]:
    """The smallest and the largest value of a shape."""
    if shape.signed:
        return -(1 << shape.width - 1), (1 << shape.width - 1) - 1
    return 0, (1 << shape.width) - 1


def _check_lanes(a: list[Value], b: list[Value]) -> None:
    if len(a) != len(b) or not a:
        raise ValueError(
            f"The two vectors must have the same number of elements, at least one, "
            f"not {len(a)} and {len(b)}"
        )
    for vector, lanes in (("first", a), ("second", b)):
        shapes = {(x.shape().width, x.shape().signed) for x in lanes}
        if len(shapes) > 1 or lanes[0].shape().width == 0:
            raise ValueError(
                f"The elements of the {vector} vector must have one shape of at least one bit, "
                f"not {sorted({repr(x.shape()) for x in lanes})}"
            )
