"""Leading-zero count and logarithmic shifters, as functions from values to values."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire

__all__ = ["leading_zeros", "shift_left", "shift_right_sticky"]


def leading_zeros(value: Value) -> tuple[Value, Value]:
    """Count of zeros above the top set bit, and whether a bit is set at all; the count means
    nothing where none is. A tree of depth log2 of the width (Oklobdzija, 1994)."""
    width = len(value)
    if width == 1:
        return Const(0, 0), value
    half = 1 << ((width - 1).bit_length() - 1)
    # The upper part is a power of two wide, so that counts join without an adder.
    high_count, high = leading_zeros(value[width - half :])
    low_count, low = leading_zeros(value[: width - half])
    places = max(len(high_count), len(low_count))
    count = Mux(high, _extend(high_count, places), _extend(low_count, places))
    return Cat(count[:places], ~high), high | low


def _extend(value: Value, width: int) -> Value:
    return Cat(value, Const(0, width - len(value)))


def shift_left(m: Module, value: Value, amount: Value, name: str, *, width: int) -> Value:
    """``value << amount``, cut to ``width`` bits; one level of multiplexers a bit of ``amount``."""
    for place in range(len(amount)):
        step = 1 << place
        shifted = Cat(Const(0, step), value)[:width]
        kept = _extend(value, len(shifted))
        value = wire(m, f"{name}_by{step}", Mux(amount[place], shifted, kept))
    return value


def shift_right_sticky(m: Module, value: Value, amount: Value, name: str) -> tuple[Value, Value]:
    """``value >> amount`` at the same width, and whether any set bit was shifted out."""
    width = len(value)
    sticky: Value = Const(0, 1)
    for place in range(len(amount)):
        step = 1 << place
        lost = value[: min(step, width)].any()
        sticky = sticky | (amount[place] & lost)
        shifted = _extend(value[step:] if step < width else Const(0, 0), width)
        value = wire(m, f"{name}_by{step}", Mux(amount[place], shifted, value))
    return value, wire(m, f"{name}_lost", sticky)
