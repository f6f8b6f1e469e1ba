"""Carry-save addition of many weighted bits.

A bit heap collects bits of any weight, whatever operand they came from, and adds them all at once:
full adders shrink every column to two bits, and one carry-propagating adder resolves those.
Sums of products, of aligned significands or of flags all become one tree with one final adder,
and every constant that signs and roundings need is summed while the circuit is being described.

After F. de Dinechin, M. Istoan and A. Illyes, "Bit heaps and compressors" (FloPoCo), and
L. Dadda, "Some schemes for parallel multipliers", Alta Frequenza 34 (1965).
"""

from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Signal, Value, ValueLike

from .adders import Adder, add

__all__ = ["BitHeap", "Structure"]

# Radix-4 Booth digits save more than their recoding costs if they save at least two rows of a tree,
# and those are long enough: of 32 lanes' area 13 % at int8 by int8, 14 % at int8 by int4, 9 % at
# int6 by int4, but -1 % at int4 by int4 and -13 % at int8 by uint4.
_BOOTH_ROWS, _BOOTH_BITS = 2, 10


class Structure(StrEnum):
    """How a sum or a product is built. The choice changes cost, never a result bit."""

    #: What measured best for the operands at hand; see the unit's documentation.
    AUTO = "auto"
    #: The operators ``*`` and ``+``, left to synthesis: the choice where it has multiplier blocks.
    PLAIN = "plain"
    #: As plain, with the products marked for DSP blocks: estimates and vendors' tools take them.
    DSP = "dsp"
    #: AND array and compressor tree: the shortest delay in standard cells.
    COMPRESSOR = "compressor"
    #: Radix-4 Booth digits and compressor tree: the smallest area from 6-bit operands on, and
    #: the fewest LUTs.
    BOOTH = "booth"

    @property
    def operators(self) -> bool:
        """Whether sums and products are left to synthesis."""
        return self in (Structure.PLAIN, Structure.DSP)

    def for_product(self, a_width: int, b_width: int, *, b_signed: bool) -> "Structure":
        """Itself, or what ``auto`` means for products of so many bits, by digits of ``b``."""
        if self is not Structure.AUTO:
            return self
        digits = (b_width + (1 if b_signed else 2)) // 2
        pays = b_width - digits >= _BOOTH_ROWS and a_width + b_width >= _BOOTH_BITS
        return Structure.BOOTH if pays else Structure.COMPRESSOR


class _Bit(NamedTuple):
    arrival: int
    value: Value


class _Term(NamedTuple):
    value: Value
    weight: int
    negate: bool


