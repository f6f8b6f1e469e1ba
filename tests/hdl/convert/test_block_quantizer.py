"""The block quantizer: blocks worked by hand, a scalar reference, random streams, refusals."""

import block_scalar
import ml_dtypes
import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.arithmetic.random_stream import first_states
from bitwright.hdl.convert.block_quantizer import BlockQuantizer
from bitwright.hdl.formats import Projection, Rounding, parse_block, parse_format
from bitwright.verif.golden.convert.block_random import draws, seeds
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import run_on, verify

FP32 = parse_format("fp32")


def run(texts, inputs):
    made = generate("block-quantizer", texts)
    got, _ = run_on(made, inputs, len(inputs["a"]), simulator="icarus")
    return got["p"].astype(np.int64).tolist(), got["p_scale"].astype(np.int64).tolist()


def test_blocks_worked_by_hand():
    """amax 7.75 has the exponent of 4, the largest power of two of E2M1: the scale is 1."""
    x = np.float32([[7.75, -2.5, 0.25, -0.2], [0, 0, -0.0, 0], [1, np.nan, 2, 3], [96, 20, -8, 4]])
    codes, scales = run({"o": "e2m1fn_e8m0fnu_4"}, {"a": x.view(np.uint32)})
    assert scales == [127, 0, 255, 131]
    assert codes == [[7, 12, 0, 8], [0, 0, 8, 0], [0, 0, 0, 0], [7, 2, 9, 0]]


@pytest.mark.parametrize(
    ("texts", "rule", "more"),
    [
        ({"a": "fp32", "o": "e2m1fn_e8m0fnu_4", "stages": "1"}, "floor", {}),
        ({"a": "fp32", "o": "e4m3fn_e8m0fnu_4", "rule": "rceil"}, "rceil", {}),
        ({"a": "bf16", "o": "mxint8_e8m0fnu_4", "rule": "even"}, "even", {}),
        ({"a": "fp16", "o": "e2m1fn_ue4m3_4", "zero_block": "one"}, "nearest",
         {"zero_block": "one"}),
        ({"a": "bf16", "o": "int8n_fp16_2", "specials": "ignore"}, "nearest",
         {"specials": "ignore"}),
    ],
)
def test_beside_a_scalar_reference(texts, rule, more):
    """Through no model of ours: fractions, and the simulated Verilog."""
    made = generate("block-quantizer", texts)
    inputs, _ = stimuli(made.unit, 400, seed=3)
    codes, scales = run(texts, inputs)
    p = made.unit.parameters
    for n, row in enumerate(inputs["a"]):
        want = block_scalar.quantize(row, p.a, p.o, rule, projection=p.projection, **more)
        assert (codes[n], scales[n]) == want, [hex(x) for x in row]


@pytest.mark.parametrize("a", ["fp32", "bf16"])
@pytest.mark.parametrize(
    "o", ["e2m1fn_e8m0fnu_2", "e4m3fn_e8m0fnu_2", "e5m2_e8m0fnu_2", "mxint8_e8m0fnu_2", "dfp12_2"]
)
def test_blocks_of_subnormal_numbers(a, o, rng):
    """They are worth elements beside the least scales, and are not lost."""
    a, block = parse_format(a), parse_block(o)
    mantissa = rng.integers(0, 1 << a.mantissa_width, (300, 2))
    mantissa >>= rng.integers(0, min(a.mantissa_width, 14), (300, 2))
    largest = rng.integers(0, 14 << a.mantissa_width, 300)
    mantissa[:, 0] = np.where(rng.random(300) < 0.5, largest, mantissa[:, 0])
    codes, scales = run({"a": a.name, "o": o}, {"a": mantissa})
    for n, row in enumerate(mantissa):
        want = block_scalar.quantize(row, a, block, "floor", projection=Projection())
        assert (codes[n], scales[n]) == want, [hex(x) for x in row]


@pytest.mark.parametrize("a", ["fp32", "fp16"])
def test_flushed_numbers_leave_a_block_of_zeros(a):
    """Whatever the rule would make of their mantissas; fp16's exponents are all worth a scale."""
    a = parse_format(a)
    least = 1 << a.mantissa_width
    x = np.array([[least - 1, 1], [0, a.sign_mask], [least, least - 1], [least + 1, 0]])
    texts = {"o": "e2m1fn_e8m0fnu_2", "rule": "ceil", "zero_block": "one", "ftz_in": "true"}
    codes, scales = run({"a": a.name, **texts}, {"a": x})
    one = max(128 - a.bias - 2, 0)
    assert scales == [127, 127, one, max(128 - a.bias - 1, 0)]
    assert codes[:2] == [[0, 0], [0, 8]]


