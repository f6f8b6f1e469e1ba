"""Between codes of a unit's fields and the bytes that travel: one payload, one number."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from ...verif.bench import pack, unpack
from ...verif.compare import element
from .errors import LinkError

__all__ = ["decode_results", "encode_vectors", "payload_bytes"]

# Rows that are spread to single bits at once: bounds the memory.
_ROWS = 1 << 13


def payload_bytes(payload: Any) -> int:
    """Bytes of one vector or result."""
    return -(-Shape.cast(payload.shape()).width // 8)


def encode_vectors(payload: Any, codes: Mapping[str, np.ndarray]) -> np.ndarray:
    """``uint8 (n, payload_bytes)`` from the codes of each field, as `stimuli` gives them.

    The payload is a unit's ``i.payload``; its first field stands in the low bits, and the lowest
    byte comes first.
    """
    fields = [
        (Shape.cast(field.shape).width, pack(codes[name], element(field.shape)[1]))
        for name, field in payload.shape()
    ]
    count = len(fields[0][1])
    rows = np.empty((count, payload_bytes(payload)), np.uint8)
    for start in range(0, count, _ROWS):
        part = slice(start, start + _ROWS)
        bits = [
            np.unpackbits(octets[part], axis=1, bitorder="little", count=width)
            for width, octets in fields
        ]
        rows[part] = np.packbits(np.concatenate(bits, axis=1), axis=1, bitorder="little")
    return rows


def decode_results(payload: Any, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The codes of each field of a unit's ``o.payload``; the inverse of `encode_vectors`.

    Raises:
        LinkError: if bits are set beyond the payload.
    """
    width = Shape.cast(payload.shape()).width
    spare = -width % 8
    if spare and len(rows) and int(rows[:, -1].max()) >> (8 - spare):
        raise LinkError(f"The board set bits beyond the {width} of a result")
    parts: dict[str, list[np.ndarray]] = {name: [] for name, _ in payload.shape()}
    for start in range(0, max(len(rows), 1), _ROWS):
        bits = np.unpackbits(rows[start : start + _ROWS], axis=1, bitorder="little")
        for name, field in payload.shape():
            mine = bits[:, field.offset : field.offset + Shape.cast(field.shape).width]
            octets = np.packbits(mine, axis=1, bitorder="little")
            _, each, elements = element(field.shape)
            parts[name].append(unpack(octets, each, elements))
    return {name: np.concatenate(codes) for name, codes in parts.items()}
