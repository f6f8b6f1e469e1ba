"""The long accumulator: the same bits in any order and any split, against plain integers."""

from fractions import Fraction

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.hdl.dot.exact_accumulator import ExactAccumulator
from bitwright.hdl.formats import parse_block, parse_format
from bitwright.verif.golden.dot.exact_accumulator import model
from bitwright.verif.verify import golden, run_on

TERMS = 12


def bounds(sums, beats):
    place = np.arange(sums * beats) % beats
    return {"first": (place == 0) * 1, "last": (place == beats - 1) * 1}


def cancelling(rng, format, sums):
    """Sums of 12 products: pairs that cancel, and a few small terms that alone remain."""
    half = TERMS // 2
    sign = format.sign_mask
    large = rng.integers(0, format.max_magnitude + 1, (sums, half))
    small = rng.integers(0, 1 << format.mantissa_width, (sums, TERMS))
    kept = rng.random((sums, half)) < 0.2
    a = np.concatenate([large, large | sign], axis=1)
    a = np.where(np.concatenate([kept, kept], axis=1), small, a)
    b = rng.integers(1, format.max_magnitude + 1, (sums, half))
    return a, np.concatenate([b, b], axis=1)


def answers(texts, lanes, a, b):
    """Results of one sum a row, so many terms a beat."""
    made = generate("exact-accumulator", {**texts, "terms": str(TERMS), "lanes": str(lanes)})
    inputs = {"a": a.reshape(-1, lanes), "b": b.reshape(-1, lanes)}
    inputs |= bounds(len(a), TERMS // lanes)
    outputs, _ = run_on(made, inputs, len(a), simulator="icarus", seed=3, gaps=0.2, stalls=0.2)
    np.testing.assert_array_equal(outputs["p"], golden(made.name, made.unit, inputs)["p"])
    return outputs["p"]


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "e4m3fn", "b": "e4m3fn"},
        {"a": "e5m2", "b": "e5m2", "o": "bf16", "segment": "4", "stages": "2"},
        {"a": "fp16", "b": "fp16", "segment": "1"},
        {"a": "bf16", "b": "bf16", "segment": "16"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_order_and_split_do_not_matter(texts):
    rng = np.random.default_rng(7)
    format = parse_format(texts["a"])
    a, b = cancelling(rng, format, 8)
    order = rng.permuted(np.tile(np.arange(TERMS), (len(a), 1)), axis=1)
    shuffled = [np.take_along_axis(x, order, axis=1) for x in (a, b)]
    both = (np.concatenate([x, y]) for x, y in zip((a, b), shuffled, strict=True))
    reference, other_order = np.split(answers(texts, 1, *both), 2)
    np.testing.assert_array_equal(other_order, reference)
    if texts["a"] != "bf16":  # 535 bits: the second unit would take long to make
        np.testing.assert_array_equal(answers(texts, 3, *shuffled), reference)
    assert len(set(reference.tolist())) > 4


def test_blocks_in_any_order():
    """NVFP4: blocks change places, elements change places in them, two blocks come at once."""
    rng = np.random.default_rng(9)
    nvfp4, sums, blocks = parse_block("nvfp4"), 4, 4
    elements = [rng.integers(0, 16, (sums, blocks, 16)) for _ in "ab"]
    scales = [rng.integers(0x30, 0x50, (sums, blocks)) for _ in "ab"]
    # The second half of the blocks takes back what the first half adds, but for one of them.
    for x in (*elements, *scales):
        x[:, blocks // 2 + 1 :] = x[:, 1 : blocks // 2]
    elements[0][:, blocks // 2 + 1 :] ^= 8
    places = rng.permuted(np.tile(np.arange(blocks), (sums, 1)), axis=1)
    inside = rng.permuted(np.tile(np.arange(16), (sums, blocks, 1)), axis=2)
    moved = [np.take_along_axis(x, inside, axis=2) for x in elements]
    moved = [np.take_along_axis(x, places[:, :, None], axis=1) for x in moved]
    moved_scales = [np.take_along_axis(x, places, axis=1) for x in scales]

    def sums_of(lanes, elements, scales):
        texts = {"a": "nvfp4", "b": "nvfp4", "terms": str(16 * blocks), "lanes": str(lanes)}
        made = generate("exact-accumulator", texts)
        beats = blocks // lanes
        inputs = {side: x.reshape(-1, 16 * lanes) for side, x in zip("ab", elements, strict=True)}
        shape = (-1,) if lanes == 1 else (-1, lanes)
        for side, x in zip("ab", scales, strict=True):
            inputs[f"{side}_scale"] = x.reshape(shape)
        inputs |= bounds(len(elements[0]), beats)
        got, _ = run_on(made, inputs, len(elements[0]), simulator="icarus", gaps=0.2, stalls=0.2)
        return got["p"]

    reference = sums_of(1, elements, scales)
    np.testing.assert_array_equal(sums_of(2, moved, moved_scales), reference)
    fp32 = parse_format("fp32")
    factors = [
        nvfp4.element.to_float(x) * nvfp4.scale.to_float(s)[:, :, None]
        for x, s in zip(elements, scales, strict=True)
    ]
    # Binary64 holds these sums exactly, and so does FP32.
    want = (factors[0] * factors[1]).sum(axis=(1, 2))
    np.testing.assert_array_equal(fp32.to_float(reference), want)
    assert np.any(want != 0)


def test_a_sequential_sum_depends_on_the_order():
    """What the exact sum is for: FP32 sums of the same 12 products differ from order to order."""
    rng = np.random.default_rng(7)
    bf16 = parse_format("bf16")
    a, b = cancelling(rng, bf16, 40)
    scaled = [bf16.to_float(x) for x in (a, b)]
    near = np.abs(scaled[0] * scaled[1]) < 1e30
    products = np.where(near, scaled[0] * scaled[1], 0).astype(np.float32)
    assert (products.astype(np.float64) == np.where(near, scaled[0] * scaled[1], 0)).any()

    def sequential(order):
        total = np.float32(0)
        for term in order:
            total = np.float32(total + term)
        return total

    differ = sum(sequential(row) != sequential(rng.permutation(row)) for row in products)
    assert differ > len(products) // 2


@pytest.mark.parametrize("name", ["e4m3fn", "fp16", "bf16"])
def test_golden_against_fractions(name):
    format = parse_format(name)
    unit = ExactAccumulator(a=format, b=format, terms=TERMS, o=None)
    a, b = cancelling(np.random.default_rng(8), format, 6)
    inputs = {"a": a.reshape(-1, 1), "b": b.reshape(-1, 1), **bounds(len(a), TERMS)}
    got = model(unit.parameters, inputs)["p"]
    for row_a, row_b, total in zip(a, b, got, strict=True):
        pairs = zip(row_a, row_b, strict=True)
        exact = sum((format.to_fraction(x) * format.to_fraction(y) for x, y in pairs), Fraction(0))
        assert Fraction(int(total)) * Fraction(2) ** unit.sum_format.lsb_exponent == exact


@pytest.mark.parametrize("name", ["e4m3fn", "fp16", "int8"])
def test_the_largest_sums_fit(name):
    """As many terms as may be, all of the largest magnitude and of either sign."""
    format, terms = parse_format(name), 64
    made = generate(
        "exact-accumulator", {"a": name, "b": name, "terms": str(terms), "o": "exact"}
    )
    most, least = format.max_integer, format.min_integer
    largest = np.array([format.encode(Fraction(most) * Fraction(2) ** format.lsb_exponent)])
    smallest = np.array([format.encode(Fraction(least) * Fraction(2) ** format.lsb_exponent)])
    pairs = [(largest, largest), (largest, smallest), (smallest, smallest)]
    inputs = {k: np.concatenate([np.repeat(pair[n], terms) for pair in pairs]).reshape(-1, 1)
              for n, k in enumerate("ab")}  # fmt: skip
    inputs |= bounds(len(pairs), terms)
    got, _ = run_on(made, inputs, len(pairs), simulator="icarus")
    width = made.unit.o.payload.p.as_value().shape().width
    want = [terms * most * most, terms * most * least, terms * least * least]
    assert [int(x) for x in got["p"]] == [x & ((1 << width) - 1) for x in want]


@pytest.mark.parametrize("segment", [0, 1, 5, 8])
def test_carries_through_every_segment(segment):
    """-1 and +1 by turns: each addition carries, or borrows, through the whole sum."""
    made = generate(
        "exact-accumulator",
        {"a": "int4", "b": "none", "terms": "4096", "o": "exact", "segment": str(segment)},
    )
    rng = np.random.default_rng(segment)
    length = 9
    values = rng.choice([-1, 1, 0, -8, 7], (30, length))
    inputs = {"a": values.reshape(-1, 1) & 15, **bounds(len(values), length)}
    got, _ = run_on(made, inputs, len(values), simulator="icarus")
    width = made.unit.sum_format.width
    assert got["p"].tolist() == [int(x) & ((1 << width) - 1) for x in values.sum(axis=1)]


@pytest.mark.parametrize(
    ("a", "terms", "width"),
    [
        # Products of the format with itself: the fixed-point integers of the formats decide.
        ("e5m2", 4096, 77),
        ("e4m3fn", 4096, 49),
        ("e4m3fn", 65536, 53),
        ("e3m2fn", 4096, 31),
        ("e2m1fn", 4096, 21),
        ("fp16", 4096, 93),
        ("bf16", 4096, 535),
        ("fp32", 65536, 571),
    ],
)
def test_sum_widths(a, terms, width):
    unit = ExactAccumulator(a=parse_format(a), b=parse_format(a), terms=terms)
    assert unit.sum_format.width == width


@pytest.mark.parametrize(
    ("a", "b", "width"),
    [("nvfp4", "nvfp4", 56), ("mxfp4", "mxfp4", 529), ("mxfp8_e4m3", "mxfp4", 543)],
)
def test_sum_widths_of_blocks(a, b, width):
    unit = ExactAccumulator(a=parse_block(a), b=parse_block(b))
    assert unit.sum_format.width == width


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"terms": 0}, "The number of terms must be an integer from 1 to 4294967296, not 0"),
        ({"lanes": 8, "terms": 7}, "The number of terms must be at least the 8 of a beat, not 7"),
        ({"a": parse_block("mxfp4")}, "Both factors must be block formats, .* not 'mxfp4' .*"),
        ({"segment": -1}, "The number of bits of a segment must be an integer from 0 to 1024, .*"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        ExactAccumulator(**arguments)
