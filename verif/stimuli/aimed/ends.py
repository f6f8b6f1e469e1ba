"""Sums at every end of a float's or an integer's range: each number there is, less and more than
half a step beyond it, on both sides of zero.

`aimed` draws such numbers at random; of a wide format's ends some would be left out. Here all are
listed, each is tried to be made in several ways, and those ways that succeed are kept.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....hdl.formats import FloatFormat, IntegerFormat, NumberFormat
from ....hdl.unit import Unit
from ..sums.fields import Made, SumFields
from ..sums.taken_apart import take_apart

__all__ = ["aim_ends"]

#: Ways tried to make each number, how often again where none succeeds and after how many rounds
#: without a success no more, and how many are kept.
_TRIED, _ROUNDS, _IDLE, _KEPT = 32, 16, 6, 3
#: Precision of results that are aimed at: exact sums must fit in a binary64, with bits to spare.
_PRECISION = 26


@dataclass
class _Ends:
    """Numbers in quarters of a step; the step's exponent, or None for any."""

    quarters: np.ndarray
    exponents: list[int | None]


def aim_ends(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write such operands over the last beats, where the unit sums products; how many beats."""
    o = getattr(unit.parameters, "o", None)
    fields = SumFields.of(unit, result)
    if fields is None or not isinstance(o, NumberFormat):
        return 0
    ends = _of_integer(o) if isinstance(o, IntegerFormat) else _of_float(o)
    if ends is None:
        return 0
    reached: list[tuple[Made, np.ndarray]] = []
    left, idle = np.arange(len(ends.quarters)), 0
    for turn in range(_ROUNDS):
        number = left.repeat(_TRIED)
        turned = fields.turned(turn)
        wanted, step = _drawn(rng, o, ends, number, turned)
        made = take_apart(rng, turned, wanted)
        # Between two numbers anything will do that is as far from them.
        got, target = (wanted - made.rest) / step * 4, ends.quarters[number]
        good = np.where(target % 2 == 1, abs(got - target) < 1, made.rest == 0)
        picked = [np.flatnonzero(good & (number == each))[:_KEPT] for each in left]
        reached.append((made, np.concatenate(picked)))
        left = left[[len(rows) == 0 for rows in picked]]
        idle = idle + 1 if not any(map(len, picked)) else 0
        if not len(left) or idle == _IDLE:
            break
    return fields.write(result, reached)


def _drawn(
    rng: np.random.Generator, o: Any, ends: _Ends, number: np.ndarray, fields: SumFields
) -> tuple[np.ndarray, np.ndarray]:
    """Exact numbers at or about those of the ends, and their steps."""
    low, high = fields.exponents()
    if isinstance(o, FloatFormat):
        least = o.lsb_exponent + 1
        most = o.lsb_exponent + max(o.max_exponent_field - 2, 1)
        low, high = max(low, least), min(high - o.precision, most)
    anywhere = rng.integers(low, max(high, low) + 1, len(number))
    fixed = np.array([0 if e is None else e for e in ends.exponents])[number]
    free = np.array([e is None for e in ends.exponents])[number]
    step = np.ldexp(1.0, np.where(free, anywhere, fixed))
    target = ends.quarters[number]
    places = 1 << rng.integers(0, 4, len(number))
    off = rng.integers(1 - places, places) / places
    between = target % 2 == 1
    off = np.where(between, off, 0)
    if fields.factors is not None:
        most = 2 << max(scale.mantissa_width for scale in fields.scales.values())
        short = _multiples(rng, target[between], fields.factors, most)
        off[between] = short - target[between]
    return (target + off) / 4 * step, step


def _multiples(
    rng: np.random.Generator, targets: np.ndarray, factors: np.ndarray, most: int
) -> np.ndarray:
    """Numbers less than one away from targets, each a factor times one less than ``most``: any that
    there are."""
    result = targets.astype(float)
    for target in np.unique(targets):
        ratio = abs(target) / factors
        unit = np.ldexp(1.0 / most, np.frexp(ratio)[1])
        near = factors * np.rint(ratio / unit) * unit
        found = near[abs(near - abs(target)) < 1]
        rows = np.flatnonzero(targets == target)
        if len(found):
            # A few of them: each is taken apart by itself.
            result[rows] = np.sign(target) * rng.choice(rng.choice(found, 8), len(rows))
    return result


def _listed(steps: list[tuple[int, int | None]], signed: bool) -> _Ends:
    """Each number itself, and what lies beyond it."""
    found = [
        (sign * (4 * kept + quarter), exponent)
        for sign in ((1, -1) if signed else (1,))
        for kept, exponent in steps
        for quarter in range(4)
        if kept or quarter
    ]
    return _Ends(np.array([f[0] for f in found]), [f[1] for f in found])


def _of_float(o: Any) -> _Ends | None:
    if not isinstance(o, FloatFormat) or not o.zero or o.precision > _PRECISION:
        return None
    m, low = o.mantissa_width, o.lsb_exponent
    one = 1 << m
    subnormal = {k for k in (0, 1, 2, 3, one - 2, one - 1) if 0 <= k < one}
    steps: list[tuple[int, int | None]] = [(k, low) for k in sorted(subnormal)]
    steps.append((one, low))
    normal = {one, one + 1, one + 2, 2 * one - 2, 2 * one - 1}
    steps += [(k, None) for k in sorted(normal) if one <= k < 2 * one]
    top = o.max_integer
    last = low + top.bit_length() - 1 - m
    steps += [((top >> (last - low)) - k, last) for k in (0, 1) if (top >> (last - low)) - k >= one]
    return _listed(steps, o.signed)


def _of_integer(o: IntegerFormat) -> _Ends | None:
    if o.width > _PRECISION:
        return None
    near = {0, 1, 2, o.max_integer - 1, o.max_integer, -o.min_integer - 1, -o.min_integer}
    return _listed([(k, o.lsb_exponent) for k in sorted(near) if k >= 0], o.signed)
