"""Values as the command line has them: from text, wrong ones refused in a sentence."""

import argparse
import functools
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

__all__ = [
    "baud",
    "divisor",
    "megahertz",
    "most_bits",
    "positive",
    "seconds",
    "seed",
    "seeds",
    "terms",
    "vectors",
]

Value = TypeVar("Value")


def _typed(convert: Callable[[str], Value]) -> Callable[[str], Value]:
    """A conversion whose ValueError reaches the user with its own words."""

    @functools.wraps(convert)
    def converted(text: str) -> Value:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converted


@_typed
def positive(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise ValueError(f"A number of vectors must be a positive integer or 'all', not '{text}'")
    return value


@_typed
def vectors(text: str) -> int | str:
    return text if text == "all" else positive(text)


@_typed
def most_bits(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 32:
        raise ValueError(f"The most bits must be an integer from 1 to 32, not '{text}'")
    return value


@_typed
def seed(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"The seed must be an integer of at least 0, not '{text}'")
    return int(text)


@_typed
def seconds(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 100_000:
        raise ValueError(
            f"The time limit must be an integer of seconds from 1 to 100000, not '{text}'"
        )
    return value


@_typed
def terms(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 1024:
        raise ValueError(f"The number of terms must be an integer from 1 to 1024, not '{text}'")
    return value


@_typed
def seeds(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if value < 1:
        raise ValueError(f"The number of seeds must be a positive integer, not '{text}'")
    return value


@_typed
def megahertz(text: str) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    if not 0 < value < 10_000:
        raise ValueError(f"The clock must be a number of MHz, such as 24 or 12.5, not '{text}'")
    return value


@_typed
def baud(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"The baud rate must be an integer, such as 1000000, not '{text}'")
    return int(text)


@_typed
def divisor(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"The divisor must be an integer of at least 4, not '{text}'")
    return int(text)
