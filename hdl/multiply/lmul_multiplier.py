"""Multiplication by addition: L-Mul."""

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value, unsigned

from ..arithmetic.lmul import FieldSum, Structure, add_constant, field_sum, lmul
from ..formats import FloatFormat, Rounding, parse_format
from ..formats.lmul_policy import (
    LMulOverflow,
    LMulSpecials,
    LMulUnderflow,
    LMulZero,
    Semantics,
    WeightCode,
    published_offset,
)
from ..pipeline import Step, wire
from ..unit import Unit, check_positive

__all__ = ["LMulMultiplier"]


class LMulMultiplier(Unit):
    """L

    """

    reference = "H. Luo, W. Sun: Addition is All You Need, arXiv 2410.00907"

    def __init__(
        self,
        *,
        a: FloatFormat = parse_format("e4m3fn"),
        b: FloatFormat = parse_format("e4m3fn"),
        o: FloatFormat | None = parse_format("e4m3fn"),
        semantics: Semantics = Semantics.PACKED,
        offset: int = -1,
        prebiased: bool = False,
        overflow: LMulOverflow = LMulOverflow.SATURATE,
        underflow: LMulUnderflow = LMulUnderflow.FLUSH,
        specials: LMulSpecials = LMulSpecials.IGNORE,
        zero: LMulZero = LMulZero.POSITIVE,
        rounding: Rounding = Rounding.RTZ,
        structure: Structure = Structure.RIPPLE,
        stages: int = 0,
    ) -> None:
        _check_formats(a, b, o)
        _check_choices(o, semantics, prebiased, overflow, underflow, zero, rounding)
        _check_specials(a, b, o, prebiased, overflow, specials, zero)
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
            return [Step("add", self._exact, 1)]
        return [Step("add", self._add, 3), Step("settle", self._settle, 2)]

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
        """The exact product's parts, made once to see which there are."""
        p = self.parameters
        m = Module()
        b = Value.cast(Const(0, self._weights.width + p.b.signed)) if self._weights else p.b(
            Const(0, p.b.width)
        )
        parts = self._exact(m, {"a": p.a(Const(0, p.a.width)), "b": b})
        return {name: unsigned(len(part)) for name, part in parts.items()}

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
        return {"p": _settle(m, fields, rest, p)}


def _at_least(value: Value, least: int) -> Value:
    """``value >= least``, both unsigned, as one chain of gates from the bottom."""
    if least <= 0:
        return Const(1, 1)
    if least >> len(value):
        return Const(0, 1)
    low = (least & -least).bit_length() - 1
    reached: Value = value[low]
    for i in range(low + 1, len(value)):
        reached = value[i] & reached if least >> i & 1 else value[i] | reached
    return reached


def _settle(m: Module, fields: FieldSum, rest: int, p: Any) -> Value:
    """The code of a field sum to which ``rest`` is yet to be added.

    Where ``rest`` does not reach into the mantissa, the exponent sum is compared before it is
    added, with constants, in parallel to the addition; else the result is compared.
    """
    o: FloatFormat = p.o
    fraction, width = o.mantissa_width, o.mantissa_width + o.exponent_width
    total = fields.total
    if rest % (1 << fraction) == 0:
        result = add_constant(m, total, rest, width, p.structure, "result")

        def reaches(least: int) -> Value:
            return _at_least(total[fraction:], (least - rest) >> fraction)
    else:
        bits = max(width, (fields.total_max + rest).bit_length()) + 1
        signed = add_constant(m, total, rest, bits, p.structure, "result")
        result = signed[:width]

        def reaches(least: int) -> Value:
            return ~signed[-1] & _at_least(signed[fraction:-1], least >> fraction)

    nonzero = Const(1, 1) if fields.zero is None else ~fields.zero
    match p.underflow:
        case LMulUnderflow.FLUSH:
            kept = reaches(1 << fraction) & nonzero
        case LMulUnderflow.CARRY:
            kept = reaches(0) & nonzero
        case _:
            kept = nonzero
    kept = wire(m, "kept", kept)
    code = list(result)
    if p.overflow is LMulOverflow.SATURATE:
        code = _saturated(m, code, reaches, kept, o)
    else:
        code = [bit & kept for bit in code]
    return _with_specials(fields, code, kept, p)


def _saturated(
    m: Module, code: list[Value], reaches: Callable[[int], Value], kept: Value, o: FloatFormat
) -> list[Value]:
    """Magnitude bits, masked, the largest finite number where they are beyond."""
    fraction, width = o.mantissa_width, len(code)
    beyond = (o.max_exponent_field + 1) << fraction
    high = low = wire(m, "overflow", reaches(beyond) & kept)
    above = o.magnitude_mask - o.max_magnitude
    low_bits = 0
    if o.max_magnitude & ((1 << fraction) - 1) != (1 << fraction) - 1:
        # Only the last codes of the top exponent are beyond: they differ in these low bits.
        low_bits = above.bit_length()
        last = Cat(*code[low_bits:]).all()
        last = last & _at_least(Cat(*code[:low_bits]), o.max_magnitude % (1 << low_bits))
        low = wire(m, "overflow_low", high | (kept & last))
    masked: list[Value] = []
    for i, bit in enumerate(code):
        over = low if i < low_bits else high
        one = o.max_magnitude >> i & 1
        masked.append((bit & kept) | over if one else bit & kept & ~over)
    return masked


