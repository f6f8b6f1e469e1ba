"""Our golden models, ml_dtypes and gfloat on every operation of at most 16 input bits.

All conversions from formats of up to 16 bits and all products and sums of two numbers of up to 8
bits, in every format that a library knows. Where a library differs, the table in
``docs/verification.md`` says how often, and who is right; it lists all differences and no other.
"""

import re
from collections import Counter
from pathlib import Path

import gfloat
import gfloat.formats
import ml_dtypes
import numpy as np

from bitwright.hdl.formats import Decoded, Overflow, Projection, parse_format
from bitwright.verif.golden.cast import cast
from bitwright.verif.golden.exact_sum import sum_lanes
from bitwright.verif.golden.product import multiply
from bitwright.verif.golden.rounding import project

ML_DTYPES = {
    "e5m2": "float8_e5m2", "e4m3fn": "float8_e4m3fn", "e4m3fnuz": "float8_e4m3fnuz",
    "e5m2fnuz": "float8_e5m2fnuz", "e4m3b11fnuz": "float8_e4m3b11fnuz", "e4m3": "float8_e4m3",
    "e3m4": "float8_e3m4", "e3m2fn": "float6_e3m2fn", "e2m3fn": "float6_e2m3fn",
    "e2m1fn": "float4_e2m1fn", "e8m0fnu": "float8_e8m0fnu", "bf16": "bfloat16",
}  # fmt: skip
IN_NUMPY = {"fp16": np.float16, "fp32": np.float32}
GFLOAT = {
    "e5m2": "ocp_e5m2", "e4m3fn": "ocp_e4m3", "e3m2fn": "ocp_e3m2", "e2m3fn": "ocp_e2m3",
    "e2m1fn": "ocp_e2m1", "e8m0fnu": "ocp_e8m0", "bf16": "bfloat16", "fp16": "binary16",
    "fp32": "binary32",
}  # fmt: skip
SOURCES = [*ML_DTYPES, "fp16"]
NONSATURATING = Projection(overflow=Overflow.INF_OR_NAN)


def ml_type(name):
    return np.dtype(IN_NUMPY.get(name) or getattr(ml_dtypes, ML_DTYPES[name]))


def in_ml_dtypes(name, codes):
    dtype = ml_type(name)
    return codes.astype(f"u{dtype.itemsize}").view(dtype)


def numbers_of(name, array):
    """What ml_dtypes answered, as numbers; its codes are read by our formats."""
    format = parse_format(name)
    codes = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").astype(np.int64)
    return format.to_float(codes & ((1 << format.width) - 1))


def by_gfloat(name, exact):
    """Rounded numbers; where it refuses NaN or infinity, NaN in their place is left out."""
    info = getattr(gfloat.formats, f"format_info_{GFLOAT[name]}")
    without = not (info.num_nans or info.num_posinfs)
    asked = np.where(np.isnan(exact), 0.0, exact) if without else exact
    rounded = gfloat.round_ndarray(info, asked, gfloat.RoundMode.TiesToEven, without)
    return rounded, ~(np.isnan(exact) & without)


def differences(ours, theirs, compared=True):
    """By value and sign, NaNs all alike."""
    alike = (ours == theirs) & (np.signbit(ours) == np.signbit(theirs))
    return int((compared & ~(alike | (np.isnan(ours) & np.isnan(theirs)))).sum())


def table():
    """The counts of docs/verification.md."""
    page = Path(__file__).parents[3] / "docs" / "verification.md"
    row = re.compile(
        r"\| (conversion|product|sum) \| (\w+) \| (\w+) \| ([\d,]+) of ([\d,]+) \| .+ \|"
    )
    found = [match.groups() for match in row.finditer(page.read_text())]
    assert found
    return {row[:3]: tuple(int(n.replace(",", "")) for n in row[3:]) for row in found}


def differing(different, tried):
    return {key: (count, tried[key]) for key, count in different.items() if count}


