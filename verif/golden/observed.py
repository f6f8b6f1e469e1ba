"""Lets coverage see the exact numbers that golden models round, and what became of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from ...hdl.formats import Decoded, NumberFormat, Projection

__all__ = ["Rounded", "hidden", "observing", "report", "watched"]


class Rounded(NamedTuple):
    """One call of the golden rounder."""

    numbers: Decoded
    target: NumberFormat
    projection: Projection
    codes: np.ndarray


_SEEN: ContextVar[list[Rounded] | None] = ContextVar("seen", default=None)


def watched() -> bool:
    """Whether anyone is looking."""
    return _SEEN.get() is not None


def report(numbers: Decoded, target: NumberFormat, projection: Projection, codes: Any) -> None:
    """Say what was rounded to what."""
    seen = _SEEN.get()
    if seen is not None:
        seen.append(Rounded(numbers, target, projection, np.asarray(codes)))


@contextmanager
def observing() -> Iterator[list[Rounded]]:
    """All that is rounded inside, in order."""
    seen: list[Rounded] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


@contextmanager
def hidden() -> Iterator[None]:
    """What is rounded inside is no result: the filling of a table."""
    token = _SEEN.set(None)
    try:
        yield
    finally:
        _SEEN.reset(token)
