"""Multiplication by addition: L-Mul."""

from typing import Any

from amaranth.hdl import Cat, Module, unsigned

from ..arithmetic.lmul import AdderStructure, FieldSum, field_sum, lmul, max_exponent
from ..arithmetic.lmul_settle import settle_fields
from ..formats import FloatFormat, float_format
from ..formats.lmul_policy import (
    LMulOverflow,
    LMulRounding,
    LMulSpecials,
    LMulUnderflow,
    LMulZero,
    Semantics,
    WeightCode,
    check_formats,
    check_policies,
    published_offset,
)
from ..pipeline import Step
from ..unit import Unit, check_positive

__all__ = ["LMulMultiplier"]


class LMulMultiplier(Unit):
    """Multiplies two floats by adding them as integers: L-Mul.

    ``(1 + x) 2**i`` times ``(1 + y) 2**j`` is taken as ``(1 + x + y + 2**-l) 2**(i + j)``, where
    the constant stands for the product ``x y``. With *m* bits of mantissa, the wider one of the
    operands', ``l`` is *m* up to 3, 3 for 4, and 4 beyond. What becomes of ``x + y + 2**-l`` from 1
    up is a matter of ``semantics``:

    ``packed``
        One integer addition. ``F``, the exponent field above the mantissa field, of the result is
        ``F(a) + F(b) + offset``, re-biased; the mantissas' carry steps the exponent. Exact but for
        the approximation: nothing is rounded. Mean relative error over all mantissas 14.7 % for 2
        bits, 5.2 % for 3, 2.7 % from 5 up, nearly all of it bias up to 4 bits.
    ``formula``
        The significand is normalised, and the bit shifted out is rounded as ``rounding`` says. Mean
        relative error, unrounded, 11.1 % for 2 bits, 6.9 % for 3, 7.5 % for 7.

    A narrower mantissa is widened with zeros, exponents are re-biased by constants, so that the
    three formats may have different exponents. Subnormals count as zero unless ``zero`` is
    ``ignore``. By default, zero times anything is +0, so is a result below the smallest normal
    number, and a result beyond the largest finite number becomes that, with its sign. NaN and
    infinities are numbers like any other, the codes above the largest finite number, unless
    ``specials`` is ``ieee``: then NaN gives the format's NaN, infinity gives infinity, infinity
    times zero or a subnormal gives NaN, and finite numbers still saturate.

    With ``o=None`` the product is left as it is, its exponent unlimited:
    ``significand * 2**(exponent - a.bias - b.bias - m)``. Packed, the significand has *m* + 1 bits
    and its top bit set; by formula, it has *m* + 2 bits and one of its two top bits set. It is 0
    where the product is zero, NaN or infinite; ``exponent`` then means nothing: the sum of the
    exponent fields with the mantissas' carry, as always.

    With ``prebiased`` operand ``b`` comes in a code of its own (:class:`WeightCode`) with all
    constants added, made once where weights are stored: then one addition of two terms is left.
    The unit gives the same results as without; ``weight_codes`` of the golden model converts.

    Latency is ``stages`` cycles, throughput one product a cycle.

    Parameters
    ----------
    a, b, o
        Formats of operands and result; None, written ``exact``, for the unrounded product. The
        result's mantissa is as wide as the wider operand's.
    semantics
        ``packed`` or ``formula``.
    offset
        The added constant in units of the last mantissa place, 0 to ``2**m``; 0 is Mitchell's
        logarithmic multiplication, -1 the paper's ``2**(m - l)``.
    prebiased
        Whether ``b`` comes as weight code. Packed only.
    overflow
        ``saturate``, or ``wrap``: modulo the field's width, unchecked.
    underflow
        ``flush``, or ``carry``: results from 0 to below the smallest normal number keep the code of
        the addition, which reads as a subnormal of another value; or ``wrap``, unchecked.
    specials
        ``ignore`` or ``ieee``.
    zero
        ``positive``: zero operands and flushed results give +0. ``signed``: they give zero with the
        product's sign. ``ignore``: operands are not checked, and flushed results have the
        product's sign.
    rounding
        ``rtz`` or, by formula only, ``rne``.
    structure
        ``ripple``, smallest in cells, or ``plain`` for carry chains; the results are the same.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operand
    i.b : operand, or its sign above its weight code, unsigned
    o.p : result, in the result format
    o.negative : sign of an exact product; 0 for NaN, and for zero unless ``zero`` is ``signed``
    o.exponent : of an exact product, biased by the sum of both operands' biases, unsigned
    o.significand : of an exact product, in units of ``2**-m``
    o.nan, o.infinite, o.zero : of an exact product, where possible; at most one is set

    Raises
    ------
    ValueError
        If formats or policies do not go together.
    """

    reference = (
        "H. Luo, W. Sun: Addition is All You Need for Energy-efficient Language Models, "
        "arXiv 2410.00907, equation of L-Mul"
    )

    def __init__(
        self,
        *,
        a: FloatFormat = float_format("e4m3fn"),
        b: FloatFormat = float_format("e4m3fn"),
        o: FloatFormat | None = float_format("e4m3fn"),
        semantics: Semantics = Semantics.PACKED,
        offset: int = -1,
        prebiased: bool = False,
        overflow: LMulOverflow = LMulOverflow.SATURATE,
        underflow: LMulUnderflow = LMulUnderflow.FLUSH,
        specials: LMulSpecials = LMulSpecials.IGNORE,
        zero: LMulZero = LMulZero.POSITIVE,
        rounding: LMulRounding = LMulRounding.RTZ,
        structure: AdderStructure = AdderStructure.RIPPLE,
        stages: int = 0,
    ) -> None:
        check_formats(a, b, o, specials)
        check_policies(o, semantics, prebiased, overflow, underflow, specials, zero, rounding)
        width = max(a.mantissa_width, b.mantissa_width)
        check_positive("offset", offset, least=-1, most=1 << width)
        self._offset = published_offset(width) if offset < 0 else offset
        self._weights = WeightCode.of(a, b, o, self._offset) if prebiased else None
        super().__init__(
            {"a": a, "b": unsigned(self._weights.width + b.signed) if self._weights else b},
            {"p": o} if o is not None else self._exact_ports(),
            stages=stages,
        )

    def steps(self) -> list[Step]:
        if self.parameters.o is None:
            return [Step("add", self._exact)]
        return [Step("add", self._add), Step("settle", self._settle)]

    def _core(self) -> dict[str, Any]:
        p = self.parameters
        return {
            "b_format": p.b,
            "offset": self._offset,
            "semantics": p.semantics,
            "zero": p.zero,
            "specials": p.specials,
            "weights": self._weights,
            "structure": p.structure,
        }

    def _exact_ports(self) -> dict[str, Any]:
        """The exact product's parts, as far as the operands and policies make them possible."""
        p = self.parameters
        a, b = p.a, p.b
        exponent_max = max_exponent(a, b, self._offset, p.semantics, self._weights)
        formula = p.semantics is Semantics.FORMULA
        ports = {
            "exponent": exponent_max.bit_length(),
            "significand": max(a.precision, b.precision) + formula,
        }
        if a.signed or b.signed:
            ports = {"negative": 1, **ports}
        if p.specials is LMulSpecials.IEEE:
            infinite = a.has_infinity or b.has_infinity
            ports |= {"nan": 1} if infinite or a.has_nan or b.has_nan else {}
            ports |= {"infinite": 1} if infinite else {}
        if p.zero is not LMulZero.IGNORE:
            ports["zero"] = 1
        return {name: unsigned(width) for name, width in ports.items()}

    def _exact(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        raw = lmul(m, values["a"], values["b"], **self._core())
        nothing = [bit for bit in (raw.zero, raw.nan, raw.infinite) if bit is not None]
        drop_sign = [bit for bit in (raw.nan,) if bit is not None]
        if raw.zero is not None and self.parameters.zero is LMulZero.POSITIVE:
            drop_sign.append(raw.zero)
        parts: dict[str, Any] = {}
        if raw.negative is not None:
            parts["negative"] = raw.negative & ~Cat(*drop_sign).any()
        parts["exponent"] = raw.exponent
        keep = ~Cat(*nothing).any()
        parts["significand"] = raw.significand & keep.replicate(len(raw.significand))
        if raw.nan is not None:
            parts["nan"] = raw.nan
        if raw.infinite is not None:
            parts["infinite"] = raw.infinite if raw.nan is None else raw.infinite & ~raw.nan
        if raw.zero is not None:
            parts["zero"] = raw.zero if raw.nan is None else raw.zero & ~raw.nan
        return parts

    def _add(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        total = field_sum(
            m, values["a"], values["b"], rounding=self.parameters.rounding, **self._core()
        )
        return {"fields": total}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        fields: FieldSum = values["fields"]
        if self._weights:
            assert self._weights.point is not None
            rest = -(1 << self._weights.point)
        else:
            rest = fields.rest + ((p.o.bias - p.a.bias - p.b.bias) << p.o.mantissa_width)
        code = settle_fields(
            m,
            fields,
            rest,
            p.o,
            overflow=p.overflow,
            underflow=p.underflow,
            positive_zero=p.zero is LMulZero.POSITIVE,
            structure=p.structure,
        )
        return {"p": code}