def test_conversions():
    different, tried = Counter(), Counter()
    for source in SOURCES:
        a = parse_format(source)
        codes = np.arange(1 << a.width)
        exact = a.to_float(codes)
        with np.errstate(all="ignore"):
            single = in_ml_dtypes(source, codes).astype(np.float32)
            assert differences(exact, single.astype(np.float64)) == 0
        for target in (name for name in [*SOURCES, "fp32"] if name != source):
            o = parse_format(target)
            ours = o.to_float(cast(codes, a, o, NONSATURATING))
            with np.errstate(all="ignore"):
                theirs = numbers_of(target, single.astype(ml_type(target)))
            key = "conversion", "ml_dtypes", target
            different[key] += differences(ours, theirs)
            tried[key] += len(codes)
            if target in GFLOAT:
                with np.errstate(all="ignore"):
                    theirs, compared = by_gfloat(target, exact)
                key = "conversion", "gfloat", target
                different[key] += differences(ours, theirs, compared)
                tried[key] += len(codes)
    assert len(tried) == len(SOURCES) + 1 + len(GFLOAT)
    listed = {key: counts for key, counts in table().items() if key[0] == "conversion"}
    assert differing(different, tried) == listed


def pairs(name):
    format = parse_format(name)
    codes = np.arange(1 << format.width)
    return format, *(grid.ravel() for grid in np.meshgrid(codes, codes, indexing="ij"))


def total(format, a, b):
    """The exact sum, rounded once."""
    parts = zip(vars(format.decode(a)).values(), vars(format.decode(b)).values(), strict=True)
    terms = Decoded(*(np.stack(pair, axis=-1) for pair in parts))
    return sum_lanes(terms, format.lsb_exponent, 2).result(format, NONSATURATING, {})["p"]


def test_products_and_sums():
    different, tried = Counter(), Counter()
    for name in (name for name in SOURCES if parse_format(name).width <= 8):
        format, a, b = pairs(name)
        x, y = format.to_float(a), format.to_float(b)
        theirs = in_ml_dtypes(name, a), in_ml_dtypes(name, b)
        product = project(multiply(format.decode(a), format.decode(b)), format, NONSATURATING)
        with np.errstate(all="ignore"):
            operations = {
                "product": (product, x * y, theirs[0] * theirs[1]),
                "sum": (total(format, a, b), x + y, theirs[0] + theirs[1]),
            }
        for operation, (codes, exact, answer) in operations.items():
            ours = format.to_float(codes)
            key = operation, "ml_dtypes", name
            different[key] += differences(ours, numbers_of(name, answer))
            tried[key] += len(a)
            if name in GFLOAT:
                with np.errstate(all="ignore"):
                    rounded, compared = by_gfloat(name, exact)
                key = operation, "gfloat", name
                different[key] += differences(ours, rounded, compared)
                tried[key] += len(a)
    listed = {key: counts for key, counts in table().items() if key[0] != "conversion"}
    assert differing(different, tried) == listed


def test_differences_of_scales_are_of_the_kinds_listed():
    """Ties go up in ml_dtypes, to NaN from the largest; so does all between the two least."""
    o = parse_format("e8m0fnu")
    for source in SOURCES[:-1]:
        a = parse_format(source)
        codes = np.arange(1 << a.width)
        exact = a.to_float(codes)
        ours = o.to_float(cast(codes, a, o, NONSATURATING))
        with np.errstate(all="ignore"):
            single = in_ml_dtypes(source, codes).astype(np.float32)
            theirs = numbers_of("e8m0fnu", single.astype(ml_type("e8m0fnu")))
        differ = ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs)))
        up = np.where(ours == 2.0**127, np.nan, 2 * ours)
        assert differences(theirs, up, differ) == 0
        tie = exact[differ] == 1.5 * ours[differ]
        least = (exact[differ] > 2.0**-127) & (exact[differ] < 2.0**-126)
        assert (tie | least).all()
