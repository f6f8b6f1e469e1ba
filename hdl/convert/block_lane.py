"""One lane of a block quantizer: a number, scaled, to the code of an element."""

from dataclasses import replace

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.place import fraction_bits, needs_sticky
from ..arithmetic.project import project
from ..arithmetic.quotient import divide_normalized
from ..arithmetic.raw import Raw, decode, either
from ..arithmetic.settle import round_away
from ..arithmetic.shift import shift_right_sticky
from ..formats import (
    FloatFormat,
    FloatView,
    InfinityTo,
    IntegerFormat,
    NanTo,
    NumberFormat,
    Projection,
    Specials,
)
from ..pipeline import wire

__all__ = [
    "decode_number",
    "divided",
    "encode",
    "quotient_bits",
    "scaled",
    "shortened",
    "three_quarters",
]


def decode_number(
    m: Module,
    view: FloatView,
    name: str,
    *,
    kept: int,
    subnormal: int,
    flush: bool,
    normalize: bool,
) -> Raw:
    """A number without those bits of which a lane only asks whether any is set.

    Of a normal number that is the mantissa below its first ``kept`` bits; of a subnormal one all
    below the first ``subnormal`` bits, where even the least scale leaves too little. The last bit
    of the result's significand stands for them.
    """
    fmt = view.number_format
    if subnormal <= 0 and not flush:
        # Whatever a subnormal number is, it is too small: only whether it is zero matters.
        raw = decode(m, shortened(m, view, name, kept), name, normalize=True, flush=True)
        zero = wire(m, f"{name}_zero", ~view.magnitude.any())
        return replace(raw, exponent_min=0, zero=zero)
    kept = max(kept, 0 if flush else min(subnormal, fmt.mantissa_width))
    return decode(m, shortened(m, view, name, kept), name, normalize=normalize, flush=flush)


def shortened(m: Module, view: FloatView, name: str, kept: int) -> FloatView:
    """The same number with ``kept`` mantissa bits and one that says whether any below them is set,
    if that is shorter."""
    fmt = view.number_format
    dropped = fmt.mantissa_width - kept
    if dropped < 2:
        return view
    short = FloatFormat(fmt.exponent_width, kept + 1, fmt.bias, fmt.signed, Specials.IEEE)
    sticky = wire(m, f"{name}_sticky", view.mantissa[:dropped].any())
    return short(Cat(sticky, view.as_value()[dropped:]))


def quotient_bits(element: NumberFormat, projection: Projection) -> int:
    """Significant bits that an element's rounding looks at, apart from the sticky one."""
    precision = element.precision if isinstance(element, FloatFormat) else element.width
    return precision + fraction_bits(projection)


def three_quarters(m: Module, raw: Raw, name: str) -> Raw:
    """A normalised number times three, over four."""
    width = len(raw.significand)
    tripled = wire(m, f"{name}_tripled", raw.significand + Cat(Const(0, 1), raw.significand))
    return replace(
        raw,
        significand=tripled[: width + 2],
        offset=raw.offset - 2,
        slack=1,
        significand_max=3 * ((1 << width) - 1),
    )


def scaled(
    m: Module, raw: Raw, exponent: Value, offset: int, bounds: tuple[int, int], name: str
) -> Raw:
    """``raw`` over two to the power of ``exponent`` and ``offset``; ``bounds`` of the difference
    of the exponents."""
    assert raw.exponent is not None
    difference = wire(m, f"{name}_exponent_over_scale", raw.exponent - exponent)
    return replace(
        raw,
        exponent=difference,
        offset=raw.offset - offset,
        exponent_min=bounds[0],
        exponent_max=bounds[1],
    )


def divided(m: Module, raw: Raw, divisor: Value, precision: int, name: str) -> Raw:
    """A normalised number over a normalised significand, its exponent left alone."""
    quotient, shift = divide_normalized(m, raw.significand, divisor, precision, name)
    return replace(
        raw,
        significand=quotient,
        significand_max=None,
        offset=raw.offset - shift,
        slack=1,
    )


