"""The generated parts of pages, each between two markers that name it."""

import re
from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction

from proof_table import proof_table

from bitwright.gen.datasheet import table
from bitwright.gen.docstring import member_notes
from bitwright.hdl.formats import (
    STANDARD_BLOCKS,
    STANDARD_FORMATS,
    FloatFormat,
    InfinityTo,
    IntegerFormat,
    NanTo,
    Overflow,
    Rounding,
    Specials,
)
from bitwright.hdl.formats.dot_semantics import DotPreset, DotSemantics
from bitwright.hdl.formats.scale_rules import ScaleRule

__all__ = ["filled"]

_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_MOST_CHARACTERS = 6


def _number(value: Fraction) -> str:
    """A number in full where that is short, else as a multiple of a power of two."""
    text = f"{float(value):.10g}"
    if len(text) <= _MOST_CHARACTERS and Fraction(text) == value:
        return text
    odd, exponent = value.numerator, 1 - value.denominator.bit_length()
    while odd % 2 == 0:
        odd, exponent = odd // 2, exponent + 1
    if odd == 1:
        return f"2^{exponent}"
    bits = odd.bit_length()
    if odd == (1 << bits) - 1:
        return f"2^{exponent + bits} - 2^{exponent}"
    return f"{odd} * 2^{exponent}"


def _code(format: FloatFormat, bits: int | None) -> str:
    return "-" if bits is None else f"`{bits:#0{2 + -(-format.width // 4)}x}`"


def _floats() -> str:
    rows = []
    for f in STANDARD_FORMATS.values():
        if not isinstance(f, FloatFormat):
            continue
        subnormals = f.zero and f.mantissa_width > 0
        rows.append(
            (
                f"`{f.name}`",
                str(f.width),
                f"{f.exponent_width}/{f.mantissa_width}",
                str(f.bias),
                f"`{f.specials}`",
                _number(f.max_value),
                _number(f.min_normal),
                _number(Fraction(2) ** f.lsb_exponent) if subnormals else "-",
                _code(f, f.nan_code),
            )
        )
    return table(
        (
            "name",
            "bits",
            "e/m",
            "bias",
            "specials",
            "largest",
            "smallest normal",
            "smallest subnormal",
            "NaN",
        ),
        rows,
    )


def _integers() -> str:
    rows = [
        (
            f"`{f.name}`",
            str(f.width),
            str(f.fraction),
            *(
                _number(v * Fraction(2) ** f.lsb_exponent)
                if v >= 0
                else "-" + _number(-v * Fraction(2) ** f.lsb_exponent)
                for v in (f.min_integer, f.max_integer)
            ),
        )
        for f in STANDARD_FORMATS.values()
        if isinstance(f, IntegerFormat)
    ]
    return table(("name", "bits", "fraction bits", "smallest", "largest"), rows)


def _blocks() -> str:
    rows = [
        (
            f"`{b.name}`",
            f"`{b.element}`",
            f"`{b.scale}`",
            f"{b.rows} x {b.size}" if b.rows > 1 else str(b.size),
            f"`{b.tensor_scale}`" if b.tensor_scale else "-",
            f"{b.bits_per_element:.4g}",
        )
        for b in STANDARD_BLOCKS.values()
    ]
    return table(("name", "element", "scale", "size", "tensor's scale", "bits/element"), rows)


def _choices(kind: type[StrEnum]) -> Callable[[], str]:
    def text() -> str:
        notes = member_notes(kind)
        return table(("value", "meaning"), [(f"`{m.value}`", notes[m.value]) for m in kind])

    return text


_PARTS: dict[str, Callable[[], str]] = {
    "floats": _floats,
    "integers": _integers,
    "blocks": _blocks,
    "specials": _choices(Specials),
    "scale_rules": _choices(ScaleRule),
    "dot_semantics": _choices(DotSemantics),
    "dot_presets": _choices(DotPreset),
    "rounding": _choices(Rounding),
    "overflow": _choices(Overflow),
    "nan_to": _choices(NanTo),
    "inf_to": _choices(InfinityTo),
    "proofs": proof_table,
}


def filled(page: str) -> str:
    """The page with every generated part as it is now."""
    return _PART.sub(lambda m: f"{m[1]}{_PARTS[m[2]]()}\n{m[3]}", page)
