"""Our golden models beside ml_dtypes, and where libraries disagree: which is right, and why."""

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np
import pytest

from bitwright.hdl.formats import NanTo, Overflow, Projection, parse_format
from bitwright.verif.golden.cast import cast

FP32 = parse_format("fp32")
FP64_CASTS_TWICE = {"bfloat16": 7, "float8_e4m3fn": 3, "float8_e5m2": 2, "float4_e2m1fn": 1}
DTYPES = {
    "e5m2": "float8_e5m2", "e4m3fn": "float8_e4m3fn", "e4m3fnuz": "float8_e4m3fnuz",
    "e5m2fnuz": "float8_e5m2fnuz", "e4m3b11fnuz": "float8_e4m3b11fnuz", "e4m3": "float8_e4m3",
    "e3m4": "float8_e3m4", "e3m2fn": "float6_e3m2fn", "e2m3fn": "float6_e2m3fn",
    "e2m1fn": "float4_e2m1fn", "bf16": "bfloat16",
}
NONSATURATING = Projection(overflow=Overflow.INF_OR_NAN)


def by_ml_dtypes(x, dtype):
    """Codes of an array of numbers."""
    dtype = np.dtype(getattr(ml_dtypes, dtype))
    with np.errstate(all="ignore"):
        return np.asarray(x).astype(dtype).view(f"u{dtype.itemsize}").astype(np.int64)


def ours(x, name, projection=NONSATURATING):
    codes = np.asarray(x, np.float32).view(np.uint32)
    return cast(codes, FP32, parse_format(name), projection)


def one_nan(format, codes):
    """All NaNs as the one that units emit."""
    return np.where(format.decode(codes).nan, format.nan_code or 0, codes)


@pytest.mark.parametrize("name", DTYPES)
def test_nearest_even_as_in_ml_dtypes(name, rng, agree):
    """From binary32, overflow as each type has it: all ties and their neighbours, random bits."""
    format = parse_format(name)
    values = np.unique(np.abs(format.to_float(np.arange(1 << format.width))))
    values = values[np.isfinite(values)]
    values = np.append(values, 2 * values[-1] - values[-2])
    middle = (values[1:] + values[:-1]) / 2
    with np.errstate(over="ignore"):
        x = np.concatenate([values, middle]).astype(np.float32)
    x = np.concatenate([x, np.nextafter(x, np.float32(0)), np.nextafter(x, np.float32(np.inf))])
    drawn = rng.integers(0, 1 << 32, 50000, dtype=np.uint32).view(np.float32)
    x = np.concatenate([x, -x, drawn, np.float32([0, -0.0, np.inf, -np.inf])])
    x = x[~np.isnan(x)]
    got, want = ours(x, name), by_ml_dtypes(x, DTYPES[name])
    agree(format, one_nan(format, got), one_nan(format, want), a=(FP32, x.view(np.uint32)))


@pytest.mark.parametrize(("dtype", "mantissa"), FP64_CASTS_TWICE.items())
def test_ml_dtypes_rounds_binary64_twice(dtype, mantissa):
    """Right: the next number up, as it is nearest to 1 + 2**-(M+1) + 2**-40. ml_dtypes goes through
    binary32, loses the last bit, sees a tie and rounds it to even: no binary64 in golden models."""
    x = np.float64(1 + 2.0 ** -(mantissa + 1) + 2.0**-40)
    format = parse_format(dtype)
    wrong = by_ml_dtypes(x, dtype)
    code = (1 << 40) + (1 << (39 - mantissa)) + 1
    right = cast(np.array([code]), parse_format("int42f40"), format)
    assert format.to_float(wrong) == 1
    assert format.to_float(right)[0] == 1 + 2.0**-mantissa
    assert format.text(int(ours(np.float32(x), dtype))) == "1"  # binary32 has a tie


def test_numpy_rounds_binary64_to_binary16_once():
    x = np.float64(1 + 2.0**-11 + 2.0**-40)
    assert np.float16(x) == 1 + 2.0**-10


@pytest.mark.parametrize(("x", "ml", "tie_to_even_code"), [
    (1.5, 2, 2), (3, 4, 2), (6, 8, 8), (12, 16, 8), (0.75, 1, 0.5),
])
def test_ties_between_powers_of_two(x, ml, tie_to_even_code):
    """P3109 ties to the even code, gfloat too; ml_dtypes rounds every tie up. Neither is used for
    scales, whose exponents come from exponent fields."""
    format = parse_format("e8m0fnu")
    info = gfloat.formats.format_info_ocp_e8m0
    assert format.to_float(by_ml_dtypes(np.float32(x), "float8_e8m0fnu")) == ml
    assert gfloat.round_float(info, x) == tie_to_even_code
    assert format.to_float(ours(x, "e8m0fnu")) == tie_to_even_code


