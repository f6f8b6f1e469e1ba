"""First half of the rounder for sums of hundreds of bits: find the chunk of the leading one first.

A count of leading zeros and a shifter of the sum's full width cost a multiplexer for every bit and
level. A float has few bits: the chunk with the leading one and those right below it are all that
can be kept, all others only need to say whether they are zero. What is counted, negated and shifted
is the short window that is left. With shifts by chunks on the way in (long_shift.py), it saves
42 % of the area of an exact accumulator of 535 bits, and 16 % at 93.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import FloatFormat, Projection
from ..pipeline import wire
from .place import Placed, fraction_bits, needs_sticky
from .shift import leading_zeros, shift_left

__all__ = ["place_long", "suits_long"]


def suits_long(width: int, offset: int, target: FloatFormat) -> bool:
    """Whether :func:`place_long` takes a sum like this: it may be a normal number."""
    return _least_normal(offset, target) < width


def _least_normal(offset: int, target: FloatFormat) -> int:
    """Which bit of the sum weighs as much as the target's least normal number."""
    return target.lsb_exponent + target.mantissa_width - offset


def place_long(
    m: Module,
    total: Value,
    offset: int,
    target: FloatFormat,
    projection: Projection,
    *,
    chunk: int,
    smallest: int = 0,
    odd: bool = False,
    nan: Value | None = None,
    infinite: Value | None = None,
    negative: Value | None = None,
) -> Placed:
    """The number ``total * 2**offset``, in two's complement where its shape is signed, placed.

    Args:
        chunk: bits of a chunk, a power of two.
        smallest: what an unsigned total is never below.
        odd: whether the total always is.
        negative: the sign, where it is not that of ``total``, which then is zero.
    """
    signed = total.shape().signed
    sign = total[-1] if signed else Const(0, 1)
    width, total = len(total), total.as_unsigned()
    least = _least_normal(offset, target)
    # Subnormals end at a sentinel: nothing below it is ever the leading one. Where there are none,
    # nothing below the smallest total's own is.
    floor = smallest.bit_length() - 1
    normal = floor >= max(least, 0)
    sentinel = least if least >= 0 and not (projection.ftz_out or normal) else None
    first = max(floor, 0) if sentinel is None else max(floor, sentinel)
    fractions = fraction_bits(projection)
    # Of an odd total all bits below those that are kept and looked at are together not zero.
    unseen = floor + 1 - target.precision - fractions if odd else 0
    if unseen > 0:
        total = Cat(Const(0, unseen), total[unseen:])
    window = -(-(target.precision + fractions + chunk - 1) // chunk)
    chunks = _chunks(total, sign, chunk)
    some, every = (
        wire(m, f"chunk_{name}", Cat(*bits))
        for name, bits in (
            ("any", (part.any() for part in chunks)),
            ("all", (part.all() for part in chunks)),
        )
    )
    lowest = first // chunk
    leads = _leading_chunk(m, some, every, sign, signed, lowest)
    kept, lost = _window(m, chunks, some, leads, window)

    # Two's complement of the window: a one from below comes in where all that was lost is zero.
    if signed:
        flipped = kept ^ sign.replicate(len(kept))
        kept = wire(m, "window_magnitude", flipped + (sign & ~lost))
    else:
        kept = Cat(kept, Const(0, 1))
    # What no shift brings up to the bits that rounding looks at is not shifted.
    low = max(len(kept) - target.precision - fractions - chunk, 0)
    lost = wire(m, "lost_low", lost | kept[:low].any()) if low else lost
    kept = kept[low:]
    counted = kept[-chunk - 1 :]
    if sentinel is not None:
        stop = leads[0].replicate(chunk + 1) & (1 << sentinel % chunk)
        counted = counted | stop
    counted = wire(m, "counted", counted)
    count, nonzero = leading_zeros(counted)
    count = wire(m, "zeros_above", count)
    normalized = shift_left(m, kept, count, "normalized", width=len(kept))

    mantissa_and_hidden = normalized[-target.precision :]
    rest = normalized[: len(normalized) - target.precision]
    fraction = rest[len(rest) - fractions :] if fractions else None
    below = rest[: len(rest) - fractions]
    sticky: Value | None = None
    if unseen > 0:
        sticky = Const(1, 1)
    elif needs_sticky(projection):
        sticky = wire(m, "sum_sticky", below.any() | lost)

    # The leading one's bit, from the least normal number's on.
    number = wire(m, "leading_chunk", _encoded(leads))
    field = (number << chunk.bit_length() - 1) - count + (lowest * chunk + chunk - least + 1)
    field_max = width - least
    field = wire(m, "field", field)
    hidden = mantissa_and_hidden[-1]
    if not projection.ftz_out:
        field = field.as_unsigned()[: field_max.bit_length()]
        if not normal:
            field = field & hidden.replicate(len(field))
    return Placed(
        mantissa_and_hidden[:-1],
        field,
        field_max,
        fraction=fraction,
        sticky=sticky,
        negative=negative if negative is not None else (sign if signed else None),
        nan=nan,
        infinite=infinite,
        zero=None if sentinel is not None or normal else wire(m, "sum_zero", ~nonzero),
    )


def _chunks(total: Value, sign: Value, chunk: int) -> Sequence[Value]:
    missing = -len(total) % chunk
    total = Cat(total, sign.replicate(missing))
    return [total[low : low + chunk] for low in range(0, len(total), chunk)]


def _leading_chunk(
    m: Module,
    some: Value,
    every: Value,
    sign: Value,
    signed: bool,
    lowest: int,
) -> Value:
    """One bit for each chunk that may hold the leading one, of which that bit is set.

    The lowest of them is it where no other is.
    """
    differs = Mux(sign, ~every, some) if signed else some
    differs = wire(m, "chunk_differs", differs)
    bits = [Const(1, 1), *differs[lowest + 1 :]]
    # For each chunk, whether one above it holds the leading one: a prefix tree from the top.
    count = len(bits)
    above: Value = Cat(*differs[lowest + 1 :], Const(0, 1))
    step = 1
    while step < count - 1:
        above = wire(m, f"chunk_above{step}", above | Cat(above[step:], Const(0, step)))
        step *= 2
    return wire(m, "chunk_leads", Cat(*bits) & ~above)


def _window(
    m: Module, chunks: Sequence[Value], some: Value, leads: Value, window: int
) -> tuple[Value, Value]:
    """The leading chunk and those below it, and whether a bit below those is set."""
    chunk, lowest = len(chunks[0]), len(chunks) - len(leads)
    parts = []
    for down in reversed(range(window)):
        part: Value = Const(0, chunk)
        for n, here in enumerate(leads):
            if n + lowest - down >= 0:
                part = part | (chunks[n + lowest - down] & here.replicate(chunk))
        parts.append(part)
    low: Value = some
    step = 1
    while step < len(chunks):
        low = wire(m, f"chunk_below{step}", low | Cat(Const(0, step), low)[: len(some)])
        step *= 2
    lost = Cat(
        here & low[n + lowest - window] for n, here in enumerate(leads) if n + lowest - window >= 0
    )
    return wire(m, "window", Cat(*parts)), wire(m, "lost", lost.any())


def _encoded(leads: Value) -> Value:
    """The number of the one bit that is set."""
    bits = max((len(leads) - 1).bit_length(), 1)
    return Cat(
        Cat(leads[n] for n in range(len(leads)) if n >> place & 1).any() for place in range(bits)
    )
