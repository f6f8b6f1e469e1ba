"""Zero points and integer scales: where they enter changes gates, and never a bit."""

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.dot.affine_dot_product import AffineDotProduct
from bitwright.hdl.dot.dot_product import DotProduct
from bitwright.hdl.formats import IntegerFormat
from bitwright.verif.stimuli import stimuli
from bitwright.verif.verify import golden, run_on

DGQ = {"b": "uint4", "zero_a": "false", "zero_b": "true", "scale_width": "7"}
PLACES = ("after", "before")


def by_definition(p, inputs):
    """The sums, in Python's integers, element by element."""
    count = len(inputs["a"])

    def numbers(format, codes):
        half = 1 << format.width - 1 if format.signed else 0
        return [((int(c) % (1 << format.width)) ^ half) - half for c in codes]

    sums = []
    for t in range(count):
        if p.beats == 1 or inputs["first"][t]:
            sums.append(0)
        a, b = numbers(p.a, inputs["a"][t]), numbers(p.b, inputs["b"][t])
        za = numbers(p.a, inputs["a_zero"][t : t + 1])[0] if p.zero_a else 0
        zb = numbers(p.b, inputs["b_zero"][t : t + 1])[0] if p.zero_b else 0
        scale = int(inputs["b_scale"][t]) if p.scale_width else 1
        sums[-1] += sum(scale * (x - za) * (y - zb) for x, y in zip(a, b, strict=True))
    return sums


@pytest.mark.parametrize("correction", PLACES)
@pytest.mark.parametrize(
    "texts",
    [
        {"lanes": "5", "zero_b": "true", "beats": "3"},
        {"lanes": "3", "a": "uint8", "zero_a": "true"},
        {"lanes": "4", "a": "uint4", "b": "int6n", "zero_b": "true", "stages": "2"},
        {"lanes": "4", "scaling": "after", "beats": "2", **DGQ},
        {"lanes": "4", "scaling": "before", "beats": "2", **DGQ},
        {"lanes": "2", "zero_b": "true", "scale_width": "3", "structure": "plain"},
    ],
    ids=lambda texts: "-".join(texts.values()),
)
def test_against_the_definition(texts, correction):
    made = generate("affine-dot-product", {**texts, "correction": correction})
    inputs, _ = stimuli(made.unit, 200, seed=6)
    want = by_definition(made.unit.parameters, inputs)
    model = golden("affine-dot-product", made.unit, inputs)["p"]
    assert model.tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus", seed=2, gaps=0.2, stalls=0.2)
    assert got["p"].tolist() == [n % (1 << made.unit.sum_format.width) for n in want]


@pytest.mark.parametrize("correction", PLACES)
@pytest.mark.parametrize("extreme", ["low", "high", "opposite"])
def test_the_largest_sums_fit(extreme, correction):
    """Both ends of every range at once: the sum has the sign and size that it should."""
    texts = {"lanes": "3", "zero_b": "true", "scale_width": "2", "beats": "2"}
    made = generate("affine-dot-product", {**texts, "correction": correction})
    ends = {"low": (-128, -128, 127), "high": (127, 127, -128), "opposite": (-128, 127, 127)}
    a, b, zero = ends[extreme]
    inputs = {
        "first": np.array([1, 0]),
        "last": np.array([0, 1]),
        "a": np.full((2, 3), a) & 255,
        "b": np.full((2, 3), b) & 255,
        "a_zero": np.full(2, zero) & 255,
        "b_zero": np.full(2, -128 if extreme == "opposite" else zero) & 255,
        "b_scale": np.full(2, 3),
    }
    (want,) = by_definition(made.unit.parameters, inputs)
    assert made.unit.sum_format.width == (abs(want) + (want > 0) - 1).bit_length() + 1
    got, _ = run_on(made, inputs, 1, simulator="icarus")
    assert made.unit.sum_format.integers(got["p"]).tolist() == [want]


def test_without_zero_points_it_is_the_dot_product():
    plain = DotProduct(a=IntegerFormat(8), b=IntegerFormat(8), lanes=8, o=None)
    affine = AffineDotProduct(lanes=8, zero_a=False)
    assert affine.sum_format == plain.sum_format
    inputs, _ = stimuli(plain, 500, seed=8)
    want = golden("dot-product", plain, inputs)["p"]
    assert golden("affine-dot-product", affine, inputs)["p"].tolist() == want.tolist()


def test_weights_of_dgq_stay_within_int8():
    """DGQ clamps its codes: all weights are then int8, and this unit multiplies with them."""
    z, s, u = (x.ravel() for x in np.meshgrid(np.arange(16), np.arange(1, 128), np.arange(16)))
    clamped = np.clip(u, np.maximum(0, z - 127 // s), np.minimum(15, z + 127 // s))
    assert abs(s * (clamped - z)).max() == 127
    unit = AffineDotProduct(
        b=IntegerFormat(4, False), lanes=1, zero_a=False, zero_b=True, scale_width=7
    )
    a = np.random.default_rng(1).integers(-128, 128, len(s))
    inputs = {"a": a[:, None] & 255, "b": clamped[:, None], "b_zero": z, "b_scale": s}
    assert (
        golden("affine-dot-product", unit, inputs)["p"].tolist()
        == ((s * (clamped - z)).astype(np.int8).astype(int) * a).tolist()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lanes": 0}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"scale_width": 33}, "The scale width must be an integer from 0 to 32, not 33"),
        ({"beats": 0}, "The number of beats must be an integer from 1 to 4294967296, not 0"),
    ],
)
def test_refused(arguments, message):
    with refused(message):
        AffineDotProduct(**arguments)
