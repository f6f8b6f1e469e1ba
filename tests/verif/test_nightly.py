"""The list of longer runs: what it names exists. The runs themselves are `make nightly`."""

import pytest

from bitwright.gen.parameters import make_unit
from bitwright.verif.nightly import NIGHTLY
from bitwright.verif.regression import case_name


@pytest.mark.parametrize("run", NIGHTLY, ids=lambda run: case_name(run[:2]))
def test_it_can_be_made(run):
    unit, texts, vectors = run
    assert make_unit(unit, texts)
    assert vectors >= 1_000_000
