"""From a sum of exponent and mantissa fields to the code of an L-Mul product.

There is no rounding and no shifting: a bias to add, two bounds to compare with, and masks.
"""

from amaranth.hdl import Cat, Const, Module, Value

from ..formats import FloatFormat
from ..formats.lmul_policy import LMulOverflow, LMulUnderflow
from ..pipeline import wire
from .lmul import AdderStructure, FieldSum, add_constant

__all__ = ["settle_fields"]


def _at_least(value: Value, least: int, known: int = 0) -> Value:
    """``value >= least``, both unsigned, as one chain of gates from the bottom.

    Where ``value`` is below ``known``, the result does not matter.
    """
    if least <= known:
        return Const(1, 1)
    if least >> len(value):
        return Const(0, 1)
    low = (least & -least).bit_length() - 1
    reached: Value = value[low]
    for i in range(low + 1, len(value)):
        if least >> i & 1:
            # Values with none of the upper bits and not this one are below ``known`` already.
            reached = reached if known == 1 << i > least >> 1 else value[i] & reached
        else:
            reached = value[i] | reached
    return reached


def settle_fields(
    m: Module,
    fields: FieldSum,
    rest: int,
    o: FloatFormat,
    *,
    overflow: LMulOverflow = LMulOverflow.SATURATE,
    underflow: LMulUnderflow = LMulUnderflow.FLUSH,
    positive_zero: bool = True,
    structure: AdderStructure = AdderStructure.RIPPLE,
) -> Value:
    """The code of a field sum to which ``rest`` is yet to be added.

    ``positive_zero`` drops the sign of what is masked to zero.

    Where ``rest`` does not reach into the mantissa, the bounds are moved by it, so that comparisons
    and addition go on side by side; else the result is compared.
    """
    fraction, width = o.mantissa_width, o.mantissa_width + o.exponent_width
    aside = rest % (1 << fraction) == 0
    bits = max(width, (fields.total_max + rest).bit_length()) + 1
    result = add_constant(m, fields.total, rest, width if aside else bits, structure, "result")
    compared, moved = (fields.total, rest) if aside else (result[:-1], 0)

    def reaches(least: int, known: int | None = None) -> Value:
        floor = 0 if known is None else max((known - moved) >> fraction, 0)
        reached = _at_least(compared[fraction:], (least - moved) >> fraction, floor)
        return reached if aside else ~result[-1] & reached

    nonzero = Const(1, 1) if fields.zero is None else ~fields.zero
    match underflow:
        case LMulUnderflow.FLUSH:
            kept = reaches(1 << fraction) & nonzero
        case LMulUnderflow.CARRY:
            kept = reaches(0) & nonzero
        case _:
            kept = nonzero
    kept = wire(m, "kept", kept)
    sign_kept = kept if positive_zero else None
    code = list(result[:width])
    if aside and rest % (1 << width) and overflow is LMulOverflow.SATURATE:
        # In range, the top bit is a bound like the others, without the addition's carries.
        known = 1 << fraction if underflow is LMulUnderflow.FLUSH else None
        code[-1] = reaches(1 << (width - 1), known)
    if overflow is LMulOverflow.WRAP:
        return _with_specials(fields, [bit & kept for bit in code], sign_kept, o)
    beyond = reaches((o.max_exponent_field + 1) << fraction)
    if fields.zero is not None and fields.zero_max + rest > o.max_magnitude:
        beyond = beyond & kept
    beyond = wire(m, "overflow", beyond)
    exponent_kept = kept
    if underflow is LMulUnderflow.FLUSH and not aside:
        # A field that is zero needs no mask to become zero: the exponent's bits only need one where
        # the sum is negative, which is known earlier.
        exponent_kept = wire(m, "exponent_kept", reaches(0) & nonzero)
        normal = Cat(*code[fraction:]).any() | beyond
        kept = wire(m, "normal", exponent_kept & normal)
        sign_kept = kept if positive_zero else None
    last = Const(0, 1)
    # The bits in which codes beyond the largest finite number but of its exponent differ from it.
    top_codes = o.max_magnitude | ((1 << fraction) - 1)
    low_bits = (top_codes - o.max_magnitude).bit_length()
    if low_bits:
        # Below ``beyond``, no other exponent has ones in all the places where the largest has.
        upper = compared[low_bits:]
        ones = (o.max_magnitude - moved) >> low_bits
        last = Cat(*(bit for k, bit in enumerate(upper) if ones >> k & 1)).all()
        last = last & _at_least(compared[:low_bits], o.max_magnitude % (1 << low_bits))
        last = wire(m, "last_codes", last)
    masked: list[Value] = []
    for k, bit in enumerate(code):
        over = last if k < low_bits else Const(0, 1)
        keep = kept if k < fraction else exponent_kept
        one = o.max_magnitude >> k & 1
        masked.append(((bit | over) & keep) | beyond if one else bit & keep & ~(beyond | over))
    return _with_specials(fields, masked, sign_kept, o)


def _with_specials(
    fields: FieldSum, code: list[Value], sign_kept: Value | None, o: FloatFormat
) -> Value:
    """Sign on top; NaN and infinity instead, where they are."""
    negative: Value = Const(0, 1) if fields.negative is None else fields.negative
    if sign_kept is not None:
        negative &= sign_kept if fields.infinite is None else sign_kept | fields.infinite
    if fields.infinite is not None:
        code = _forced(code, fields.infinite, o.infinity_magnitude or 0)
    code = [*code, negative][: o.width]
    if fields.nan is not None:
        code = _forced(code, fields.nan, o.nan_code or 0)
    return Cat(*code)


def _forced(bits: list[Value], when: Value, constant: int) -> list[Value]:
    """``constant`` where the bit ``when`` is set."""
    return [bit | when if constant >> i & 1 else bit & ~when for i, bit in enumerate(bits)]