@pytest.mark.parametrize("o", ["e2m1fn_e8m0fnu_1", "e4m3fn_e8m0fnu_1", "e2m1fn_ue4m3_1"])
def test_every_number_and_given_scale(o):
    """E5M2 stands for numbers of any exponent: all of them, with every scale."""
    texts = {"a": "e5m2", "o": o, "scale": "given", "specials": "ignore"}
    result = verify(generate("block-quantizer", texts), simulator="icarus")
    assert result.passed, result.examples
    assert "all " in result.stimuli


def test_te_beside_midpoints(rng):
    """Numbers that binary32's last place takes over a midpoint of E2M1, or not, against the lines
    of the algorithm with ml_dtypes for both roundings."""
    x = (rng.uniform(1, 2, (400, 4)) * 2.0 ** rng.integers(-60, 60, (400, 1))).astype(np.float32)
    amax = 2 * x[:, 0]
    x[:, 0] = amax
    tensor = (2688 / (amax * rng.uniform(1, 400, 400))).astype(np.float32)
    scale = (amax * (tensor * (np.float32(1) / np.float32(6)))).astype(ml_dtypes.float8_e4m3fn)
    factor = 1 / (scale.astype(np.float32) * (1 / tensor))
    midpoints = rng.choice([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5], (400, 3))
    near = (midpoints / factor[:, None].astype(float)).astype(np.float32).view(np.uint32)
    x[:, 1:] = (near + rng.integers(-1, 3, near.shape)).astype(np.uint32).view(np.float32)
    product = np.minimum(x * factor[:, None], 6)
    want = product.astype(ml_dtypes.float4_e2m1fn).view(np.uint8)
    made = generate("block-quantizer", {"o": "e2m1fn_ue4m3_4", "scaler": "te"})
    inputs = {"a": x.view(np.uint32), "tensor_scale": tensor.view(np.uint32)}
    got, _ = run_on(made, inputs, len(x))
    assert got["p_scale"].tolist() == scale.view(np.uint8).tolist()
    assert got["p"].tolist() == want.tolist()
    assert 0.1 < np.isin(product[:, 1:], midpoints).mean() < 0.9


@pytest.mark.parametrize(
    ("size", "more"), [(6, {}), (3, {"a": "fp32", "spread_bits": "12", "rule": "quest_nearest"})]
)
def test_spread_of_real_blocks(size, more, rng):
    """Through no model of ours: the scale as the published line has it in binary64, with numbers of
    few bits, of which none is cut."""
    numbers = rng.integers(-127, 128, (300, size)) * 2.0 ** rng.integers(-20, 20, (300, 1))
    codes = numbers.astype(np.float32).view(np.uint32) >> (0 if "a" in more else 16)
    texts = {"a": "bf16", "o": f"e2m1fn_e8m0fnu_{size}", "rule": "quest", **more}
    _, scales = run(texts, {"a": codes})
    spread = numbers.std(axis=1) * 2.92247856 / 6 * (2**0.5 if "a" in more else 1)
    assert scales == (np.floor(np.log2(spread)) + 127).tolist()


def xorshift(state):
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ state << 5 & 0xFFFFFFFF


def lfsr(state):
    for _ in range(32):
        bit = (state >> 31 ^ state >> 21 ^ state >> 1 ^ state) & 1
        state = (state << 1 | bit) & 0xFFFFFFFF
    return state


@pytest.mark.parametrize(("source", "step"), [("xorshift", xorshift), ("lfsr", lfsr)])
def test_streams_one_word_at_a_time(source, step):
    """Elements of 7 bits across words of 32, against the generators in plain integers."""
    unit = BlockQuantizer(
        o=parse_block("e2m1fn_e8m0fnu_10"),
        projection=Projection(rounding=Rounding.SRA, random_bits=7),
        random_source=type(BlockQuantizer().parameters.random_source)(source),
        seed=99,
        stages=1,
    )
    got = draws(unit.parameters.random_source, 99, 50, 10, 7)
    words = first_states(99, 3)
    assert words == seeds(99, 3).tolist()
    for beat in range(50):
        stream = sum(word << 32 * n for n, word in enumerate(words))
        assert got[beat].tolist() == [stream >> 7 * n & 127 for n in range(10)]
        words = [step(word) for word in words]


