"""Real numbers as codes of a format, as a quantizer with one scale a tensor makes them."""

from dataclasses import replace
from typing import Any

import numpy as np

from ...hdl.formats import BlockFormat, FloatFormat, IntegerFormat, NumberFormat, float_format
from ..golden.cast import cast
from ..golden.convert.block_quantizer import quantize

__all__ = ["bits", "block_codes", "codes", "finite", "near_one", "zero_code"]

_FP32 = float_format("fp32")
_TABLE_BITS = 16
_NARROW_FLOAT = 8
_EXACT_BITS = 53
_BINADES = 4


def codes(numbers: np.ndarray, format: NumberFormat, peak: float) -> np.ndarray:
    """Codes of numbers that lie between ``-peak`` and ``peak``, or of which few are beyond.

    Integers, and floats of at most 8 bits, are scaled so that ``peak`` is the format's largest
    number; what is beyond saturates. Wider floats are not scaled. Integers of two bits are scaled
    by the mean magnitude, as ternary weights are in BitNet b1.58, and one bit is the sign.
    Unsigned integers have their zero in the middle if there are negative numbers; unsigned floats
    take magnitudes.
    """
    if isinstance(format, IntegerFormat):
        return _integers(numbers, format, peak)
    if format.width <= _NARROW_FLOAT:
        largest = float(format.max_integer) * 2.0**format.lsb_exponent
        numbers = numbers * (largest / peak)
    if not format.signed:
        numbers = abs(numbers)
    return cast(_binary32(numbers), _FP32, format).astype(np.int64)


def zero_code(format: NumberFormat, negative: bool) -> int:
    """The code of 0, where there are negative numbers or not."""
    if isinstance(format, IntegerFormat) and not format.signed and negative:
        return int(np.rint(format.max_integer / 2))
    return 0


def block_codes(
    numbers: np.ndarray, block: BlockFormat, peak: float
) -> tuple[np.ndarray, np.ndarray]:
    """Codes of elements and of scales; a row holds whole blocks.

    Formats that have a scale of the tensor get one that brings ``peak`` to the largest scale times
    the largest element.

    Raises:
        ValueError: for blocks that the quantizer does not make.
    """
    if not isinstance(block.scale, FloatFormat) or block.zero_point:
        raise ValueError(f"The operands must be uniform for the block format '{block}'")
    if block.tensor_scale is not None:
        top = float(block.element.max_integer) * 2.0**block.element.lsb_exponent
        numbers = numbers * (top * float(block.scale.max_value) / peak)
    rows = _binary32(numbers).reshape(-1, block.size)
    elements, scales = quantize(rows, _FP32, replace(block, rows=1, name=""))
    count = len(numbers)
    return (
        np.asarray(elements).astype(np.int64).reshape(count, -1),
        np.asarray(scales).astype(np.int64).reshape(count, -1),
    )


def finite(rng: np.random.Generator, format: NumberFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Every legal code of a finite number alike."""
    if isinstance(format, IntegerFormat) and format.narrow:
        draws = rng.integers(format.min_integer, format.max_integer + 1, shape)
        return draws & ((1 << format.width) - 1)
    if isinstance(format, IntegerFormat):
        return bits(rng, format.width, shape)
    assert isinstance(format, FloatFormat)
    if format.width <= _TABLE_BITS:
        decoded = format.decode(np.arange(1 << format.width))
        table = np.flatnonzero(~(decoded.nan | decoded.infinite))
        return table[rng.integers(0, len(table), shape)]
    magnitude = rng.integers(0, format.max_magnitude + 1, shape)
    return magnitude | rng.integers(0, 2, shape) * format.sign_mask


def near_one(rng: np.random.Generator, scale: NumberFormat, shape: tuple[int, ...]) -> np.ndarray:
    """Scales within a few binades of one, all alike: uniform ones would leave one block in charge
    of every sum."""
    if not isinstance(scale, FloatFormat):
        return finite(rng, scale, shape)
    field = np.clip(
        scale.bias + rng.integers(-_BINADES, _BINADES + 1, shape), 0, scale.max_exponent_field
    )
    mantissa = rng.integers(0, 1 << scale.mantissa_width, shape)
    return np.clip((field << scale.mantissa_width) | mantissa, 0, scale.max_magnitude)


def bits(rng: np.random.Generator, width: int, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform words."""
    if width <= 62:
        return rng.integers(0, 1 << width, shape)
    words = [
        rng.integers(0, 1 << 32, shape).astype(object) << 32 * k for k in range(-(-width // 32))
    ]
    wide: Any = np.sum(words, axis=0)
    return wide & ((1 << width) - 1)


def _integers(numbers: np.ndarray, format: IntegerFormat, peak: float) -> np.ndarray:
    if format.width > _EXACT_BITS:
        raise ValueError(
            f"The operands must be uniform for integers of more than {_EXACT_BITS} bits, "
            f"such as '{format}'"
        )
    if format.width == 1:
        return (numbers < 0 if format.signed else numbers > 0).astype(np.int64)
    low, high = format.min_integer, format.max_integer
    if format.signed:
        unit = float(abs(numbers).mean()) or 1.0 if format.width == 2 else peak / high
        integers = numbers / unit
    elif np.any(numbers < 0):
        integers = numbers * (high / 2 / peak) + zero_code(format, True)
    else:
        integers = numbers * (high / peak)
    return np.clip(np.rint(integers), low, high).astype(np.int64) & ((1 << format.width) - 1)


def _binary32(numbers: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(numbers, np.float32).view(np.uint32)
