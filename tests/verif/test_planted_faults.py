"""A broken unit must be seen: faults are planted in the Verilog, and the bench must report each."""

import random
import re
import shutil

import pytest

from bitwright.gen.generate import generate
from bitwright.verif.bench import SimulationError
from bitwright.verif.verify import verify

SIMULATOR = "icarus" if shutil.which("iverilog") else "verilator"
SEED = 20261120
BIT = re.compile(r"^    wire (\w+) = (.*);$", re.MULTILINE)


def broken(made, verilog):
    """The same unit with other Verilog."""
    made.__dict__["verilog"] = verilog
    return made


def inverted_bits(verilog, count):
    """Verilog texts in each of which one named bit is inverted."""
    bits = list(BIT.finditer(verilog))
    assert len(bits) >= count, "too few named bits to plant faults in"
    for bit in random.Random(SEED).sample(bits, count):
        fault = f"    wire {bit[1]} = ~({bit[2]});"
        yield bit[1], verilog[: bit.start()] + fault + verilog[bit.end() :]


UNITS = {
    "float-multiplier": {},
    "float-multiplier e5m2": {"a": "e5m2", "b": "e5m2", "o": "e5m2", "overflow": "inf_or_nan"},
    "lmul-multiplier": {},
    # Every subnormal of fp16 is a normal number of bf16: no bit of the way there is unobservable.
    "float-converter": {"a": "fp16", "o": "bf16"},
}


@pytest.mark.parametrize("unit", UNITS)
def test_inverted_bits(unit):
    name, texts = unit.split()[0], UNITS[unit]
    sound = generate(name, texts)
    assert verify(sound, simulator=SIMULATOR, vectors=4096).passed
    for bit, verilog in inverted_bits(sound.verilog, 6):
        result = verify(broken(generate(name, texts), verilog), simulator=SIMULATOR, vectors=4096)
        assert not result.passed, f"seed {SEED}: nobody noticed that '{bit}' is inverted"
        assert result.examples[0].got != result.examples[0].want


HANDSHAKE = {
    # A register that moves without regard to the next one loses or repeats transactions.
    "moves while stalled": (r"wire (move) = [^;]*;", r"wire \1 = 1'b1;"),
    "never moves": (r"wire (move) = [^;]*;", r"wire \1 = 1'b0;"),
    "valid at once": (r"assign o_valid = [^;]*;", "assign o_valid = 1'b1;"),
    "ready forever": (r"assign i_ready = [^;]*;", "assign i_ready = 1'b1;"),
}


@pytest.mark.parametrize("fault", HANDSHAKE)
def test_broken_handshake(fault):
    made = generate("float-multiplier", {"stages": "2"})
    pattern, replacement = HANDSHAKE[fault]
    verilog, count = re.subn(pattern, replacement, made.verilog)
    assert count == 1, f"the Verilog has no place for the fault:\n{made.verilog}"
    try:
        result = verify(broken(made, verilog), simulator=SIMULATOR, vectors=512)
    except SimulationError:
        return
    assert not result.passed


def test_forgotten_first_beat():
    """An accumulator that is not cleared by ``first``."""
    made = generate(
        "dot-product", {"a": "int4", "b": "int4", "lanes": "2", "beats": "3", "o": "exact"}
    )
    ports, end, body = made.verilog.partition(");")
    verilog, count = re.subn(r"\bi_first\b", "1'b0", body)
    assert count
    assert not verify(broken(made, ports + end + verilog), simulator=SIMULATOR, vectors=512).passed
