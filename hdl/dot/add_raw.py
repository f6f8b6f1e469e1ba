"""The sum of two exact numbers, ready to be rounded once: nothing is lost but into a sticky bit.

The first number stays where it is and the second is shifted to it, as in a fused multiply-add: a
window as wide as both, with room to tell the bits that rounding asks for, replaces the fixed point
over all exponents that sums of more numbers need. MXDOTP (G. Islamoglu et al., ASAP 2025) adds its
accumulator in a window of the same width.
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.adders import Adder, add
from ..arithmetic.raw import Raw
from ..arithmetic.shift import leading_zeros, shift_left, shift_right_sticky
from ..pipeline import wire

__all__ = ["add_raw", "normalized"]


def normalized(m: Module, raw: Raw, name: str) -> Raw:
    """The same number with its leading one at the top, and whether it is zero."""
    width = len(raw.significand)
    count, nonzero = leading_zeros(raw.significand)
    count = wire(m, f"{name}_zeros_above", count)
    significand = shift_left(m, raw.significand, count, f"{name}_normalized", width=width)
    exponent = -count if raw.exponent is None else raw.exponent - count
    return Raw(
        significand=significand,
        exponent=wire(m, f"{name}_exponent", exponent),
        offset=raw.offset,
        exponent_min=raw.exponent_min - (width - 1),
        exponent_max=raw.exponent_max,
        slack=0,
        negative=raw.negative,
        nan=raw.nan,
        infinite=raw.infinite,
        zero=wire(m, f"{name}_zero", ~nonzero),
    )


@dataclass(frozen=True)
class _Window:
    """Places of the window, from its bottom: ``below`` for bits under the first number's last one,
    the first number, ``above`` to keep it clear of the second one, the second number."""

    below: int
    first: int
    above: int
    second: int

    @property
    def top(self) -> int:
        """Where the second number's last bit stands when nothing is shifted."""
        return self.below + self.first + self.above

    @property
    def width(self) -> int:
        return self.top + self.second


def add_raw(
    m: Module,
    x: Raw,
    y: Raw,
    *,
    precision: int,
    fractions: int,
    y_is_fine: bool,
    x_zero: Value,
    x_zero_is_late: bool = False,
    adder: Adder = Adder.SKLANSKY,
    name: str = "sum",
) -> Raw:
    """``x + y`` for a rounding to ``precision`` bits that looks at ``fractions`` further ones.

    A sum of zero is positive. Exceptions are the caller's.

    Args:
        x, y: with any leading zeros.
        y_is_fine: whether no target of that precision has a last place below y's last bit.
        x_zero: whether ``x`` is zero; ``x_zero_is_late`` if that is known after x only, so that the
            shift of ``y`` must not wait for it.
    """
    margin = max(fractions, 1) + 1
    above = margin if y_is_fine else margin + precision
    # Where bits of y are lost it is less than half of x's last place: the sum's leading bit is at
    # least there, and all that rounding looks at stands below it in the window.
    below = max(len(y.significand) + 1, precision + fractions)
    w = _Window(below, len(x.significand), above, len(y.significand))
    first, second = _exponent(x), _exponent(y)
    # Up by w.first + above the second number leaves the first one only a say in the sticky bit.
    distance = wire(m, f"{name}_distance", first - second + (w.first + w.above))
    far_up: Value = distance[-1] if distance.shape().signed else Const(0, 1)
    if not y_is_fine:
        y_zero = wire(m, f"{name}_second_zero", ~y.significand.any())
        far_up = far_up & ~y_zero
    stays = far_up if x_zero_is_late else far_up | x_zero
    stays = wire(m, f"{name}_second_stays", stays)
    bits = w.width.bit_length()
    positive = distance[: len(distance) - 1] if distance.shape().signed else distance
    amount = positive[:bits]
    if len(positive) > bits:
        amount = amount | positive[bits:].any().replicate(bits)
    amount = wire(m, f"{name}_shift", amount & (~stays).replicate(len(amount)))
    start = Cat(Const(0, w.top), y.significand)
    shifted, lost = shift_right_sticky(m, start, amount, f"{name}_second")

    minus = [Const(0, 1) if z.negative is None else z.negative for z in (x, y)]
    opposite = wire(m, f"{name}_opposite", minus[0] ^ minus[1])
    placed = Cat(Const(0, 1 + w.below), x.significand, Const(0, w.above + w.second + 2))
    window = Cat(lost, shifted, Const(0, 2)) ^ opposite.replicate(w.width + 3)
    total = _add_with_carry(m, placed, window, opposite, adder, f"{name}_total")
    below_zero = wire(m, f"{name}_below_zero", total[-1])
    flipped = total[:-1] ^ below_zero.replicate(len(total) - 1)
    magnitude = wire(m, f"{name}_magnitude", (flipped + below_zero)[: len(flipped)])
    negative = minus[0] ^ below_zero
    from_second = stays
    if x_zero_is_late:
        from_second = wire(m, f"{name}_from_second", stays | x_zero)
        alone = Cat(Const(0, 1), start, Const(0, 1))
        magnitude = wire(m, f"{name}_or_second", Mux(x_zero, alone, magnitude))
        negative = Mux(x_zero, minus[1], negative)
    offset = -(w.first + w.above)
    exponent = Mux(from_second, second + offset, first)
    bounds = [x.exponent_min + x.offset, y.exponent_min + y.offset + offset]
    tops = [x.exponent_max + x.offset, y.exponent_max + y.offset + offset]
    raw = Raw(
        significand=magnitude,
        exponent=wire(m, f"{name}_place", exponent),
        offset=-w.below - 1,
        exponent_min=min(bounds),
        exponent_max=max(tops),
    )
    result = normalized(m, raw, name)
    assert result.zero is not None
    return Raw(**{**vars(result), "negative": wire(m, f"{name}_negative", negative & ~result.zero)})


def _exponent(raw: Raw) -> Value:
    """The exponent of the last bit, as a signed value."""
    if raw.exponent is None:
        return Const(raw.offset, range(min(raw.offset, -1), max(raw.offset, 0) + 1))
    value = raw.exponent + raw.offset
    return value if value.shape().signed else Cat(value, Const(0, 1)).as_signed()


def _add_with_carry(m: Module, a: Value, b: Value, carry: Value, adder: Adder, name: str) -> Value:
    """``a + b + carry``: the carry enters as one place more at the bottom."""
    return add(m, Cat(carry, a), Cat(carry, b), adder=adder, name=name)[1:]
