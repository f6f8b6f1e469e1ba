"""Between integer codes and bit planes: one bit of 64 vectors in every word.

Bit ``k`` of word ``w`` of a plane belongs to vector ``64 * w + k``. Beyond the last vector a plane
holds zeros when it is made here, and anything after evaluation.
"""

import numpy as np

from ..bench import pack, unpack

__all__ = ["all_planes", "codes_of", "lane_mask", "planes_of", "words_for"]

# Planes of the lowest six bits of the vector's number: the same in every word.
_LOW = tuple(
    sum(1 << k for k in range(64) if k >> bit & 1)  # 0xAAAA..., 0xCCCC..., 0xF0F0...
    for bit in range(6)
)


def words_for(vectors: int) -> int:
    """Words of a plane of so many vectors."""
    return -(-vectors // 64)


def planes_of(codes: np.ndarray, element_width: int) -> np.ndarray:
    """The planes of a port, lowest bit first: ``uint64 (bits, words)``.

    Parameters:
        codes: as for `pack`: ``(n,)``, or ``(n, elements)`` with element 0 in the low bits; of any
            integer type, ``object`` included.
        element_width: Bits of one element.
    """
    codes = np.asarray(codes)
    if codes.size and codes.dtype.kind == "O" and element_width <= 62:
        codes = codes.astype(np.int64)
    bits = element_width * (codes.shape[1] if codes.ndim == 2 else 1)
    count = len(codes)
    planes = np.zeros((bits, words_for(count) * 8), np.uint8)
    # Columns are contiguous, so that NumPy's bytewise operations take many vectors at once.
    octets = np.ascontiguousarray(pack(codes, element_width).T)
    for bit in range(bits):
        chosen = octets[bit // 8] & np.uint8(1 << bit % 8)
        planes[bit, : -(-count // 8)] = np.packbits(chosen, bitorder="little")
    return planes.view("<u8")


def codes_of(
    planes: np.ndarray, count: int, element_width: int, elements: int | None = None
) -> np.ndarray:
    """The codes of the first ``count`` vectors, as `unpack` gives them; inverse of `planes_of`."""
    bits = element_width * (1 if elements is None else elements)
    octets = np.zeros((-(-bits // 8), count), np.uint8)
    rows = np.ascontiguousarray(planes).view(np.uint8)
    for bit in range(bits):
        values = np.unpackbits(rows[bit], bitorder="little", count=count)
        octets[bit // 8] |= values << np.uint8(bit % 8)
    return unpack(octets.T, element_width, elements)


def all_planes(bits: int, start: int = 0, count: int | None = None) -> np.ndarray:
    """Planes of the numbers from ``start`` on, of all ``2**bits`` by default, without an index.

    ``start`` is a multiple of 64. Numbers beyond the last one begin again at 0.
    """
    if start % 64:
        raise ValueError(f"The first vector must be a multiple of 64, not {start}")
    words = words_for((1 << bits) if count is None else count)
    planes = np.empty((bits, words), np.uint64)
    first = start // 64
    for bit in range(bits):
        if bit < 6:
            planes[bit] = _LOW[bit]
            continue
        period = 1 << bit - 6  # words that hold 0, as many as then hold 1
        if period >= words and first // period == (first + words - 1) // period:
            planes[bit] = -(first // period & 1) & (1 << 64) - 1
            continue
        if first % (2 * period) == 0 and words % (2 * period) == 0:
            halves = planes[bit].reshape(-1, 2, period)
            halves[:, 0], halves[:, 1] = 0, np.uint64((1 << 64) - 1)
            continue
        index = np.arange(first, first + words, dtype=np.uint64) >> np.uint64(bit - 6)
        planes[bit] = np.uint64(0) - (index & np.uint64(1))
    return planes


def lane_mask(vectors: int) -> np.ndarray:
    """Ones for so many vectors, zeros in the rest of the last word."""
    mask = np.full(words_for(vectors), ~np.uint64(0))
    if vectors % 64:
        mask[-1] = (1 << vectors % 64) - 1
    return mask
