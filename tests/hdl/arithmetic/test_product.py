"""Products of small formats, every pair of codes, against the golden model."""

import numpy as np
import pytest

from bitwright.hdl.formats import Overflow, Projection, Rounding, parse_format
from bitwright.verif.golden.product import multiply
from bitwright.verif.golden.rounding import flush_subnormals, project

FORMATS = [  # narrow and wide results; products of subnormals that matter and that do not
    ("e2m1fn", "e2m1fn", "e2m1fn"),
    ("e3m1", "e2m1", "e4m3fn"),
    ("e3m2", "e2m1fn", "bf16"),
    ("e2m2fnuz", "e2m1", "e2m2fnuz"),
    ("ue3m1nozero", "e3m1", "e3m2"),
    ("e3m0ieee", "e2m1fn", "ue3m2"),
    ("e2m4", "e2m1fn", "e2m4"),
    ("e2m4", "e1m2none", "e3m1"),
]


def golden(a, b, target, projection, vectors):
    x, y = (fmt.decode(codes) for fmt, codes in zip((a, b), vectors, strict=False))
    if projection.ftz_in:
        x, y = flush_subnormals(x, a), flush_subnormals(y, b)
    return project(multiply(x, y), target, projection, vectors[2])


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("rounding", [Rounding.RNE, Rounding.RU, Rounding.SRC])
@pytest.mark.parametrize("formats", FORMATS, ids="-".join)
def test_every_pair(simulate_product, formats, rounding, flush):
    a, b, target = map(parse_format, formats)
    projection = Projection(
        rounding=rounding, overflow=Overflow.INF_OR_NAN, ftz_in=flush, ftz_out=flush,
        random_bits=2 if rounding.stochastic else 0,
    )
    x, y = (codes.ravel() for codes in np.meshgrid(range(1 << a.width), range(1 << b.width)))
    random = np.random.default_rng(1).integers(0, 1 << projection.random_bits, len(x))
    vectors = [x, y, random]
    got = simulate_product(a, b, target, projection, list(zip(*vectors, strict=True)))
    assert got == golden(a, b, target, projection, vectors).tolist()
