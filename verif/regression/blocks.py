"""What numbers pass through on their way into blocks, and out of them."""

from collections.abc import Iterator

from .case import Case

__all__ = ["blocks"]


def blocks() -> Iterator[Case]:
    yield from _block_conversions()
    yield from _requantizers()
    yield from _scale_shifts()
    yield from _hadamard_transforms()


def _block_conversions() -> Iterator[Case]:
    def case(a: str, o: str, **other: str) -> Case:
        return "block-quantizer", {"a": a, "o": o, **other}

    yield case("fp32", "e2m1fn_e8m0fnu_4")
    yield case("bf16", "e2m1fn_e8m0fnu_4", rule="rceil", structure="elimination", stages="2")
    yield case("fp32", "e4m3fn_e8m0fnu_4", rule="even", specials="ignore")
    yield case("bf16", "mxint8_e8m0fnu_4", rule="ceil", zero_block="one")
    yield case("fp16", "e2m1fn_ue4m3_4", multiplied="true", specials="ignore")
    yield case("bf16", "int8n_fp16_2", stages="1")
    yield case("bf16", "bfp5sm_4", scale="given", rounding="ru")
    yield case(
        "bf16",
        "e2m1fn_e8m0fnu_4",
        rule="three_quarters",
        rounding="sra",
        random_bits="8",
        random_source="xorshift",
        seed="3",
        stages="1",
    )
    yield case("bf16", "e2m1fn_ue4m3_3", scaler="te", stages="1")
    yield case("bf16", "e2m1fn_e8m0fnu_4", rule="quest", stages="2")
    unit = "block-dequantizer"
    yield unit, {"a": "e5m2_e8m0fnu_2"}
    yield unit, {"a": "e2m1fn_ue4m3_4", "o": "bf16", "stages": "1"}
    yield unit, {"a": "mxint8_e8m0fnu_2", "o": "bf16"}
    yield unit, {"a": "uint4z_fp16_2", "o": "fp16"}
    unit = "block-scale"
    yield unit, {"a": "fp32", "o": "dfp16_4", "beats": "6"}
    yield unit, {"a": "bf16", "o": "e2m1fn_fp32_4", "rule": "max_abs", "beats": "3", "stages": "1"}
    yield unit, {"a": "fp16", "o": "e4m3fn_e8m0fnu_4", "rule": "rceil", "beats": "1"}


def _requantizers() -> Iterator[Case]:
    unit = "requantizer"

    def case(a: str, o: str, **other: str) -> Case:
        return unit, {"a": a, "o": o, **other}

    small = {"multiplier_width": "4", "shift_width": "3"}
    yield case("int8", "int4", **small)
    yield case("int8", "uint4", scheme="tflite", **small)
    yield case("int8", "int3n", rounding="rne", clamp="relu", **small)
    several = {"lanes": "2", "per_channel": "true", "stages": "2", "multiplier_width": "8"}
    yield case("int16", "int8", rounding="rna", bias="true", clamp="range", **several)
    yield case("uint12", "uint8", rounding="floor", zero="true", multiplier_width="6")
    yield case("int20", "int8", structure="dsp", adder="plain", multiplier_width="12", stages="1")
    yield case("int32", "int8", scheme="tflite", zero="true", left_width="2", structure="plain")
    dfp = {"scheme": "power_of_two", "rounding": "stochastic", "random_bits": "8"}
    yield case("int32", "int16n", lanes="2", shift_width="5", **dfp)
    yield "bit-switch", {}
    yield "bit-switch", {"a": "uint8", "least": "3", "rounding": "rne", "lanes": "2", "stages": "1"}
    yield "tensor-shift", {"a": "int16", "o": "int8n", "lanes": "3", "beats": "5"}
    yield "tensor-shift", {"a": "uint16", "o": "int8", "lanes": "2", "beats": "1", "stages": "1"}


def _scale_shifts() -> Iterator[Case]:
    unit = "scale-shift-converter"
    yield unit, {}
    yield unit, {"a": "e4m3fn", "o": "e5m2", "shift": "int5", "overflow": "inf_or_nan"}
    yield unit, {"o": "e2m1fn", "lanes": "3", "rounding": "sra", "random_bits": "4", "stages": "2"}
    yield unit, {"lanes": "2", "shift": "int4", "per_channel": "true", "rounding": "rtz"}


def _hadamard_transforms() -> Iterator[Case]:
    unit, published = "hadamard-transform", str(0xD7E8)
    yield unit, {"a": "int8", "signs": published}
    yield unit, {"a": "int4", "lanes": "4", "signs": published, "stages": "2"}
    yield unit, {"a": "uint4", "points": "8", "lanes": "1", "o": "fp16", "stages": "3"}
    yield unit, {"a": "int6f3", "points": "4", "normalize": "true", "o": "int5f1", "adder": "plain"}
    yield unit, {"a": "bf16", "points": "8", "width": "16", "o": "bf16", "stages": "2"}
    yield unit, {"a": "fp16", "points": "4", "width": "20"}
    yield unit, {"a": "e4m3fn", "points": "4", "o": "e4m3fn", "rounding": "src", "random_bits": "4"}
