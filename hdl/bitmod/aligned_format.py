"""What an aligned sum is made of: its significand, and exponents that no group goes beyond."""

from ..formats import FloatFormat, IntegerFormat, NumberFormat
from ..unit import check_positive
from .weights import Code

__all__ = ["AlignedFormat"]

_MOST_BITS = 32
_MOST_EXTRA = 16


class AlignedFormat:
    """An accumulator of terms ``a * 2**position``.

    An exponent is that of the leading bit, from ``least`` up, and 0 that of zero. With ``bias``
    subtracted it is an activation's exponent field, that of a normal number, plus the position.

    Parameters
    ----------
    a
        Format of the activations.
    code
        Of the weights.
    lanes, beats
        Terms of a cycle, and the most beats of a group.
    extra
        Bits below the last place of a term, and of the accumulator.
    bits
        Of the accumulator's significand.

    Attributes
    ----------
    exponent_bits, bias, least, most : int

    Raises:
        ValueError: if the format has no exponent, or the sizes do not suit each other.
    """

    def __init__(
        self, a: NumberFormat, code: Code, *, lanes: int, beats: int, extra: int, bits: int
    ):
        if not isinstance(a, FloatFormat):
            raise ValueError(f"With aligned sums the activations must be floats, not '{a}'")
        check_positive("number of accumulator bits", bits, least=a.precision, most=_MOST_BITS)
        # What all terms lose together must not be more than half of a last place: else terms that
        # are far below the sum would add up to something, again and again.
        enough = 1 + (lanes - 1).bit_length()
        check_positive("number of extra bits", extra, least=enough, most=_MOST_EXTRA)
        self.a, self.code, self.extra, self.bits = a, code, extra, bits
        field = 1 if a.zero else 0
        below = a.precision - 1  # the least number's leading bit below that of a normal number
        self.bias = 1 << (below - field).bit_length() if below >= field else 0
        self.least = self.bias + field - below
        self._top = self._highest(a.max_exponent_field - field + code.top, lanes, beats)
        self.most = self.least + self._top
        self.exponent_bits = self.most.bit_length()

    def _highest(self, top: int, lanes: int, beats: int) -> int:
        """The highest place of a sum's leading bit, the least number being 1 and ``top`` the
        highest place of a term's last bit."""
        precision, cycles = self.a.precision, beats * self.code.terms
        most = lanes * ((1 << precision + top) - 1) * cycles
        # In a cycle the sum of terms is rounded by one last place at most, and so is the whole:
        # relatively by 2**-spare, which makes less than 1.5 times that of a doubling.
        spare = precision - 2
        doublings = -(-3 * cycles >> spare + 1) if spare >= 0 else 3 * cycles
        # And a sum that is large enough leaves nothing of any term.
        reach = top + 2 * precision + self.extra + 2
        return min(most.bit_length() + doublings, reach)

    @property
    def lsb_exponent(self) -> int:
        """Every sum is a multiple of two to this power, as every term is."""
        return self.a.lsb_exponent + self.code.lsb_exponent

    @property
    def offset(self) -> int:
        """A sum is its significand times two to the power of its exponent and this."""
        return self.lsb_exponent - self.least - self.bits + 1

    def fixed(self, scale_bits: int) -> IntegerFormat:
        """Fixed point that holds every sum times an integer of as many bits."""
        most = ((2 << self._top) - 1) << scale_bits
        return IntegerFormat.holding(-most, most, self.lsb_exponent)
