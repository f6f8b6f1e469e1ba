# amaranth: UnusedElaboratable=no
"""Products and dot products against Python's integers."""

import random
from itertools import product

import pytest
from amaranth.hdl import Const, Module, Signal, signed, unsigned
from simulation import simulate

from bitwright.hdl.arithmetic.bitheap import BitHeap, Structure
from bitwright.hdl.arithmetic.partial_products import add_products, dot_product, multiply


def values(shape):
    return (
        range(-(1 << shape.width - 1), 1 << shape.width - 1)
        if shape.signed
        else range(1 << shape.width)
    )


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("sign_a", [signed, unsigned])
@pytest.mark.parametrize("sign_b", [signed, unsigned])
def test_multiply_all_operands(structure, sign_a, sign_b):
    for width_a, width_b in product(range(1, 6), repeat=2):
        a, b = Signal(sign_a(width_a)), Signal(sign_b(width_b))
        m = Module()
        result = multiply(m, a, b, structure=structure)
        assert result.shape().width == width_a + width_b
        pairs = list(product(values(a.shape()), values(b.shape())))
        assert simulate(m, [a, b], [result], pairs) == [[x * y] for x, y in pairs]


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize(
    ("shape_a", "shape_b"),
    [(signed(8), signed(8)), (unsigned(11), unsigned(11)), (signed(24), unsigned(7))],
)
def test_multiply_wide(structure, shape_a, shape_b):
    rng = random.Random(1)
    a, b = Signal(shape_a), Signal(shape_b)
    m = Module()
    result = multiply(m, a, b, structure=structure)
    range_a, range_b = values(shape_a), values(shape_b)
    corners = [(r[0], r[-1], 0, 1) for r in (range_a, range_b)]
    pairs = list(product(*corners))
    pairs += [(rng.choice(range_a), rng.choice(range_b)) for _ in range(300)]
    assert simulate(m, [a, b], [result], pairs) == [[x * y] for x, y in pairs]


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize(
    ("lanes", "shape_a", "shape_b", "shape_out"),
    [
        (1, signed(8), signed(8), signed(16)),
        (3, signed(4), unsigned(3), signed(9)),
        (4, unsigned(2), unsigned(2), unsigned(6)),
        (32, signed(8), signed(8), signed(21)),
        (5, signed(1), signed(1), unsigned(3)),
    ],
)
def test_dot_product(structure, lanes, shape_a, shape_b, shape_out):
    rng = random.Random(2)
    a = [Signal(shape_a, name=f"a{i}") for i in range(lanes)]
    b = [Signal(shape_b, name=f"b{i}") for i in range(lanes)]
    m = Module()
    result = dot_product(m, a, b, structure=structure)
    assert result.shape() == shape_out
    range_a, range_b = values(shape_a), values(shape_b)
    vectors = [
        [x] * lanes + [y] * lanes
        for x in (range_a[0], range_a[-1])
        for y in (range_b[0], range_b[-1])
    ]
    vectors += [
        rng.choices(range_a, k=lanes) + rng.choices(range_b, k=lanes)
        for _ in range(12 if lanes > 8 else 300)
    ]
    expected = [sum(x * y for x, y in zip(v[:lanes], v[lanes:], strict=True)) for v in vectors]
    assert simulate(m, a + b, [result], vectors) == [[x] for x in expected]


@pytest.mark.parametrize("structure", Structure)
@pytest.mark.parametrize("negate", [False, True])
def test_products_beside_other_terms(structure, negate):
    """Multiply-accumulate: the addend enters the same tree, everything modulo the heap's width."""
    a, b, c = Signal(signed(5)), Signal(unsigned(4)), Signal(signed(10))
    m = Module()
    heap = BitHeap(11)
    add_products(m, heap, [a], [b], weight=2, negate=negate, structure=structure)
    heap.add(c)
    heap.add_constant(-3)
    total = heap.sum(m, structure=structure)
    rng = random.Random(3)
    vectors = [[rng.choice(values(s.shape())) for s in (a, b, c)] for _ in range(300)]
    sign = -1 if negate else 1
    expected = [(sign * 4 * x * y + z - 3) % (1 << 11) for x, y, z in vectors]
    assert simulate(m, [a, b, c], [total], vectors) == [[x] for x in expected]


@pytest.mark.parametrize("structure", Structure)
def test_constant_operand(structure):
    a = Signal(signed(6))
    m = Module()
    result = multiply(m, a, Const(-11, signed(5)), structure=structure)
    assert simulate(m, [a], [result], [[x] for x in values(a.shape())]) == [
        [-11 * x] for x in values(a.shape())
    ]


def test_rejects_unequal_vectors():
    with pytest.raises(ValueError, match="same number of elements, at least one, not 2 and 1"):
        dot_product(Module(), [Signal(2), Signal(2)], [Signal(2)])
    with pytest.raises(ValueError, match="not 0 and 0"):
        dot_product(Module(), [], [])
    with pytest.raises(ValueError, match="second vector must have one shape"):
        dot_product(Module(), [Signal(2), Signal(2)], [Signal(2), Signal(signed(2))])
    with pytest.raises(ValueError, match="at least one bit"):
        multiply(Module(), Signal(0), Signal(2))
