"""Golden model of the Hadamard transform: a product with the matrix, as it is defined."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded, FloatFormat
from ..exact import INT64_BITS, shift_left, shift_right, wide
from ..rounding import flush_subnormals, project

__all__ = ["model", "sylvester"]


def sylvester(points: int) -> np.ndarray:
    """The matrix of ones and minus ones: each doubling is ``[[H, H], [H, -H]]``."""
    matrix = np.ones((1, 1), np.int64)
    while len(matrix) < points:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Results in the shape of the points, (beats, lanes)."""
    p = parameters
    shape = inputs["a"].shape
    codes = inputs["a"].reshape(-1, p.points)
    signs = np.array([-1 if p.signs >> k & 1 else 1 for k in range(p.points)])
    integers, exponent, field, nan = _integers(p, codes)
    totals = np.asarray((integers * signs) @ sylvester(p.points))
    nan = np.asarray(nan.any(axis=1))
    if p.normalize:
        exponent = exponent - (p.points.bit_length() - 1) // 2
    if p.o is None:
        results: dict[str, np.ndarray] = {"p": np.where(nan[:, None], 0, totals).reshape(shape)}
        if field is not None:
            results["exponent"] = field
        return {**results, "nan": nan.astype(np.int64)}
    numbers = Decoded(
        nan=np.broadcast_to(nan[:, None], totals.shape),
        infinite=np.zeros(totals.shape, bool),
        negative=np.asarray(totals < 0, bool),
        significand=abs(totals),
        exponent=np.broadcast_to(exponent[:, None], totals.shape),
    )
    random = inputs.get("random")
    return {"p": project(numbers, p.o, p.projection, random).reshape(shape)}


def _integers(
    p: Any, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """The points as integers, the exponent of their unit for each block, the largest exponent
    field where that matters, and what is no number."""
    numbers = p.a.decode(codes)
    if p.projection.ftz_in:
        numbers = flush_subnormals(numbers, p.a)
    none = np.zeros(codes.shape, bool)
    whole = np.full(len(codes), p.a.lsb_exponent)
    bits = p.a.max_integer.bit_length() + p.points.bit_length()
    if not isinstance(p.a, FloatFormat):
        return wide(p.a.integers(codes), bits), whole, None, none
    nan = numbers.nan | numbers.infinite
    if p.width == 0:
        places = np.where(numbers.significand == 0, 0, numbers.exponent - p.a.lsb_exponent)
        magnitude = wide(numbers.significand, bits) << wide(places, bits)
        return np.where(numbers.negative, -magnitude, magnitude), whole, None, nan
    fields = (codes & p.a.magnitude_mask) >> p.a.mantissa_width
    fields = np.maximum(fields, 1)
    largest = np.asarray(fields.max(axis=1))
    # Significands with as many places behind the point as the integers have, one before it.
    places = p.width - 2 - p.a.mantissa_width
    kind = np.int64 if p.width + p.points.bit_length() <= INT64_BITS else object
    hidden = (codes & p.a.magnitude_mask) >> p.a.mantissa_width > 0
    mantissas = codes & ((1 << p.a.mantissa_width) - 1)
    if p.projection.ftz_in:
        mantissas = np.where(hidden, mantissas, 0)
    significand = (mantissas + (hidden.astype(np.int64) << p.a.mantissa_width)).astype(kind)
    scaled = shift_left(significand, places) if places > 0 else significand
    lost = np.maximum(-places, 0) + largest[:, None] - fields
    magnitude = shift_right(scaled, lost)
    negative = (codes & p.a.sign_mask) != 0
    exponent = largest - p.a.bias + 2 - p.width
    return np.where(negative, -magnitude, magnitude), exponent, largest, nan
