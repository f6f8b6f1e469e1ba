"""Dot products and accumulators."""

from collections.abc import Iterator

from .case import Case

__all__ = ["sums"]


def sums() -> Iterator[Case]:
    yield from _dot_products()
    yield from _affine()
    yield from _block_dots()
    yield from _accumulators()


def _dot_products() -> Iterator[Case]:
    unit = "dot-product"

    def case(a: str, b: str, **other: str) -> Case:
        return unit, {"a": a, "b": b, **other}

    yield case("e2m1fn", "e2m1fn", lanes="2", o="exact")
    yield case("int4", "uint4", lanes="2", o="exact")
    yield case("e4m3fn", "e4m3fn", lanes="4")
    yield case("e4m3fn", "e4m3fn", lanes="3", o="exact", beats="4")
    yield case("e5m2", "e4m3fn", lanes="4", overflow="inf_or_nan", beats="3", stages="5")
    yield case("e5m2", "e5m2", lanes="2", o="exact")
    yield case("fp16", "fp16", lanes="2", o="fp16", overflow="inf_or_nan")
    for structure in ("compressor", "booth", "plain"):
        yield case("int8", "int8", lanes="8", o="exact", structure=structure)
    yield case("int8", "int8", lanes="8", beats="16", o="int16", stages="2", rounding="rtz")
    yield case("int8", "e2m1fn", lanes="4", o="bf16", stages="6")
    yield case("e4m3fn", "e4m3fn", lanes="4", product="lmul", structure="plain")
    yield case("e3m4", "e3m4", lanes="4", product="lmul", semantics="formula", beats="2")
    yield case("e4m3fn", "e2m1fn", lanes="4", o="e5m2", rounding="src", random_bits="6", beats="2")


def _affine() -> Iterator[Case]:
    unit = "affine-dot-product"
    both = {"zero_a": "true", "zero_b": "true"}
    yield unit, {"lanes": "2", "beats": "4"}
    yield unit, {"lanes": "3", "b": "int6n", "correction": "before", "stages": "2", **both}
    yield unit, {"lanes": "3", "a": "uint8", "structure": "dsp", **both}
    dgq = {"b": "uint4", "zero_a": "false", "zero_b": "true", "scale_width": "7", "lanes": "4"}
    yield unit, {"beats": "3", "stages": "1", **dgq}
    yield unit, {"scaling": "before", **dgq}


def _block_dots() -> Iterator[Case]:
    unit = "block-dot-product"

    def case(a: str, b: str, **other: str) -> Case:
        return unit, {"a": a, "b": b, **other}

    def aligned(a: str, b: str, **other: str) -> Case:
        return case(a, b, semantics="aligned", **other)

    yield case("mxfp4", "mxfp4")
    yield case("nvfp4", "nvfp4", blocks="2", o="bf16", overflow="inf_or_nan", adder="plain")
    yield case("e2m1fn_e8m0fnu_2", "e2m1fn_ue5m3_4", c="fp32", stages="2", adder="plain")
    yield case("e5m2_e8m0fnu_4", "e2m1fn_e8m0fnu_4", c="fp16", rounding="ru")
    yield case("e5m2_ue5m3_2", "e2m3fn_e8m0fnu_4", o="exact", adder="plain")
    yield case("uint4z_fp16_4", "int8_fp32_4", overflow="inf_or_nan")
    yield case("uint4z_ue4m3_4", "uint3z_bf16_4", o="int16", rounding="sra", random_bits="3")
    yield case(
        "e4m3fn_e8m0fnu_8", "e5m2_e8m0fnu_8", preset="mxdotp", c="fp32", overflow="inf_or_nan"
    )
    yield aligned("e4m3fn_e8m0fnu_8", "e5m2_e8m0fnu_4", fraction="13", o="bf16")
    yield aligned("mxint8", "e2m1fn_ue4m3_16", fraction="9", c="fp16", ftz_in="true")
    yield aligned("fp16_e8m0fnu_8", "fp16_e8m0fnu_8", preset="volta", c="fp16", o="fp16")
    yield aligned("e4m3fn_e8m0fnu_24", "e5m2_e8m0fnu_24", preset="ada_fp8", c="fp32")
    yield aligned("e4m3fn_e8m0fnu_8", "e2m1fn_e8m0fnu_8", preset="blackwell", stages="3")
    yield aligned("nvfp4", "nvfp4", blocks="2", preset="blackwell_fp4", c="fp32")
    sequential = {"semantics": "sequential", "overflow": "inf_or_nan"}
    yield case("e4m3fn_e8m0fnu_2", "e2m1fn_e8m0fnu_2", c="fp32", **sequential)
    yield case("e5m2_ue4m3_2", "int4_e8m0fnu_2", o="fp16", rounding="rd", stages="3", **sequential)


def _accumulators() -> Iterator[Case]:
    unit = "exact-accumulator"
    yield unit, {"terms": "256"}
    yield unit, {"a": "e5m2", "b": "e4m3fn", "lanes": "3", "o": "exact", "segment": "4"}
    yield unit, {"a": "fp16", "b": "fp16", "terms": "64", "stages": "4", "overflow": "inf_or_nan"}
    yield unit, {"a": "bf16", "b": "none", "terms": "64", "o": "bf16", "segment": "32"}
    yield unit, {"a": "e2m1fn", "b": "e2m1fn", "lanes": "8", "terms": "64", "segment": "1"}
    yield unit, {"a": "nvfp4", "b": "nvfp4", "terms": "256", "stages": "3"}
    yield unit, {"a": "int16f8", "b": "none", "lanes": "2", "terms": "99", "o": "fp16"}
    yield unit, {"a": "int8", "b": "e5m2", "terms": "32", "rounding": "sra", "random_bits": "3"}
    yield unit, {"a": "int8", "b": "int8", "lanes": "2", "o": "int12", "adder": "plain"}
