"""How far aligned sums reach: with each exponent to which their terms may be aligned, other units.

All terms of a sum lose what lies F places below the largest exponent among them. With a small one
the sum is small and its unit is fine, with a large one both are large: a result near the least of a
wide format is nothing but the addend as soon as the smallest product there is cuts it off.
"""

from typing import Any

from ...hdl.formats import BlockFormat, FloatFormat, NumberFormat
from ...hdl.formats.dot_semantics import FLOOR_EXPONENT, Alignment, alignment, lanes_of, runs_of
from .limits import greatest, has_infinity, has_nan, longest, one_scale
from .possible import Reach

__all__ = ["aligned_reaches"]


class _Terms:
    """Terms of a kind: how many, the exponents by which they may be aligned, and the greatest of
    them, as ``top * 2**(exponent + lsb)``."""

    def __init__(self, count: int, least: int, most: int, top: int, lsb: int) -> None:
        self.count, self.least, self.most = count, least, most
        self.top, self.lsb = top, lsb

    def sum_at(self, exponent: int, unit: int) -> int:
        """The most that they add up to, aligned to that exponent, in units of ``2**unit``."""
        if exponent < self.least:
            return 0
        shift = min(exponent, self.most) + self.lsb - unit
        one = self.top << shift if shift >= 0 else self.top >> -shift
        return self.count * one


def aligned_reaches(p: Any) -> list[Reach]:
    """A reach for each exponent from the least to the greatest."""
    how = alignment(p)
    lanes = lanes_of(p.a, p.b, p.blocks)
    step = min(how.products or lanes, lanes)
    # Of a chain of sums all but the first add the result of the one before.
    addend = how.result if lanes > step else p.c
    products = _products(p, how, lanes - step, lanes)
    added = None if addend is None else _addend(addend)
    formats = [p.a.difference, p.b.difference, p.a.scale, p.b.scale, *([addend] if addend else [])]
    infinite = has_infinity(*formats)
    nan = has_nan(*formats) or infinite
    found = []
    last = max(products.most, FLOOR_EXPONENT, added.most if added else FLOOR_EXPONENT)
    for exponent in range(FLOOR_EXPONENT, last + 1):
        unit = exponent - how.fraction
        parts = [each for each in (products, added) if each and exponent >= each.least]
        if not parts:
            continue
        # No part has anything below its own last place.
        lsb = max(unit, min(each.least + each.lsb for each in parts))
        top = sum(each.sum_at(exponent, unit) for each in parts) >> (lsb - unit)
        longest_sum = one_scale(p, p.blocks)
        found.append(
            Reach(-top, top, lsb, longest_sum, negative_zero=False, nan=nan, infinite=infinite)
        )
    return found


def _products(p: Any, how: Alignment, start: int, stop: int) -> _Terms:
    """Single products, or the sums of those that share their scales."""
    a, b = p.a, p.b
    runs = runs_of(p, step=how.group if how.group > 1 else 0, start=start, stop=stop)
    sides = [_exponents(block.scale) for block in (a, b)]
    top, lsb = 1, 0
    for block in (a, b):
        top, lsb = top * longest(block.scale), lsb - _places(block.scale)
    if how.group == 1:
        sides += [_exponents(block.element) for block in (a, b)]
        for block in (a, b):
            top, lsb = top * longest(block.element), lsb - _places(block.element)
        count = stop - start
    else:
        count = len(runs)
        top *= greatest(a.difference, b.difference) * max(run.stop - run.start for run in runs)
        lsb += _lsb(a) + _lsb(b)
    low, high = (sum(side[k] for side in sides) for k in (0, 1))
    return _Terms(count, low, high, top, lsb)


def _addend(c: NumberFormat) -> _Terms:
    return _Terms(1, *_exponents(c), longest(c), -_places(c))


def _lsb(block: BlockFormat) -> int:
    return block.difference.lsb_exponent


def _places(format: NumberFormat) -> int:
    """Places of a number below the exponent by which it is aligned."""
    return format.mantissa_width if isinstance(format, FloatFormat) else 0


def _exponents(format: NumberFormat) -> tuple[int, int]:
    """The least and the greatest exponent by which a number is aligned: of a subnormal, that of the
    least normal number; of every integer the same."""
    if not isinstance(format, FloatFormat):
        return format.lsb_exponent, format.lsb_exponent
    low = format.lsb_exponent + format.mantissa_width
    return low, format.lsb_exponent + format.max_integer.bit_length() - 1
