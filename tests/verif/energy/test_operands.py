"""Streams of operands: legal, in the order a unit reads them, scaled as a quantizer would."""

import sys

import numpy as np
import pytest

from bitwright.gen.catalogue import CATALOGUE
from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_block, parse_format
from bitwright.verif.compare import element
from bitwright.verif.digits import train
from bitwright.verif.energy import digits
from bitwright.verif.energy.numbers import block_codes, codes, finite, zero_code
from bitwright.verif.energy.operands import KINDS, check_operands, operands, period
from bitwright.verif.energy.tile import Tile, tile_of

LANES, BEATS = 2, 8


@pytest.fixture
def layer(monkeypatch):
    """A layer that need not be trained."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 17, (9, 64)) / 16.0
    weights = rng.standard_normal((5, 64))
    monkeypatch.setattr(digits, "layer", lambda: (images, weights))
    return images, weights


def test_every_unit_gets_its_fields_or_a_sentence(layer):
    refused = dict.fromkeys(KINDS, 0)
    for name in CATALOGUE:
        unit = generate(name, {}).unit
        fields = {f: element(spec.shape) for f, spec in unit.i.payload.shape()}
        for kind in KINDS:
            count = LANES * period(unit, kind)
            try:
                given = operands(unit, kind, LANES, period(unit, kind), 0)
            except ValueError as error:
                refused[kind] += str(error).startswith("The operands must be uniform for a unit")
                continue
            assert given.keys() == fields.keys()
            for field, (_, width, elements) in fields.items():
                assert given[field].shape == ((count, elements) if elements else (count,))
                assert given[field].min() >= 0
                assert int(given[field].max()) < 1 << width
    assert refused["uniform"] == 0
    assert 0 < refused["gaussian"] == refused["digits"] < 20


def test_draws_are_those_of_the_seed():
    unit = generate("dot-product", {}).unit
    one, same, other = (operands(unit, "uniform", 64, BEATS, seed) for seed in (1, 1, 2))
    assert all((one[name] == same[name]).all() for name in one)
    assert any((one[name] != other[name]).any() for name in one)


@pytest.mark.parametrize("name", ["e4m3fn", "e5m2", "e4m3fnuz", "e2m1fn", "int4n", "bf16", "fp32"])
def test_uniform_codes_are_all_finite_ones(rng, name):
    format = parse_format(name)
    drawn = finite(rng, format, (20_000,))
    assert np.isfinite(format.to_float(drawn)).all()
    if format.width <= 8:
        numbers = format.to_float(np.arange(1 << format.width))
        legal = np.isfinite(numbers)
        if name == "int4n":
            legal &= numbers != -8
        assert set(drawn.tolist()) == set(np.flatnonzero(legal).tolist())


@pytest.mark.parametrize(
    ("name", "numbers", "want"),
    [
        ("int8", [0, 1, 3, 4, -3, -5], [0, 42, 127, 127, -127, -128]),
        ("int8n", [-5, 0.5], [-127, 21]),
        ("int4", [3, -3, 1], [7, -7, 2]),
        ("uint4", [3, 0, 1.5], [15, 0, 8]),
        ("uint4", [-3, 3, 0, -9], [0, 15, 8, 0]),
        ("int2", [0.1, 2, -2, -1], [0, 1, -2, -1]),
        ("int1", [0.1, 2, -2, -1], [0, 0, -1, -1]),
        ("e4m3fn", [3, -3, 0, 9], [448, -448, 0, 448]),
        ("e2m1fn", [3, -1.5, 1], [6, -3, 2]),
        ("bf16", [3, -0.5], [3, -0.5]),
    ],
)
def test_numbers_in_the_formats_scale(name, numbers, want):
    format = parse_format(name)
    got = codes(np.array(numbers, float), format, 3.0)
    assert format.to_float(got).tolist() == want


def test_the_zero_of_unsigned_numbers():
    format = parse_format("uint8")
    assert codes(np.array([0.0, -1.0]), format, 3.0)[0] == zero_code(format, True) == 128
    assert zero_code(format, False) == zero_code(parse_format("int8"), True) == 0


@pytest.mark.parametrize("name", ["mxfp4", "nvfp4", "mxfp8_e4m3"])
def test_blocks_hold_the_numbers(rng, name):
    block = parse_block(name)
    numbers = rng.standard_normal((50, 2 * block.size)).astype(np.float32)
    elements, scales = block_codes(numbers, block, 3.0)
    assert scales.shape == (50, 2)
    values = block.element.to_float(elements).reshape(50, 2, -1)
    values = (values * block.scale.to_float(scales)[..., None]).reshape(50, -1)
    factor = (values * numbers).sum() / (numbers * numbers).sum()
    error = np.linalg.norm(values / factor - numbers) / np.linalg.norm(numbers)
    assert error < (0.05 if "fp8" in name else 0.2)


def test_digits_in_the_order_of_a_matrix_product(layer):
    images, weights = layer
    given = digits.stream(Tile(1, 1, 16), 3, 12)
    for machine, first in enumerate((0, 15, 30)):  # of 9 times 5 dot products
        for beat in range(12):
            image, hidden = divmod(first + beat // 4, 5)
            terms = slice(beat % 4 * 16, beat % 4 * 16 + 16)
            at = machine * 12 + beat
            assert (given["a"][at] == images[image, terms]).all()
            assert (given["b"][at] == weights[hidden, terms]).all()


def test_digits_in_tiles(layer):
    images, weights = layer
    given = digits.stream(Tile(2, 3, 64), 1, 4)
    for beat, (image, hidden) in enumerate(((0, 0), (0, 3), (2, 0), (2, 3))):
        rows = [(image + k) % 9 for k in range(2)]
        columns = [(hidden + k) % 5 for k in range(3)]
        assert (given["a"][beat].reshape(2, 64) == images[rows]).all()
        assert (given["b"][beat].reshape(3, 64) == weights[columns]).all()


def test_sums_are_the_layers(layer):
    """Digits' sums end with a dot product, those of draws after as many beats as there may be."""
    unit = generate("dot-product", {"a": "int8", "b": "int8", "lanes": "16", "beats": "6"}).unit
    assert [period(unit, kind) for kind in KINDS] == [6, 6, 4]
    last = operands(unit, "digits", 2, 8, 0)["last"]
    assert last.tolist() == [0, 0, 0, 1] * 4
    mac = generate("carry-save-mac", {}).unit
    assert [period(mac, kind) for kind in KINDS] == [256, 256, 64]


