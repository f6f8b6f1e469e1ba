"""BitMoD's kinds of weights: which number each code stands for, and its digit terms."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

__all__ = ["POSITION_BITS", "Code", "Weights", "code_of", "terms_of"]

#: Bits of a term's position, which is 7 at most: the upper digit of an int8 weight of -128.
POSITION_BITS = 3
# The leading term of a special value is 8 at most, as that of the paper's fixed point I3..I0 . F0.
_MOST_SPECIAL = 12


class Weights(StrEnum):
    """How a weight is coded."""

    #: Sign and magnitude 0, 1, 2, 4; the code of -0 is the group's special value.
    FP3 = "fp3"
    #: Sign and magnitude 0, 0.5, 1, 1.5, 2, 3, 4, 6; the code of -0 is the group's special value.
    FP4 = "fp4"
    #: Two's complement of 6 bits.
    INT6 = "int6"
    #: Two's complement of 8 bits.
    INT8 = "int8"


class Code(NamedTuple):
    """A kind of weights with its special values.

    ``magnitudes`` are those of a code without its sign, and ``special`` the numbers that the
    selector chooses of, all in units of ``2**lsb_exponent``; both are empty for integers. A weight
    is the sum of ``terms`` powers of two or zeros, each of either sign.
    """

    width: int
    terms: int
    lsb_exponent: int
    least: int
    most: int
    magnitudes: Sequence[int] = ()
    special: Sequence[int] = ()

    @property
    def top(self) -> int:
        """The highest position of a term."""
        if not self.magnitudes:
            return self.width - 1
        every = (*self.magnitudes, *self.special)
        return max(position for number in every for position, _ in terms_of(number))


def terms_of(number: int) -> list[tuple[int, bool]]:
    """The positions of a number's powers of two, the highest first, and whether they are negative.

    The ones of its binary representation, if they are no more than two; else the fewest signed
    digits there can be, as 7 = 8 - 1 (G. W. Reitwiesner, 1960).
    """
    magnitude, negative = abs(number), number < 0
    if magnitude.bit_count() <= 2:
        ones = [k for k in range(magnitude.bit_length()) if magnitude >> k & 1]
        return [(k, negative) for k in reversed(ones)]
    found, place = [], 0
    while magnitude:
        if magnitude & 1:
            digit = 2 - (magnitude & 3)
            found.append((place, negative != (digit < 0)))
            magnitude -= digit
        magnitude >>= 1
        place += 1
    return found[::-1]


def code_of(kind: Weights, special: Sequence[int]) -> Code:
    """The code with these special values, whole numbers; 0 stands for the paper's.

    Raises:
        ValueError: if a special value has more than two terms or is too large, or there is one for
            weights that have none.
    """
    if kind in (Weights.INT6, Weights.INT8):
        if any(special):
            raise ValueError(
                f"The special values of {kind} weights must be 0, as they have none, "
                f"not '{next(filter(None, special))}'"
            )
        width = 6 if kind is Weights.INT6 else 8
        half = 1 << width - 1
        return Code(width, width // 2, 0, -half, half - 1)
    for number in special:
        if abs(number) > _MOST_SPECIAL or len(terms_of(number)) > 2:
            raise ValueError(
                f"A special value must be an integer from -{_MOST_SPECIAL} to {_MOST_SPECIAL} "
                f"that is a sum or a difference of two powers of two, not '{number}'"
            )
    papers = (3, -3, 6, -6) if kind is Weights.FP3 else (5, -5, 8, -8)
    numbers = [own or paper for own, paper in zip(special, papers, strict=True)]
    if kind is Weights.FP3:
        width, lsb, magnitudes = 3, 0, [0, 1, 2, 4]
    else:
        width, lsb, magnitudes = 4, -1, [0, 1, 2, 3, 4, 6, 8, 12]
    numbers = [number << -lsb for number in numbers]
    least, most = min(-magnitudes[-1], *numbers), max(magnitudes[-1], *numbers)
    return Code(width, 2, lsb, least, most, magnitudes, numbers)
