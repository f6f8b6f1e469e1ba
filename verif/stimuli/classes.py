"""The classes of a format's numbers: where hardware treats a number in a way of its own."""

from functools import cache

import numpy as np

from ...hdl.formats import FloatFormat, IntegerFormat, NumberFormat
from .corners import corners

__all__ = ["CLASSES", "MAGNITUDES", "by_class", "classify", "existing"]

MAGNITUDES = (
    "zero", "least subnormal", "subnormal", "largest subnormal", "least normal", "power of two",
    "normal", "largest", "infinity",
)  # fmt: skip
_INTEGERS = ("least", "negative", "positive", "greatest")

#: Every name there is; the classes of an array of codes are indices of these.
CLASSES = (
    *(f"+{name}" for name in MAGNITUDES),
    *(f"-{name}" for name in MAGNITUDES),
    "nan",
    *_INTEGERS,
)
_NAN = CLASSES.index("nan")
_LEAST, _NEGATIVE, _POSITIVE, _GREATEST = (CLASSES.index(name) for name in _INTEGERS)


def classify(format: NumberFormat, codes: np.ndarray) -> np.ndarray:
    """The class of each code, as an index of `CLASSES`. Where a number is in several, the first of:
    zero, the least and largest of subnormals, of normals, power of two, any other."""
    if isinstance(format, IntegerFormat):
        values = format.integers(codes)
        choices = [values == 0, values == format.min_integer, values == format.max_integer]
        classes = np.where(np.asarray(values < 0, bool), _NEGATIVE, _POSITIVE)
        return np.select([np.asarray(c, bool) for c in choices], [0, _LEAST, _GREATEST], classes)
    assert isinstance(format, FloatFormat)
    decoded = format.decode(codes)
    magnitude = np.asarray(codes).astype(np.int64) & format.magnitude_mask
    ones = (1 << format.mantissa_width) - 1
    subnormal = (magnitude <= ones) & format.zero
    names = (
        ("zero", subnormal & (magnitude == 0)),
        ("least subnormal", subnormal & (magnitude == 1)),
        ("largest subnormal", subnormal & (magnitude == ones)),
        ("least normal", magnitude == (ones + 1 if format.zero else 0)),
        ("largest", magnitude == format.max_magnitude),
        ("subnormal", subnormal),
        ("power of two", (magnitude & ones) == 0),
    )
    classes = np.select(
        [where for _, where in names],
        [MAGNITUDES.index(name) for name, _ in names],
        MAGNITUDES.index("normal"),
    )
    classes = np.where(decoded.infinite, MAGNITUDES.index("infinity"), classes)
    classes = classes + len(MAGNITUDES) * decoded.negative
    return np.where(decoded.nan, _NAN, classes)


@cache
def existing(format: NumberFormat) -> frozenset[int]:
    """The classes that a format has: corners are of every one of them."""
    return frozenset(classify(format, _members(format)).tolist())


@cache
def by_class(format: NumberFormat) -> tuple[np.ndarray, ...]:
    """Codes of each class that a format has: all of them, or corners where it is wide."""
    codes = _members(format)
    classes = classify(format, codes)
    return tuple(codes[classes == each] for each in np.unique(classes))


def _members(format: NumberFormat) -> np.ndarray:
    codes = np.arange(1 << format.width) if format.width <= 10 else corners(format)
    if isinstance(format, IntegerFormat) and format.narrow:
        codes = codes[codes != 1 << (format.width - 1)]
    return codes
