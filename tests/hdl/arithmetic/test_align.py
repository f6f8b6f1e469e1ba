"""Alignment in two's complement, every value and every shift, against Python's integers."""

import pytest
from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.align import align, align_signed, shift_by_two, shift_signed
from bitwright.hdl.arithmetic.raw import Raw


def evaluate(m, inputs, output, vectors):
    """The output for each vector of input values."""
    packed = Signal(sum(map(len, inputs)))
    m.d.comb += Cat(inputs).eq(packed)
    results = []

    async def bench(ctx):
        for vector in vectors:
            code = shift = 0
            for value, field in zip(vector, inputs, strict=True):
                code |= (value & (1 << len(field)) - 1) << shift
                shift += len(field)
            ctx.set(packed, code)
            results.append(ctx.get(output))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return results


@pytest.mark.parametrize(
    ("width", "amount_bits", "most"),
    [(3, 1, 1), (4, 2, 2), (4, 2, 3), (5, 3, 5), (3, 4, 12), (9, 5, 28), (2, 6, 58)],
)
def test_shift_signed(width, amount_bits, most):
    m, value, amount = Module(), Signal(signed(width)), Signal(amount_bits)
    wide = width + most
    shifted = shift_signed(m, value, amount, "up", width=wide)
    assert len(shifted) == wide
    values = range(-(1 << width - 1), 1 << width - 1)
    vectors = [(v, a) for v in values for a in range(most + 1)]
    results = evaluate(m, [value, amount], shifted, vectors)
    assert results == [v << a for v, a in vectors]


@pytest.mark.parametrize("width", [2, 5, 9])
def test_shift_by_the_sum_of_two(width):
    m, value, a, b = Module(), Signal(signed(width)), Signal(2), Signal(2)
    shifted = shift_by_two(m, value, a, b, "up")
    assert len(shifted) == width + 4
    values = range(-(1 << width - 1), 1 << width - 1)
    vectors = [(v, x, y) for v in values for x in (1, 2, 3) for y in (1, 2, 3)]
    results = evaluate(m, [value, a, b], shifted, vectors)
    assert results == [v << x + y - 2 for v, x, y in vectors]


@pytest.mark.parametrize("least", [0, 2])
def test_sign_before_or_after_alignment(least):
    """Two's complement of the aligned magnitude is the aligned two's complement."""
    m, significand, exponent, negative = Module(), Signal(3), Signal(3), Signal()
    raw = Raw(significand, exponent, exponent_min=least, exponent_max=6, negative=negative)
    after = align(m, raw, "after")
    before = align_signed(m, raw, Cat(significand, negative).as_signed(), "before")
    vectors = [(s, e, n) for s in range(8) for e in range(least, 7) for n in range(2)]
    inputs = [significand, exponent, negative]
    magnitudes, results = Signal(len(after)), Signal(signed(len(before)))
    m.d.comb += [magnitudes.eq(after), results.eq(before)]
    both = evaluate(m, inputs, Cat(magnitudes, results), vectors)
    for word, (s, e, n) in zip(both, vectors, strict=True):
        assert word & (1 << len(magnitudes)) - 1 == s << e - least
        got = word >> len(magnitudes)
        assert got == ((s - 8 * n) << e - least) % (1 << len(results))