class BitHeap:
    """A sum of weighted bits, modulo ``2**width``.

    Parameters
    ----------
    width : int
        Bits of the result.

    A bit's *arrival* is the delay of the logic before it, in full adders, rounded: bits that
    arrive later enter the tree at a later level.
    """

    def __init__(self, width: int):
        if not isinstance(width, int) or width < 1:
            raise ValueError(f"The width of a bit heap must be a positive integer, not {width!r}")
        self._width = width
        self._constant = 0
        self._plain_constant = 0
        self._columns: list[list[_Bit]] = [[] for _ in range(width)]
        # Inverted bits stand here until the tree is built, which inverts them all in one vector.
        self._inverted: list[list[_Bit]] = [[] for _ in range(width)]
        self._terms: list[_Term] = []

    @property
    def width(self) -> int:
        """Bits of the result."""
        return self._width

    @property
    def height(self) -> int:
        """Bits in the fullest column, without the constant."""
        return max(len(a) + len(b) for a, b in zip(self._columns, self._inverted, strict=True))

    def add(
        self, value: ValueLike, *, weight: int = 0, arrival: int = 0, negate: bool = False
    ) -> None:
        """Add ``value * 2**weight``, or subtract it.

        ``value`` is read by its shape. A signed one costs no sign extension: its top bit weighs
        ``-2**k``, which is its complement at ``2**k`` and a constant (Baugh and Wooley, 1973).
        """
        value = Value.cast(value)
        _check_weight(weight)
        if isinstance(value, Const):
            self.add_constant((-value.value if negate else value.value) << weight)
            return
        last = len(value) - 1
        signed = value.shape().signed
        self._terms.append(_Term(value, weight, negate))
        for index, bit in enumerate(value):
            self._add_bit(bit, weight + index, arrival, negate != (signed and index == last))

    def add_column(
        self, bits: ValueLike, *, weight: int = 0, arrival: int = 0, negate: bool = False
    ) -> None:
        """Add the number of ones in ``bits``, times ``2**weight``, or subtract it."""
        _check_weight(weight)
        for bit in Value.cast(bits):
            self._terms.append(_Term(bit, weight, negate))
            self._add_bit(bit, weight, arrival, negate)

    def add_constant(self, constant: int) -> None:
        """Add an integer of either sign."""
        self._constant += constant
        self._plain_constant += constant

    def _add_bit(self, bit: Value, weight: int, arrival: int, negate: bool) -> None:
        if weight >= self._width:
            return
        if negate:
            self._inverted[weight].append(_Bit(arrival, bit))
            self._constant -= 1 << weight
        else:
            self._columns[weight].append(_Bit(arrival, bit))

    def sum(
        self,
        m: Module,
        *,
        name: str = "tree",
        structure: Structure = Structure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
    ) -> Signal:
        """The resolved sum, an unsigned signal ``{name}_sum`` of ``width`` bits.

        ``adder`` is the one that adds the last two rows; where operators are left to synthesis,
        there are none.
        """
        result = Signal(self._width, name=f"{name}_sum")
        if structure.operators:
            m.d.comb += result.eq(self._plain_sum())
            return result
        columns = self._reduced(m, name)
        # Below the lowest column that holds two bits, the sum is there already.
        low = next((i for i, column in enumerate(columns) if len(column) > 1), self._width)
        first, second = _rows(columns)
        high = add(m, first[low:], second[low:], adder=adder, name=f"{name}_add")
        m.d.comb += result.eq(Cat(first[:low], high))
        return result

    def compress(self, m: Module, *, name: str = "tree") -> tuple[Signal, Signal]:
        """Two rows ``{name}_row0`` and ``_row1`` whose sum modulo ``2**width`` is the result.

        The full adders of one level of the tree stand side by side in vectors: operands
        ``{name}_l{level}_x``, ``_y`` and ``_z``, sums ``_s`` and carries ``_c``.
        """
        row0 = Signal(self._width, name=f"{name}_row0")
        row1 = Signal(self._width, name=f"{name}_row1")
        first, second = _rows(self._reduced(m, name))
        m.d.comb += [row0.eq(first), row1.eq(second)]
        return row0, row1

    def _reduced(self, m: Module, name: str) -> list[list[_Bit]]:
        """The columns after as many levels as it takes to leave two bits in each at most."""
        columns = self._all_columns(m, name)
        level = 0
        while max(map(len, columns)) > 2:
            columns = _compress_level(m, f"{name}_l{level}", columns, level)
            level += 1
        return columns

    def _all_columns(self, m: Module, name: str) -> list[list[_Bit]]:
        """The columns with inverted bits and the constant in place."""
        columns = [list(column) for column in self._columns]
        inverted = Signal(sum(map(len, self._inverted)), name=f"{name}_inverted")
        m.d.comb += inverted.eq(~Cat(bit.value for column in self._inverted for bit in column))
        place = 0
        for column, source in zip(columns, self._inverted, strict=True):
            for bit in source:
                column.append(_Bit(bit.arrival, inverted[place]))
                place += 1
        for weight, column in enumerate(columns):
            if self._constant >> weight & 1:
                column.append(_Bit(0, Const(1, 1)))
        return columns

    def _plain_sum(self) -> Value:
        """The same sum by operators, as a balanced tree of adders."""
        terms: list[Value] = []
        if self._plain_constant:
            terms.append(Const(self._plain_constant % (1 << self._width), self._width))
        for value, weight, negate in self._terms:
            shifted = value.shift_left(weight)
            terms.append(-shifted if negate else shifted)
        while len(terms) > 1:
            pairs = [(a + b) for a, b in zip(terms[::2], terms[1::2], strict=False)]
            odd = terms[-1:] if len(terms) % 2 else []
            terms = [pair[: self._width] if len(pair) > self._width else pair for pair in pairs]
            terms += odd
        return terms[0] if terms else Const(0, self._width)


