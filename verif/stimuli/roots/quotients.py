"""Numbers over the largest magnitude of their vector, next to where a code's rounding decides.

A quotient ``top * a / largest`` of drawn numbers is almost never near a tie or an integer, so that
the last bits of the divisor, of every remainder and of the sticky bit would decide nothing. And
what is a single bit away from a tie has a divisor that is a multiple of ``top``.
"""

from typing import Any

import numpy as np
from amaranth.lib.data import ArrayLayout

from ....hdl.formats import Decoded, FloatFormat, IntegerFormat, NumberFormat, Projection
from ....hdl.unit import Unit
from ...golden.rounding import project

__all__ = ["near_ties_of_quotients"]

_PART = 4  # of all vectors
_TRIED = 16  # for each quotient
_MULTIPLES = 0.3  # of the divisors


def near_ties_of_quotients(
    rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]
) -> int:
    """Such vectors over the last of the draws, each lane with a quotient of its own; how many.

    Every lane has in some of them the nearest to a tie, or to an integer, of many that are tried
    with as many divisors, half of the time without those that are exact; the other lanes then have
    the nearest that this divisor allows.
    """
    p = unit.parameters
    shapes: Any = {name: field.shape for name, field in unit.i.payload.shape()}
    lanes, divisor = shapes.get("a"), shapes.get("largest")
    if set(shapes) != {"a", "largest"} or not isinstance(lanes, ArrayLayout):
        return 0
    if not isinstance(p.o, IntegerFormat):
        return 0
    top, count = p.o.max_integer, len(result["largest"]) // _PART
    where = slice(len(result["largest"]) - count, None)
    drawn = result["largest"][rng.integers(0, len(result["largest"]), (count, _TRIED))]
    drawn = np.where(rng.random((count, 1)) < _MULTIPLES, _multiples(top, divisor, drawn), drawn)
    size = abs(np.nan_to_num(divisor.to_float(drawn), posinf=0.0, neginf=0.0))
    rows, chief = np.arange(count), rng.integers(0, lanes.length, count)
    first, chosen = _nearest(rng, p.a, top, size)
    result["largest"][where] = drawn[rows, chosen]
    given = np.broadcast_to(size[rows, chosen][:, None], size.shape)
    for lane in range(lanes.length):
        codes, _ = _nearest(rng, p.a, top, given)
        codes = np.where(chief == lane, first, codes)
        beside = result["largest"][where] ^ (1 << rng.integers(0, p.a.width, count))
        codes = np.where(rng.random(count) < 0.06, beside, codes)
        illegal = isinstance(p.a, IntegerFormat) and p.a.narrow
        result["a"][where, lane] = codes + (illegal & (codes == 1 << p.a.width - 1))
    return count


def _multiples(top: int, divisor: NumberFormat, drawn: np.ndarray) -> np.ndarray:
    """Codes about as large as those drawn, of ``top`` times powers of two."""
    exponent = np.frexp(np.nan_to_num(divisor.to_float(drawn), posinf=0.0))[1] - top.bit_length()
    none = np.zeros(drawn.shape, bool)
    exponent = np.maximum(exponent, divisor.lsb_exponent).astype(np.int64)
    return project(Decoded(none, none, none, none + top, exponent), divisor, Projection())


def _nearest(
    rng: np.random.Generator, a: NumberFormat, top: int, divisors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the numbers that are next to what they are aimed at, one for each row of divisors;
    and for which of them."""
    count = len(divisors)
    halves = rng.integers(0, 2 * top + 2, divisors.shape).astype(float)
    bit = np.ldexp(1.0, -rng.integers(1, 12, divisors.shape))
    halves += np.where(rng.random(divisors.shape) < 0.25, bit, 0.0)
    wanted = divisors * halves / (2 * top)
    length = a.precision if isinstance(a, FloatFormat) else 62
    unit = np.maximum(np.frexp(wanted)[1] - length, a.lsb_exponent)
    steps = np.ldexp(wanted, -unit)
    apart = abs(steps - np.rint(steps))
    exact = apart < 1 / (4 * top)
    apart = np.where(exact & (rng.random((count, 1)) < 0.5), 1.0, apart)
    chosen = np.where(rng.random(count) < 0.25, 0, apart.argmin(axis=1))
    rows = np.arange(count)
    none = np.zeros(count, bool)
    numbers = Decoded(
        none, none, rng.random(count) < 0.5 if a.signed else none,
        np.rint(steps[rows, chosen]).astype(np.int64), unit[rows, chosen].astype(np.int64),
    )  # fmt: skip
    codes = project(numbers, a, Projection())
    beside = codes + np.array([-1, 0, 0, 0, 1])[rng.integers(0, 5, count)]
    return np.where((beside >= 0) & (beside < 1 << a.width), beside, codes), chosen
