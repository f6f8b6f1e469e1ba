"""Stimuli of units that sum over beats: whole transactions, none too long, all codes legal."""

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.compare import element
from bitwright.verif.stimuli import stimuli
from bitwright.verif.stimuli.sums.long import long_sums
from bitwright.verif.stimuli.tensors import near_powers

_UNITS = {
    "exact-accumulator": {"a": "bf16", "b": "none", "terms": "64", "o": "bf16"},
    "dot-product": {"a": "int8n", "b": "e4m3fn", "lanes": "2", "beats": "40"},
    "tensor-shift": {"a": "int16", "o": "int8n", "lanes": "3", "beats": "5"},
    "block-scale": {"a": "fp16", "o": "dfp16_4", "beats": "6"},
}


@pytest.mark.parametrize("name", _UNITS)
def test_transactions_are_whole(name: str) -> None:
    unit = generate(name, _UNITS[name]).unit
    codes, _ = stimuli(unit, 2048)
    first, last = codes["first"], codes["last"]
    assert first[0] == 1
    assert last[-1] == 1
    assert np.array_equal(first[1:], last[:-1])
    assert np.diff(np.append(-1, np.flatnonzero(last))).max() <= unit.beats
    for field, spec in unit.i.payload.shape():
        assert codes[field].min() >= 0
        assert codes[field].max() < 1 << element(spec.shape)[1]
    if name == "dot-product":
        assert not np.any(codes["a"] == 0x80)


def test_long_sums_reach_the_upper_bits() -> None:
    unit = generate("exact-accumulator", _UNITS["exact-accumulator"]).unit
    codes, _ = stimuli(unit, 16384)
    start = 16384 // 8 * 5
    many = long_sums(np.random.default_rng(0), unit, codes)
    where = slice(start, start + many)
    terms = unit.parameters.a.to_float(codes["a"][where]).sum(axis=1)
    sums = np.add.reduceat(terms, np.flatnonzero(codes["first"][where]))
    largest = float(unit.parameters.a.max_value)
    assert np.abs(sums).max() > 16 * largest
    assert np.any((sums != 0) & (np.abs(sums) < largest / 2**100))


def test_near_powers_are_one_lower_bit_away() -> None:
    unit = generate("tensor-shift", _UNITS["tensor-shift"]).unit
    codes, _ = stimuli(unit, 4096)
    many = near_powers(np.random.default_rng(0), unit, codes)
    kept = codes["a"][3072 : 3072 + many]
    signed = (kept ^ 0x8000) - 0x8000
    # Zero, or a negative power of two and one bit below it, or none.
    below = -signed
    power = 1 << np.ceil(np.log2(np.maximum(below, 1))).astype(np.int64)
    lower = np.where(signed == 0, 0, power - below)
    assert np.all(lower & (lower - 1) == 0)
