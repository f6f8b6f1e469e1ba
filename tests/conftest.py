"""What all tests share: seeded draws, comparisons that print values and bits, how to run one again.

`BITWRIGHT_SEED` changes every draw; a failure names the seed and the command that repeats it.
"""

import os
import signal
import sys
import zlib
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# pytest's importlib mode leaves sys.path alone; `scalar` is shared by several folders.
sys.path.insert(0, str(Path(__file__).parent))

# A shell starts its background jobs deaf to Ctrl-C; what is tested here must hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

SEED = int(os.environ.get("BITWRIGHT_SEED", "0"))
_SHOWN = 5

hypothesis.settings.register_profile(
    "bitwright", deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.load_profile("bitwright")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        command = f"BITWRIGHT_SEED={SEED} python -m pytest {item.nodeid!r}"
        report.sections.append(("seed and command", f"seed {SEED}; again: {command}"))
    return report


@pytest.fixture
def rng(request):
    """Draws that depend on the seed and on the test alone, so that order does not matter."""
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


def _differ(format, got, want):
    """Codes by their bits; a code and a number by the number's sign and value, NaNs all alike."""
    if want.dtype.kind != "f":
        return np.asarray(got != want, bool)
    value = format.to_float(got)
    alike = (value == want) & (np.signbit(value) == np.signbit(want))
    return ~(alike | (np.isnan(value) & np.isnan(want)))


def _shown(format, code) -> str:
    if isinstance(code, np.floating):
        return repr(float(code))
    code = int(code) & ((1 << format.width) - 1)
    return f"{format.name} {format.text(code)} (0b{code:0{format.width}b})"


def _input(given, i) -> str:
    if isinstance(given, tuple):
        return _shown(given[0], given[1][i])
    return str(given[i]) if isinstance(given, (list, np.ndarray)) else str(given)


@pytest.fixture(scope="session")
def agree():
    """Compare arrays of codes; a difference is shown as values and bits, with the inputs.

    ``agree(format, got, want, a=(format_of_a, codes_of_a), ...)``. ``want`` may be numbers, as
    floats; inputs may be any sequence, or a single text that holds for all.
    """

    def compare(format, got, want, **inputs):
        __tracebackhide__ = True
        got, want = np.asarray(got), np.asarray(want)
        assert got.shape == want.shape
        bad = np.flatnonzero(_differ(format, got, want))
        if not len(bad):
            return
        lines = [f"{len(bad)} of {got.size} codes differ"]
        for i in bad[:_SHOWN]:
            given = [f"{name} = {_input(x, i)}" for name, x in inputs.items() if x is not None]
            lines.append(
                f"at {i}: {', '.join(given)}: got {_shown(format, got[i])}, "
                f"want {_shown(format, want[i])}"
            )
        pytest.fail("\n".join(lines))

    return compare
