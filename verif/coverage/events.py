"""What rounding did to an exact number, found from that number and the result.

Written from the definition of rounding, without the golden rounder: a result that is none of the
two neighbours of its exact number is no event, but `ASTRAY`.
"""

import numpy as np

from ...hdl.formats import FloatFormat, IntegerFormat
from ..golden.exact import bit_length, shift_left, shift_right, wide
from ..golden.observed import Rounded

__all__ = ["ASTRAY", "EVENTS", "SPECIAL", "events"]

_FRACTIONS = ("below the tie", "tie", "above the tie")
_OUTCOMES = ("down", "up", "carried into the next binade")
_PLACES = ("", "below the least: ")

#: Every name there is; events of an array of numbers are indices of these.
EVENTS = (
    "special",
    "exact",
    "overflow",
    "negative without sign",
    "flushed",
    "below a format without zero",
    *(f"beyond the largest: {fraction}" for fraction in _FRACTIONS),
    *(f"{place}{f} {o}" for place in _PLACES for f in _FRACTIONS for o in _OUTCOMES),
    "astray",
)
SPECIAL = 0
_EXACT, _OVERFLOW, _NEGATIVE, _FLUSHED, _NO_ZERO, _BEYOND = range(1, 7)
_WITHIN = _BEYOND + len(_FRACTIONS)
ASTRAY = len(EVENTS) - 1


def events(rounded: Rounded) -> np.ndarray:
    """The event of each number, as an index of `EVENTS`."""
    numbers, target = rounded.numbers, rounded.target
    significand = np.asarray(numbers.significand)
    length = bit_length(significand)
    mantissa, last = _places(rounded, length)
    # Beyond this shift nothing changes: all of the number is below half a unit.
    shift = np.minimum(last - numbers.exponent, length + 2).astype(np.int64)
    room = int((length + np.maximum(-shift, 0)).max(initial=0)) + 4
    significand = wide(significand, room)
    kept = shift_right(significand, shift)
    rest = significand - shift_left(kept, shift)
    twice = 2 * rest - shift_left(np.ones_like(rest), np.maximum(shift, 0))
    kept = shift_left(kept, -shift)
    fraction = np.asarray(twice >= 0, np.int64) + np.asarray(twice > 0, np.int64)
    exact = np.asarray(rest == 0, bool)
    zero = np.asarray(significand == 0, bool)

    below, edge, got = _neighbours(rounded, kept, last, mantissa)
    outcome = np.where(got == below + 1, 1, 0)
    if isinstance(target, FloatFormat):
        next_binade = ((below + 1) & ((1 << mantissa) - 1)) == 0
        outcome = np.where((outcome == 1) & np.asarray(next_binade, bool), 2, outcome)
    tiny = np.asarray(kept == 0, bool) & ~zero
    found = _WITHIN + 9 * tiny + 3 * fraction + outcome
    found = np.where((got != below) & (got != below + 1), ASTRAY, found)
    found = np.where(exact, np.where(got == below, _EXACT, ASTRAY), found)
    found = np.where(below == edge, np.where(exact, found, _BEYOND + fraction), found)
    found = np.where(below > edge, _OVERFLOW, found)
    if isinstance(target, FloatFormat):
        if rounded.projection.ftz_out and target.zero:
            # A number that is rounded at its own place, then found to be no normal one.
            subnormal = below < (1 << mantissa)
            found = np.where(subnormal & (got == 0), _FLUSHED, found)
        if not target.zero:
            found = np.where(below < 0, _NO_ZERO, found)
            found = np.where(zero, SPECIAL, found)
        if not target.signed:
            found = np.where(numbers.negative & ~zero, _NEGATIVE, found)
    if isinstance(target, FloatFormat) and target.zero:
        found = np.where(zero, np.where(got == 0, _EXACT, ASTRAY), found)
    return np.where(numbers.nan | numbers.infinite, SPECIAL, found).astype(np.int64)


def _places(rounded: Rounded, length: np.ndarray) -> tuple[int, np.ndarray]:
    """Mantissa bits of the target, and the exponent of each number's last place there."""
    target = rounded.target
    top = length - 1 + rounded.numbers.exponent
    if isinstance(target, IntegerFormat):
        return 0, np.full(np.shape(top), target.lsb_exponent)
    assert isinstance(target, FloatFormat)
    least = target.lsb_exponent + target.mantissa_width
    place = top if rounded.projection.ftz_out else np.maximum(top, least)
    return target.mantissa_width, place - target.mantissa_width


def _neighbours(
    rounded: Rounded, kept: np.ndarray, last: np.ndarray, mantissa: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps from zero: of the number without its fraction, of the end of the range on its side, and
    of the result."""
    target, numbers = rounded.target, rounded.numbers
    if isinstance(target, IntegerFormat):
        got = target.integers(rounded.codes)
        edge = np.where(numbers.negative, -target.min_integer, target.max_integer)
        return kept, edge, np.where(numbers.negative, -got, got)
    assert isinstance(target, FloatFormat)
    below = kept + (np.asarray(last - target.lsb_exponent).astype(np.int64) << mantissa)
    below = below - (0 if target.zero else 1 << mantissa)
    got = np.asarray(rounded.codes).astype(np.int64) & target.magnitude_mask
    return below, np.full(np.shape(below), target.max_magnitude), got
