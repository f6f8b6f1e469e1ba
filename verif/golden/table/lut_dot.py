"""Golden model of matrix tiles by table look-up.

Where no table is quantized and none is given, what is computed is a matrix product, and so is the
model: tables leave no trace in the result.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....hdl.formats import Decoded
from ..exact import INT64_BITS, bit_length, shift_right, wide
from ..rounding import project
from . import lut_table
from .aligned import Aligned, aligned, fraction_of
from .weights import digits, values

__all__ = ["model"]


def model(parameters: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One tile per transaction, row by row: (transactions, rows * columns)."""
    p = parameters
    looked_up = p.table_int8 or p.shared_precompute
    cut = _cut(p, inputs) if p.semantics == "aligned" else None
    total, nan, lsb = (_look_up if looked_up else _products)(p, inputs, cut)
    if cut is not None:
        return _of_aligned(p, inputs, total, nan, cut)
    if p.beats > 1:
        starts = np.flatnonzero(inputs["first"])
        bits = int(bit_length(np.asarray(abs(total))).max(initial=0)) + p.beats.bit_length()
        total = np.add.reduceat(wide(total, bits), starts)
        nan = np.logical_or.reduceat(nan, starts)
    return _result(p, total, nan, np.full((*nan.shape, 1), lsb))


def _result(p: Any, total: np.ndarray, nan: np.ndarray, lsb: np.ndarray) -> dict[str, np.ndarray]:
    """The sums, (tiles, rows, columns), in units of their row's power of two."""
    flags = {"nan": nan.astype(np.int64)}
    nan = np.broadcast_to(nan[:, :, None], total.shape)
    if p.o is None:
        return {"p": np.where(nan, 0, total).reshape(len(total), -1), **flags}
    none = np.zeros(total.shape, bool)
    if bit_length(np.asarray(abs(total))).max(initial=0) <= INT64_BITS:
        total = total.astype(np.int64)
    negative = np.asarray(total < 0, bool)
    numbers = Decoded(nan, none, negative, abs(total), np.broadcast_to(lsb, total.shape))
    return {"p": project(numbers, p.o, p.projection).reshape(len(total), -1)}


def _of_aligned(
    p: Any, inputs: Mapping[str, np.ndarray], sums: np.ndarray, nan: np.ndarray, cut: Aligned
) -> dict[str, np.ndarray]:
    """Sums of integers added up beat by beat: where the exponent rises, what is there is cut."""
    exponent = cut.exponent
    if p.beats > 1:
        totals: list[Any] = []
        flags: list[np.ndarray] = []
        bits = int(bit_length(np.asarray(abs(sums))).max(initial=0)) + p.beats.bit_length()
        for t, (first, beat) in enumerate(zip(inputs["first"], wide(sums, bits), strict=True)):
            if first:
                totals.append(beat)
                flags.append(nan[t])
                continue
            totals[-1] = shift_right(totals[-1], cut.risen[t][:, None]) + beat
            flags[-1] = flags[-1] | nan[t]
        sums, nan = np.array(totals), np.array(flags)
        exponent = exponent[np.flatnonzero(inputs["last"])]
    result = _result(p, sums, nan, exponent[:, :, None])
    return result if p.o is not None else {**result, "exponent": exponent}


def _cut(p: Any, inputs: Mapping[str, np.ndarray]) -> Aligned:
    """The activations cut, or of given tables their exponents."""
    if not p.shared_precompute:
        return aligned(p, inputs, p.rows, flush=p.projection.ftz_in)
    exponent = inputs["exponent"].astype(np.int64)
    low = int(p.a.zero) - p.a.bias - fraction_of(p)
    high = (1 << p.a.exponent_width) - 1 - p.a.bias - fraction_of(p)
    if low < 0:
        width = _width(low, high)
        exponent = _signed(exponent, width)
    risen = inputs["risen"].astype(np.int64) if p.beats > 1 else np.zeros_like(exponent)
    return Aligned(np.zeros(0, np.int64), exponent, risen)


_Sums = tuple[np.ndarray, np.ndarray, int]


def _products(p: Any, inputs: Mapping[str, np.ndarray], cut: Aligned | None) -> _Sums:
    """The matrix product of each beat, in units of the activations' step; where it is no number;
    and the step's exponent."""
    numbers, nan = _activations(p, inputs, cut)
    weights = values(p, inputs["b"])
    if p.zero:
        weights = weights - wide(inputs["b_zero"], 1)[:, :, None]
    bits = int(bit_length(np.asarray(abs(numbers))).max(initial=0)) + p.b.width + 12
    return _matrix(wide(numbers, bits), wide(weights, bits)), nan, p.a.lsb_exponent