def encode(
    m: Module,
    raw: Raw,
    element: NumberFormat,
    projection: Projection,
    random: Value | None,
    name: str,
    subnormal_most: int | None = None,
) -> Value:
    """The element's code.

    ``subnormal_most`` is the largest exponent of numbers without a hidden bit, where there are any.
    """
    if isinstance(element, FloatFormat):
        return project(m, raw, element, projection, random)
    assert isinstance(element, IntegerFormat)
    return _to_integer(m, raw, element, projection, random, name, subnormal_most)


def _to_integer(
    m: Module,
    raw: Raw,
    element: IntegerFormat,
    projection: Projection,
    random: Value | None,
    name: str,
    subnormal_most: int | None,
) -> Value:
    """Rounded to units of an integer format, by a shift down from above the largest magnitude.

    Nothing is ever shifted up: what would have to be is too large.
    """
    assert raw.exponent is not None
    width = element.width - 1
    fractions = fraction_bits(projection)
    significand, offset = raw.significand, raw.offset
    if raw.zero is not None:
        significand = significand & (~raw.zero).replicate(len(significand))
    # Where the significand's top bit is that of the largest magnitude.
    level = width - len(significand) - offset + element.lsb_exponent
    # Above it there is room for numbers that fit although their top bit's place is beyond.
    room = raw.slack or 0
    if subnormal_most is not None:
        room = max(room, subnormal_most - level)
    least, deepest = level + room - raw.exponent_max, level + room - raw.exponent_min
    window = width + room + fractions
    missing = max(window - len(significand), 0)
    significand = Cat(Const(0, missing), significand)
    amount = wire(m, f"{name}_amount", level + room - raw.exponent)
    beyond = amount[-1] if least < 0 else Const(0, 1)
    bits = min(max(deepest, 1).bit_length(), window.bit_length())
    lost: Value = Const(0, 1)
    frame = significand
    if deepest >= 1 << bits:
        far = wire(m, f"{name}_far", amount[bits:].any() & ~beyond)
        lost = far & significand.any()
        frame = significand & (~far).replicate(len(significand))
    placed, out = shift_right_sticky(m, frame, amount[:bits], f"{name}_placed")
    below = len(significand) - window
    sticky = lost | out | placed[:below].any() if needs_sticky(projection) else None
    fraction = placed[below : below + fractions] if fractions else None
    kept = placed[below + fractions :]
    negative: Value = Const(0, 1) if raw.negative is None else raw.negative
    up = round_away(projection, kept[0], fraction, sticky, raw.negative, None, random)
    up = Const(0, 1) if up is None else up
    invalid, over = raw.nan, kept[width:].any()
    if least < 0:
        over = over | (beyond & frame.any())
    if raw.infinite is not None:
        if projection.inf_to is InfinityTo.NAN:
            invalid = either(invalid, raw.infinite)
        else:
            over = over | raw.infinite
    # At the largest magnitude nothing is rounded up, but for the one number more below zero; and
    # whatever is too large becomes that. Then one carry serves for rounding and negation.
    one_more = Const(0, 1) if element.narrow else negative
    over = wire(m, f"{name}_over", over)
    magnitude = kept[:width] | over.replicate(width)
    full = wire(m, f"{name}_full", magnitude.all())
    up = wire(m, f"{name}_up", Mux(full, (up | over) & one_more, up))
    flipped = Cat(magnitude, Const(0, 1)) ^ negative.replicate(width + 1)
    code = (flipped + (up ^ negative))[: width + 1]
    if invalid is not None:
        nan = 0 if projection.nan_to is NanTo.ZERO else element.max_integer
        code = Mux(invalid, nan, code)[: width + 1]
    return wire(m, f"{name}_code", code)
