"""The shift of a tensor: never one too few, never one too many; and what it is for."""

import numpy as np
import pytest
from expect import refused

from bitwright.gen.generate import generate
from bitwright.hdl.convert.requantizer import Requantizer
from bitwright.hdl.convert.tensor_shift import TensorShift
from bitwright.hdl.formats import IntegerFormat, parse_format
from bitwright.hdl.formats.requantization import Scheme, ShiftRounding
from bitwright.verif.verify import golden, run_on


@pytest.mark.parametrize(
    ("a", "o"), [("int10", "int5"), ("uint10", "int4n"), ("int10n", "uint8"), ("int10", "uint1")]
)
def test_every_number(a, o):
    """The least shift after which the magnitude has no more bits than the target's."""
    made = generate("tensor-shift", {"a": a, "o": o, "lanes": "1", "beats": "1"})
    p = made.unit.parameters
    numbers = range(p.a.min_integer, p.a.max_integer + 1)
    magnitudes = 1 << {"int5": 4, "int4n": 3, "uint8": 8, "uint1": 1}[o]
    want = []
    for number in numbers:
        shift = 0
        while abs(number) >> shift >= magnitudes:
            shift += 1
        want.append(shift)
    inputs = {"a": np.array([[n & 1023] for n in numbers])}
    assert golden("tensor-shift", made.unit, inputs)["p"].tolist() == want
    got, _ = run_on(made, inputs, len(want), simulator="icarus")
    assert got["p"].tolist() == want


def tensors(count, lanes, beats, seed):
    """Accumulators of 32 bits, each tensor of another size and of some extreme numbers."""
    rng = np.random.default_rng(seed)
    top = rng.integers(2, 32, (count, 1, 1))
    numbers = rng.integers(-(1 << 31), 1 << 31, (count, beats, lanes)) >> (32 - top)
    edge = np.where(rng.random((count, 1)) < 0.5, -(1 << (top[:, 0] - 1)), 0)
    numbers[:, 0, :1] = np.where(edge != 0, edge, numbers[:, 0, :1])
    return numbers


def test_down_conversion_of_dynamic_fixed_point():
    """INT32 to INT16 with the tensor's shift: all 15 magnitude bits are used, none is missing."""
    count, lanes, beats = 60, 4, 3
    numbers = tensors(count, lanes, beats, 9)
    made = generate("tensor-shift", {"lanes": str(lanes), "beats": str(beats)})
    place = np.arange(count * beats) % beats
    flat = numbers.reshape(-1, lanes)
    inputs = {"first": (place == 0) * 1, "last": (place == beats - 1) * 1, "a": flat & 0xFFFFFFFF}
    got, _ = run_on(made, inputs, count, simulator="icarus", seed=4, gaps=0.2, stalls=0.2)
    largest = abs(numbers).max(axis=(1, 2))
    want = [max(int(n).bit_length() - 15, 0) for n in largest]
    assert got["p"].tolist() == want
    unit = Requantizer(
        scheme=Scheme.POWER_OF_TWO,
        o=IntegerFormat(16, narrow=True),
        lanes=lanes,
        rounding=ShiftRounding.RNE,
    )
    shift = np.repeat(got["p"], beats)[:, None]
    small = golden("requantizer", unit, {"a": inputs["a"], "shift": shift})["p"]
    small = small.astype(np.int64).reshape(numbers.shape)
    # Half a step off at most, but for numbers that round to 2**15 and are clamped: one at most.
    error = abs(small * 2.0 ** np.array(want)[:, None, None] - numbers)
    step = 2.0 ** np.array(want)
    assert (error.max(axis=(1, 2)) <= np.where(np.array(want) > 0, step, 0)).all()
    used = abs(small).max(axis=(1, 2))
    assert ((used >= 1 << 14) == (largest >= 1 << 14)).all()
    assert used.max() <= (1 << 15) - 1


def test_refused():
    with refused(
        "The result's format must have from 1 to 6 magnitude bits for 'int8n', not those of 'uint8'"
    ):
        TensorShift(a=IntegerFormat(8, narrow=True), o=IntegerFormat(8, False))
    with refused("The elements must have at least 2 magnitude bits, not 'uint1'"):
        TensorShift(a=IntegerFormat(1, False))
    with refused("The number of beats must be an integer from 1 to 4294967296, not 0"):
        TensorShift(beats=0)
    with refused("The format must be an integer without fraction, not 'mxint8'"):
        TensorShift(o=parse_format("mxint8"))  # pyright: ignore[reportArgumentType]
