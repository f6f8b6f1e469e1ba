"""Radix-4 digits of one number, lowest first, by loops written from the papers."""

from functools import cache

__all__ = ["COUNTS", "booth", "digits", "ent", "fewest"]

COUNTS = {"booth": 3.0, "ent": 2.91796875, "fewest": 2.77734375}
"""Non-zero digits of an int8 number, on average over all 256 codes."""


def digits(recoding, number, count):
    return {"booth": booth, "ent": ent, "fewest": fewest}[recoding](number, count)


def booth(number, count):
    bits = [0, *(number >> k & 1 for k in range(2 * count))]
    return [-2 * bits[2 * i + 2] + bits[2 * i + 1] + bits[2 * i] for i in range(count)]


def ent(number, count):
    sign, magnitude = (-1 if number < 0 else 1), abs(number)
    result, carry = [], 0
    for i in range(count):
        t = (magnitude >> 2 * i & 3) + carry
        carry = int(t >= 3 and i < count - 1)
        result.append(sign * (t - 4 * carry))
    return result


@cache
def fewest(number, count):
    """Of all ways to write the number, one with the fewest non-zero digits; of those the one whose
    lowest digits are the largest."""
    best = None
    for digit in (2, 1, 0, -1, -2):
        if (number - digit) % 4:
            continue
        if count == 1:
            rest = [] if number == digit else None
        else:
            rest = fewest((number - digit) // 4, count - 1)
        if rest is None:
            continue
        found = [digit, *rest]
        if best is None or _nonzero(found) < _nonzero(best):
            best = found
    return best


def _nonzero(found):
    return sum(digit != 0 for digit in found)
