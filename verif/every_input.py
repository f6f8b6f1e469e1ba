"""All inputs of a unit, by their number: as bit planes for a netlist, as codes for a golden model.

The bits of a transaction's beats stand one after the other, the first beat lowest, and in a beat
those of the operands in the order of the ports; random bits are operands like others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..hdl.formats import IntegerFormat
from ..hdl.unit import Unit
from .compare import element
from .netlist.machine import Beat
from .netlist.planes import all_planes
from .netlist.respond import remembers

__all__ = ["Sequence", "input_bits", "sequences"]

_BOUNDS = ("first", "last")


def input_bits(unit: Unit) -> int:
    """Bits of a beat's operands, random bits among them."""
    return sum(width * (elements or 1) for _, width, elements in _operands(unit).values())


def _operands(unit: Unit) -> dict[str, tuple[object, int, int | None]]:
    return {
        name: element(spec.shape)
        for name, spec in unit.i.payload.shape()
        if name not in _BOUNDS
    }  # fmt: skip


@dataclass(frozen=True)
class Sequence:
    """Beats from reset on, whose operands take all values together.

    Attributes:
        unit: Whose.
        beats: How many.
        ends: After which beats, by number, a sum ends and the next begins; none where the unit
            bounds no sums.
    """

    unit: Unit
    beats: int
    ends: tuple[int, ...] = ()

    @property
    def bits(self) -> int:
        return self.beats * input_bits(self.unit)

    @property
    def words(self) -> str:
        """What it is, for people."""
        if self.beats == 1:
            return f"all {1 << self.bits:,} inputs"
        if len(self.ends) > 1:
            return f"all {1 << self.bits:,} pairs of sums of one beat"
        return f"all {1 << self.bits:,} inputs of {self.beats} beats together"

    @cached_property
    def _places(self) -> dict[str, tuple[int, int, int | None, bool]]:
        """Of each operand: its lowest bit, width, elements, and whether it is a narrow integer."""
        places, at = {}, 0
        for name, (format, width, elements) in _operands(self.unit).items():
            narrow = isinstance(format, IntegerFormat) and format.narrow
            places[name] = (at, width, elements, narrow)
            at += width * (elements or 1)
        return places

    def planes(self, start: int, count: int) -> np.ndarray:
        """Planes of the inputs from number ``start`` on."""
        return all_planes(self.bits, start, count)

    def beat(self, planes: np.ndarray, mask: np.ndarray) -> Beat:
        """Inputs for the netlist, of the lanes in ``mask``."""
        size = input_bits(self.unit)

        def beat(number: int) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
            if number >= self.beats:
                return {}, np.zeros_like(mask)
            ports = {
                f"i_{name}": planes[number * size + at : number * size + at + width * (many or 1)]
                for name, (at, width, many, _) in self._places.items()
            }
            if self.ends:
                ports["i_first"] = (mask * np.uint64(number - 1 in (-1, *self.ends)))[None]
                ports["i_last"] = (mask * np.uint64(number in self.ends))[None]
            return ports, mask

        return beat

    def legal(self, planes: np.ndarray) -> np.ndarray:
        """Inputs in which no code occurs that must not: the least one of a narrow integer."""
        mask = np.full(planes.shape[1], ~np.uint64(0))
        size = input_bits(self.unit)
        for at, width, elements, narrow in self._places.values():
            for k in range(self.beats * (elements or 1) * narrow):
                beat, lane = divmod(k, elements or 1)
                low = beat * size + at + lane * width
                others = np.bitwise_or.reduce(planes[low : low + width - 1], axis=0)
                mask &= ~planes[low + width - 1] | others
        return mask

    def codes(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The inputs of these numbers, beat by beat, for the golden model.

        Codes that must not occur are replaced by their neighbours.
        """
        size = input_bits(self.unit)
        result = {}
        for name, (at, width, elements, narrow) in self._places.items():
            columns = []
            for beat in range(self.beats):
                codes = [
                    index >> (beat * size + at + k * width) & ((1 << width) - 1)
                    for k in range(elements or 1)
                ]
                if narrow:
                    codes = [code | (code == 1 << (width - 1)) for code in codes]
                columns.append(codes[0] if elements is None else np.stack(codes, axis=1))
            stacked = np.stack(columns, axis=1)
            result[name] = stacked.reshape(len(index) * self.beats, *stacked.shape[2:])
        if self.ends:
            last = np.array([number in self.ends for number in range(self.beats)], np.int64)
            result["first"] = np.tile(np.roll(last, 1), len(index))
            result["last"] = np.tile(last, len(index))
        return result


def sequences(unit: Unit, most_bits: int) -> list[Sequence]:
    """What is tried: one beat; of sums also as many beats as have that many bits together, as one
    sum, and two as two sums, so that one which does not begin anew is found.

    Raises:
        ValueError: if the least of them has more bits, or if all since reset are one sequence.
    """
    if remembers(unit):
        raise ValueError(
            "The results must not depend on all beats since reset for all inputs to be tried, "
            "and the unit's do"
        )
    size = input_bits(unit)
    together = unit.beats_together
    if size * together > most_bits:
        beats = f" in {together} beats together" if together > 1 else ""
        raise ValueError(
            f"The inputs must have at most {most_bits} bits to try them all, "
            f"not {size * together}{beats}"
        )
    if "last" not in unit.i.payload.shape().members:
        return [Sequence(unit, together)]
    found = [Sequence(unit, 1, (0,))]
    longest = min(unit.beats, most_bits // size)
    if longest > 1:
        found.append(Sequence(unit, longest, (longest - 1,)))
    if 2 * size <= most_bits:
        found.append(Sequence(unit, 2, (0, 1)))
    return found
