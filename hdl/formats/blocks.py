"""Block formats: elements that share a scale, and how such formats are named.

``mxfp8_e4m3``, ``mxfp8_e5m2``, ``mxfp6_e3m2``, ``mxfp6_e2m3``, ``mxfp4``, ``mxint8``
    OCP Microscaling v1.0: 32 elements, a power of two as scale.
``nvfp4``, ``nvfp4_2d``
    16 elements of E2M1, a scale in E4M3, a second one of the whole tensor in FP32; in tiles of
    16 by 16 with the suffix.
``bfpW_N``, ``bfpWsm_N``
    Block floating point: N mantissas of W bits with their sign, in two's complement, or in sign and
    magnitude as MSFP and HBFP have it.
``dfpW_N``
    Dynamic fixed point: as block floating point, without the most negative mantissa. Its exponent
    is that of a whole tensor, in beats of N elements.
``ELEMENT[z]_SCALE_SIZE[xROWS][_TENSORSCALE]``
    Anything else, by the names of number formats: ``e2m1fn_ue5m3_16``, ``int8_fp32_64``, with
    ``z`` also a zero point in the format of the (unsigned) elements: ``uint4z_fp16_128``.
"""

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from .base import Decoded, NumberFormat
from .floats import FloatFormat, Specials
from .integers import IntegerFormat
from .names import parse_format

__all__ = ["STANDARD_BLOCKS", "BlockFormat", "parse_block"]

_MOST_ELEMENTS = 1024
_BFP = re.compile(r"bfp(\d+)(sm)?_(\d+)", re.ASCII)
_DFP = re.compile(r"dfp(\d+)_(\d+)", re.ASCII)
_GENERAL = re.compile(r"([a-z0-9]+?)(z?)_([a-z0-9]+)_(\d+)(?:x(\d+))?(?:_([a-z0-9]+))?", re.ASCII)


@dataclass(frozen=True, repr=False)
class BlockFormat:
    """``size`` elements along the contraction, each worth ``scale * (element - zero point)``.

    Parameters
    ----------
    element
        Format of the elements.
    scale
        Format of the scale that a block's elements share.
    size
        Elements of a block along the contraction, 1 to 1024.
    rows
        Rows of the matrix that share the scale, too: 16 in NVFP4's two-dimensional blocks.
    tensor_scale
        Format of a second scale, of the whole tensor; None where there is none. Units leave it to
        whoever takes their results: one multiplication per result, not per block.
    zero_point
        Whether a block has a zero point, in the format of its elements.

    Raises
    ------
    ValueError
        If a size is out of range, or a zero point is asked of elements that are no unsigned
        integers.
    """

    element: NumberFormat
    scale: NumberFormat
    size: int
    rows: int = 1
    tensor_scale: FloatFormat | None = None
    zero_point: bool = False
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for what, value in (("block size", self.size), ("number of rows", self.rows)):
            if not 1 <= value <= _MOST_ELEMENTS:
                raise ValueError(f"The {what} must be from 1 to {_MOST_ELEMENTS}, not {value}")
        if self.zero_point and (not isinstance(self.element, IntegerFormat) or self.element.signed):
            raise ValueError(
                f"A zero point needs elements that are unsigned integers, not '{self.element}'"
            )
        if not self.name:
            rows = f"x{self.rows}" if self.rows > 1 else ""
            tensor = f"_{self.tensor_scale}" if self.tensor_scale else ""
            zero = "z" * self.zero_point
            name = f"{self.element}{zero}_{self.scale}_{self.size}{rows}{tensor}"
            object.__setattr__(self, "name", name)

    @property
    def bits_per_element(self) -> float:
        """Storage of an element with its share of the block's scale and zero point."""
        shared = self.scale.width + (self.element.width if self.zero_point else 0)
        return self.element.width + shared / (self.size * self.rows)

    @property
    def power_of_two_scale(self) -> bool:
        """Whether every scale is a power of two, so that scaling is an exponent's addition."""
        return isinstance(self.scale, FloatFormat) and self.scale.mantissa_width == 0

    @property
    def difference(self) -> NumberFormat:
        """The format of an element less its block's zero point."""
        if not self.zero_point:
            return self.element
        assert isinstance(self.element, IntegerFormat)
        return IntegerFormat(self.element.width + 1, True, self.element.fraction, narrow=True)

    def decode_elements(self, codes: Any, zero_points: Any = None) -> Decoded:
        """The exact values of elements less their zero points, without any scale.

        Args:
            zero_points: one per element.
        """
        element = self.element.decode(codes)
        if zero_points is None:
            return element
        signed = np.asarray(codes).astype(np.int64) - np.asarray(zero_points).astype(np.int64)
        return Decoded(element.nan, element.infinite, signed < 0, abs(signed), element.exponent)

    def decode(self, codes: Any, scales: Any, zero_points: Any = None) -> Decoded:
        """The exact values of elements, without the tensor's scale.

        A NaN scale makes NaNs of all elements, an infinite one infinities, and infinity times zero
        is NaN. Significands are Python integers where 60 bits might not hold them.

        Args:
            codes: of elements, blocks side by side along the last axis.
            scales, zero_points: one per block along the last axis.
        """
        scale = self.scale.decode(np.repeat(np.asarray(scales), self.size, axis=-1))
        if zero_points is not None:
            zero_points = np.repeat(np.asarray(zero_points), self.size, axis=-1)
        element = self.decode_elements(codes, zero_points)
        wide = _significand_bits(self.element) + _significand_bits(self.scale) > 60
        kind = object if wide else np.int64
        significand = element.significand.astype(kind) * scale.significand.astype(kind)
        infinite = element.infinite | scale.infinite
        nothing = [
            (x.significand == 0) & ~x.nan & ~x.infinite & y.infinite
            for x, y in ((element, scale), (scale, element))
        ]
        nan = np.asarray(element.nan | scale.nan | nothing[0] | nothing[1], bool)
        return Decoded(
            nan=nan,
            infinite=infinite & ~nan,
            negative=(element.negative ^ scale.negative) & ~nan,
            significand=np.where(nan | infinite, 0, significand),
            exponent=element.exponent + scale.exponent,
        )

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<block format {self.name}>"


