"""How elements of few bits are stored: in the high part of bytes, and in which order."""

from ..formats import IntegerFormat, NumberFormat

__all__ = ["CONTAINER", "container_format", "stored_at"]

#: Bits of what holds an element in its high part.
CONTAINER = 8


def container_format(element: NumberFormat) -> IntegerFormat:
    """Of bytes with an element in their high part: as many times the element as its binary point
    says.

    Raises:
        ValueError: if the elements are no integers.
    """
    if not isinstance(element, IntegerFormat):
        raise ValueError(f"Elements in the high part of bytes must be integers, not '{element}'")
    return IntegerFormat(CONTAINER, element.signed, element.fraction + CONTAINER - element.width)


def stored_at(lane: int, lanes: int, *, interleaved: bool) -> int:
    """Where a lane's element is stored: of each four, the middle two change places.

    Raises:
        ValueError: if there are not always four.
    """
    if interleaved and lanes % 4:
        raise ValueError(f"The number of interleaved lanes must be a multiple of 4, not {lanes}")
    return lane ^ 3 if interleaved and lane % 4 in (1, 2) else lane
