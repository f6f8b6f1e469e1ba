"""Longer runs than every change can wait for, a million vectors each: `make nightly`.

The name keeps pytest from collecting this file unless it is asked to.
"""

from dataclasses import asdict

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.nightly import NIGHTLY
from bitwright.verif.regression import case_name
from bitwright.verif.verify import verify


@pytest.mark.parametrize("run", NIGHTLY, ids=lambda run: case_name(run[:2]))
def test_a_million(run):
    unit, texts, vectors = run
    result = verify(generate(unit, texts), vectors=vectors, seed=1)
    assert result.vectors == vectors
    assert result.passed, (
        f"{result.mismatches} mismatches with seed {result.seed}; again: {result.command}\n"
        + "\n".join(str(asdict(example)) for example in result.examples)
    )
