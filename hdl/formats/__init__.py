"""Number formats: what each bit pattern means. No rounding, no hardware."""

from .base import Decoded, NumberFormat, NumberValue, NumberView, product_range
from .blocks import STANDARD_BLOCKS, BlockFormat, parse_block
from .floats import FloatFormat, FloatView, Specials
from .integers import IntegerFormat
from .names import STANDARD_FORMATS, float_format, parse_format
from .projection import InfinityTo, NanTo, NegativeZero, Overflow, Projection, Rounding

__all__ = [
    "STANDARD_BLOCKS",
    "STANDARD_FORMATS",
    "BlockFormat",
    "Decoded",
    "FloatFormat",
    "FloatView",
    "InfinityTo",
    "IntegerFormat",
    "NanTo",
    "NegativeZero",
    "NumberFormat",
    "NumberValue",
    "NumberView",
    "Overflow",
    "Projection",
    "Rounding",
    "Specials",
    "float_format",
    "parse_block",
    "parse_format",
    "product_range",
]
