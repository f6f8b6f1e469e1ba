"""NVFP4 as TransformerEngine computes it, in its order of binary32 operations.

The unit ``block-quantizer`` rounds exact quotients. NVIDIA's library scales by rounded reciprocals
instead, which gives another code where a quotient is near a tie. Its steps, one binary32 rounding
each (TransformerEngine's NVFP4 reference quantizer; NVIDIA, arXiv 2509.25149, appendix B)::

    encode   = min(448 * 6 / amax of the tensor, largest binary32); 1 where either is 0
    decode   = 1 / encode
    s        = E4M3 of min(amax of the block * (encode * fl(1/6)), 448)
    multiply = min(1 / (s * decode), largest binary32)
    q[i]     = E2M1 of clamp(x[i] * multiply, -6, 6)
"""

from typing import Any

import numpy as np

from ....hdl.formats import NegativeZero, Overflow, Projection, parse_format
from ..cast import cast

__all__ = ["quantize_te", "tensor_scale_te"]

_FP32 = parse_format("fp32")
_E2M1 = parse_format("e2m1fn")
_UE4M3 = parse_format("ue4m3")
_MOST = np.finfo(np.float32).max
_ONE, _SIX, _TOP = np.float32(1), np.float32(6), np.float32(448 * 6)


def tensor_scale_te(amax: Any) -> np.float32:
    """What a tensor is multiplied by before its blocks are scaled."""
    amax = np.float32(amax)
    with np.errstate(divide="ignore", over="ignore"):
        encode = min(_TOP / amax, _MOST) if amax > 0 else np.float32(0)
    return _ONE if encode == 0 else np.float32(encode)


def quantize_te(x: Any, amax: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Codes of E2M1 elements, and of the blocks' scales in UE4M3.

    The blocks of a two-dimensional scale are rows of 256 numbers. A block whose scale rounds to
    zero has whatever codes the steps give it; they count for nothing.

    Args:
        x: finite binary32 numbers, a block a row.
        amax: the tensor's largest magnitude; that of ``x`` by default.
    """
    x = np.asarray(x, np.float32)
    encode = tensor_scale_te(np.abs(x).max(initial=0) if amax is None else amax)
    decode = _ONE / encode
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        factor = encode * (_ONE / _SIX)
        unrounded = np.minimum(np.abs(x).max(axis=-1) * factor, np.float32(448))
        scales = cast(unrounded.view(np.uint32), _FP32, _UE4M3)
        multiply = np.minimum(_ONE / (_UE4M3.to_float(scales).astype(np.float32) * decode), _MOST)
        scaled = np.clip(x * multiply[:, None], -_SIX, _SIX)
    # Of numbers that become zero only those that were rounded keep their sign.
    projection = Projection(overflow=Overflow.SAT, neg_zero=NegativeZero.KEEP)
    codes = cast(scaled.view(np.uint32), _FP32, _E2M1, projection)
    return np.where(scaled == 0, 0, codes), scales
