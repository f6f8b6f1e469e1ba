"""Sums of so many beats that the top of a wide accumulator is reached, cycle after cycle.

An accumulator of 32 bits for products of 16 takes 2**17 of them to be full. No simulator gets so
many beats; but faulty machines that survived all else are few, and run side by side. Nothing waits
and nothing is left out here, so the golden model alone says what the ports hold in every cycle, and
a machine without a fault, which runs beside the others, must do that.
"""

import numpy as np

from ...gen.generate import Generated
from ...hdl.formats import IntegerFormat
from ...hdl.unit import Unit
from ..netlist import GateNetlist
from ..netlist.bits import field_bits
from ..netlist.faulty_machines import Trace
from ..stimuli import stimuli
from ..stimuli.extremes import numbers_alone, strongest_beats
from ..verify import golden
from .streams import places

__all__ = ["MOST_BEATS", "long_trace"]

MOST_BEATS = 1 << 19
"""Beats of all such sums together, at most."""

# Beats of a sum among the usual stimuli: longest ones, and such as end at a power of two.
_USUAL, _USUAL_AT_POWER = 1 << 14, 1 << 10
_DRAWN = 1 << 12
# Of the beats up to a power of two one in so many is any, the others are the strongest; then come
# the nearest ones, and small ones from one side of the power to the other.
_OTHER, _NEAR, _ABOUT = 8, 2, 12


def long_trace(generated: Generated, netlist: GateNetlist, *, seed: int = 0) -> Trace | None:
    """Such sums; None where the usual ones reach the top, or no longer ones are allowed.

    Each ends at a power of two, which it came to by the strongest beat there is: there alone the
    carries show that run through the upper bits when the sum is resolved.

    Args:
        generated: The unit.
        netlist: Its gates.
        seed: Of the beats that are not the strongest.
    """
    unit = generated.unit
    format = _number(unit)
    if format is None:
        return None
    rng = np.random.default_rng(seed)
    beats, _ = stimuli(unit, _DRAWN, seed=seed)
    strongest = strongest_beats(rng, unit, beats)
    for name, codes in beats.items():
        beats[name] = np.concatenate([codes, [beat[name] for beat in strongest]])
    alone = beats | {name: np.ones(_DRAWN + 2, np.int64) for name in ("first", "last")}
    numbers = numbers_alone(unit, alone)[0][:, 0]
    span = np.ldexp(float(format.max_integer - format.min_integer), format.lsb_exponent)
    sums = _sums(rng, numbers, span, MOST_BEATS if unit.wraps else unit.beats)
    if not sums:
        return None
    rows = np.concatenate(sums)
    ends = np.cumsum([len(each) for each in sums])
    inputs = {name: codes[rows] for name, codes in beats.items()}
    inputs["last"] = np.isin(np.arange(1, len(rows) + 1), ends).astype(np.int64)
    inputs["first"] = np.append(1, inputs["last"][:-1])
    return _open_loop(unit, netlist, inputs, golden(generated.name, unit, inputs), ends)


def _number(unit: Unit) -> IntegerFormat | None:
    """What the unit sums to, where it may sum many beats, and takes one in each cycle."""
    shapes = [field.shape for _, field in unit.o.payload.shape()]
    names = {name for name, _ in unit.i.payload.shape()}
    many = unit.wraps or unit.beats > _USUAL
    if not many or unit.interval > 1 or not unit.fixed_interval or not {"first", "last"} <= names:
        return None
    return shapes[0] if len(shapes) == 1 and isinstance(shapes[0], IntegerFormat) else None


def _sums(
    rng: np.random.Generator, numbers: np.ndarray, span: float, most: int
) -> list[np.ndarray]:
    """Of each sum which beats, by their numbers; the greatest and the least of these stand last."""
    sums: list[np.ndarray] = []
    top = int(np.log2(span))
    small = np.argsort(abs(numbers), kind="stable")[: len(numbers) // 4]
    room = MOST_BEATS
    for begin in (top, top - 2):
        for exponent in range(begin, -1, -1):
            # Up to half of the range, and down: for an integer that wraps they meet there.
            for large in (-2, -1) if exponent < top else (-2,):
                size = abs(numbers[large])
                times = int(np.exp2(exponent) / size * _OTHER / (_OTHER - 1)) if size else 0
                if times < _USUAL_AT_POWER or times + _NEAR + _ABOUT > min(most, room):
                    continue
                body = np.full(times, len(numbers) + large)
                other = rng.random(times) < 1 / _OTHER
                body[other] = rng.integers(0, len(numbers), np.count_nonzero(other))
                target = np.copysign(np.exp2(exponent), numbers[large])
                beyond = np.flatnonzero(abs(np.cumsum(numbers[body])) > abs(target) - size)
                body = body[: beyond[0]] if len(beyond) else body
                left = target - numbers[body].sum()
                nearest = []
                for _ in range(_NEAR):
                    nearest.append(int(abs(numbers - left).argmin()))
                    left -= numbers[nearest[-1]]
                about = rng.choice(small, _ABOUT)
                sums.append(np.concatenate([body, nearest, about]))
                room -= len(sums[-1])
    return sums


def _open_loop(
    unit: Unit,
    netlist: GateNetlist,
    inputs: dict[str, np.ndarray],
    want: dict[str, np.ndarray],
    ends: np.ndarray,
) -> Trace:
    """A cycle of reset, a beat in each cycle, and what is under way; each result taken at once."""
    beats, answers = field_bits(unit.i, inputs), field_bits(unit.o, want)
    rows = 1 + len(beats) + unit.latency
    ins = np.zeros((rows, len(netlist.input_nets)), np.uint8)
    outs = np.zeros((rows, len(netlist.output_nets)), np.uint8)
    sent = slice(1, 1 + len(beats))
    ins[0, netlist.rows("rst")] = 1
    ins[sent, netlist.rows("i_valid")] = 1
    ins[sent, places(netlist, "i_", unit.i)] = beats
    ins[:, netlist.rows("o_ready")] = 1
    given = ends + unit.latency
    results = places(netlist, "o_", unit.o)
    outs[:, netlist.rows("i_ready")] = 1
    outs[given, netlist.rows("o_valid").start] = 1
    outs[np.ix_(given, results)] = answers
    watched = np.ones_like(outs)
    watched[:, results] = outs[:, netlist.rows("o_valid")]
    watched[0] = 0
    return Trace(ins, outs, watched)
