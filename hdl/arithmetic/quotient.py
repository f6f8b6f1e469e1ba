"""The first bits of a quotient, and whether they are all of it: what a rounder needs to know."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire

__all__ = ["divide", "divide_normalized"]


def divide(m: Module, dividend: Value, divisor: Value, bits: int, name: str) -> tuple[Value, Value]:
    """``bits`` bits of quotient, and whether a remainder is left.

    The dividend without its last ``bits`` bits must be less than the divisor. Restoring division,
    a subtraction a bit: with the few bits that an element or a scale has it is smaller than a table
    or a comparison with each threshold. A constant divisor leaves a few gates of each subtraction.
    """
    width = len(divisor)
    rest: Value = dividend[bits:]
    quotient: list[Value] = []
    for place in reversed(range(bits)):
        longer = Cat(dividend[place], rest)
        less = wire(m, f"{name}_less{place}", longer - divisor)
        fits = ~less[max(len(longer), width)]
        quotient.append(fits)
        kept = min(len(longer), width)
        rest = wire(m, f"{name}_rest{place}", Mux(fits, less[:kept], longer[:kept]))
    return Cat(*reversed(quotient)), rest.any()


def divide_normalized(
    m: Module, dividend: Value, divisor: Value | int, precision: int, name: str
) -> tuple[Value, int]:
    """A normalised significand over another, or over an odd constant.

    Returns the quotient with at least ``precision`` bits, one of the first two set, and one bit
    more that says whether anything is left; and by how many places more than the integers' own
    quotient that is shifted up.

    What the dividend has below the bits that are divided cannot change the quotient's, only leave
    a remainder: with a remainder less than the divisor, nothing below it reaches a multiple.
    """
    if isinstance(divisor, int):
        divisor = Const(divisor, divisor.bit_length())
    used = precision + len(divisor)
    missing = max(used - len(dividend), 0)
    padded = Cat(Const(0, missing), dividend)
    dropped = len(padded) - used
    quotient, rest = divide(m, padded[dropped:], divisor, precision + 1, name)
    if dropped:
        rest = rest | padded[:dropped].any()
    return Cat(wire(m, f"{name}_inexact", rest), quotient), missing - dropped + 1
