"""A butterfly across beats: what came some beats ago and what comes now, out of one small memory.

A stage of stride s keeps s beats. It stores the first s of 2s beats; with each of the next s it
hands on the sum and stores the difference in its place; the differences leave while the next beats
are stored where they were. (S. He and M. Torkelson, "A new approach to pipeline FFT processor",
IPPS 1996: single-path delay feedback.) Storing and leaving have a pointer each, so that nothing
waits for beats to come: a stream that pauses, or ends, gets all of its results.
"""

from collections.abc import Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value

from ..arithmetic.adders import Adder
from ..pipeline import wire
from .butterflies import Number, butterflies

__all__ = ["delay_feedback"]


def delay_feedback(
    m: Module,
    numbers: Sequence[Number],
    stride: int,
    valid: Value,
    ready: Value,
    name: str,
    *,
    adder: Adder,
) -> tuple[list[Number], Value, Value]:
    """The stage of a stride, for each lane; returns its results, their ``valid`` and the input's
    ``ready``."""
    low, high = min(x.low for x in numbers), max(x.high for x in numbers)
    bounds = min(2 * low, low - high), max(2 * high, high - low)
    shape = Shape.cast(range(bounds[0], bounds[1] + 1))
    lanes = len(numbers)

    adding = Signal(name=f"{name}_adding")
    leaving = Signal(name=f"{name}_leaving")
    bits = (stride - 1).bit_length()
    # Where the next beat goes to, or finds its partner; and where the next difference is.
    here, oldest = Signal(bits, name=f"{name}_here"), Signal(bits, name=f"{name}_oldest")
    memory = [Signal(lanes * shape.width, name=f"{name}_beat{k}") for k in range(stride)]

    read = wire(m, f"{name}_read_at", Mux(adding, here, oldest))
    held: Value = Const(0, lanes * shape.width)
    for k, beat in enumerate(memory):
        held = held | (beat & (read == k).replicate(len(beat)))
    held = wire(m, f"{name}_held", held if stride > 1 else memory[0])
    kept = [held.word_select(k, shape.width) for k in range(lanes)]
    results, differences = [], []
    for k, x in enumerate(numbers):
        earlier = kept[k][: len(x.value)]
        earlier = earlier.as_signed() if x.value.shape().signed else earlier
        pair = butterflies(
            m, [Number(earlier, x.low, x.high), Number(x.value, x.low, x.high)],
            f"{name}_lane{k}", adder=adder,
        )  # fmt: skip
        total, difference = (_extended(y.value, shape.width) for y in pair)
        result = wire(m, f"{name}_result{k}", Mux(adding, total, kept[k]))
        value = result.as_signed() if shape.signed else result
        results.append(Number(value, *bounds, negative=x.negative))
        differences.append(difference)
    stored = [_extended(x.value, shape.width) for x in numbers]
    write = wire(m, f"{name}_write", Mux(adding, Cat(*differences), Cat(*stored)))

    leaves = wire(m, f"{name}_leaves", leaving & ready)
    # Room for a beat: where nothing is to leave, or what was there has left, or leaves just now.
    room = wire(m, f"{name}_room", ~leaving | (here != oldest) | leaves)
    taken = wire(m, f"{name}_taken", Mux(adding, ready, room))
    moves = wire(m, f"{name}_moves", valid & taken)
    end = stride - 1
    with m.If(moves):
        m.d.sync += here.eq(here + 1)
        with m.If(here == end):
            m.d.sync += adding.eq(~adding)
        for k, beat in enumerate(memory):
            with m.If(here == k):
                m.d.sync += beat.eq(write)
    with m.If(leaves):
        m.d.sync += oldest.eq(oldest + 1)
    with m.If(moves & adding & (here == end)):
        m.d.sync += leaving.eq(1)
    with m.Elif(leaves & (oldest == end)):
        m.d.sync += leaving.eq(0)
    offered = wire(m, f"{name}_valid", Mux(adding, valid, leaving))
    return results, offered, taken


def _extended(value: Value, width: int) -> Value:
    top = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, top.replicate(max(width - len(value), 0)))[:width]
