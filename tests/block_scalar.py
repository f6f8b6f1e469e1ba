"""Quantization of one block, in fractions, written from the rules' texts.

Slow and literal, to judge the package by: nothing of it is used here but names of choices and what
codes mean, and the latter by `scalar`. Sources: OCP MX v1.0, 6.3; the kernels' and papers' texts
for the other rules.
"""

from fractions import Fraction
from functools import cache
from math import floor

from scalar import Layout, project, project_integer, two_to

from bitwright.hdl.formats import FloatFormat, Projection


def log2_floor(x):
    """The largest k with ``2**k <= x``."""
    k = x.numerator.bit_length() - x.denominator.bit_length()
    while two_to(k) > x:
        k -= 1
    while two_to(k + 1) <= x:
        k += 1
    return k


def log2_ceil(x):
    k = log2_floor(x)
    return k if two_to(k) == x else k + 1


@cache
def element_values(format):
    """All finite magnitudes of an element format, ascending."""
    if isinstance(format, FloatFormat):
        meanings = Layout.of(format).meanings
        return sorted({abs(x) for x in meanings if isinstance(x, Fraction)})
    least, most = -(1 << (format.width - 1)) + format.narrow, (1 << (format.width - 1)) - 1
    return [Fraction(n) / two_to(format.fraction) for n in range(min(0, least), most + 1) if n >= 0]


def scale_exponent(amax, element, rule):
    """Of the rules that give powers of two, before any end of the range."""
    top = element_values(element)[-1]
    emax = log2_floor(top)
    if rule in ("floor", "three_quarters"):
        return log2_floor(amax) - emax
    if rule == "ceil":
        return log2_ceil(amax) - emax
    if rule == "rceil":
        return log2_ceil(amax / top)
    assert rule == "even"
    # To as many bits below the first as an element has, halves up.
    if isinstance(element, FloatFormat):
        bits = element.mantissa_width
    else:
        bits = log2_floor(top * two_to(element.fraction))
    ulp = two_to(log2_floor(amax) - bits)
    return log2_floor(floor(amax / ulp + Fraction(1, 2)) * ulp) - emax


@cache
def _powers(layout):
    meanings = enumerate(layout.meanings)
    return {log2_floor(x): c for c, x in meanings if isinstance(x, Fraction) and x}


def scale_code(amax, block, rule, zero_block="least", overflow="sat"):
    """The scale of a block with this largest magnitude."""
    layout = Layout.of(block.scale)
    if amax == 0:
        return layout.meanings.index(Fraction(1)) if zero_block == "one" else 0
    if rule in ("nearest", "max_abs"):
        top = element_values(block.element)[-1]
        exact = amax if rule == "max_abs" else amax / top
        return project(exact, layout, Projection(overflow=overflow))
    exponent = scale_exponent(amax, block.element, rule)
    powers = _powers(layout)
    if exponent > max(powers):
        return layout.nan if overflow == "inf_or_nan" else powers[max(powers)]
    return powers[max(exponent, min(powers))]


def quantize(codes, a, block, rule, *, projection, specials="scale_nan", zero_block="least",
             overflow="sat", scale=None, multiplier=1, random=None):
    """Codes of one block's elements, and of its scale."""
    source = Layout.of(a)
    numbers = []
    for code in codes:
        x = source.decode(int(code))
        small = isinstance(x, Fraction) and abs(x) < source.magnitude(1 << source.m)
        if projection.ftz_in and small:
            x = "-0" if x < 0 else Fraction(0)
        numbers.append(x * multiplier if isinstance(x, Fraction) else x)
    finite = [abs(x) for x in numbers if isinstance(x, Fraction)] + [Fraction(0)]
    layout = Layout.of(block.scale)
    if scale is None:
        scale = scale_code(max(finite), block, rule, zero_block, overflow)
    if specials == "scale_nan" and any(x in ("nan", "inf", "-inf") for x in numbers):
        scale = layout.nan
    s = layout.decode(scale)
    if not isinstance(s, Fraction) or s == 0:
        return [0] * len(numbers), scale
    result = []
    for n, x in enumerate(numbers):
        if isinstance(x, Fraction):
            sign = "-0" if x == 0 and s < 0 else None
            x = sign or x / s * (Fraction(3, 4) if rule == "three_quarters" else 1)
        r = 0 if random is None else int(random[n])
        if isinstance(block.element, FloatFormat):
            result.append(project(x, Layout.of(block.element), projection, r))
        else:
            result.append(project_integer(x, block.element, projection, r))
    return result, scale
