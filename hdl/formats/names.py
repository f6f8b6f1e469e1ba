"""Names of formats, read and written.

``int8``, ``uint4``, ``int8n`` (narrow range), ``int8f6`` (6 fraction bits)
    Integers and fixed point.
``[u]eXmY[bBIAS][SPECIALS][nozero]``
    Floats; ``u`` is unsigned. SPECIALS is ``ieee`` (the default of signed formats), ``fn``
    (finite numbers and NaN at the top code; the default of unsigned formats), ``topnan`` (the
    same, spelled out), ``fnuz``, ``ext`` or ``none``. BIAS is ``2**(X-1) - 1`` by default, and one
    more for ``fnuz`` and ``ext``.
``binaryKpP[s|u][e|f]``
    IEEE P3109: width, precision, signedness, extended (with infinities) or finite.

As in ml_dtypes and OCP MX, ``e3m2fn``, ``e2m3fn`` and ``e2m1fn`` have no NaN; the same layouts with
a NaN are ``e3m2topnan`` and so on. ml_dtypes' own names (``float8_e4m3fn``, ``bfloat16``) are
understood too.
"""

import difflib
import re
from functools import cache

from .base import NumberFormat
from .floats import FloatFormat, Specials, default_bias
from .integers import IntegerFormat

__all__ = ["STANDARD_FORMATS", "float_format", "parse_format"]

_INTEGER = re.compile(r"(u?)int(\d+)(?:f(-?\d+))?(n?)", re.ASCII)
_FLOAT = re.compile(
    r"(u?)e(\d+)m(\d+)(?:b(-?\d+))?(ieee|fnuz|fn|topnan|ext|none)?(nozero)?", re.ASCII
)
_P3109 = re.compile(r"binary(\d+)p(\d+)([su])([ef])", re.ASCII)
_ML_DTYPES = re.compile(r"float\d+_(\w+)", re.ASCII)
_ALIASES = {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32", "half": "fp16"}

_MAX_GRAMMAR_WIDTH = 16
_MIN_GRAMMAR_WIDTH = 3


def _standard() -> dict[str, NumberFormat]:
    def minifloat(name: str, e: int, m: int, specials: Specials, **other: int) -> FloatFormat:
        bias = other.get("bias", default_bias(e, specials))
        signed, zero = bool(other.get("signed", 1)), bool(other.get("zero", 1))
        return FloatFormat(e, m, bias, signed, specials, zero, name=name)

    formats: list[NumberFormat] = [
        minifloat("fp32", 8, 23, Specials.IEEE),
        minifloat("tf32", 8, 10, Specials.IEEE),
        minifloat("fp16", 5, 10, Specials.IEEE),
        minifloat("bf16", 8, 7, Specials.IEEE),
        minifloat("e5m2", 5, 2, Specials.IEEE),
        minifloat("e4m3", 4, 3, Specials.IEEE),
        minifloat("e3m4", 3, 4, Specials.IEEE),
        minifloat("e4m3fn", 4, 3, Specials.TOP_NAN),
        minifloat("e5m2fnuz", 5, 2, Specials.ZERO_NAN),
        minifloat("e4m3fnuz", 4, 3, Specials.ZERO_NAN),
        minifloat("e4m3b11fnuz", 4, 3, Specials.ZERO_NAN, bias=11),
        minifloat("e3m2fn", 3, 2, Specials.NONE),
        minifloat("e2m3fn", 2, 3, Specials.NONE),
        minifloat("e2m1fn", 2, 1, Specials.NONE),
        minifloat("ue5m3", 5, 3, Specials.TOP_NAN, signed=0),
        minifloat("ue4m3", 4, 3, Specials.TOP_NAN, signed=0),
        minifloat("e8m0fnu", 8, 0, Specials.TOP_NAN, signed=0, zero=0),
        IntegerFormat(8, fraction=6, name="mxint8"),
    ]
    formats += [
        IntegerFormat(w, s, name=f"{'' if s else 'u'}int{w}")
        for s in (True, False)
        for w in (2, 4, 6, 8, 16)
    ]
    return {format.name: format for format in formats}


#: The formats of the OCP, IEEE 754 and FNUZ families and the common integers, by name.
STANDARD_FORMATS: dict[str, NumberFormat] = _standard()
_STANDARD_NAMES = {format: format for format in STANDARD_FORMATS.values()}


def _standard_of(format: NumberFormat) -> NumberFormat:
    """The standard format that means the same, if any: ``e8m7`` is ``bf16``."""
    return _STANDARD_NAMES.get(format, format)


def _check_width(width: int) -> None:
    if not _MIN_GRAMMAR_WIDTH <= width <= _MAX_GRAMMAR_WIDTH:
        raise ValueError(
            f"The float width must be from {_MIN_GRAMMAR_WIDTH} to {_MAX_GRAMMAR_WIDTH}, "
            f"not {width}"
        )


@cache
def parse_format(text: str) -> NumberFormat:
    """The format of a name.

    Raises:
        ValueError: if no format has this name; the nearest standard name is suggested.
    """
    name = _ALIASES.get(text, text)
    if match := _ML_DTYPES.fullmatch(name):
        name = match[1]
    if name in STANDARD_FORMATS:
        return STANDARD_FORMATS[name]
    try:
        if match := _INTEGER.fullmatch(name):
            unsigned_, width, fraction, narrow = match.groups()
            return _standard_of(
                IntegerFormat(int(width), not unsigned_, int(fraction or 0), bool(narrow))
            )
        if match := _P3109.fullmatch(name):
            return _parse_p3109(int(match[1]), int(match[2]), match[3] == "s", match[4] == "e")
        if match := _FLOAT.fullmatch(name):
            unsigned_, e, m, bias, specials, nozero = match.groups()
            _check_width((not unsigned_) + int(e) + int(m))
            kind = Specials.TOP_NAN if unsigned_ else Specials.IEEE
            if specials:
                kind = Specials.TOP_NAN if specials == "fn" else Specials(specials)
            bias = int(bias) if bias else default_bias(int(e), kind) if int(e) else 0
            return _standard_of(FloatFormat(int(e), int(m), bias, not unsigned_, kind, not nozero))
    except ValueError as error:
        raise ValueError(f"The format {text!r} does not exist: {error}") from None
    near = difflib.get_close_matches(text, STANDARD_FORMATS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        "The format name must be like 'e4m3fn', 'bf16', 'int8', 'e3m2none' or 'binary8p4se', "
        f"not {text!r}{hint}"
    )


def float_format(text: str) -> FloatFormat:
    """The float format of a name.

    Raises:
        ValueError: if there is none.
    """
    format = parse_format(text)
    if not isinstance(format, FloatFormat):
        raise ValueError(f"The format must be a float format, not {text!r}")
    return format


def _parse_p3109(k: int, p: int, signed: bool, extended: bool) -> FloatFormat:
    """IEEE P3109 interim report v4.0: bias ``2**(K-P-1)`` signed, ``2**(K-P)`` unsigned."""
    _check_width(k)
    if not 1 <= p <= k - signed:
        raise ValueError(f"The precision must be from 1 to {k - signed} here, not {p}")
    finite = Specials.ZERO_NAN if signed else Specials.TOP_NAN
    specials = Specials.EXTENDED if extended else finite
    bias = 1 << (k - p - 1 if signed else k - p)
    name = f"binary{k}p{p}{'s' if signed else 'u'}{'e' if extended else 'f'}"
    return FloatFormat(k - p + (not signed), p - 1, bias, signed, specials, name=name)
