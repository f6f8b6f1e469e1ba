"""Leading-zero count and shifters against Python's integers."""

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.sim import Simulator

from bitwright.hdl.arithmetic.shift import leading_zeros, shift_left, shift_right_sticky


def evaluate(m, inputs, outputs, vectors):
    """The outputs for each vector of input values."""
    packed = Signal(sum(map(len, inputs)))
    m.d.comb += Cat(inputs).eq(packed)
    results = []

    async def bench(ctx):
        for vector in vectors:
            code = shift = 0
            for signal, value in zip(inputs, vector, strict=True):
                code |= value << shift
                shift += len(signal)
            ctx.set(packed, code)
            results.append(tuple(ctx.get(output) for output in outputs))

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
    return results


@pytest.mark.parametrize("width", range(1, 10))
def test_leading_zeros(width):
    m, value = Module(), Signal(width)
    count, some = leading_zeros(value)
    codes = range(1 << width)
    for code, (found, nonzero) in zip(
        codes, evaluate(m, [value], [count, some], [(c,) for c in codes]), strict=True
    ):
        assert nonzero == (code != 0)
        assert not code or found == width - code.bit_length()


@pytest.mark.parametrize(("width", "amount_bits", "wide"), [(1, 1, 2), (5, 3, 5), (6, 2, 9)])
def test_shift_left(width, amount_bits, wide):
    m, value, amount = Module(), Signal(width), Signal(amount_bits)
    vectors = [(v, a) for v in range(1 << width) for a in range(1 << amount_bits)]
    shifted = shift_left(m, value, amount, "up", width=wide)
    results = evaluate(m, [value, amount], [shifted], vectors)
    for (v, a), (got,) in zip(vectors, results, strict=True):
        assert got == v << a & ((1 << wide) - 1)


@pytest.mark.parametrize(("width", "amount_bits"), [(1, 1), (3, 3), (6, 3), (7, 2), (5, 0)])
def test_shift_right_sticky(width, amount_bits):
    m, value, amount = Module(), Signal(width), Signal(amount_bits)
    vectors = [(v, a) for v in range(1 << width) for a in range(1 << amount_bits)]
    shifted, sticky = shift_right_sticky(m, value, amount, "down")
    got = evaluate(m, [value, amount], [shifted, sticky], vectors)
    for (v, a), result in zip(vectors, got, strict=True):
        assert result == (v >> a, (v >> a) << a != v)
