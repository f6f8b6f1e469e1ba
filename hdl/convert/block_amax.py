"""From the numbers of a block to the code of its scale.

What is compared of a number is its *key*: for scales that are powers of two the exponent, with one
bit below it that says whether the rule rounds its mantissa up (the mantissas need not be compared:
of the numbers with the largest exponent, one that rounds up decides); for other scales the whole
magnitude.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..arithmetic.maximum import MaximumStructure, maximum
from ..arithmetic.project import project
from ..arithmetic.quotient import divide_normalized
from ..arithmetic.raw import Raw, decode
from ..formats import FloatFormat, FloatView, IntegerFormat, Overflow, Projection
from ..formats.scale_rules import (
    BlockSpecials,
    ScaleOverflow,
    ScaleRule,
    ZeroBlock,
    element_exponent,
    element_top,
    rule_of,
)
from ..pipeline import wire
from .block_lane import shortened

__all__ = ["EXPONENT", "BlockAmax", "held"]

#: Format of the exponent of a power of two that all numbers of a beat are multiplied by.
EXPONENT = IntegerFormat(9)


class BlockAmax:
    """The largest magnitude of a block, as far as its scale depends on it.

    Parameters
    ----------
    parameters
        Of the unit: ``a``, ``o``, ``rule``, ``specials``, ``zero_block``, ``scale_overflow``.
    flush
        Take subnormal numbers as zero.
    multiplied
        Whether numbers come with the exponent of a power of two to multiply them by.

    Attributes
    ----------
    widths : dict of int
        The bits that :meth:`find` returns, by name; their maxima and ORs over several beats are
        those of all the numbers.
    normalized : bool
        Whether the exponents of subnormal numbers matter to the scale.
    most : int
        Largest difference of a number's exponent field and its block's scale's.
    """

    def __init__(self, parameters: Any, *, flush: bool, multiplied: bool):
        p = parameters
        self._a: FloatFormat = p.a
        self._o = p.o
        self._scale: FloatFormat = p.o.scale
        self._rule = rule_of(p.o, p.rule)
        self._specials: BlockSpecials = p.specials
        self._zero_block: ZeroBlock = p.zero_block
        self._overflow: ScaleOverflow = p.scale_overflow
        self._flush, self._multiplied = flush, multiplied
        # What is added to a number's exponent field to make the code of its scale.
        self._step = self._scale.bias - p.a.bias - element_exponent(p.o)
        self._least = 1 if self._scale.zero else 0
        self._threshold = self._round_up_from()
        # Where the numbers' smallest normal one already has the least scale, a subnormal number's
        # exponent is as good as any.
        self.normalized = self._rule.by_exponent and (self._step > self._least or multiplied)
        self._needs_zero = self._zero_block is ZeroBlock.ONE or self._scale.zero
        self.most = max(-self._step, p.a.max_exponent_field - self._scale.max_magnitude)
        self._kept = self._mantissa_bits()
        self.widths = {"key": self._key_width()}
        if self._needs_zero and self._rule.by_exponent and not self.normalized and not flush:
            self.widths["nonzero"] = 1

    def _mantissa_bits(self) -> int:
        """Of a magnitude's mantissa, those that a scale's rounding looks at.

        Whether any below them is set is one bit more of the key, and no less in order.
        """
        everything = self._a.mantissa_width
        top = 0 if self._rule is ScaleRule.MAX_ABS else element_exponent(self._o)
        # Without a hidden bit more of them would matter, where that makes a scale at all.
        lost = 1 - self._a.bias - top < self._scale.lsb_exponent and self._scale.zero
        if self._rule.by_exponent or self._multiplied or not lost:
            return everything
        divisor = 1 if self._rule is ScaleRule.MAX_ABS else self._o.element.max_integer
        kept = self._scale.precision + (divisor.bit_length() if divisor > 1 else 0)
        return kept if kept + 1 < everything else everything

    def _round_up_from(self) -> int | None:
        """The least mantissa field that makes the scale twice as large; None where none does."""
        bits = self._a.mantissa_width
        match self._rule:
            case ScaleRule.CEIL:
                least = 1
            case ScaleRule.RCEIL:
                fraction = element_top(self._o) / Fraction(2) ** element_exponent(self._o) - 1
                least = int(fraction * (1 << bits)) + 1
            case ScaleRule.EVEN:
                element = self._o.element
                kept = element.max_integer.bit_length() - 1
                if isinstance(element, FloatFormat):
                    kept = element.mantissa_width
                least = (1 << bits) - (1 << (bits - kept - 1)) if bits > kept else 1 << bits
            case _:
                return None
        return least if least < 1 << bits else None

    def _key_width(self) -> int:
        if not self._rule.by_exponent:
            sticky = self._kept < self._a.mantissa_width
            return self._a.exponent_width + self._kept + sticky
        exponent = self._a.exponent_width
        if self.normalized and not self._flush:
            exponent = max(exponent, (self._a.mantissa_width - 1).bit_length()) + 1
        return exponent + (self._threshold is not None)

    def find(
        self, m: Module, views: Sequence[FloatView], structure: MaximumStructure
    ) -> dict[str, Value]:
        """The largest key of a beat, and what else :attr:`widths` names."""
        keys = [self._key(m, view, f"key{n}") for n, view in enumerate(views)]
        found = {"key": maximum(m, keys, "largest", structure)}
        if "nonzero" in self.widths:
            found["nonzero"] = Cat(view.magnitude.any() for view in views).any()
        return {name: wire(m, name, value) for name, value in found.items()}

    def _key(self, m: Module, view: FloatView, name: str) -> Value:
        if not self._rule.by_exponent:
            key = shortened(m, view, name, self._kept).magnitude
        elif self.normalized:
            raw = decode(m, view, name, normalize=True, flush=self._flush)
            assert raw.exponent is not None
            assert raw.zero is not None
            # In order as unsigned numbers, and all above zero, which is for the number zero.
            exponent = raw.exponent
            if exponent.shape().signed:
                exponent = Cat(exponent[:-1], ~exponent[-1])
            key = self._with_flag(exponent, raw.significand[:-1])
            key = key & (~raw.zero).replicate(len(key))
        else:
            normal = view.exponent.any()
            key = self._with_flag(view.exponent, view.mantissa)
            if self._threshold is not None and (self._step == self._least or self._flush):
                # A subnormal number from half the smallest normal one on counts like the normal
                # numbers below that would, and one that is flushed like zero.
                low = Const(0, 1)
                if not self._flush:
                    low = view.mantissa[-1] & self._rounds_up(Cat(Const(0, 1), view.mantissa[:-1]))
                key = Cat(Mux(normal, key[0], low), key[1:])
        if self._specials is BlockSpecials.IGNORE:
            finite = ~view.exponent.all()
            key = key & finite.replicate(len(key))
        return wire(m, f"{name}_key", key)

    def _with_flag(self, exponent: Value, mantissa: Value) -> Value:
        if self._threshold is None:
            return exponent
        return Cat(self._rounds_up(mantissa), exponent)

    def _rounds_up(self, mantissa: Value) -> Value:
        """Whether a mantissa is at least the threshold."""
        threshold = self._threshold
        assert threshold is not None
        if threshold == 1:
            return mantissa.any()
        return mantissa >= threshold

    def scale(self, m: Module, found: dict[str, Value], exponent: Value | None) -> Value:
        """The code of the scale; NaN where NaN or infinities are to make it so."""
        key = found["key"]
        if self._rule.by_exponent:
            code, special, zero = self._of_exponent(m, key, exponent)
        else:
            code, special, zero = self._of_magnitude(m, key, exponent)
        if "nonzero" in found:
            zero = ~found["nonzero"]
        if self._needs_zero or self.normalized or not self._rule.by_exponent:
            one = self._scale.encode(1) if self._zero_block is ZeroBlock.ONE else 0
            code = Mux(zero, one, code)
        if self._specials is BlockSpecials.SCALE_NAN:
            assert self._scale.nan_code is not None
            code = Mux(special, self._scale.nan_code, code)
        return wire(m, "scale", code[: self._scale.width])

    def _of_exponent(
        self, m: Module, key: Value, exponent: Value | None
    ) -> tuple[Value, Value, Value]:
        flagged = self._threshold is not None
        field, up = (key[1:], key[0]) if flagged else (key, Const(0, 1))
        step, special = self._step, field.all()
        if self.normalized:
            signed = len(field) > self._a.exponent_width
            half = 1 << (len(field) - 1) if signed else 0
            step -= half
            special = field == (1 << self._a.exponent_width) - 1 + half
        total = field + step
        if flagged:
            total = total + up
        if exponent is not None:
            total = total + exponent
        code = wire(m, "scale_code", total)
        above = self._a.max_exponent_field + self._step + flagged > self._scale.max_magnitude
        above = above or exponent is not None
        return held(code, self._scale, self._overflow, above=above), special, ~key.any()

    def _of_magnitude(
        self, m: Module, key: Value, exponent: Value | None
    ) -> tuple[Value, Value, Value]:
        scale = self._scale
        a = self._a
        format = FloatFormat(a.exponent_width, len(key) - a.exponent_width, a.bias)
        view = format(Cat(key, Const(0, 1)))
        gradual = self._gradual()
        raw = decode(m, view, "amax", normalize=not gradual, flush=self._flush)
        zero = wire(m, "amax_zero", ~view.magnitude.any()) if raw.zero is None else raw.zero
        assert raw.exponent is not None
        # Exceptions are for the end; a zero gets its own code there.
        significand, offset, slack = raw.significand, raw.offset, 0
        if self._rule is not ScaleRule.MAX_ABS:
            offset -= self._o.element.lsb_exponent
            divisor = self._o.element.max_integer
            while divisor % 2 == 0:
                divisor, offset = divisor // 2, offset - 1
            if divisor > 1:
                significand, shift = divide_normalized(
                    m, significand, divisor, scale.precision + 1, "amax_over_top"
                )
                offset, slack = offset - shift, 1
        power, least, most = raw.exponent, raw.exponent_min, raw.exponent_max
        if exponent is not None:
            power = wire(m, "amax_exponent_multiplied", power + exponent)
            least, most = least + EXPONENT.min_integer, most + EXPONENT.max_integer
        number = Raw(
            significand=significand,
            exponent=power,
            offset=offset,
            exponent_min=least,
            exponent_max=most,
            slack=slack,
            gradual=gradual,
        )
        projection = Projection(overflow=Overflow(self._overflow))
        code = project(m, number, scale, projection)
        special = view.exponent.all()
        return code, special, zero

    def _gradual(self) -> bool:
        """Whether subnormal numbers keep their places: a scale that is such a number is subnormal
        too, or less."""
        scale, a = self._scale, self._a
        if self._rule is not ScaleRule.MAX_ABS or self._multiplied or self._flush:
            return False
        least = scale.lsb_exponent + scale.mantissa_width
        return scale.zero and a.mantissa_width > 0 and 1 - a.bias <= least


def held(code: Value, scale: FloatFormat, overflow: ScaleOverflow, *, above: bool) -> Value:
    """The code of a scale that is a power of two, held to the range of its format.

    ``above`` says whether it may be beyond the largest.
    """
    most = scale.max_magnitude
    beyond = most
    if overflow is ScaleOverflow.INF_OR_NAN:
        infinity, nan = scale.infinity_magnitude, scale.nan_code
        beyond = infinity if infinity is not None else nan if nan is not None else most
    result: Value = code
    if above:
        result = Mux(code > most, beyond, result)
    if scale.zero:
        result = Mux(code < 1, 1, result)
    else:
        negative = code[-1] if code.shape().signed else Const(0, 1)
        result = Mux(negative, 0, result)
    return Cat(result, Const(0, scale.width))[: scale.width]
