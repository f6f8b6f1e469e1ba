"""All combinations of a unit's operands."""

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib.data import ArrayLayout

from ...hdl.unit import Unit
from .draws import legal_codes

__all__ = ["every_operand"]


def every_operand(unit: Unit, bits: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Codes by field, each row a combination; random words are drawn, and narrow integers leave out
    the code they do not have.

    Args:
        unit: Which.
        bits: Of all operands together.
        rng: For the random words.
    """
    fields = {name: field.shape for name, field in unit.i.payload.shape()}
    index = np.arange(1 << bits, dtype=np.int64)
    if "random" in fields:
        # Each with the least random word, with the greatest, and with one of those between.
        index = np.tile(index, 3)
    result = {}
    keep = np.ones(len(index), bool)
    for name, format in fields.items():
        if name == "random":
            lanes = (format.length,) if isinstance(format, ArrayLayout) else ()
            element = format.elem_shape if isinstance(format, ArrayLayout) else format
            most = (1 << Shape.cast(element).width) - 1
            words = rng.integers(0, most + 1, (len(index), *lanes))
            third = len(index) // 3
            words[:third], words[third : 2 * third] = 0, most
            result[name] = words
            continue
        elements = format.length if isinstance(format, ArrayLayout) else 1
        element = format.elem_shape if isinstance(format, ArrayLayout) else format
        width, illegal = legal_codes(element)
        columns = []
        for _ in range(elements):
            columns.append(index & ((1 << width) - 1))
            index = index >> width
            if illegal is not None:
                keep &= columns[-1] != illegal
        result[name] = np.stack(columns, axis=1) if isinstance(format, ArrayLayout) else columns[0]
    return {name: codes[keep] for name, codes in result.items()}
