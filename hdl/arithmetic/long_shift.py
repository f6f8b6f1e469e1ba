"""A short number's place in a long word: shifted within a chunk, then handed to the chunk it is in.

A barrel shifter of the word's width has a multiplexer for every bit and level. Here the levels for
the lower bits of the amount are as wide as the number, and the upper bits choose among chunks: one
AND-OR a bit, whatever the width of the word.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Value

from ..pipeline import wire
from .shift import shift_left

__all__ = ["chunk_of", "one_hot", "shift_long"]

# Up to this width small chunks keep short rows short.
_SHORT, _MIDDLE = 64, 256


def chunk_of(width: int) -> int:
    """The chunks in which a word is best shifted, as measured: at 93 and 535 bits, others of 8, 16
    and 32 take up to 7 % more of a whole accumulator's area."""
    return 8 if width <= _SHORT else 16 if width <= _MIDDLE else 32


def one_hot(m: Module, value: Value, count: int, name: str) -> Value:
    """``count`` bits, of which bit ``value`` is set."""
    return wire(m, name, Cat(value == n for n in range(count)))


def shift_long(
    m: Module,
    value: Value,
    amount: Value,
    negative: Value | None,
    name: str,
    *,
    width: int,
    most: int,
    chunk: int,
) -> Value:
    """``value << amount`` in ``width`` bits, all of them inverted where ``negative``.

    The bits above and below the number are those of its sign: with one more added in the lowest
    place, it is the number negated.

    Args:
        most: the largest amount.
        chunk: bits of a chunk, a power of two.
    """
    fine = (chunk - 1).bit_length()
    low = amount[:fine]
    window = shift_left(m, value, low, f"{name}_fine", width=len(value) + (1 << len(low)) - 1)
    if negative is not None:
        window = wire(m, f"{name}_window", window ^ negative.replicate(len(window)))
    places = (most >> fine) + 1
    chunks = _chunks(window, chunk, negative)
    chosen = one_hot(m, amount[fine:], places, f"{name}_chunk") if places > 1 else Const(1, 1)
    places_here = [
        [(chosen[place - n], part) for n, part in enumerate(chunks) if 0 <= place - n < places]
        for place in range(-(-width // chunk))
    ]
    fill = None
    if negative is not None:
        somewhere = (Cat(*(choice for choice, _ in here)).any() for here in places_here)
        touched = wire(m, f"{name}_touched", Cat(*somewhere))
        fill = wire(m, f"{name}_fill", negative.replicate(len(touched)) & ~touched)
    row = []
    for place, here in enumerate(places_here):
        result: Value = Const(0, chunk) if fill is None else fill[place].replicate(chunk)
        for choice, part in here:
            result = result | (part & choice.replicate(chunk))
        row.append(result)
    return wire(m, f"{name}_row", Cat(*row)[:width])


def _chunks(window: Value, chunk: int, negative: Value | None) -> Sequence[Value]:
    """The window in chunks, the last filled up with the sign."""
    fill = Const(0, 1) if negative is None else negative
    missing = -len(window) % chunk
    window = Cat(window, fill.replicate(missing))
    return [window[low : low + chunk] for low in range(0, len(window), chunk)]