def _compress_level(
    m: Module, name: str, columns: list[list[_Bit]], level: int
) -> list[list[_Bit]]:
    """One level of full adders over the bits that have arrived, by Dadda's rule.

    Each column shrinks only as far as the next of the heights 2, 3, 4, 6, 9, 13 ...: fewer adders
    for the same depth than shrinking as much as one can. A half adder is a full adder with a
    constant 0, which synthesis and simulators fold away.
    """
    target = _next_height(max(map(len, columns)))
    weights: list[int] = []
    operands: tuple[list[Value], list[Value], list[Value]] = ([], [], [])
    remaining: list[list[_Bit]] = []
    carries = 0
    for weight, column in enumerate(columns):
        excess = max(len(column) + carries - target, 0)
        ready = sorted((bit for bit in column if bit.arrival <= level), key=lambda bit: bit.arrival)
        full = min(excess // 2, len(ready) // 3)
        half = int(excess % 2 == 1 and full == excess // 2 and len(ready) >= 3 * full + 2)
        carries = full + half
        # Neighbours stay neighbours, so that the vectors are made of slices and not of bits.
        x, y, z = ([bit.value for bit in ready[k * full : (k + 1) * full]] for k in range(3))
        rest = ready[3 * full :]
        if half:
            x.append(rest[0].value)
            y.append(rest[1].value)
            z.append(Const(0, 1))
            rest = rest[2:]
        for vector, bits in zip(operands, (x, y, z), strict=True):
            vector.extend(bits)
        weights += [weight] * carries
        remaining.append(rest + [bit for bit in column if bit.arrival > level])
    if not weights:
        return columns
    for weight, sum_bit, carry in zip(weights, *_full_adders(m, name, operands), strict=True):
        remaining[weight].append(_Bit(level + 1, sum_bit))
        if weight + 1 < len(columns):
            remaining[weight + 1].append(_Bit(level + 1, carry))
    return remaining


def _full_adders(
    m: Module, name: str, operands: tuple[list[Value], list[Value], list[Value]]
) -> tuple[Value, Value]:
    """Sums and carries of full adders side by side."""
    x, y, z, p, s, c = (Signal(len(operands[0]), name=f"{name}_{part}") for part in "xyzpsc")
    m.d.comb += [signal.eq(Cat(bits)) for signal, bits in zip((x, y, z), operands, strict=True)]
    m.d.comb += [
        p.eq(x ^ y),
        s.eq(p ^ z),
        # A multiplexer of the shared XOR: smaller after mapping than a majority of x, y and z.
        c.eq((p & z) | (~p & x)),
    ]
    return s, c


def _next_height(height: int) -> int:
    """The largest of Dadda's heights below ``height``."""
    target = 2
    while target * 3 // 2 < height:
        target = target * 3 // 2
    return target


def _rows(columns: list[list[_Bit]]) -> tuple[Value, Value]:
    """The first and the second bit of every column."""
    zero = Const(0, 1)
    first, second = (
        Cat(column[index].value if index < len(column) else zero for column in columns)
        for index in range(2)
    )
    return first, second


def _check_weight(weight: int) -> None:
    if not isinstance(weight, int) or weight < 0:
        raise ValueError(f"The weight must be an integer of at least 0, not {weight!r}")