def _significand_bits(format: NumberFormat) -> int:
    return format.precision if isinstance(format, FloatFormat) else format.width


def _standard() -> dict[str, BlockFormat]:
    e8m0, ue4m3 = parse_format("e8m0fnu"), parse_format("ue4m3")
    fp32 = parse_format("fp32")
    assert isinstance(fp32, FloatFormat)
    elements = {
        "mxfp8_e4m3": "e4m3fn",
        "mxfp8_e5m2": "e5m2",
        "mxfp6_e3m2": "e3m2fn",
        "mxfp6_e2m3": "e2m3fn",
        "mxfp4": "e2m1fn",
        "mxint8": "mxint8",
    }
    blocks = [BlockFormat(parse_format(e), e8m0, 32, name=name) for name, e in elements.items()]
    e2m1 = parse_format("e2m1fn")
    blocks += [
        BlockFormat(e2m1, ue4m3, 16, tensor_scale=fp32, name="nvfp4"),
        BlockFormat(e2m1, ue4m3, 16, rows=16, tensor_scale=fp32, name="nvfp4_2d"),
    ]
    return {block.name: block for block in blocks}


#: The formats of OCP MX and NVFP4, by name.
STANDARD_BLOCKS: dict[str, BlockFormat] = _standard()
_STANDARD_NAMES = {block: block for block in STANDARD_BLOCKS.values()}


@cache
def parse_block(text: str) -> BlockFormat:
    """The block format of a name.

    Raises:
        ValueError: if no block format has this name; the nearest standard name is suggested.
    """
    if text in STANDARD_BLOCKS:
        return STANDARD_BLOCKS[text]
    try:
        if match := _BFP.fullmatch(text):
            return _bfp(int(match[1]), bool(match[2]), int(match[3]), text)
        if match := _DFP.fullmatch(text):
            width, size = int(match[1]), int(match[2])
            element = IntegerFormat(width, fraction=width - 2, narrow=True)
            return BlockFormat(element, parse_format("e8m0fnu"), size, name=text)
        if match := _GENERAL.fullmatch(text):
            return _general(*match.groups())
    except ValueError as error:
        raise ValueError(f"The block format {text!r} does not exist: {error}") from None
    near = difflib.get_close_matches(text, STANDARD_BLOCKS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        "The block format must be like 'mxfp4', 'nvfp4', 'bfp8_32' or 'e2m1fn_ue5m3_16', "
        f"not {text!r}{hint}"
    )


def _bfp(width: int, sign_magnitude: bool, size: int, name: str) -> BlockFormat:
    """Mantissas between -2 and 2, in units of ``2**(2 - width)``.

    A float with one exponent bit and no specials is a sign and a magnitude: its exponent field is
    the hidden bit itself.
    """
    if not 2 <= width <= 32 or (sign_magnitude and width > 16):
        raise ValueError(
            f"The mantissa width must be from 2 to {16 if sign_magnitude else 32}, not {width}"
        )
    element: NumberFormat = IntegerFormat(width, fraction=width - 2)
    if sign_magnitude:
        element = FloatFormat(1, width - 2, 1, specials=Specials.NONE)
    scale = parse_format("e8m0fnu")
    block = BlockFormat(element, scale, size, name=name)
    return _STANDARD_NAMES.get(block, block)


def _general(
    element: str, zero: str | None, scale: str, size: str, rows: str | None, tensor: str | None
) -> BlockFormat:
    tensor_scale = parse_format(tensor) if tensor else None
    if tensor_scale is not None and not isinstance(tensor_scale, FloatFormat):
        raise ValueError(f"The tensor's scale must be a float format, not {tensor!r}")
    block = BlockFormat(
        parse_format(element),
        parse_format(scale),
        int(size),
        int(rows or 1),
        tensor_scale,
        bool(zero),
    )
    return _STANDARD_NAMES.get(block, block)
