"""NVFP4 as TransformerEngine computes it, in its order of binary32 operations.

The unit ``block-quantizer`` rounds exact quotients, unless it is asked for this order (``scaler``).
NVIDIA's library scales by rounded reciprocals instead, which gives another code where a quotient is
near a tie. Its steps, one binary32 rounding each (TransformerEngine's NVFP4 reference quantizer;
NVIDIA, arXiv 2509.25149, appendix B)::

    encode   = min(448 * 6 / amax of the tensor, largest binary32); 1 where either is 0
    decode   = 1 / encode
    s        = E4M3 of min(amax of the block * (encode * fl(1/6)), 448)
    multiply = min(1 / (s * decode), largest binary32)
    q[i]     = E2M1 of clamp(x[i] * multiply, -6, 6)
"""

from typing import Any

import numpy as np

from ....hdl.formats import FloatFormat, NegativeZero, Overflow, Projection, parse_format
from ..cast import cast
from .quotients import to_floats

__all__ = ["quantize_blocks_te", "quantize_te", "tensor_scale_te"]

_FP32, _E2M1, _UE4M3 = (parse_format(name) for name in ("fp32", "e2m1fn", "ue4m3"))
_NEGATIVE_ZERO, _SCALE_NAN = 0x8, 0x7F
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
    scaled, scales = _scaled(x, np.broadcast_to(encode, len(x)))
    # Of numbers that become zero only those that were rounded keep their sign.
    return np.where(scaled == 0, 0, _elements(scaled)), scales


def quantize_blocks_te(
    numbers: np.ndarray, a: FloatFormat, tensor_scales: np.ndarray, projection: Projection
) -> tuple[np.ndarray, np.ndarray]:
    """As the unit does it with ``scaler=te``: codes of elements and of scales.

    Each block has a tensor's scale of its own. A NaN, an infinity or a tensor's scale that is no
    positive normal number make the block's scale NaN; beside that, or a zero scale, or one that the
    tensor's takes beyond binary32, all element codes are 0. Zeros have the signs of their numbers,
    or none, by ``neg_zero``.

    Args:
        numbers: codes in ``a``, whose numbers are binary32's, too; a block a row.
        tensor_scales: binary32 codes.
    """
    encode = np.asarray(tensor_scales).astype(np.uint32).view(np.float32)
    decoded = a.decode(numbers)
    valid = np.isfinite(encode) & (encode >= np.finfo(np.float32).tiny)
    valid &= ~(decoded.nan | decoded.infinite).any(axis=-1)
    encode = np.where(valid, encode, _ONE).astype(np.float32)
    x = np.where(valid[:, None], to_floats(np.asarray(numbers), a), 0).astype(np.float32)
    scaled, scales = _scaled(x, encode)
    codes = _elements(np.where(scaled == 0, np.copysign(np.float32(0), x), scaled))
    if projection.neg_zero is NegativeZero.DROP:
        codes = np.where(codes == _NEGATIVE_ZERO, 0, codes)
    with np.errstate(over="ignore"):
        divisor = _UE4M3.to_float(scales).astype(np.float32) * (_ONE / encode)
    dead = ~valid | (scales == 0) | np.isinf(divisor)
    return np.where(dead[:, None], 0, codes), np.where(valid, scales, _SCALE_NAN)


def _scaled(x: np.ndarray, encode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that become elements, and the codes of the scales."""
    decode = _ONE / encode
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        factor = encode * (_ONE / _SIX)
        unrounded = np.minimum(np.abs(x).max(axis=-1) * factor, np.float32(448))
        scales = cast(unrounded.view(np.uint32), _FP32, _UE4M3)
        multiply = np.minimum(_ONE / (_UE4M3.to_float(scales).astype(np.float32) * decode), _MOST)
        return np.clip(x * multiply[:, None], -_SIX, _SIX), scales


def _elements(scaled: np.ndarray) -> np.ndarray:
    projection = Projection(overflow=Overflow.SAT, neg_zero=NegativeZero.KEEP)
    return cast(scaled.view(np.uint32), _FP32, _E2M1, projection)
