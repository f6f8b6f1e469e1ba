"""Between planes and bits one by one, a byte for each: what a trace of clock cycles is made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..bench import pack
from ..compare import element

__all__ = ["bits_of", "field_bits", "planes_from"]


def field_bits(stream: Any, codes: Mapping[str, np.ndarray]) -> np.ndarray:
    """The bits of all fields of a stream side by side, a beat in each row: ``uint8``."""
    columns = []
    for name, spec in stream.payload.shape():
        _, width, elements = element(spec.shape)
        octets, size = pack(np.asarray(codes[name]), width), width * (elements or 1)
        columns.append(np.unpackbits(octets, axis=1, bitorder="little", count=size))
    return np.concatenate(columns, axis=1)


def planes_from(bits: np.ndarray) -> np.ndarray:
    """Planes of rows of bits, zeros in the rest of the last word: ``uint64 (rows, words)``."""
    octets = np.packbits(bits, axis=1, bitorder="little")
    full = np.zeros((len(bits), -(-octets.shape[1] // 8) * 8), np.uint8)
    full[:, : octets.shape[1]] = octets
    return full.view(np.uint64)


def bits_of(planes: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` bits of each plane: ``uint8 (rows, count)``; inverse of `planes_from`."""
    octets = np.ascontiguousarray(planes).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little", count=count)
