"""Multipliers and converters of single numbers."""

from collections.abc import Iterator

from .case import Case

__all__ = ["products"]


def products() -> Iterator[Case]:
    yield from _multipliers()
    yield from _integers()
    yield from _packed()
    yield from _lmul()
    yield from _converters()


def _multipliers() -> Iterator[Case]:
    unit = "float-multiplier"

    def case(a: str, b: str, o: str, **other: str) -> Case:
        return unit, {"a": a, "b": b, "o": o, **other}

    for mode in ("rne", "rna", "rtz", "ru", "rd", "rto"):
        yield case("e4m3fn", "e4m3fn", "e4m3fn", rounding=mode)
    for mode in ("sra", "srb", "src"):
        yield case("e4m3fn", "e4m3fn", "e4m3fn", rounding=mode, random_bits="4")
    for overflow in ("sat", "inf_or_nan", "p3109_satnone", "p3109_satpropagate"):
        yield case("e5m2", "e5m2", "e5m2", overflow=overflow)
    yield case("e4m3fn", "e4m3fn", "e4m3fn", overflow="inf_or_nan", ftz_in="true", ftz_out="true")
    yield case("e4m3fn", "e5m2", "fp16", overflow="inf_or_nan")
    yield case("e4m3fn", "e5m2", "bf16")
    yield case("e4m3fn", "e4m3fn", "exact")
    yield case("e5m2", "e5m2", "exact")
    yield case("e4m3fnuz", "e5m2fnuz", "e4m3fnuz", overflow="inf_or_nan")
    yield case("e3m4", "e4m3", "e3m4", overflow="inf_or_nan", nan_to="nan")
    yield case("binary8p4se", "binary8p3se", "binary8p4se", overflow="p3109_satnone")
    yield case("binary8p4sf", "binary8p4sf", "binary8p3se", rounding="rto", neg_zero="drop")
    yield case("e8m0fnu", "e4m3fn", "e5m2", overflow="inf_or_nan")
    yield case("ue5m3", "e2m1fn", "bf16")
    for name in ("e2m1fn", "e2m3fn", "e3m2fn"):
        yield case(name, name, name)
    for stages in ("1", "2", "3"):
        yield case("e4m3fn", "e4m3fn", "e4m3fn", stages=stages)
    yield case("fp16", "fp16", "fp16", overflow="inf_or_nan")
    yield case("bf16", "e4m3fn", "fp32", overflow="inf_or_nan")
    yield case("bf16", "bf16", "e4m3fn", stages="2")
    # Of some registers only the upper bits are used.
    yield case(
        "e4m3fn",
        "e6m1",
        "e5m2",
        rounding="sra",
        random_bits="1",
        stages="3",
        overflow="inf_or_nan",
        nan_to="zero",
        inf_to="nan",
        neg_zero="drop",
    )
    yield case(
        "fp16",
        "e3m4",
        "ue5m3",
        rounding="srb",
        random_bits="2",
        stages="3",
        overflow="p3109_satpropagate",
        inf_to="nan",
        structure="booth",
    )


def _integers() -> Iterator[Case]:
    unit = "integer-multiplier"
    for structure in ("compressor", "booth", "plain", "dsp"):
        yield unit, {"a": "int8", "b": "int8", "structure": structure}
    yield unit, {"a": "uint8", "b": "int8"}
    yield unit, {"a": "int8n", "b": "uint4", "structure": "booth"}
    yield unit, {"a": "mxint8", "b": "mxint8", "stages": "1"}
    yield unit, {"a": "int16", "b": "uint12", "structure": "booth"}


def _packed() -> Iterator[Case]:
    unit = "packed-multiplier"
    yield unit, {}
    yield unit, {"a": "int4", "b": "int4", "stages": "2"}
    yield unit, {"a": "uint4", "b": "int4"}
    yield unit, {"a": "uint5", "b": "uint6", "structure": "booth"}
    yield unit, {"a": "int4n", "b": "uint3"}
    yield unit, {"a": "int3", "b": "int3", "lanes": "3"}
    yield unit, {"a": "int2f1", "b": "int1", "lanes": "5", "structure": "compressor"}
    yield unit, {"a": "int8", "b": "int8", "structure": "plain", "stages": "1"}


def _lmul() -> Iterator[Case]:
    unit = "lmul-multiplier"
    yield unit, {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"}
    yield unit, {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn", "semantics": "formula"}
    yield unit, {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn", "prebiased": "true"}
    yield unit, {"a": "e4m3fn", "b": "e4m3fn", "o": "exact"}
    yield unit, {"a": "e5m2", "b": "e5m2", "o": "e5m2", "specials": "ieee", "stages": "1"}
    yield unit, {"a": "e3m4", "b": "e3m4", "o": "e3m4", "structure": "plain"}
    yield unit, {"a": "bf16", "b": "bf16", "o": "bf16"}


def _converters() -> Iterator[Case]:
    unit = "float-converter"
    for o in ("e4m3fn", "e5m2", "e2m1fn", "bf16", "e8m0fnu", "int8", "binary8p3se"):
        yield unit, {"a": "fp32", "o": o}
    for mode in ("rna", "ru", "rd", "rto"):
        yield unit, {"a": "fp32", "o": "e4m3fn", "rounding": mode, "overflow": "inf_or_nan"}
    for mode in ("sra", "srb", "src"):
        yield unit, {"a": "fp32", "o": "e2m1fn", "rounding": mode, "random_bits": "8"}
    yield unit, {"a": "fp16", "o": "e2m1fn"}
    yield unit, {"a": "bf16", "o": "int8", "rounding": "rna", "nan_to": "zero"}
    yield unit, {"a": "bf16", "o": "e3m2fn", "ftz_out": "true"}
    yield unit, {"a": "e5m2", "o": "fp32", "stages": "3"}
    yield unit, {"a": "int16", "o": "e4m3fn", "stages": "2"}
    yield unit, {"a": "uint8", "o": "fp16"}
