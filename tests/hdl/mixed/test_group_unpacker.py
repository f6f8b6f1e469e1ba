"""Groups of two widths: weights packed here one by one, as text of bits, and unpacked there."""

import random

import numpy as np
import pytest

from bitwright.gen.generate import generate
from bitwright.verif.verify import golden, run_on


def packed(weights, width):
    """A string of bits, the first weight in the lowest ones."""
    return int("".join(f"{weight:0{width}b}" for weight in reversed(weights)), 2)


def words_of(weights, half, wide, split):
    """One word of a narrow group, two of a wide one."""
    if not wide:
        return [packed(weights, half)]
    if split:
        ones = (1 << half) - 1
        halves = [w & ones for w in weights], [w >> half for w in weights]
        return [packed(part, half) for part in halves]
    whole, size = packed(weights, 2 * half), half * len(weights)
    return [whole & (1 << size) - 1, whole >> size]


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(
    ("b", "lanes", "stages"), [("uint2", 16, 0), ("int2", 5, 1), ("int4", 3, 0), ("uint1", 64, 2)]
)
def test_groups_of_both_widths(b, lanes, stages, split):
    texts = {"b": b, "lanes": str(lanes), "stages": str(stages), "split": str(split).lower()}
    made = generate("group-unpacker", texts)
    format = made.unit.wide_format
    half, rng = format.width // 2, random.Random(lanes)
    groups = [(bool(n & 1) if n < 4 else rng.random() < 0.3) for n in range(60)]
    columns = {"first": [], "last": [], "a": []}
    want = []
    for wide in groups:
        width = format.width if wide else half
        weights = [rng.getrandbits(width) for _ in range(lanes)]
        words = words_of(weights, half, wide, split)
        columns["a"] += words
        columns["first"] += [1, 0][: len(words)]
        columns["last"] += [0, 1][-len(words) :]
        negative = 1 << width if format.signed else 0
        want.append([w - negative if w >> (width - 1) else w for w in weights])
    inputs = {k: np.array(v, object if k == "a" else np.int64) for k, v in columns.items()}
    got, _ = run_on(made, inputs, len(groups), simulator="icarus", gaps=0.2, stalls=0.2)
    assert format.integers(got["p"]).tolist() == want
    assert got["wide"].tolist() == [int(wide) for wide in groups]
    model = golden("group-unpacker", made.unit, inputs)
    assert format.integers(model["p"]).tolist() == want
    assert model["wide"].tolist() == got["wide"].tolist()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"lanes": "0"}, "The number of lanes must be an integer from 1 to 1024, not 0"),
        ({"b": "int9"}, "The width of a narrow weight must be an integer from 1 to 8, not 9"),
        ({"b": "int4n"}, "The weights must be in a format with all codes, not 'int4n'"),
    ],
)
def test_wrong_arguments(texts, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        generate("group-unpacker", texts)