def test_the_feedback_visits_every_state():
    """The polynomial is primitive: the matrix of one place has order 2**32 - 1."""

    def product(a, b):
        return [_sum(b, row) for row in a]

    def _sum(rows, mask):
        total = 0
        for n in range(32):
            if mask >> n & 1:
                total ^= rows[n]
        return total

    def power(exponent):
        result, square = [1 << n for n in range(32)], step
        while exponent:
            if exponent & 1:
                result = product(result, square)
            square, exponent = product(square, square), exponent >> 1
        return result

    step = [1 << 31 | 1 << 21 | 1 << 1 | 1] + [1 << n for n in range(31)]
    one = [1 << n for n in range(32)]
    full = (1 << 32) - 1
    assert power(full) == one
    assert all(power(full // prime) != one for prime in (3, 5, 17, 257, 65537))


@pytest.mark.parametrize(("source", "seed"), [("xorshift", "1"), ("lfsr", "4294967295")])
def test_a_generator_steps_with_the_beats_taken(source, seed):
    """Verification runs with gaps and stalls, too; another seed gives other elements."""
    texts = {
        "a": "bf16", "o": "e2m1fn_e8m0fnu_4", "rounding": "srb", "random_bits": "9",
        "random_source": source, "seed": seed, "stages": "2",
    }
    made = generate("block-quantizer", texts)
    assert (made.unit.latency, made.unit.stateless) == (2, False)
    result = verify(made, simulator="icarus", vectors=200)
    assert result.passed, result.examples
    x = {"a": np.full((64, 4), 0x3FA0)}  # 1.25, of which a quarter is lost
    other = {**texts, "seed": "7"}
    assert run(texts, x) != run(other, x)


@pytest.mark.parametrize("seed", [0, 1, 12345, (1 << 32) - 1])
def test_no_two_words_start_alike(seed):
    states = first_states(seed, 300)
    assert len(set(states)) == 300
    assert 0 not in states


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "e4m3fn"}, "must be in an IEEE format such as fp32 or bf16, not 'e4m3fn'"),
        ({"o": "uint4z_fp16_128"}, "without zero points, not 'uint4z_fp16_128'"),
        ({"o": "uint4_fp16_128"}, "elements must be signed, as the numbers are, not 'uint4'"),
        ({"o": "ue5m3_e8m0fnu_32"}, "elements must be signed, as the numbers are, not 'ue5m3'"),
        ({"o": "int8_int8_32"}, "scale must be in a float format, not 'int8'"),
        ({"o": "nvfp4", "rule": "floor"}, "must be 'nearest' or 'max_abs' with scales in ue4m3"),
        ({"o": "e2m1fn_e3m2fn_8"}, "must be 'ignore' with scales in e3m2fn, which has no NaN"),
        ({"scale_overflow": "p3109_satnone"}, "must be one of sat, inf_or_nan, not"),
        ({"random_source": "lfsr"}, "rounding must be stochastic with a random source"),
        ({"rule": "quest", "o": "mxfp8_e4m3"}, "must not be 'quest', which is for e2m1fn elements"),
        ({"rule": "quest", "specials": "ignore"}, "with 'mxfp4' and specials 'ignore'"),
        ({"spread_bits": "3"}, "number of spread bits must be an integer from 4 to 24, not 3"),
        ({"scaler": "te"}, "e2m1fn elements and ue4m3 scales with scaler 'te', as nvfp4 has, not"),
        ({"scaler": "te", "o": "nvfp4", "rounding": "rtz"}, "The rounding must be 'rne' with"),
        ({"scaler": "te", "o": "nvfp4", "multiplied": "true"}, "must be 'False' with scaler 'te'"),
        ({"scaler": "te", "o": "nvfp4", "zero_block": "one"}, "zeros must be 'least' with scaler"),
        ({"scaler": "te", "o": "nvfp4", "a": "e9m5"}, "numbers must be those of binary32 with"),
        ({"seed": "-1"}, "seed must be an integer from 0 to 4294967295, not -1"),
        (
            {"rounding": "sra", "random_bits": "4", "random_source": "lfsr"},
            "pipeline stages must be at least 1 with a random source",
        ),
    ],
)
def test_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        generate("block-quantizer", texts)
