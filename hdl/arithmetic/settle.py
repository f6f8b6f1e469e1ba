"""Second half of the one rounder: round the truncated code, then apply the exceptions."""

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..formats import FloatFormat, NegativeZero, Projection, Rounding
from ..pipeline import wire
from .place import Placed

__all__ = ["round_away", "settle"]


def round_away(
    projection: Projection,
    odd: Value,
    fraction: Value | None,
    sticky: Value | None,
    negative: Value | None,
    zero: Value | None,
    random: Value | None,
) -> Value | None:
    """The bit to add to a truncated code; None where the mode or the operand never asks for one.

    ``fraction`` holds the discarded bits that the mode looks at, ``sticky`` whether any below them
    is set.
    """
    if fraction is None:
        return None
    below: Value = Const(0, 1) if sticky is None else sticky
    inexact = fraction.any() | below
    if zero is not None:
        inexact = inexact & ~zero
    minus: Value = Const(0, 1) if negative is None else negative
    bits = projection.random_bits
    match projection.rounding:
        case Rounding.RNE:
            return fraction[-1] & (odd | below)
        case Rounding.RNA:
            return fraction[-1]
        case Rounding.RTZ:
            return None
        case Rounding.RU:
            return inexact & ~minus
        case Rounding.RD:
            return inexact & minus
        case Rounding.RTO:
            return inexact & ~odd
        case Rounding.SRA:
            assert random is not None
            return (fraction + random)[bits]
        case Rounding.SRB:
            # R with a one appended, added to N + 1 bits: that one makes a carry of their last bit.
            assert random is not None
            return (fraction[1:] + random + fraction[0])[bits]
        case Rounding.SRC:
            assert random is not None
            up = fraction[0] & (below | fraction[1])
            return (fraction[1:] + random + up)[bits]


def settle(
    m: Module,
    placed: Placed,
    target: FloatFormat,
    projection: Projection,
    random: Value | None = None,
) -> Value:
    """The code in ``target`` of a placed number."""
    odd = _code_parity(placed, target)
    up = round_away(
        projection, odd, placed.fraction, placed.sticky, placed.negative, placed.zero, random
    )
    if up is not None:
        up = wire(m, "round_up", up)
    code = wire(m, "rounded", _add(m, placed, up))
    magnitude_bits = target.exponent_width + target.mantissa_width
    # A zero that the target does not have becomes its NaN below, whatever its code is here.
    replaced = placed.zero_is_masked or (not target.zero and target.has_nan)
    flushed = None if replaced else placed.zero
    if projection.ftz_out:
        # The exponent is unbounded below here: at most zero means too small for a normal number.
        tiny = (
            (code >> target.mantissa_width) <= 0
            if code.shape().signed
            else (~code[target.mantissa_width :].any())
        )
        flushed = tiny if flushed is None else flushed | tiny
    if not target.zero:
        # Without subnormals the hidden bit is not in the code; below it all is the least number.
        less = code - (1 << target.mantissa_width)
        code = wire(m, "unbiased", Mux(less[-1], 0, less)[: len(code)])
    most = (placed.field_max + 1 << target.mantissa_width) - (up is None)
    if not target.zero:
        most -= 1 << target.mantissa_width
    code, overflow = _bound(m, code, most, target, magnitude_bits)
    return _with_sign(m, code, overflow, flushed, placed, target, projection, magnitude_bits)


def _code_parity(placed: Placed, target: FloatFormat) -> Value:
    """The last bit of the truncated code; with no mantissa it is an exponent bit."""
    if len(placed.mantissa):
        return placed.mantissa[0]
    parity = placed.field[0]
    if placed.carry is not None:
        parity = parity ^ placed.carry
    return parity if target.zero else ~parity


def _increment(value: Value, step: Value) -> Value:
    """``value + step`` for a late bit, one bit wider: both sums stand ready when it comes."""
    more: list[Value] = []
    below: Value = Const(1, 1)
    for bit in value:
        more.append(bit ^ below)
        below = below & bit
    return Mux(step, Cat(*more, below), Cat(value, Const(0, 1)))


