"""Names of the choices of integer requantization, for hardware and golden model.

Nothing is computed here, but choices that do not go together are refused. Requantization takes an
integer of many bits to one of few: times a positive factor below one, rounded, moved by a zero
point, held to a range.
"""

from enum import StrEnum

from .integers import IntegerFormat

__all__ = ["ClampTo", "Scheme", "ShiftRounding", "check_integers", "check_rounding"]

_MOST_RANDOM_BITS = 32


class Scheme(StrEnum):
    """How the factor is written, and how often the product is rounded."""

    #: ``multiplier / 2**shift``: one rounding of the full product (HAWQ-V3, arXiv 2011.10680).
    DYADIC = "dyadic"
    #: ``multiplier / 2**(multiplier_width + shift)``: the product is rounded to its upper half,
    #: ties upward, and once more at the shift, ties away from zero (gemmlowp, TensorFlow Lite).
    TFLITE = "tflite"
    #: ``1 / 2**shift``: no multiplier (dynamic fixed point, arXiv 1802.00930).
    POWER_OF_TWO = "power_of_two"


class ShiftRounding(StrEnum):
    """Which neighbour an integer divided by a power of two becomes."""

    #: To nearest, ties toward plus infinity: the bit below the point is added.
    HALF_UP = "half_up"
    #: To nearest, ties to the even integer.
    RNE = "rne"
    #: To nearest, ties away from zero.
    RNA = "rna"
    #: Toward minus infinity: the arithmetic shift itself.
    FLOOR = "floor"
    #: Up if ``floor(nu * 2**N) + R >= 2**N`` for a fraction ``nu`` and N random bits R.
    STOCHASTIC = "stochastic"


class ClampTo(StrEnum):
    """The range that a result is held to."""

    #: All that the format of the result holds.
    FORMAT = "format"
    #: From the zero point up: the activation ReLU.
    RELU = "relu"
    #: Between two inputs, both in the format of the result; the upper one is looked at first.
    RANGE = "range"


def check_rounding(rounding: ShiftRounding, random_bits: int) -> None:
    """Refuse random bits that are missing, too many, or not used.

    Raises:
        ValueError: saying how many there must be.
    """
    if rounding is not ShiftRounding.STOCHASTIC and random_bits:
        raise ValueError(f"The random bits must be 0 with rounding '{rounding}', not {random_bits}")
    if rounding is ShiftRounding.STOCHASTIC and not 1 <= random_bits <= _MOST_RANDOM_BITS:
        raise ValueError(
            f"The random bits of rounding '{rounding}' must be from 1 to {_MOST_RANDOM_BITS}, "
            f"not {random_bits}"
        )


def check_integers(*formats: IntegerFormat) -> None:
    """Refuse fixed point: requantization counts in units, and scales are the caller's.

    Raises:
        ValueError: naming the format.
    """
    for format in formats:
        if format.fraction:
            raise ValueError(f"The format must be an integer without fraction, not '{format}'")
