"""Fixed point out of floating point: terms at one common weight, and back to sign and magnitude."""

from collections.abc import Sequence
from typing import NamedTuple

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire
from .raw import Raw
from .shift import shift_left

__all__ = [
    "Place",
    "align",
    "align_signed",
    "aligned_width",
    "place_signed",
    "shift_by_two",
    "shift_signed",
    "sign_and_magnitude",
    "significand_or_zero",
]


def aligned_width(raw: Raw) -> int:
    """Bits of the magnitude of :func:`align`'s result: no term ever overflows them."""
    largest = raw.significand_max
    largest = (1 << len(raw.significand)) - 1 if largest is None else largest
    return (largest << (raw.exponent_max - raw.exponent_min)).bit_length()


def align(m: Module, raw: Raw, name: str) -> Value:
    """The magnitude in units of ``2**(exponent_min + offset)``, exactly; zero where ``zero``.

    The weight is the same whatever the number: exact sums need no search for the largest exponent
    (U. Kulisch, "Computer Arithmetic and Validity", 2008).
    """
    significand = significand_or_zero(m, raw, name)
    if raw.exponent is None:
        return significand
    amount = _shift_amount(m, raw, name)
    return shift_left(m, significand, amount, f"{name}_aligned", width=aligned_width(raw))


def align_signed(m: Module, raw: Raw, significand: Value, name: str) -> Value:
    """As :func:`align`, with a significand in two's complement instead of the number's own.

    A short significand is cheaper to negate than the long shifted one, and the sign that the
    shifter then extends costs less than that.
    """
    if raw.exponent is None:
        return significand
    amount = _shift_amount(m, raw, name)
    return shift_signed(m, significand, amount, f"{name}_aligned", width=aligned_width(raw) + 1)


def significand_or_zero(m: Module, raw: Raw, name: str) -> Value:
    """The significand; zero where ``zero``."""
    if raw.zero is None:
        return raw.significand
    return wire(m, f"{name}_or_zero", raw.significand & (~raw.zero).replicate(len(raw.significand)))


def _shift_amount(m: Module, raw: Raw, name: str) -> Value:
    assert raw.exponent is not None
    amount_bits = max((raw.exponent_max - raw.exponent_min).bit_length(), 1)
    amount = raw.exponent - raw.exponent_min if raw.exponent_min else raw.exponent
    return wire(m, f"{name}_shift", Value.cast(amount).as_unsigned()[:amount_bits])


def shift_signed(m: Module, value: Value, amount: Value, name: str, *, width: int) -> Value:
    """``value << amount`` in two's complement of ``width`` bits, which must hold it.

    The small shifts come first, where the value is still narrow; the two largest are one choice
    among four places, of which only two or three reach any bit of the result.
    """
    last = max(len(amount) - 2, 0)
    for place in range(last):
        step = 1 << place
        reach = min(len(value) + step, width)
        shifted = Cat(Const(0, step), value)[:reach]
        kept = Cat(value, value[-1].replicate(reach - len(value)))
        value = wire(m, f"{name}_by{step}", Mux(amount[place], shifted, kept))
    high = amount[last:]
    places = [
        Place(wire(m, f"{name}_at{k << last}", high == k), value, k << last)
        for k in range(1 << len(high))
    ]
    return place_signed(m, places, name, width=width)


class Place(NamedTuple):
    """A value, how far it is to be shifted, and the bit that says so."""

    here: Value
    value: Value
    step: int


def place_signed(m: Module, places: Sequence[Place], name: str, *, width: int) -> Value:
    """Of values of one width and one sign the one that is ``here``, shifted, in two's complement
    of ``width`` bits, which must hold it. The steps ascend; exactly one is ``here``."""
    places = [place for place in places if place.step < width]
    sign, top = places[0].value[-1], len(places[0].value) - 1
    # Where this place and those below it leave nothing but the sign.
    fills = [
        wire(m, f"{name}_fill{last.step}", sign & Cat(p.here for p in places[:count]).any())
        for count, last in enumerate(places[:-1], start=1)
    ]
    bits: list[Value] = []
    for column in range(width):
        extended = sum(column - place.step >= top for place in places)
        if extended == len(places):
            bits.append(sign)
            continue
        terms = [
            place.here & place.value[column - place.step]
            for place in places[extended:]
            if column >= place.step
        ]
        if extended:
            terms.append(fills[extended - 1])
        bits.append(Cat(terms).any())
    return wire(m, name, Cat(bits)).as_signed()


def shift_by_two(m: Module, value: Value, a: Value, b: Value, name: str) -> Value:
    """``value << a + b - 2`` in two's complement, four bits wider, for a and b from 1 to 3.

    By 1 where the sum is odd, then by 0, 2 or 4: no adder, and fewer gates than a shift by one
    and then by the other.
    """
    two = [wire(m, f"{name}_{side}_by1", x[1] & ~x[0]) for side, x in (("a", a), ("b", b))]
    three = [wire(m, f"{name}_{side}_by2", x[1] & x[0]) for side, x in (("a", a), ("b", b))]
    odd = wire(m, f"{name}_odd", two[0] ^ two[1])
    at4 = wire(m, f"{name}_at4", three[0] & three[1])
    at0 = wire(m, f"{name}_at0", ~(three[0] | three[1] | (two[0] & two[1])))
    at2 = wire(m, f"{name}_at2", ~(at0 | at4))
    width, sign = len(value) + 4, value[-1]
    shifted = wire(m, f"{name}_by1", Mux(odd, Cat(Const(0, 1), value), Cat(value, sign)))
    # Where the sum is 4 it is not odd. Signs are terms of each place here, not one term for all
    # as in place_signed: 16 lanes of e2m1fn made for speed are 7 % faster so, and 5 % larger.
    total: Value = Const(0, width - 2)
    for here, step, source in ((at0, 0, shifted), (at2, 2, shifted), (at4, 4, value)):
        bits = Cat(Const(0, step), source)[: width - 2]
        bits = Cat(bits, sign.replicate(width - 2 - len(bits)))
        total = total | (bits & here.replicate(width - 2))
    return wire(m, name, Cat(total, Mux(at4, value[-2], sign), sign)).as_signed()


def sign_and_magnitude(m: Module, value: Value, name: str) -> tuple[Value | None, Value]:
    """A two's complement value as a sign bit and a magnitude; no sign where it is unsigned."""
    if not value.shape().signed:
        return None, value
    negative = value[-1]
    flipped = value.as_unsigned() ^ negative.replicate(len(value))
    magnitude = (flipped + Cat(negative, Const(0, 1)))[: len(value)]
    return negative, wire(m, f"{name}_magnitude", magnitude)
