"""Sums of blocks next to a power of two, which their scales bring to where a result begins or ends.

Scales drawn by themselves bring few sums to the results' subnormal numbers, and those few are as
random as their elements: no long carries, nor a far bit that alone says whether a sum is exact.
Here the elements are chosen first: most sum to about a power of two, or three or five times one,
more or less one product. Then come scales that bring the sum's first bit to where the result's
range begins, where it ends, or anywhere; and addends far below it, far above it, or that cancel it.
"""

from typing import Any

import numpy as np

from ....hdl.formats import FloatFormat, IntegerFormat
from ....hdl.unit import Unit
from ..blocks.scales import takes_blocks
from .fields import scale_ends
from .product_table import ProductTable

__all__ = ["Ends", "ends_of_sums", "turned_sums"]

#: Of all vectors, one in so many.
_PART = 16
#: Lanes that make up what a sum lacks, besides one for what it is more or less.
_LANES = 3


class Ends:
    """Where sums are to be; others may want others."""

    def tops(self, rng: np.random.Generator, p: Any, many: int) -> np.ndarray:
        """Exponents above the sums' first bit."""
        o = p.o
        scales = [scale_ends(block.scale) for block in (p.a, p.b)]
        low, high = (sum(ends) for ends in zip(*scales, strict=True))
        anywhere = rng.integers(low, high + 1, many)
        if isinstance(o, IntegerFormat):
            return rng.integers(o.lsb_exponent - 1, o.lsb_exponent + o.width + 2, many)
        if not isinstance(o, FloatFormat):
            return anywhere
        begin, (_, end) = o.lsb_exponent, scale_ends(o)
        first = rng.integers(begin - 1, begin + o.mantissa_width + 4, many)
        c = getattr(p, "c", None)
        about = c if isinstance(c, FloatFormat) else o
        inside = rng.integers(about.lsb_exponent - 2, scale_ends(about)[1] + 3, many)
        last = rng.integers(end - 1, end + 4, many)
        kind = rng.choice(4, many, p=[0.4, 0.15, 0.3, 0.15])
        return np.choose(kind, [first, last, inside, anywhere])

    def sums(
        self, rng: np.random.Generator, table: ProductTable, index: np.ndarray, total: np.ndarray
    ) -> np.ndarray:
        """The sums, once some products were exchanged for others."""
        return total

    def scales(
        self, rng: np.random.Generator, scale: FloatFormat, codes: np.ndarray, exponent: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The powers of two that one side's scales begin as, as codes and exponents."""
        return codes, exponent


def ends_of_sums(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such vectors over draws, behind the middle; how many."""
    p = unit.parameters
    if not takes_blocks(p) or "last" in result:
        return 0
    table = ProductTable.of(unit)
    if table is None or not all(isinstance(x.scale, FloatFormat) for x in (p.a, p.b)):
        return 0
    start, many = len(result["a"]) // 8 * 5, len(result["a"]) // _PART
    turned_sums(rng, unit, result, slice(start, start + many), Ends())
    return many


def turned_sums(
    rng: np.random.Generator,
    unit: Unit,
    result: dict[str, np.ndarray],
    where: slice,
    ends: Ends,
) -> None:
    """Write sums of a unit that has a table of products, with zero points in the middle and at both
    ends."""
    table = ProductTable.of(unit)
    assert table is not None
    turns = 3 if table.zeros else 1
    many = where.stop - where.start
    for turn in range(turns):
        turned = ProductTable.of(unit, turn) if table.zeros else table
        assert turned is not None
        rows = [where.start + many * k // turns for k in (turn, turn + 1)]
        _write(rng, unit, turned, result, slice(*rows), ends)


def _write(
    rng: np.random.Generator,
    unit: Unit,
    table: ProductTable,
    result: dict[str, np.ndarray],
    where: slice,
    ends: Ends,
) -> None:
    p, many = unit.parameters, where.stop - where.start
    index, total = _sums(rng, table, many, result["a"].shape[1])
    total = ends.sums(rng, table, index, total)
    for side, codes in zip("ab", table.codes(rng, index), strict=True):
        result[side][where] = codes
    for side, zero in table.zeros.items():
        result[f"{side}_zero"][where] = zero
    # As floats are written: the power of two that is next above.
    length = np.frexp(total)[1]
    top = ends.tops(rng, p, many) - length
    for side, block, other in (("a", p.a, p.b), ("b", p.b, None)):
        codes, exponent = _scales(rng, block.scale, other and other.scale, top)
        codes, exponent = ends.scales(rng, block.scale, codes, exponent)
        field = result[f"{side}_scale"]
        shape = (many, *field.shape[1:])
        field[where] = _apart(rng, block.scale, codes, shape)
        top = top - exponent
    _last_bits(rng, p, np.ldexp(total, -table.exponents[0]), result, where)
    if isinstance(getattr(p, "c", None), FloatFormat):
        result["c"][where] = _addends(rng, p, result["c"][where], total, length, result, where)


def _sums(
    rng: np.random.Generator, table: ProductTable, many: int, lanes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of products, and what they sum to."""
    values = table.values
    none = int(np.searchsorted(values, 0))
    index = rng.integers(0, len(values), (many, lanes))
    # Some of the lanes only, in half of the rows, or pairs that cancel each other.
    few = (rng.random((many, lanes)) > rng.random((many, 1))) & (rng.random((many, 1)) < 0.5)
    index[few] = none
    half = lanes // 2
    pairs = rng.random(many) < 0.3
    opposite = table.nearest(-values[index[:, :half]], np.zeros((many, half), bool))
    index[:, half : 2 * half] = np.where(pairs[:, None], opposite, index[:, half : 2 * half])
    low, high = table.exponents
    high += lanes.bit_length() - 1
    exponent = rng.integers(low, high + 1, many)
    kept = rng.choice([1, 1, 3, 5], many)
    wanted = np.ldexp(rng.choice([-1.0, 1.0], many) * kept, exponent)
    # More or less one product, of any size: the least one in half of the rows.
    size = np.where(rng.random(many) < 0.5, low, rng.integers(low, table.exponents[1], many))
    crumb = np.ldexp(rng.choice([-1.0, 0.0, 1.0], many, p=[0.45, 0.1, 0.45]), size)
    order = rng.permuted(np.tile(np.arange(lanes), (many, 1)), axis=1)
    rows = np.arange(many)
    free = rng.random(many) < 0.15
    index[rows, order[:, 0]] = table.nearest(crumb, np.zeros(many, bool))
    # Each lane in turn takes the nearest product to what is lacking, or one that is no larger.
    for k in range(1, min(_LANES + 1, lanes)):
        lane = order[:, k]
        rest = wanted + crumb - (values[index].sum(axis=1) - values[index[rows, lane]])
        found = table.nearest(rest, rng.random(many) < 0.3)
        index[rows, lane] = np.where(free, index[rows, lane], found)
    return index, values[index].sum(axis=1)


def _scales(
    rng: np.random.Generator, scale: FloatFormat, other: FloatFormat | None, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of powers of two and their exponents; of two factors the first leaves something that
    the other one can take."""
    low, high = scale_ends(scale)
    if other is None:
        exponent = np.clip(wanted, low, high)
    else:
        least, most = scale_ends(other)
        begin = np.clip(wanted - most, low, high)
        exponent = rng.integers(begin, np.clip(wanted - least, begin, high) + 1)
    code = (exponent - low + scale.zero) << scale.mantissa_width
    return np.clip(code, 0, scale.max_magnitude), exponent


def _apart(
    rng: np.random.Generator, scale: FloatFormat, codes: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """A scale for each block: all the same in half of the vectors; of those that are not powers of
    two, in some."""
    codes = codes.reshape(-1, *[1] * (len(shape) - 1))
    one = 1 << scale.mantissa_width
    lower = rng.integers(0, 1 + 2 * max(scale.mantissa_width, 4), shape) * one
    same = rng.random(codes.shape) < 0.5
    moved = codes - np.where(same, 0, np.minimum(lower, np.maximum(codes - one, 0)))
    # Of any length: the last bit of a product is where its factors' last bits are.
    cut = rng.integers(0, scale.mantissa_width + 1, codes.shape)
    mantissa = (rng.integers(0, one, shape) >> cut << cut) * (rng.random(codes.shape) < 0.5)
    return np.minimum(np.broadcast_to(moved, shape) + mantissa, scale.max_magnitude)


def _last_bits(
    rng: np.random.Generator,
    p: Any,
    total: np.ndarray,
    result: dict[str, np.ndarray],
    where: slice,
) -> None:
    """In half of the vectors, where one scale of each side scales the whole sum: a mantissa of the
    longer one for which all last bits of the scaled sum are zeros but for one or two."""
    many = len(total)
    sides = sorted("ab", key=lambda side: getattr(p, side).scale.mantissa_width)
    fields = [result[f"{side}_scale"][where].reshape(many, -1) for side in sides]
    short, long = (getattr(p, side).scale for side in sides)
    width = long.mantissa_width
    if not width or any(field.shape[1] > 1 for field in fields):
        return
    codes = fields[1][:, 0]
    size = np.abs(total).astype(np.uint64)
    odd = _odd(size) * _odd(short.decode(fields[0][:, 0]).significand.astype(np.uint64))
    inverse = odd
    for _ in range(5):  # Newton's method: each step doubles the bits, of which three are right.
        inverse = inverse * (np.uint64(2) - odd * inverse)
    bits = np.uint64(1) << rng.integers(0, width, (2, many)).astype(np.uint64)
    bits[1, rng.random(many) < 0.5] = 0
    mask = np.uint64((1 << width) - 1)
    mantissa = ((bits[0] ^ bits[1]) * inverse & mask).astype(np.int64)
    usable = (rng.random(many) < 0.5) & (size > 0)
    made = np.minimum(codes >> width << width | mantissa, long.max_magnitude)
    field = result[f"{sides[1]}_scale"]
    field[where] = np.where(usable, made, codes).reshape(-1, *[1] * (field.ndim - 1))


def _odd(numbers: np.ndarray) -> np.ndarray:
    """Without factors of two; one for zero."""
    least = numbers & (~numbers + np.uint64(1))
    return numbers // np.maximum(least, np.uint64(1)) | np.uint64(1)


def _addends(
    rng: np.random.Generator,
    p: Any,
    codes: np.ndarray,
    total: np.ndarray,
    length: np.ndarray,
    result: dict[str, np.ndarray],
    where: slice,
) -> np.ndarray:
    """Zero, the sum's opposite but for its last bits, such a number anywhere, or what was drawn."""
    c: FloatFormat = p.c
    many = len(codes)
    scales = [x.scale.to_float(result[f"{s}_scale"][where]) for s, x in (("a", p.a), ("b", p.b))]
    at = sum(np.frexp(x.reshape(many, -1)[:, 0])[1] - 1 for x in scales)
    exponent = length + at - 1 - c.lsb_exponent - c.mantissa_width + 1
    beyond = exponent + rng.integers(-2 * c.precision, 2 * c.precision + 1, many)
    field = np.where(rng.random(many) < 0.5, exponent, beyond)
    mantissa = np.floor((np.ldexp(abs(total), 1 - length) - 1) * (1 << c.mantissa_width))
    one_off = mantissa.astype(np.int64) + rng.integers(-1, 2, many)
    mantissa = np.where(rng.random(many) < 0.5, one_off, 0)
    magnitude = np.clip((field << c.mantissa_width) + mantissa, 1, c.max_magnitude)
    sign = (total > 0) ^ (rng.random(many) < 0.25)
    made = magnitude | (sign * c.sign_mask if c.signed else 0)
    signed_zero = rng.integers(0, 2, many) * (c.sign_mask if c.signed else 0)
    kind = rng.random(many)
    return np.select([kind < 0.4, kind < 0.9], [signed_zero, made], codes)
