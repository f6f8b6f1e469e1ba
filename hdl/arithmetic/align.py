"""Fixed point out of floating point: terms at one common weight, and back to sign and magnitude."""

from amaranth.hdl import Cat, Const, Module, Value

from ..pipeline import wire
from .raw import Raw
from .shift import shift_left

__all__ = ["align", "aligned_width", "sign_and_magnitude"]


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
    significand = raw.significand
    if raw.zero is not None:
        significand = wire(
            m, f"{name}_or_zero", significand & (~raw.zero).replicate(len(significand))
        )
    if raw.exponent is None:
        return significand
    width = aligned_width(raw)
    amount_bits = max((raw.exponent_max - raw.exponent_min).bit_length(), 1)
    amount = raw.exponent - raw.exponent_min if raw.exponent_min else raw.exponent
    amount = wire(m, f"{name}_shift", Value.cast(amount).as_unsigned()[:amount_bits])
    return shift_left(m, significand, amount, f"{name}_aligned", width=width)


def sign_and_magnitude(m: Module, value: Value, name: str) -> tuple[Value | None, Value]:
    """A two's complement value as a sign bit and a magnitude; no sign where it is unsigned."""
    if not value.shape().signed:
        return None, value
    negative = value[-1]
    flipped = value.as_unsigned() ^ negative.replicate(len(value))
    magnitude = (flipped + Cat(negative, Const(0, 1)))[: len(value)]
    return negative, wire(m, f"{name}_magnitude", magnitude)
