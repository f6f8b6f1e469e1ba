"""BitMoD's kinds of weights: which number each code stands for, and its digit terms."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from amaranth.hdl import Shape, unsigned

__all__ = ["MODES", "Code", "Weights", "code_of", "terms_of"]

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
    #: Any of these in each beat, in the lowest bits of a code of 8: ``i.mode`` is 0 for ``fp3``, 1
    #: for ``fp4``, 2 for ``int6``, 3 for ``int8``.
    ALL = "all"


_PAPERS = {Weights.FP3: (3, -3, 6, -6), Weights.FP4: (5, -5, 8, -8)}

#: What the modes of ``all`` stand for.
MODES = (Weights.FP3, Weights.FP4, Weights.INT6, Weights.INT8)


class Code(NamedTuple):
    """A kind of weights with its special values.

    ``magnitudes`` are those of a code without its sign, and ``special`` the numbers that the
    selector chooses of, all in units of ``2**lsb_exponent``; both are empty for integers. A weight
    is the sum of ``terms`` powers of two or zeros at most, each of either sign.

    With ``by_mode`` the magnitudes are those of ``fp4``, and the special values those of ``fp3``
    and then those of ``fp4``. With ``given`` the special value itself comes in, as a sign above a
    magnitude.
    """

    width: int
    terms: int
    lsb_exponent: int
    least: int
    most: int
    magnitudes: Sequence[int] = ()
    special: Sequence[int] = ()
    by_mode: bool = False
    given: bool = False

    @property
    def inputs(self) -> dict[str, Shape]:
        """What a beat says of its weights, apart from their codes."""
        fields = {"mode": unsigned(2)} if self.by_mode else {}
        if self.given:
            return {**fields, "special": unsigned(1 + self._magnitude_bits)}
        return {**fields, "selector": unsigned(2)} if self.special else fields

    @property
    def least_terms(self) -> int:
        """The fewest terms of any weights, as ``terms`` are the most."""
        return 2 if self.by_mode else self.terms

    @property
    def position_bits(self) -> int:
        """Bits of a term's position: 7 is that of the upper digit of an int8 weight of -128."""
        return 4 if self.by_mode else 3

    @property
    def _magnitude_bits(self) -> int:
        """Those of the paper's fixed point I3..I0 . F0."""
        return 4 - self.lsb_exponent

    @property
    def float_top(self) -> int:
        """The highest position of a float weight's term."""
        if self.given:
            return self._magnitude_bits - 1
        every = (*self.magnitudes, *self.special)
        return max(position for number in every for position, _ in terms_of(number))

    @property
    def top(self) -> int:
        """The highest position of a term."""
        if self.by_mode:
            return 8  # of -128, in halves
        return self.float_top if self.magnitudes else self.width - 1


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


def code_of(kind: Weights, special: Sequence[int], *, given: bool = False) -> Code:
    """The code with these special values, whole numbers; 0 stands for the paper's.

    Args:
        given: whether the special value comes with each beat.

    Raises:
        ValueError: if a special value has more than two terms or is too large, or there is one for
            weights that have none, or one that no beat uses.
    """
    if kind in (Weights.INT6, Weights.INT8):
        if given:
            raise ValueError(
                f"The special values of {kind} weights must not be inputs, as they have none"
            )
        if any(special):
            raise ValueError(
                f"The special values of {kind} weights must be 0, as they have none, "
                f"not '{next(filter(None, special))}'"
            )
        width = 6 if kind is Weights.INT6 else 8
        half = 1 << width - 1
        return Code(width, width // 2, 0, -half, half - 1)
    for number in special:
        if given and number:
            raise ValueError(
                f"The special values must be 0 where they are an input, not '{number}'"
            )
        if abs(number) > _MOST_SPECIAL or len(terms_of(number)) > 2:
            raise ValueError(
                f"A special value must be an integer from -{_MOST_SPECIAL} to {_MOST_SPECIAL} "
                f"that is a sum or a difference of two powers of two, not '{number}'"
            )
    if kind is Weights.FP3:
        width, lsb, magnitudes = 3, 0, [0, 1, 2, 4]
    else:
        width, lsb, magnitudes = 4, -1, [0, 1, 2, 3, 4, 6, 8, 12]
    kinds = (Weights.FP3, Weights.FP4) if kind is Weights.ALL else (kind,)
    papers = [number for each in kinds for number in _PAPERS[each]]
    own = [*special] * len(kinds)
    numbers = [(mine or paper) << -lsb for mine, paper in zip(own, papers, strict=True)]
    if given:
        numbers = []
    if kind is Weights.ALL:
        return Code(8, 4, lsb, -256, 254, magnitudes, numbers, by_mode=True, given=given)
    if given:
        most = 3 << 2 - lsb  # the two highest ones
        return Code(width, 2, lsb, -most, most, magnitudes, given=True)
    least, most = min(-magnitudes[-1], *numbers), max(magnitudes[-1], *numbers)
    return Code(width, 2, lsb, least, most, magnitudes, numbers)
