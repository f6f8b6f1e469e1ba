"""One lane of a dot product, on every pair of codes of any two of OCP's element formats."""

from itertools import combinations_with_replacement

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.verify import verify

ELEMENTS = ("e4m3fn", "e5m2", "e3m2fn", "e2m3fn", "e2m1fn", "mxint8")


@pytest.mark.parametrize(("a", "b"), list(combinations_with_replacement(ELEMENTS, 2)))
def test_every_pair_of_codes(a, b):
    made = generate("dot-product", {"a": a, "b": b, "lanes": "1", "o": "exact"})
    result = verify(made, everything=True)
    p = made.unit.parameters
    assert result.vectors == 1 << (p.a.width + p.b.width)
    assert result.passed, f"again: {result.command}\n{result.examples}"
