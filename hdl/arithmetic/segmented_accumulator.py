"""An accumulator in segments: its loop is as long as one segment's adder, whatever the width.

Every segment adds its part of a term and keeps the carry that leaves it in a bit of its own, which
enters the next segment together with the next term. Such carries are part of the sum; they are
resolved once, behind the loop. (Long accumulators of U. Kulisch, "Computer Arithmetic and
Validity", 2008, 8, with the carries deferred instead of resolved in every step.)
"""

from collections.abc import Mapping

from amaranth.hdl import Cat, Const, Module, Shape, Value

from ..pipeline import wire
from .adders import Adder, add

__all__ = ["SegmentedAccumulator"]


class SegmentedAccumulator:
    """A sum modulo ``2**width``, held as one integer and one deferred carry a segment.

    Parameters
    ----------
    width
        Bits of the sum.
    segment
        Bits of a segment; 0 is one segment of all bits, 1 is full carry-save form.
    adder
        How a segment adds.

    Attributes
    ----------
    state : dict of Shape
        The registers, as an :class:`~..pipeline.Accumulation` takes them.
    """

    def __init__(self, width: int, segment: int, adder: Adder = Adder.SKLANSKY):
        self._width, self._adder = width, adder
        size = segment or width
        self._starts = range(0, width, size)
        self._ends = [min(start + size, width) for start in self._starts]
        # Nothing is kept of the carry out of the topmost segment.
        carries = len(self._starts) - 1
        self.state = {"total": Shape(width)} | ({"carries": Shape(carries)} if carries else {})

    def add(
        self, m: Module, so_far: Mapping[str, Value], row: Value, carry: Value
    ) -> dict[str, Value]:
        """The state after adding ``row + carry``, a row as wide as the sum and one bit."""
        entering = Cat(carry, so_far["carries"]) if "carries" in so_far else carry
        total, leaving = [], []
        for n, (low, high) in enumerate(zip(self._starts, self._ends, strict=True)):
            out = high < self._width
            # The carry enters as a column below; the one that leaves is a column above.
            above = [Const(0, 1)] if out else []
            a = Cat(entering[n], so_far["total"][low:high], *above)
            b = Cat(entering[n], row[low:high], *above)
            if self._adder is Adder.PLAIN:
                # Onto a carry chain by way of its lowest column.
                b = Cat(Const(1, 1), b[1:])
            name = f"segment{n}"
            added = wire(m, name, add(m, a, b, adder=self._adder, name=f"{name}_carry"))
            total.append(added[1 : high - low + 1])
            if out:
                leaving.append(added[-1])
        result: dict[str, Value] = {"total": wire(m, "total", Cat(*total))}
        if leaving:
            result["carries"] = wire(m, "carries", Cat(*leaving))
        return result

    def resolve(self, m: Module, state: Mapping[str, Value]) -> Value:
        """The sum as one integer, the carries on their way added.

        Each segment takes its own carry in first; whether one more comes up from below is found
        for all segments at once, of those that are all ones.
        """
        if "carries" not in state:
            return state["total"]
        total, carries = state["total"], state["carries"]
        if self._adder is Adder.PLAIN:
            row = [
                Cat(carries[n - 1] if n else Const(0, 1), Const(0, high - low - 1))
                for n, (low, high) in enumerate(zip(self._starts, self._ends, strict=True))
            ]
            return wire(m, "resolved", (total + Cat(*row))[: self._width])
        # A segment's lowest column is a full adder, of its own carry and of the one from below;
        # above it, a carry runs as far as there are ones.
        parts = [total[low:high] for low, high in zip(self._starts, self._ends, strict=True)]
        low = Cat(*(part[0] for part in parts))
        own = Cat(Const(0, 1), carries)
        ones = [_ones_from_below(m, part[1:], f"ones{n}") for n, part in enumerate(parts)]
        through = wire(m, "ones_through", Cat(*(o[-1] for o in ones)))
        propagate = wire(m, "propagate", (low ^ own) & through)
        generate = wire(m, "generate", low & own & through)
        added = add(m, propagate | generate, generate, adder=self._adder, name="segments")
        below = wire(m, "carry_from_below", added ^ propagate)
        up = wire(m, "carry_from_lowest", (low & own) | ((low ^ own) & below))
        lowest = wire(m, "lowest", low ^ own ^ below)
        result = []
        for n, part in enumerate(parts):
            flips = ones[n][:-1] & up[n].replicate(len(part) - 1)
            result += [lowest[n], part[1:] ^ flips]
        return wire(m, "resolved", Cat(*result))


def _ones_from_below(m: Module, value: Value, name: str) -> Value:
    """For each bit whether all below it are ones, and one more for the whole, as a prefix tree."""
    known, size = value, 1
    while size < len(value):
        below = Cat(
            known[k // size * size - 1] if k & size else Const(1, 1) for k in range(len(value))
        )
        known = wire(m, f"{name}_by{size}", known & below)
        size *= 2
    return Cat(Const(1, 1), known)
