"""Operand combinations of a unit without clock, as bit planes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...gen.generate import Generated
from ..compare import element
from ..netlist import Evaluator, GateNetlist, planes_of
from ..netlist.bits import bits_of, planes_from
from ..netlist.planes import lane_mask

__all__ = ["UnsoundError", "Vectors", "expect_sound"]


class UnsoundError(RuntimeError):
    """The netlist without a fault is wrong already: nothing can be said of its mutants."""


def expect_sound(unit: str, right: object) -> None:
    """Refuse to go on unless what was compared is right.

    Raises:
        UnsoundError: naming the unit.
    """
    if not right:
        raise UnsoundError(
            f"The netlist of {unit} must do what its golden model says before its mutants can be "
            f"judged, and it does not: bitwright exhaust {unit} shows where"
        )


@dataclass(frozen=True, eq=False)
class Vectors:
    """What the inputs hold and what the outputs answer, a bit of each word for each vector.

    Attributes:
        count: How many vectors there are.
        planes: ``uint64 (input bits, words)``, ports in the netlist's order.
        answers: ``uint64 (output bits, words)``.
        mask: ``uint64 (words,)``: ones for the vectors.
    """

    count: int
    planes: np.ndarray
    answers: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(
        cls,
        generated: Generated,
        netlist: GateNetlist,
        inputs: Mapping[str, np.ndarray],
        want: Mapping[str, np.ndarray],
        backend: str | None = None,
    ) -> "Vectors":
        """The vectors, and the sound netlist's answers to them.

        Raises:
            UnsoundError: if those are not what the golden model says.
        """
        count = len(next(iter(inputs.values())))
        mask = lane_mask(count)
        planes = np.zeros((len(netlist.input_nets), len(mask)), np.uint64)
        for port in ("i_valid", "o_ready"):
            planes[netlist.rows(port)] = mask
        for name, spec in generated.unit.i.payload.shape():
            planes[netlist.rows(f"i_{name}")] = planes_of(inputs[name], element(spec.shape)[1])
        answers = Evaluator(netlist, backend)(planes) & mask
        for name, spec in generated.unit.o.payload.shape():
            width = element(spec.shape)[1]
            expected = planes_of(_unsigned(want[name], width), width)
            right = np.array_equal(answers[netlist.rows(f"o_{name}")], expected)
            expect_sound(generated.name, right)
        return cls(count, planes, answers, mask)

    def and_then(self, others: "Vectors") -> "Vectors":
        """These vectors, and after them the others."""

        def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
            whole = self.count // 64
            bits = bits_of(first[:, whole:], self.count % 64), bits_of(second, others.count)
            return np.hstack([first[:, :whole], planes_from(np.hstack(bits))])

        count = self.count + others.count
        planes, answers = joined(self.planes, others.planes), joined(self.answers, others.answers)
        return Vectors(count, planes, answers, lane_mask(count))

    def column(self, vector: int) -> np.ndarray:
        """The bits of one vector."""
        word, bit = divmod(vector, 64)
        return (self.planes[:, word] >> np.uint64(bit) & np.uint64(1)).astype(np.uint8)


def _unsigned(codes: np.ndarray, width: int) -> np.ndarray:
    codes = np.asarray(codes)
    return codes if width > 62 else codes.astype(np.int64) & (1 << width) - 1
