"""Bit planes, tables, digits, shifts, and words of several formats."""

from collections.abc import Iterator

from .case import Case

__all__ = ["multiplier_free"]


def multiplier_free() -> Iterator[Case]:
    yield from _planes()
    yield from _tables()
    yield from _digits()
    yield from _bitmod()
    yield from _shift_add()
    yield from _mixed()
    yield from _bitlinear()


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
    aligned = {"semantics": "aligned", "a": "e5m2", "beats": "3"}
    yield unit, {"fraction": "3", "b": "uint2", "rows": "2", "lanes": "2", **aligned, **serial}
    yield unit, {"shared_precompute": "true", "o": "fp16", **aligned, **few}
    yield "lut-table", {"group": "4", "stages": "1"}
    yield "lut-table", {"a": "e5m2", "contents": "ternary"}
    yield "lut-table", {"a": "int4", "lanes": "6", "group": "3", "quantized": "true"}
    yield "lut-table", {"a": "fp16", "lanes": "2", "semantics": "aligned"}


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
    rotating = {"element": "plain", "dataflow": "rotating", "beats": "4"}
    yield unit, {**small, "a": "e2m1fn", "b": "int4", **rotating}
    yield unit, {**small, "a": "int2n", "b": "int4", "rows": "1", "beats": "3"}


def _bitmod() -> Iterator[Case]:
    unit = "bitmod-encoder"
    yield unit, {"lanes": "1", "special3": "7"}
    yield unit, {"b": "int8", "lanes": "2", "stages": "1"}
    yield unit, {"b": "all", "lanes": "1", "generation": "detector"}
    yield unit, {"b": "all", "lanes": "1", "special_input": "true"}
    yield unit, {"lanes": "2", "special_input": "true", "generation": "detector"}
    unit = "bitmod-pe"
    yield unit, {"lanes": "1", "beats": "3", "scale_width": "3"}
    yield unit, {"a": "int8", "b": "int8", "beats": "4", "o": "bf16", "stages": "3"}
    at_once = {"scale_width": "4", "scaling": "multiplier"}
    yield unit, {"a": "e4m3fn", "b": "int6", "lanes": "2", "beats": "1", **at_once}
    detected = {"b": "fp3", "generation": "detector", "scale_width": "0"}
    yield unit, {"a": "uint4", "lanes": "3", "beats": "5", "o": "int8", **detected}
    yield unit, {"a": "int8", "b": "all", "lanes": "2", "beats": "3", "stages": "1"}
    aligned = {"accumulation": "aligned", "lanes": "2", "beats": "4"}
    yield unit, {"b": "all", "special_input": "true", "scale_width": "3", **aligned}
    rounded = {"o": "bf16", "scale_width": "0", "stages": "2"}
    yield unit, {"a": "bf16", "b": "int6", **rounded, **aligned}


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
    unit = "constant-dot"
    yield unit, {}
    columns = {"lanes": "3", "columns": "2", "weights": "0x2db8e6f"}
    yield unit, {"a": "uint5f2", "b": "int5n", "o": "int7f1", "stages": "1", **columns}
    unit = "complex-dot"
    yield unit, {"lanes": "4", "beats": "3"}
    yield unit, {"a": "int4", "lanes": "3", "scales": "unified", "stages": "1"}
    yield unit, {"lanes": "3", "scales": "unified", "conjugate": "false", "structure": "plain"}
    unit = "shift-add-dot"
    yield unit, {"lanes": "4", "beats": "3", "stages": "2"}
    yield unit, {"a": "fp16", "b": "int4", "lanes": "2", "beats": "3", "zero": "false", "o": "fp16"}
    yield unit, {"lanes": "3", "beats": "2", "scale": "fp16", "o": "fp32"}
    yield unit, {"a": "e5m2", "b": "uint2", "lanes": "2", "beats": "1", "structure": "plain"}


def _mixed() -> Iterator[Case]:
    unit = "mixed-precision-mac"
    yield unit, {}
    yield unit, {"fp8": "false", "lanes": "3", "beats": "1", "stages": "1"}
    yield unit, {"int4": "false", "fp4": "false", "lanes": "2", "beats": "9", "stages": "2"}
    yield unit, {"int4": "false", "fp8": "false", "fp4": "false", "adder": "plain"}
    unit = "unpacker"
    yield unit, {}
    yield unit, {"o": "int7", "lanes": "3", "width": "8"}
    yield unit, {"o": "uint5", "lanes": "1", "width": "64", "stages": "2"}
    whole = {"o": "int4", "lanes": "4", "width": "16", "stages": "0"}
    yield unit, {**whole, "high": "true", "interleaved": "true"}
    unit = "packer"
    yield unit, {}
    yield unit, {"a": "int7", "lanes": "3", "width": "8", "stages": "2"}
    yield unit, {"a": "uint5", "lanes": "1", "width": "64"}
    whole = {"a": "int4", "lanes": "4", "width": "16", "stages": "0"}
    yield unit, {**whole, "high": "true", "interleaved": "true"}
    yield "group-unpacker", {}
    yield "group-unpacker", {"b": "int4", "lanes": "3", "split": "true", "stages": "1"}
    yield "outlier-splitter", {"lanes": "1"}
    yield "outlier-splitter", {"a": "e4m3fnuz", "lanes": "3", "threshold": "100", "stages": "1"}


def _bitlinear() -> Iterator[Case]:
    unit = "rms-statistics"
    yield unit, {"lanes": "2", "beats": "3", "stages": "2"}
    yield unit, {"a": "int8f4", "lanes": "3", "beats": "5", "size": "14", "o": "exact"}
    yield unit, {"a": "e5m2", "lanes": "2", "gained": "true", "epsilon": "8", "o": "bf16"}
    yield unit, {"a": "e2m1fn", "lanes": "3", "beats": "1", "epsilon": "none", "structure": "plain"}
    unit = "rms-scale"
    yield unit, {"largest": "int8f4", "size": "768", "o": "bf16", "stages": "1"}
    yield unit, {"a": "bf16", "largest": "e4m3fn", "size": "3", "top": "1", "o": "fp16"}
    unit = "bitlinear-quantizer"
    yield unit, {"a": "e4m3fn", "lanes": "1"}
    yield unit, {"lanes": "2", "stages": "3"}
    yield unit, {"a": "int5", "o": "int4", "lanes": "2"}
