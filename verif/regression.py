"""The configurations that every change is verified on.

With operands of up to 16 bits together, all their combinations are tried; wider ones are tried on
every pairing of corners and on seeded draws.
"""

from collections.abc import Iterator

__all__ = ["NETLISTS", "REGRESSION", "Case", "case_name"]

Case = tuple[str, dict[str, str]]


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


def _affine() -> Iterator[Case]:
    unit = "affine-dot-product"
    both = {"zero_a": "true", "zero_b": "true"}
    yield unit, {"lanes": "2", "beats": "4"}
    yield unit, {"lanes": "3", "b": "int6n", "correction": "before", "stages": "2", **both}
    yield unit, {"lanes": "3", "a": "uint8", "structure": "dsp", **both}
    dgq = {"b": "uint4", "zero_a": "false", "zero_b": "true", "scale_width": "7", "lanes": "4"}
    yield unit, {"beats": "3", "stages": "1", **dgq}
    yield unit, {"scaling": "before", **dgq}


def _planes() -> Iterator[Case]:
    unit = "bitplane-dot"
    yield unit, {"a": "int3", "b": "int2", "lanes": "3"}
    turns = {"schedule": "activation_serial", "zero_b": "true"}
    yield unit, {"a": "int4", "lanes": "4", "beats": "3", **turns}
    both = {"zero_a": "true", "zero_b": "true"}
    yield unit, {"a": "int8", "b": "uint4", "lanes": "3", "scale_width": "5", "stages": "2", **both}
    yield unit, {"a": "uint3", "lanes": "3", "beats": "2", "schedule": "serial", **both}
    unit = "bipolar-dot"
    yield unit, {"a": "uint3", "b": "uint2", "lanes": "3", "structure": "planes"}
    masked = {"masked": "true", "beats": "4", "lanes": "5"}
    yield unit, {"schedule": "activation_serial", "stages": "1", **masked}
    yield unit, {"a": "uint1", "b": "uint1", "lanes": "8", "schedule": "parallel"}
    yield unit, {"a": "int4", "b": "uint2", "lanes": "4", "activations": "integer"}
    yield unit, {"a": "uint2", "b": "uint3", "schedule": "serial", **masked}


def _digits() -> Iterator[Case]:
    unit = "carry-save-mac"
    yield unit, {"width": "32"}
    yield unit, {"lanes": "2", "accumulation": "carry_save_full", "stages": "1"}
    yield unit, {"a": "uint5", "b": "int4n", "accumulation": "plain", "width": "12", "stages": "2"}
    yield unit, {"lanes": "3", "a": "int4", "b": "int6", "beats": "9", "reduction": "weight"}
    yield unit, {"a": "int6", "b": "int5", "structure": "plain", "adder": "plain"}
    unit = "digit-encoder"
    yield unit, {}
    yield unit, {"recoding": "ent", "lanes": "2", "stages": "1"}
    yield unit, {"a": "uint5", "recoding": "booth"}
    unit = "digit-serial-mac"
    yield unit, {"count": "true", "group": "2"}
    yield unit, {"a": "int4", "b": "uint4", "lanes": "2", "group": "2", "recoding": "ent"}
    yield unit, {"order": "place", "recoding": "booth", "count": "true", "stages": "1"}
    yield unit, {"a": "int4", "accumulation": "plain", "group": "1", "stages": "2"}
    unit, small = "mac-array", {"rows": "2", "columns": "2", "a": "int4", "b": "uint4"}
    yield unit, {"element": "plain", "dataflow": "systolic", **small}
    yield unit, {"depth": "2", "beats": "7", "adder": "plain", **small}
    yield unit, {"element": "digit_serial", "depth": "2", "stages": "1", **small}


def _shift_add() -> Iterator[Case]:
    unit = "ternary-dot"
    yield unit, {"lanes": "7", "code": "astc", "beats": "4"}
    yield unit, {"a": "uint4", "lanes": "6", "code": "base3", "stages": "2"}
    yield unit, {"a": "e4m3fn", "lanes": "3", "beats": "3", "o": "bf16", "structure": "plain"}
    yield unit, {"lanes": "1", "beats": "65535"}
    unit = "power-of-two-dot"
    yield unit, {"lanes": "3", "beats": "4"}
    fixed = {"o": "int10f4", "rounding": "rne", "overflow": "sat"}
    yield unit, {"a": "int8f6", "powers": "1", "least": "-5", "lanes": "4", "stages": "1", **fixed}
    yield unit, {"a": "uint4", "powers": "3", "code": "exponent", "structure": "plain"}
    unit = "complex-dot"
    yield unit, {"lanes": "4", "beats": "3"}
    yield unit, {"a": "int4", "lanes": "3", "scales": "unified", "stages": "1"}
    yield unit, {"lanes": "3", "scales": "unified", "conjugate": "false", "structure": "plain"}
    unit = "shift-add-dot"
    yield unit, {"lanes": "4", "beats": "3", "stages": "2"}
    yield unit, {"a": "fp16", "b": "int4", "lanes": "2", "beats": "3", "zero": "false", "o": "fp16"}
    yield unit, {"lanes": "3", "beats": "2", "scale": "fp16", "o": "fp32"}
    yield unit, {"a": "e5m2", "b": "uint2", "lanes": "2", "beats": "1", "structure": "plain"}


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


