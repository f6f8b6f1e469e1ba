"""Faults and comparisons that take too long for every change: `pytest tests/faults/nightly.py`.

The name keeps pytest from collecting this file unless it is asked to.
"""

import json
from contextlib import nullcontext

import pytest
from faults.commands import CERTIFY, CHECK
from faults.test_same_bytes import same
from faults.test_together import twice_the_same
from faults.test_tools import CASES, goes_wrong
from faults.tools import FAULTS

from bitwright.verif.bench import verilator


@pytest.mark.parametrize("fault", FAULTS)
def test_a_compiler_goes_wrong(kept, place, ready, impatience, monkeypatch, fault):
    """What it leaves must not be kept as if it were a simulator."""
    command = ready("verify by Verilator")
    place.compile_little(kept)
    monkeypatch.setattr(verilator, "digest", place.bin.digest)
    place.bin.put("c++", fault)
    with impatience() if fault == "hangs" else nullcontext():
        place.fails(command)
    assert place.bin.began("c++").exists()
    place.bin.put("c++")
    place.succeeds(command)


@pytest.mark.parametrize(("name", "tool", "fault"), CASES)
def test_a_tool_goes_wrong(place, ready, impatience, name, tool, fault):
    goes_wrong(place, ready, impatience, name, tool, fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_certificate(kept, place, impatience, fault):
    """None is made with a tool that goes wrong, and none is confirmed; with the tool in order again
    both work in the same folder."""
    place.compile_little(kept)
    limits = impatience if fault == "hangs" else nullcontext
    place.bin.put("yosys", fault)
    with limits():
        place.fails(CERTIFY, FAULTS[fault])
    place.bin.put("yosys")
    place.succeeds(CERTIFY)
    place.bin.put("yosys", fault)
    with limits():
        status, out, err = place.run(CHECK.words)
    assert place.bin.began("yosys").exists()
    assert (status, out) == (1, "")
    assert err.startswith("bitwright: ")
    place.bin.put("yosys")
    place.nothing_left()
    status, out, err = place.run(CHECK.words)
    assert (status, err) == (0, "")
    assert json.loads(out)["passed"]


def test_two_certificates_at_once(kept, place):
    place.compile_little(kept)
    twice_the_same(place, CERTIFY)


def test_the_regression_whatever_the_hash_seed(tmp_path):
    same(tmp_path, "regression", ("0", "1", "random"))
