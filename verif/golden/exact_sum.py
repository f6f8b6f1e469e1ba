"""Exact sums of products over lanes and beats, and their one rounding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...hdl.formats import Decoded, NumberFormat, Projection
from .exact import INT64_BITS, bit_length, wide
from .rounding import project

__all__ = ["ExactSums", "of_last_beat", "over_beats", "sum_lanes"]


@dataclass(frozen=True)
class ExactSums:
    """Sums in units of ``2**lsb_exponent``, and where a NaN or an infinity of either sign came in.

    ``total`` may be Python integers.
    """

    total: np.ndarray
    lsb_exponent: int
    nan: np.ndarray
    plus: np.ndarray
    minus: np.ndarray

    def over_beats(self, inputs: Mapping[str, np.ndarray]) -> "ExactSums":
        """The sums of the beats between ``first`` and ``last``, where a unit has such bounds."""
        if "first" not in inputs:
            return self
        starts = np.flatnonzero(inputs["first"])
        flags = (np.logical_or.reduceat(x, starts) for x in (self.nan, self.plus, self.minus))
        return ExactSums(np.add.reduceat(self.total, starts), self.lsb_exponent, *flags)

    @property
    def numbers(self) -> Decoded:
        """The finite sums, infinities and NaN; infinities of both signs make NaN."""
        nan = np.asarray(self.nan | (self.plus & self.minus), bool)
        infinite = np.asarray((self.plus | self.minus) & ~nan)
        negative = np.where(infinite, self.minus, np.asarray(self.total < 0, bool))
        exponent = np.full(len(self.total), self.lsb_exponent)
        return Decoded(nan, infinite, negative, abs(self.total), exponent)

    def result(
        self, o: NumberFormat | None, projection: Projection, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """The output fields: the sums with their flags, 0 where one is set, or rounded."""
        numbers = self.numbers
        if o is None:
            nan = numbers.nan
            flags = {
                "nan": nan,
                "plus_infinity": self.plus & ~nan,
                "minus_infinity": self.minus & ~nan,
            }
            total = np.where(nan | numbers.infinite, 0, self.total)
            return {"p": total, **{k: np.asarray(v).astype(np.int64) for k, v in flags.items()}}
        random = of_last_beat(inputs.get("random"), inputs)
        return {"p": project(numbers, o, projection, random)}


def of_last_beat(values: Any, inputs: Mapping[str, np.ndarray]) -> Any:
    """Of an input, if there is one, what a transaction's last beat brings."""
    if values is None or "last" not in inputs:
        return values
    return values[np.flatnonzero(inputs["last"])]


def over_beats(values: np.ndarray, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Integers of each beat, added up over transactions."""
    if "first" not in inputs:
        return values
    return np.add.reduceat(values, np.flatnonzero(inputs["first"]))


def sum_lanes(terms: Decoded, lsb_exponent: int, count: int) -> ExactSums:
    """The sum of each beat, along the last axis.

    Args:
        lsb_exponent: of a unit that every term is a multiple of.
        count: the most terms that are summed in the end.
    """
    places = np.where(terms.significand == 0, 0, terms.exponent - lsb_exponent)
    top = int((bit_length(np.asarray(terms.significand)) + places).max(initial=0))
    bits = top + count.bit_length() + 1
    magnitude = wide(terms.significand, bits) << wide(places, bits)
    total = np.where(terms.negative, -magnitude, magnitude).sum(axis=-1)
    total = total.astype(np.int64) if bits <= INT64_BITS else total
    infinite = terms.infinite & ~terms.nan
    found = (terms.nan, infinite & ~terms.negative, infinite & terms.negative)
    return ExactSums(total, lsb_exponent, *(np.asarray(x.any(axis=-1)) for x in found))
