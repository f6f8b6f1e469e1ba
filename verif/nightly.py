"""The longer runs of a night: a million vectors each, of blocks and of what they pass through."""


__all__ = ["NIGHTLY"]

_TENSOR_CORE = {"semantics": "aligned", "c": "fp32"}

#: Cases, and how many vectors each is tried on.
NIGHTLY: tuple[tuple[str, dict[str, str], int], ...] = tuple(
    (unit, texts, 1_000_000)
    for unit, texts in (
        ("block-dot-product", {"a": "mxfp4", "b": "mxfp4"}),
        ("block-dot-product", {"a": "mxfp8_e4m3", "b": "mxfp8_e4m3", "c": "fp32"}),
        ("block-dot-product", {"a": "nvfp4", "b": "nvfp4", "blocks": "4", "o": "exact"}),
        (
            "block-dot-product",
            {"a": "mxfp8_e4m3", "b": "mxfp8_e5m2", "semantics": "aligned", "preset": "hopper_fp8"},
        ),
        (
            "block-dot-product",
            {"a": "nvfp4", "b": "nvfp4", "blocks": "4", "preset": "blackwell_fp4", **_TENSOR_CORE},
        ),
        ("block-quantizer", {"a": "bf16", "o": "mxfp4"}),
        ("block-quantizer", {"a": "fp32", "o": "mxfp8_e4m3", "rule": "even"}),
        ("block-quantizer", {"a": "bf16", "o": "nvfp4"}),
        ("block-quantizer", {"a": "bf16", "o": "bfp6_32"}),
        ("block-quantizer", {"a": "bf16", "o": "e2m1fn_e8m0fnu_8", "rule": "quest"}),
        ("block-quantizer", {"a": "bf16", "o": "e2m1fn_ue4m3_4", "scaler": "te"}),
        ("block-dequantizer", {"a": "nvfp4", "o": "bf16"}),
        ("block-dequantizer", {"a": "mxfp8_e5m2"}),
        ("block-scale", {"a": "bf16", "o": "dfp16_4", "beats": "16"}),
        ("exact-accumulator", {"a": "e4m3fn", "b": "e4m3fn", "lanes": "4", "terms": "4096"}),
        ("exact-accumulator", {"a": "nvfp4", "b": "nvfp4", "terms": "4096"}),
        ("affine-dot-product", {"lanes": "32", "zero_a": "true", "zero_b": "true"}),
        ("requantizer", {"a": "int32", "o": "int8", "scheme": "tflite"}),
        ("hadamard-transform", {"a": "bf16", "width": "16", "o": "bf16"}),
        ("bitplane-dot", {"zero_a": "true", "zero_b": "true"}),
        ("lut-dot", {"a": "fp16", "b": "int4", "lanes": "8", "columns": "2", "o": "fp32"}),
        ("ternary-dot", {"code": "astc", "lanes": "30", "beats": "64"}),
        ("digit-serial-mac", {"lanes": "2"}),
    )
)
