"""The two back ends against gates evaluated one bit at a time."""

import os

import numpy as np
import pytest
from random_netlists import random_netlist, scalar

from bitwright.verif.netlist import kernel as kernels
from bitwright.verif.netlist.evaluate import Evaluator
from bitwright.verif.netlist.kernel import KernelError, find_kernel
from bitwright.verif.netlist.planes import all_planes, planes_of

HAS_C = find_kernel()[0] is not None
BACKENDS = ["numpy", pytest.param("c", marks=pytest.mark.skipif(not HAS_C, reason="no compiler"))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_random_netlists(rng, backend):
    for _ in range(10):
        netlist = random_netlist(rng)
        bits = len(netlist.input_nets) + netlist.registers
        out = Evaluator(netlist, backend)(all_planes(bits))
        everything = Evaluator(netlist, backend, np.arange(netlist.nets))(all_planes(bits))
        for vector in range(0, 1 << bits, 7):
            values = scalar(netlist, [vector >> k & 1 for k in range(bits)])
            want = [values[n] for n in [*netlist.output_nets, *netlist.next_state]]
            assert [int(row[vector // 64]) >> vector % 64 & 1 for row in out] == want
            for net in range(netlist.nets):
                assert int(everything[net, vector // 64]) >> vector % 64 & 1 == values[net]


@pytest.mark.skipif(not HAS_C, reason="no compiler")
@pytest.mark.parametrize("words", [1, 127, 128, 129, 5000])
def test_any_number_of_words(rng, words):
    """Blocks of both back ends, whole and in part."""
    netlist = random_netlist(rng, gates=200)
    rows = rng.integers(0, 1 << 63, (9, words)).astype(np.uint64)
    assert (Evaluator(netlist, "c")(rows) == Evaluator(netlist, "numpy")(rows)).all()


def test_a_place_is_used_again(rng):
    """A long chain needs few places, and results stay that are made early."""
    netlist = random_netlist(rng, gates=400, outputs=2)
    assert Evaluator(netlist, "numpy")._program.places < netlist.nets


def test_wrong_input_is_refused(rng):
    netlist = random_netlist(rng)
    with pytest.raises(ValueError, match=r"^The backend must be one of c, numpy, not 'gpu'$"):
        Evaluator(netlist, "gpu")
    evaluator = Evaluator(netlist, "numpy")
    with pytest.raises(ValueError, match=r"^Planes must be a uint64 array of 9 rows, not"):
        evaluator(np.zeros((8, 1), np.uint64))
    with pytest.raises(ValueError, match=r"^The results need a contiguous uint64 array of"):
        evaluator(planes_of(np.zeros(1, np.int64), 9), np.zeros((1, 1), np.uint64))


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path))
    kernels._find.cache_clear()
    yield tmp_path
    kernels._find.cache_clear()


@pytest.mark.usefixtures("empty_cache")
def test_without_compiler_numpy_does_it_and_says_so(rng, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("CC", raising=False)
    netlist = random_netlist(rng)
    evaluator = Evaluator(netlist)
    assert evaluator.backend == "numpy"
    assert evaluator.note == "There is no C compiler: none of cc, gcc, clang is found"
    with pytest.raises(KernelError, match="There is no C compiler"):
        Evaluator(netlist, "c")


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ("nosuchcompiler", "names 'nosuchcompiler', which is not a program"),
        ("false", "The C compiler does not work"),
        ("true", "could not be compiled"),
    ],
)
def test_a_compiler_that_fails(rng, monkeypatch, chosen, words):
    """``true`` succeeds and makes nothing."""
    monkeypatch.setenv("CC", chosen)
    evaluator = Evaluator(random_netlist(rng))
    assert evaluator.backend == "numpy"
    assert words in evaluator.note
    assert len(evaluator(np.zeros((9, 1), np.uint64))) == 8


@pytest.mark.skipif(not HAS_C, reason="no compiler")
def test_a_spoilt_library_is_made_anew(rng, empty_cache):
    netlist = random_netlist(rng)
    assert Evaluator(netlist).backend == "c"
    (kept,) = (empty_cache / "kernels").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(b"nothing of use")
    kernels._find.cache_clear()
    assert Evaluator(netlist).backend == "c"
    (kept,) = (empty_cache / "kernels").iterdir()
    assert len(kept.read_bytes()) == len(whole)
