"""Vectors and results as bytes: what Amaranth's own layouts say of the same fields."""

import numpy as np
import pytest
from amaranth.hdl import unsigned
from amaranth.lib.data import ArrayLayout, StructLayout

from bitwright.fpga.host import LinkError
from bitwright.fpga.host.vectors import decode_results, encode_vectors, payload_bytes
from bitwright.hdl.formats import parse_format

LAYOUTS = {
    "odd widths": {"a": parse_format("e2m1fn"), "b": parse_format("int7")},
    "an array": {"first": unsigned(1), "a": ArrayLayout(parse_format("uint3"), 5)},
    "wide": {"p": parse_format("int70"), "nan": unsigned(1)},
    "bytes": {"a": ArrayLayout(parse_format("int8"), 4)},
}


class Payload:
    """A stream's payload, as far as its layout goes."""

    def __init__(self, fields):
        self._layout = StructLayout(fields)

    def shape(self):
        return self._layout


def drawn(rng, shape, count):
    width = shape.elem_shape.width if isinstance(shape, ArrayLayout) else shape.width
    size = (count, shape.length) if isinstance(shape, ArrayLayout) else (count,)
    if width > 62:
        return np.array([int(rng.integers(1 << 62)) << width - 62 for _ in range(count)], object)
    return rng.integers(0, 1 << width, size)


@pytest.mark.parametrize("fields", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("count", [0, 1, 100, 9000])
def test_bytes_are_the_payload_low_byte_first(fields, count, rng):
    payload = Payload(fields)
    codes = {name: drawn(rng, shape, count) for name, shape in fields.items()}
    rows = encode_vectors(payload, codes)
    assert rows.shape == (count, payload_bytes(payload))
    for index in range(0, count, 997):
        value = 0
        for name, field in payload.shape():
            elements = np.atleast_1d(codes[name][index]).tolist()
            width = payload.shape()[name].width // len(elements)
            for position, code in enumerate(elements):
                value |= int(code) << (field.offset + position * width)
        assert int.from_bytes(rows[index].tobytes(), "little") == value
    back = decode_results(payload, rows)
    for name in fields:
        assert back[name].tolist() == codes[name].tolist()


def test_bits_beyond_the_payload_are_refused():
    payload = Payload(LAYOUTS["odd widths"])
    rows = np.array([[0, 0x07], [0, 0x08]], np.uint8)
    assert decode_results(payload, rows[:1])["b"].tolist() == [0x70]
    with pytest.raises(LinkError, match=r"^The board set bits beyond the 11 of a result$"):
        decode_results(payload, rows)