@pytest.mark.parametrize(("x", "code"), [
    (0.0, 0xFF), (-0.0, 0xFF), (-1.0, 0xFF), (-np.inf, 0xFF), (2.0**-130, 0x00), (np.nan, 0xFF),
])
def test_power_of_two_scales_have_no_zero(x, code):
    """OCP MX v1.0, 5.4.1: no zero, no sign: NaN. Both agree; what is too small is the least."""
    assert by_ml_dtypes(np.float32(x), "float8_e8m0fnu") == code
    assert ours(x, "e8m0fnu") == code


@pytest.mark.parametrize(("name", "x", "code"), [
    ("e4m3fn", 464, 0x7E), ("e4m3fn", 465, 0x7F), ("e4m3fn", -465, 0x7F), ("e4m3fn", np.inf, 0x7F),
    ("e5m2", 61439, 0x7B), ("e5m2", 61440, 0x7C), ("e5m2", -61440, 0xFC), ("e4m3", 248, 0x78),
    ("e3m4", 15.75, 0x70), ("e4m3fnuz", 248, 0x80), ("e5m2fnuz", 61440, 0x80),
    ("e4m3b11fnuz", -31, 0x80), ("e3m2fn", 1e9, 0x1F), ("e2m3fn", -np.inf, 0x3F),
    ("e2m1fn", np.inf, 0x7),
])
def test_ml_dtypes_saturates_only_where_there_is_no_nan(name, x, code):
    """Its casts are OCP's non-saturating ones: 'inf_or_nan' here, from the tie above the largest
    number where that one's code is odd."""
    format = parse_format(name)
    both = [by_ml_dtypes(np.float32(x), DTYPES[name]), ours(x, name)]
    assert one_nan(format, np.array(both)).tolist() == [code, code]
    saturated = ours(x, name, Projection())
    assert abs(format.to_float(saturated)) == float(format.max_value)


@pytest.mark.parametrize("name", ["e2m1fn", "e2m3fn", "e3m2fn"])
@pytest.mark.parametrize("x", [np.nan, -np.nan])
def test_nan_into_a_type_without_nan(name, x):
    """No standard defines it. ml_dtypes gives a zero of the other sign, gfloat refuses; here it is
    a choice: the largest number, as CUDA's saturating conversions do, or zero."""
    format = parse_format(name)
    x = np.copysign(np.float32(np.nan), np.float32(x))
    theirs = by_ml_dtypes(x, DTYPES[name])
    assert format.text(int(theirs)) == ("0" if np.signbit(x) else "-0")
    info = {"e2m1fn": "e2m1", "e2m3fn": "e2m3", "e3m2fn": "e3m2"}[name]
    with pytest.raises(ValueError, match="No NaN in format"):
        gfloat.round_float(getattr(gfloat.formats, f"format_info_ocp_{info}"), float("nan"))
    assert format.to_float(ours(x, name)) == float(format.max_value)
    assert ours(x, name, Projection(nan_to=NanTo.ZERO)) == 0


def test_saturation_in_gfloat_takes_infinity_along():
    """So does ours; SatPropagate keeps infinities (P3109, SatFinite and SatPropagate)."""
    info = gfloat.formats.format_info_ocp_e5m2
    assert gfloat.round_float(info, float("inf"), gfloat.RoundMode.TiesToEven, True) == 57344
    assert parse_format("e5m2").to_float(ours(np.inf, "e5m2", Projection())) == 57344
    propagate = Projection(overflow=Overflow.P3109_SATPROPAGATE)
    assert ours(np.inf, "e5m2", propagate) == 0x7C
    assert ours(1e9, "e5m2", propagate) == 0x7B


@pytest.mark.parametrize(("x", "ml", "saturated"), [(100, 4, 7), (-100, -4, -8), (7, 7, 7)])
def test_integers_of_ml_dtypes_wrap(x, ml, saturated):
    """Right in arithmetic for AI is saturation; ml_dtypes takes the low bits."""
    assert int(np.array([x]).astype(ml_dtypes.int4)[0]) == ml
    code = cast(np.array([x]) & 0xFFFF, parse_format("int16"), parse_format("int4"))
    assert parse_format("int4").to_float(code)[0] == saturated
