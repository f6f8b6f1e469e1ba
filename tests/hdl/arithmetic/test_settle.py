"""Every rounding mode and policy, on all products of two small formats."""

import itertools

import numpy as np
import pytest

from bitwright.hdl.formats import (
    InfinityTo,
    NanTo,
    NegativeZero,
    Overflow,
    Projection,
    Rounding,
    parse_format,
)
from bitwright.verif.golden.product import multiply
from bitwright.verif.golden.rounding import project

TARGETS = ["e2m1fn", "e2m2", "e3m1fn", "e2m2fnuz", "binary6p3se", "ue3m2", "ue3m0nozero"]


def check(simulate_product, target, projection):
    a, b, target = parse_format("e3m1"), parse_format("e2m1fn"), parse_format(target)
    x, y = (codes.ravel() for codes in np.meshgrid(range(1 << a.width), range(1 << b.width)))
    random = np.random.default_rng(3).integers(0, 1 << projection.random_bits, len(x))
    got = simulate_product(a, b, target, projection, list(zip(x, y, random, strict=True)))
    want = project(multiply(a.decode(x), b.decode(y)), target, projection, random)
    assert got == want.tolist()


@pytest.mark.parametrize(
    ("rounding", "overflow"),
    [(rounding, Overflow.INF_OR_NAN) for rounding in Rounding]
    + [(Rounding.RNE, overflow) for overflow in Overflow]
    + [(Rounding.RTO, Overflow.P3109_SATNONE), (Rounding.RD, Overflow.P3109_SATPROPAGATE)],
)
@pytest.mark.parametrize("target", TARGETS)
def test_rounding_and_overflow(simulate_product, target, rounding, overflow):
    bits = 3 if rounding.stochastic else 0
    check(
        simulate_product, target,
        Projection(rounding=rounding, overflow=overflow, random_bits=bits),
    )


@pytest.mark.parametrize(
    ("nan_to", "inf_to", "neg_zero"),
    list(itertools.product([NanTo.NAN, NanTo.MAX, NanTo.ZERO], InfinityTo, NegativeZero)),
)
@pytest.mark.parametrize("target", ["e2m2"])
def test_exceptional_operands(simulate_product, target, nan_to, inf_to, neg_zero):
    check(
        simulate_product, target,
        Projection(
            overflow=Overflow.INF_OR_NAN, nan_to=nan_to, inf_to=inf_to, neg_zero=neg_zero
        ),
    )
