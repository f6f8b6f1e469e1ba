"""Sums of weighted bits against Python's integers."""

import random

import pytest
from amaranth.hdl import Const, Module, Signal, signed, unsigned
from simulation import simulate

from bitwright.hdl.arithmetic.bitheap import BitHeap, Structure

TERMS = [  # shape, weight, arrival, negate
    (unsigned(4), 0, 0, False),
    (signed(7), 3, 2, False),
    (signed(1), 5, 0, True),
    (unsigned(6), 8, 5, True),
    (signed(5), 9, 1, True),
    (signed(3), 0, 3, False),
    (unsigned(9), 2, 0, False),
]


def fill(heap):
    """Signals on a heap, random values for them, and the sums of those."""
    rng = random.Random(5)
    signals = []
    for index, (shape, weight, arrival, negate) in enumerate(TERMS):
        signal = Signal(shape, name=f"t{index}")
        heap.add(signal, weight=weight, arrival=arrival, negate=negate)
        signals.append(signal)
    heap.add_constant(77)
    heap.add_constant(-200)
    vectors = []
    for _ in range(300):
        codes = [rng.getrandbits(shape.width) for shape, *_ in TERMS]
        vectors.append([Const(code, s[0]).value for code, s in zip(codes, TERMS, strict=True)])
    sums = [
        sum(
            (-value if negate else value) << weight
            for value, (_, weight, _, negate) in zip(vector, TERMS, strict=True)
        )
        - 123
        for vector in vectors
    ]
    return signals, vectors, sums


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("width", [1, 6, 12, 20])
def test_sum_of_mixed_terms(width, structure):
    m = Module()
    heap = BitHeap(width)
    signals, vectors, sums = fill(heap)
    total = heap.sum(m, structure=structure)
    assert len(total) == width
    expected = [[value % (1 << width)] for value in sums]
    assert simulate(m, signals, [total], vectors) == expected


def test_compress_leaves_two_rows():
    m = Module()
    heap = BitHeap(16)
    signals, vectors, sums = fill(heap)
    rows = heap.compress(m)
    results = simulate(m, signals, rows, vectors)
    assert [(a + b) % (1 << 16) for a, b in results] == [value % (1 << 16) for value in sums]


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("count", [1, 2, 3, 8, 31])
def test_add_column_counts_ones(count, structure):
    bits = Signal(count)
    m = Module()
    heap = BitHeap(7)
    heap.add_column(bits, weight=1)
    heap.add_column(bits, negate=True)
    total = heap.sum(m, structure=structure)
    rng = random.Random(count)
    vectors = [[rng.getrandbits(count)] for _ in range(200)]
    assert simulate(m, [bits], [total], vectors) == [[v.bit_count()] for (v,) in vectors]


@pytest.mark.parametrize("structure", Structure)
def test_constants_and_nothing(structure):
    m = Module()
    heap = BitHeap(8)
    heap.add(Const(-5, signed(4)), weight=1)
    heap.add(Const(3), negate=True)
    assert heap.height == 0
    constant = heap.sum(m, name="constant", structure=structure)
    nothing = BitHeap(3).sum(m, name="nothing", structure=structure)
    assert simulate(m, [], [constant, nothing], [[]]) == [[243, 0]]


def test_late_bits_wait():
    """Five early bits shrink to one while two late ones are on their way."""
    m = Module()
    heap = BitHeap(4)
    early, late = Signal(5), Signal(2)
    heap.add_column(early)
    heap.add_column(late, arrival=6)
    assert heap.height == 7
    total = heap.sum(m)
    vectors = [[x, y] for x in range(32) for y in range(4)]
    assert simulate(m, [early, late], [total], vectors) == [
        [x.bit_count() + y.bit_count()] for x, y in vectors
    ]


def test_rejects():
    with pytest.raises(ValueError, match="positive integer, not 0"):
        BitHeap(0)
    with pytest.raises(ValueError, match="at least 0, not -1"):
        BitHeap(4).add(Signal(2), weight=-1)