def _with_specials(fields: FieldSum, code: list[Value], kept: Value, p: Any) -> Value:
    """Sign on top; NaN and infinity instead, where they are."""
    o: FloatFormat = p.o
    negative: Value = Const(0, 1) if fields.negative is None else fields.negative
    if p.zero is LMulZero.POSITIVE:
        negative = negative & (kept if fields.infinite is None else kept | fields.infinite)
    code = [*code, negative][: o.width]
    if fields.infinite is not None:
        code[: len(code) - o.signed] = _forced(
            code[: len(code) - o.signed], fields.infinite, o.infinity_magnitude or 0
        )
    if fields.nan is not None:
        code = _forced(code, fields.nan, o.nan_code or 0)
    return Cat(*code)


def _forced(bits: list[Value], when: Value, constant: int) -> list[Value]:
    """``constant`` where the bit ``when`` is set."""
    return [
        bit | when if constant >> i & 1 else bit & ~when for i, bit in enumerate(bits)
    ]


def _check_formats(a: FloatFormat, b: FloatFormat, o: FloatFormat | None) -> None:
    for name, format in (("a", a), ("b", b), ("o", o)):
        if format is None:
            continue
        if not format.zero:
            raise ValueError(f"The format {name} must have a zero, not be {format.name}")
        if format.max_magnitude < 1 << format.mantissa_width:
            raise ValueError(f"The format {name} must have normal numbers, not be {format.name}")
    if o is None:
        return
    width = max(a.mantissa_width, b.mantissa_width)
    if o.mantissa_width != width:
        raise ValueError(
            f"The mantissa width of the result must be {width}, the wider one of the operands', "
            f"not {o.mantissa_width}"
        )
    if (a.signed or b.signed) and not o.signed:
        raise ValueError(f"The result of signed operands must be signed, not {o.name}")


def _check_choices(
    o: FloatFormat | None,
    semantics: Semantics,
    prebiased: bool,
    overflow: LMulOverflow,
    underflow: LMulUnderflow,
    zero: LMulZero,
    rounding: Rounding,
) -> None:
    if rounding not in (Rounding.RTZ, Rounding.RNE):
        raise ValueError(f"The rounding must be 'rtz' or 'rne', not '{rounding}'")
    if semantics is Semantics.PACKED and rounding is not Rounding.RTZ:
        raise ValueError(
            f"The rounding must be 'rtz' in packed semantics, where nothing is rounded, "
            f"not '{rounding}'"
        )
    if semantics is Semantics.FORMULA and prebiased:
        raise ValueError(
            "The semantics must be 'packed' with a prebiased operand, which has a carry of the "
            "mantissa in its exponent, not 'formula'"
        )
    if underflow is LMulUnderflow.WRAP and overflow is not LMulOverflow.WRAP:
        raise ValueError(f"The overflow must be 'wrap' with underflow 'wrap', not '{overflow}'")
    if prebiased and underflow is LMulUnderflow.WRAP and zero is not LMulZero.IGNORE:
        raise ValueError(
            f"The zero policy must be 'ignore' with a prebiased operand and underflow 'wrap', as "
            f"its zero is known by underflow alone, not '{zero}'"
        )
    if o is None:
        exact = (
            ("overflow", overflow, LMulOverflow.SATURATE),
            ("underflow", underflow, LMulUnderflow.FLUSH),
            ("rounding", rounding, Rounding.RTZ),
        )
        for name, choice, default in exact:
            if choice is not default:
                raise ValueError(
                    f"The {name} must be left at '{default}' with an exact result, which has "
                    f"none, not '{choice}'"
                )
    elif o.signed and not o.has_negative_zero:
        if zero is not LMulZero.POSITIVE:
            raise ValueError(
                f"The zero policy must be 'positive' with {o.name}, which has no negative zero, "
                f"not '{zero}'"
            )
        if overflow is LMulOverflow.WRAP or underflow is not LMulUnderflow.FLUSH:
            raise ValueError(
                f"The overflow and underflow must be 'saturate' and 'flush' with {o.name}, which "
                f"has no negative zero, not '{overflow}' and '{underflow}'"
            )


def _check_specials(
    a: FloatFormat,
    b: FloatFormat,
    o: FloatFormat | None,
    prebiased: bool,
    overflow: LMulOverflow,
    specials: LMulSpecials,
    zero: LMulZero,
) -> None:
    if specials is LMulSpecials.IGNORE:
        return
    if prebiased:
        raise ValueError(
            "The specials must be 'ignore' with a prebiased operand, whose code has none, "
            "not 'ieee'"
        )
    if zero is LMulZero.IGNORE:
        raise ValueError(
            "The zero policy must be 'positive' or 'signed' with specials 'ieee', where infinity "
            "times zero is NaN, not 'ignore'"
        )
    if o is None:
        return
    if overflow is LMulOverflow.WRAP:
        raise ValueError(
            "The overflow must be 'saturate' with specials 'ieee', as wrapped numbers may look "
            "like NaN, not 'wrap'"
        )
    for format in (a, b):
        if format.has_infinity and not o.has_infinity:
            raise ValueError(
                f"The result's format must have infinities with specials 'ieee', as {format.name} "
                f"does, not be {o.name}"
            )
        if (format.has_nan or format.has_infinity) and not o.has_nan:
            raise ValueError(
                f"The result's format must have a NaN with specials 'ieee', as {format.name} "
                f"does, not be {o.name}"
            )