def _hadamard_transforms() -> Iterator[Case]:
    unit, published = "hadamard-transform", str(0xD7E8)
    yield unit, {"a": "int8", "signs": published}
    yield unit, {"a": "int4", "lanes": "4", "signs": published, "stages": "2"}
    yield unit, {"a": "uint4", "points": "8", "lanes": "1", "o": "fp16", "stages": "3"}
    yield unit, {"a": "int6f3", "points": "4", "normalize": "true", "o": "int5f1", "adder": "plain"}
    yield unit, {"a": "bf16", "points": "8", "width": "16", "o": "bf16", "stages": "2"}
    yield unit, {"a": "fp16", "points": "4", "width": "20"}
    yield unit, {"a": "e4m3fn", "points": "4", "o": "e4m3fn", "rounding": "src", "random_bits": "4"}


def _tables() -> Iterator[Case]:
    unit, few = "lut-dot", {"columns": "2"}
    yield unit, {"columns": "1", "b": "int1", "a": "int3", "group": "4"}
    yield unit, {"rows": "2", "zero": "true", "b": "uint2", "remapped": "true", **few}
    serial = {"schedule": "serial", "stages": "1"}
    yield unit, {"b": "uint4", "beats": "3", "zero": "true", "select": "one-hot", **serial, **few}
    yield unit, {"b": "int3", "symmetric": "false", "structure": "plain", **serial, **few}
    ternary = {"b": "int2n", "coding": "ternary", "group": "3", "lanes": "6", "remapped": "true"}
    yield unit, {"shared_precompute": "true", **ternary, **few}
    yield unit, {"a": "e4m3fn", "b": "uint2", "coding": "bipolar", "o": "bf16", "columns": "1"}
    yield unit, {"table_int8": "true", "shared_precompute": "true", **few}
    yield "lut-table", {"group": "4", "stages": "1"}
    yield "lut-table", {"a": "e5m2", "contents": "ternary"}
    yield "lut-table", {"a": "int4", "lanes": "6", "group": "3", "quantized": "true"}


def _mixed() -> Iterator[Case]:
    unit = "mixed-precision-mac"
    yield unit, {}
    yield unit, {"fp8": "false", "lanes": "3", "beats": "1", "stages": "1"}
    yield unit, {"int4": "false", "fp4": "false", "lanes": "2", "beats": "9", "stages": "2"}
    yield unit, {"int4": "false", "fp8": "false", "fp4": "false", "adder": "plain"}


#: Units by catalogue name, with parameters as on the command line.
REGRESSION: tuple[Case, ...] = (
    *_multipliers(),
    *_integers(),
    *_packed(),
    *_lmul(),
    *_converters(),
    *_block_conversions(),
    *_dot_products(),
    *_accumulators(),
    *_digits(),
    *_hadamard_transforms(),
    *_requantizers(),
    *_scale_shifts(),
    *_affine(),
    *_shift_add(),
    *_mixed(),
    *_planes(),
    *_tables(),
    *_block_dots(),
)


#: Those whose netlists are simulated too, for each family of FPGAs with models of its cells.
NETLISTS: tuple[Case, ...] = (
    ("float-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"}),
    ("lmul-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"}),
    ("float-converter", {"a": "bf16", "o": "e4m3fn", "stages": "1"}),
    ("integer-multiplier", {"a": "int8", "b": "int8", "structure": "dsp"}),
    ("packed-multiplier", {"a": "int4", "b": "int4", "stages": "1"}),
    ("dot-product", {"a": "int8", "b": "int8", "lanes": "4", "o": "exact", "stages": "1"}),
    (
        "dot-product",
        {"a": "int8", "b": "int8", "lanes": "2", "o": "exact", "beats": "4", "structure": "dsp"},
    ),
)


def case_name(case: Case) -> str:
    """A short name, for test reports."""
    unit, texts = case
    return "-".join([unit, *(f"{k}={v}" for k, v in texts.items())])