def _add(m: Module, placed: Placed, up: Value | None) -> Value:
    """Field, hidden bit and rounding bit in one integer."""
    mantissa, field, carry = placed.mantissa, placed.field, placed.carry
    signed = field.shape().signed
    bits = max(max(placed.field_max + 1, 1).bit_length() + signed, len(field) if signed else 0)
    field = Cat(
        field,
        *([field[-1]] * (bits - len(field)) if signed else [Const(0, 1)] * (bits - len(field))),
    )[:bits]
    if carry is None:
        whole = Cat(mantissa, field)
        total = whole if up is None else (whole + up)[: len(whole)]
    else:
        # The mantissa's own carry and the hidden bit are added to the field as one bit where both
        # cannot be set, which keeps the field's adder a mere incrementer.
        low = mantissa if up is None else wire(m, "mantissa_rounded", _increment(mantissa, up))
        if up is None:
            stepped = _increment(field, carry)
        elif placed.carry_excludes_overflow:
            stepped = _increment(field, wire(m, "step", carry | low[len(mantissa)]))
        else:
            stepped = field + carry + low[len(mantissa)]
        stepped = stepped[:bits]
        if placed.field_mask is not None:
            stepped = Cat(stepped[0], stepped[1:] & placed.field_mask.replicate(bits - 1))
        total = Cat(low[: len(mantissa)], stepped)
    return total.as_signed() if signed else total


def _bound(
    m: Module, code: Value, most: int, target: FloatFormat, magnitude_bits: int
) -> tuple[Value, Value | None]:
    """The code, at most ``most``, held to the largest finite number; and where it was larger."""
    largest = target.max_magnitude
    bits = code.as_unsigned()
    if code.shape().signed:
        bits = bits[:-1] & (~bits[-1]).replicate(len(bits) - 1)
    low = Cat(bits, Const(0, max(magnitude_bits - len(bits), 0)))[:magnitude_bits]
    if most <= largest:
        return low, None
    top = bits[magnitude_bits:]
    beyond = wire(m, "beyond_range", top.any()) if len(top) else None
    # The largest magnitude begins with ones. Codes beyond it that still fit begin with the same
    # ones, so only what stands below them must be replaced.
    text = f"{largest:0{magnitude_bits}b}"
    ones = len(text) - len(text.lstrip("1"))
    rest_bits = magnitude_bits - ones
    prefix = low[rest_bits:]
    if beyond is not None:
        prefix = wire(m, "prefix", prefix | beyond.replicate(ones))
    if rest_bits == 0:
        return prefix, beyond
    rest, most = low[:rest_bits], largest & ((1 << rest_bits) - 1)
    over = low[rest_bits:].all() & (rest > most)
    if beyond is not None:
        over = over | beyond
    over = wire(m, "overflow", over)
    return Cat(Mux(over, most, rest)[:rest_bits], prefix), over


def _with_sign(
    m: Module,
    code: Value,
    overflow: Value | None,
    flushed: Value | None,
    placed: Placed,
    target: FloatFormat,
    projection: Projection,
    magnitude_bits: int,
) -> Value:
    """Flushed results, overflow, infinity and NaN, each overriding those before; then the sign."""
    negative: Value | None = placed.negative
    nan: Value | None = placed.nan

    def also_nan(condition: Value) -> None:
        nonlocal nan
        nan = condition if nan is None else nan | condition

    if flushed is not None:
        code = code & (~flushed).replicate(magnitude_bits)
    if overflow is not None:
        if placed.zero is not None and not placed.zero_is_masked:
            overflow = overflow & ~placed.zero  # a zero's exponent means nothing
        for side in (False, True) if negative is not None else (False,):
            here = overflow
            if negative is not None:
                here = overflow & (negative if side else ~negative)
            magnitude = projection.overflow_magnitude(target, side)
            if magnitude is None:
                infinite = placed.infinite
                also_nan(here if infinite is None else here & ~infinite)
            elif magnitude != target.max_magnitude:
                code = Mux(here, magnitude, code)[:magnitude_bits]
    if placed.infinite is not None:
        magnitude = projection.infinity_magnitude(target)
        if magnitude is None:
            also_nan(placed.infinite)
        else:
            code = Mux(placed.infinite, magnitude, code)[:magnitude_bits]
    if not target.signed and negative is not None:
        below = wire(m, "below_zero", negative & (code.any() if target.zero else Const(1, 1)))
        if projection.negative_is_nan(target):
            also_nan(below)
        else:
            code = code & (~below).replicate(magnitude_bits)
    if not target.zero and target.has_nan and placed.zero is not None:
        also_nan(placed.zero)
    if nan is not None:
        nan = wire(m, "result_nan", nan)
        nan_code = projection.nan_code(target)
        code = Mux(nan, nan_code & target.magnitude_mask, code)[:magnitude_bits]
    if not target.signed:
        return wire(m, "result", code)
    sign: Value = Const(0, 1) if negative is None else negative
    if not target.has_negative_zero or projection.neg_zero is NegativeZero.DROP:
        sign = sign & code.any()
    if nan is not None:
        sign = (sign | nan) if projection.nan_code(target) & target.sign_mask else (sign & ~nan)
    return wire(m, "result", Cat(code, sign))