@pytest.mark.parametrize(
    ("name", "texts", "want"),
    [
        ("dot-product", {"lanes": "4"}, (1, 1, 4)),
        ("integer-multiplier", {}, (1, 1, 1)),
        ("packed-multiplier", {}, (2, 1, 1)),
        ("digit-serial-mac", {}, (1, 1, 4)),
        ("lut-dot", {"rows": "2"}, (2, 4, 4)),
        ("mac-array", {"rows": "2", "columns": "3", "depth": "4"}, (2, 3, 4)),
        ("block-dot-product", {"blocks": "2"}, (1, 1, 64)),
        ("ternary-dot", {"code": "base3", "lanes": "5"}, (1, 1, 5)),
    ],
)
def test_products_of_a_beat(name, texts, want):
    assert tile_of(generate(name, texts).unit) == want


def test_what_cannot_be_is_said_at_once(monkeypatch):
    unit = generate("dot-product", {}).unit
    with pytest.raises(ValueError, match=r"^The operands must be one of uniform, .*, not 'noise'$"):
        check_operands(unit, "noise")
    wide = generate("integer-multiplier", {"a": "int60"}).unit
    with pytest.raises(ValueError, match="uniform for integers of more than 53 bits"):
        check_operands(wide, "gaussian")
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    train.cache_clear()
    with pytest.raises(ValueError, match=r"^The operands 'digits' need scikit-learn: `pip install"):
        check_operands(unit, "digits")


def test_the_real_layer():
    pytest.importorskip("sklearn")
    images, weights = digits.layer()
    assert (images.shape, weights.shape) == ((450, 64), (32, 64))
    assert images.min() == 0
    assert images.max() == 1
    assert 0.4 < (images == 0).mean() < 0.6  # what makes real operands cheaper
    assert 0.01 < abs(weights).mean() < 1
