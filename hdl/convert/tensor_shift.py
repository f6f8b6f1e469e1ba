"""The shift that takes a tensor of integers to fewer bits."""

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Shape, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.shift import leading_zeros
from ..formats import IntegerFormat
from ..formats.requantization import check_integers
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive

__all__ = ["TensorShift"]


class TensorShift(Unit):
    """Finds by how many places a tensor must be shifted down to fit a narrower integer format.

    ``p = max(0, bits(max(abs(a))) - magnitude bits of o)``, with ``bits(n)`` the least k for which
    ``n < 2**k``: dynamic fixed point's step from accumulators of 32 bits to numbers of 16. The
    tensor's exponent grows by ``p``; a requantizer with scheme ``power_of_two`` does the shift.

    No maximum is formed. The leading one of the OR of all magnitudes is that of the largest, and of
    the OR only the bits beyond ``o`` are kept. Nor is a negative number negated: its complement is
    one less than its magnitude, and that one moves the leading one only where all bits below are
    zeros. With 8 lanes of 32 bits and an ``o`` of 16 the unit has 871 gates for area and 1,258 for
    speed, 31 and 15 FO4; with negated numbers 1,062 and 1,594, with a tree of maxima 3,080 and
    5,476, 182 and 70 FO4.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the tensor's elements.
    o
        Format that they must fit.
    lanes
        Elements a beat.
    beats
        Whether a tensor takes more than one beat: 1, or the most beats. The size of the unit does
        not depend on how many.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of a tensor, where ``beats`` is above 1
    i.a : elements
    o.p : places to the right

    Raises
    ------
    ValueError
        If ``o`` has as many magnitude bits as ``a``, or more: nothing need be shifted then.
    """

    reference = "Das et al., Mixed precision training with dynamic fixed point (arXiv 1802.00930)"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(32),
        o: IntegerFormat = IntegerFormat(16, narrow=True),
        lanes: int = 8,
        beats: int = 1024,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("number of beats", beats, most=1 << 32)
        check_integers(a, o)
        self._kept = o.width - o.signed
        self._top = max(a.max_integer, -a.min_integer).bit_length()
        if self._top < 2:
            raise ValueError(f"The elements must have at least 2 magnitude bits, not '{a}'")
        if self._kept >= self._top or not self._kept:
            raise ValueError(
                f"The result's format must have from 1 to {self._top - 1} magnitude bits for "
                f"'{a}', not those of '{o}'"
            )
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs["a"] = ArrayLayout(a, lanes)
        most = self._top - self._kept
        super().__init__(inputs, {"p": IntegerFormat(most.bit_length(), False)}, stages=stages)

    def steps(self) -> list[Step]:
        steps = [Step("magnitudes", self._magnitudes)]
        if self.parameters.beats > 1:
            state = {"used": Shape(self._top - self._kept)}
            steps.append(Accumulation("collect", self._collect, state=state))
        return [*steps, Step("count", self._count)]

    def _magnitudes(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The OR of what stands beyond ``o`` in all lanes."""
        p = self.parameters
        used: list[Value] = []
        for lane in range(p.lanes):
            number = Value.cast(values["a"][lane])
            bits = number.as_unsigned()
            if not p.a.signed:
                used.append(bits[self._kept :])
                continue
            negative = bits[-1]
            flipped = bits[self._kept :] ^ negative.replicate(len(bits) - self._kept)
            # A power of two is a one over zeros: there the complement is a bit short.
            power: list[Value] = []
            below: Value = bits[: self._kept].any()
            for place in range(self._kept, self._top):
                power.append(negative & ~below)
                below = wire(m, f"below{lane}_{place}", below | bits[place])
            flipped = flipped[: self._top - self._kept]
            used.append(wire(m, f"used{lane}", flipped | Cat(power)))
        total = used[0]
        for other in used[1:]:
            total = total | other
        kept = {k: v for k, v in values.items() if k != "a"}
        return {**kept, "used": wire(m, "used", total)}

    def _collect(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"used": values["used"] | values["so_far"]["used"]}

    def _count(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The place of the leading one."""
        used = Value.cast(values["used"])
        zeros, any_used = leading_zeros(used)
        count = len(used) - zeros
        return {"p": wire(m, "places", Mux(any_used, count, 0)[: len(used).bit_length()])}
