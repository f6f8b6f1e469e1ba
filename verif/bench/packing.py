"""Between integer codes and the little-endian bytes of a port's value."""

import numpy as np

__all__ = ["pack", "unpack"]


def pack(codes: np.ndarray, element_width: int) -> np.ndarray:
    """Bytes of a port from the codes of its element or elements.

    Parameters:
        codes: ``(n,)`` for a scalar port, ``(n, elements)`` for an array port, whose element 0
            stands in the low bits. Any integer type; Python integers (``object``) beyond 64 bits.
            Negative codes of signed types are taken modulo ``2**element_width``.
        element_width: Bits of one element, any positive number.

    Returns:
        ``uint8 (n, ceil(elements * element_width / 8))``, unused high bits zero.

    Raises:
        ValueError: for codes that do not fit, or another number of dimensions.
    """
    codes = np.asarray(codes)
    if codes.ndim not in (1, 2):
        raise ValueError(f"Codes must have one or two dimensions, not {codes.ndim}")
    if codes.dtype.kind not in "iubO":
        raise ValueError(f"Codes must be integers, not {codes.dtype}")
    _check_width(element_width)
    if codes.ndim == 1:
        codes = codes[:, None]
    if codes.dtype.kind == "O":
        return _pack_wide(codes, element_width)
    low = -(1 << element_width - 1)
    if codes.size and (int(codes.max()) >= 1 << element_width or int(codes.min()) < low):
        raise ValueError(f"Codes must fit in {element_width} bits")
    if element_width in (8, 16, 32, 64):
        words = np.ascontiguousarray(codes.astype(f"<u{element_width // 8}"))
        return words.view(np.uint8).reshape(len(codes), codes.shape[1] * element_width // 8)
    octets = codes.astype(np.int64 if codes.dtype.kind == "i" else np.uint64)
    octets = octets.astype("<u8")[..., None].view(np.uint8)
    bits = np.unpackbits(octets, axis=-1, bitorder="little", count=min(element_width, 64))
    if element_width > 64:  # what 64 bits hold, extended by its sign
        fill = (codes < 0).astype(np.uint8)[..., None]
        bits = np.concatenate([bits, fill.repeat(element_width - 64, axis=-1)], axis=-1)
    bits = bits.reshape(len(codes), codes.shape[1] * element_width)
    return np.packbits(bits, axis=1, bitorder="little")


def unpack(octets: np.ndarray, element_width: int, elements: int | None = None) -> np.ndarray:
    """Codes of a port's elements from its bytes, as unsigned numbers; the inverse of `pack`.

    Parameters:
        octets: ``uint8 (n, ceil(elements * element_width / 8))``.
        element_width: Bits of one element.
        elements: Elements of an array port; ``None`` for a scalar port.

    Returns:
        ``(n,)`` for a scalar port, else ``(n, elements)``: ``uint64``, or Python integers
        (``object``) where an element is wider than 64 bits.
    """
    _check_width(element_width)
    octets = np.ascontiguousarray(octets, dtype=np.uint8)
    count = 1 if elements is None else elements
    width = element_width * count
    if octets.ndim != 2 or octets.shape[1] != (width + 7) // 8:
        raise ValueError(
            f"Bytes of {width} bits must have the shape (n, {(width + 7) // 8}), not {octets.shape}"
        )
    n = len(octets)
    if element_width in (8, 16, 32, 64):
        words = octets.view(f"<u{element_width // 8}").reshape(n, count).astype(np.uint64)
    else:
        bits = np.unpackbits(octets, axis=1, bitorder="little", count=width)
        bits = bits.reshape(n, count, element_width)
        octets = np.packbits(bits, axis=-1, bitorder="little")
        if element_width > 64:
            words = np.empty((n, count), dtype=object)
            for index in np.ndindex(n, count):
                words[index] = int.from_bytes(octets[index].tobytes(), "little")
        else:
            full = np.zeros((n, count, 8), dtype=np.uint8)
            full[..., : octets.shape[-1]] = octets
            words = full.view("<u8").reshape(n, count).astype(np.uint64)
    return words[:, 0] if elements is None else words


def _pack_wide(codes: np.ndarray, element_width: int) -> np.ndarray:
    size = (codes.shape[1] * element_width + 7) // 8
    mask = (1 << element_width) - 1
    rows = bytearray()
    for row in codes:
        value = 0
        for code in reversed(row.tolist()):
            if code > mask or code < -(1 << element_width - 1):
                raise ValueError(f"Codes must fit in {element_width} bits, which {code!r} does not")
            value = value << element_width | code & mask
        rows += value.to_bytes(size, "little")
    return np.frombuffer(rows, dtype=np.uint8).reshape(len(codes), size)


def _check_width(element_width: int) -> None:
    if element_width < 1:
        raise ValueError(f"Element width must be a positive integer, not {element_width!r}")