def _matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(beats, rows, lanes) times (beats, columns, lanes)."""
    return (a[:, :, None, :] * b[:, None, :, :]).sum(axis=-1)


def _activations(
    p: Any, inputs: Mapping[str, np.ndarray], cut: Aligned | None
) -> tuple[np.ndarray, np.ndarray]:
    codes = inputs["a"].reshape(-1, p.rows, p.lanes)
    if cut is not None:
        return cut.numbers, np.asarray(lut_table.special(p.a, codes).any(axis=-1))
    numbers = lut_table.fixed_point(p.a, codes, p.projection.ftz_in)
    return numbers, np.asarray(lut_table.special(p.a, codes).any(axis=-1))


def _look_up(p: Any, inputs: Mapping[str, np.ndarray], cut: Aligned | None) -> _Sums:
    """The same by the papers' recombination of entries, which a table's rounding enters."""
    contents = "ternary" if p.coding == "ternary" else "signed" if p.symmetric else "subset"
    tables, scale, total, nan = _tables(p, inputs, contents)
    found = digits(p, inputs["b"])  # (beats, columns, groups, planes, group)
    planes = 1 << np.arange(found.shape[-2])
    if contents == "subset":
        found = (found + 1) // 2
        if p.b.signed:  # the top bit is subtracted, as it is in the code
            found[..., -1, :] ^= 1
            planes[-1] *= -1
    place = 3 if contents == "ternary" else 2
    folded = found * _sign(found) if contents != "subset" else found
    base = folded if contents != "signed" else (folded + 1) // 2
    index = (base * place ** np.arange(p.group)).sum(axis=-1)
    if contents == "signed":
        index = index - (1 << (p.group - 1))  # the last weight is always 1
    sign = _sign(found)[..., 0] if contents != "subset" else np.ones(index.shape, np.int64)
    # (beats, rows, groups, entries) at (beats, columns, groups, planes)
    where = np.arange(tables.shape[2])[:, None]
    beat = np.arange(len(tables))[:, None, None, None, None]
    row = np.arange(p.rows)[None, :, None, None, None]
    entries = tables[beat, row, where[None, None, None], index[:, None]] * sign[:, None]
    sums = (entries * planes).sum(axis=(-1, -2))  # (beats, rows, columns)
    most = (1 << p.b.width) - 1
    zero = wide(inputs["b_zero"], 1)[:, None, :] if p.zero else 0
    lsb = p.a.lsb_exponent
    if contents == "subset":
        if p.coding == "bipolar":
            return 2 * sums - most * total, nan, lsb
        return sums - total * zero, nan, lsb
    if p.coding != "planes":
        return sums if scale is None else sums * scale, nan, lsb
    factor = (-1 if p.b.signed else most) - 2 * zero
    if scale is None:
        return (sums + factor * total) // 2, nan, lsb
    return scale * sums + 127 * factor * total, nan, lsb - 1


def _sign(found: np.ndarray) -> np.ndarray:
    """The sign of the last digit that is not zero, kept as an axis of one; 1 where all are zero."""
    sign = np.ones((*found.shape[:-1], 1), np.int64)
    for k in range(found.shape[-1]):
        digit = found[..., k : k + 1]
        sign = np.where(digit == 0, sign, digit)
    return sign


def _tables(
    p: Any, inputs: Mapping[str, np.ndarray], contents: str
) -> tuple[np.ndarray, np.ndarray | None, Any, np.ndarray]:
    """Entries (beats, rows, groups, entries), each with its index, 0 for the sum of nothing where
    there is one; scales, sums of activations (beats, rows, 1), and where there is no number."""
    groups = p.lanes // p.group
    scale = None
    if p.shared_precompute:
        count = len(inputs["table"])
        entries = inputs["table"].reshape(count, p.rows, groups, -1)
        nan = np.zeros((count, p.rows), bool)
        if "nan" in inputs:
            nan = inputs["nan"].astype(bool)
        entries = _signed(entries, _entry_width(p, contents))
        if contents == "signed" and not p.table_int8:
            entries = 2 * entries + wide(inputs["odd"], 1).reshape(count, p.rows, groups, 1)
        total: Any = entries[..., -1].sum(axis=-1)[..., None]
        if p.table_int8:
            scale = wide(inputs["scale"], 1)[..., None]
            total = 0
            if "total" in inputs:
                low, high = (end * p.lanes for end in (p.a.min_integer, p.a.max_integer))
                total = _signed(inputs["total"], _width(low, high))[..., None]
    else:
        numbers, nan = _activations(p, inputs, None)
        parts = numbers.reshape(len(numbers), p.rows, groups, 1, p.group)
        sums = (parts * lut_table.coefficients(contents, p.group)).sum(axis=-1)
        flat = sums.reshape(-1, groups, sums.shape[-1])
        entries, scales = lut_table.quantized(flat, parts[:, :, :, 0].reshape(-1, groups, p.group))
        entries, scale = entries.reshape(sums.shape), scales.reshape(len(numbers), p.rows, 1)
        total = numbers.sum(axis=-1)[..., None]
    if contents != "signed":
        entries = np.concatenate([np.zeros_like(entries[..., :1]), entries], axis=-1)
        if contents == "ternary":
            assert entries.shape[-1] == (3**p.group + 1) // 2
    return entries, scale, total, nan


def _width(low: int, high: int) -> int:
    """Bits of two's complement, whether or not there are negative numbers."""
    return max((-min(low, -1) - 1).bit_length(), high.bit_length()) + 1


def _signed(codes: np.ndarray, width: int) -> np.ndarray:
    codes = wide(codes, width + 1)
    half = 1 << (width - 1)
    return ((codes + half) % (2 * half)) - half


def _entry_width(p: Any, contents: str) -> int:
    """Bits of an entry that is given: those of the widest sum, or one less where halves are."""
    if p.table_int8:
        return 8
    ends = p.a.min_integer, p.a.max_integer
    if p.semantics == "aligned":
        most = (2 << fraction_of(p)) - 1
        ends = -most if p.a.signed else 0, most
    rows = lut_table.coefficients(contents, p.group).tolist()
    low = min(sum(min(c * end for end in ends) for c in row) for row in rows)
    high = max(sum(max(c * end for end in ends) for c in row) for row in rows)
    return _width(low, high) - (contents == "signed")
