"""One clock of a netlist for many vectors at once: NumPy's words or compiled loops.

``python benchmarks --only netlists`` measures both. Loops that read the netlist from arrays reach
1.7 G vectors/s for an E4M3 multiplier of 218 gates on one core; straight-line C, made for that
netlist, reached 0.6, 2.1 and 5.1 with words of 64, 256 and 512 bits, but takes a compilation (0.1 s
and more) for every netlist, and cannot inject faults. The loops were kept.
"""

import ctypes
from typing import Any

import numpy as np

from .gates import GateNetlist, Op
from .kernel import aligned, find_kernel, kernel, number, pointer
from .program import Program, program

__all__ = ["BACKENDS", "Evaluator", "evaluate_gate"]

BACKENDS = ("c", "numpy")

# Words of a block in NumPy: large enough to hide the calls, small enough for the cache.
_NUMPY_BLOCK = 2048


class Evaluator:
    """A netlist, ready to be evaluated.

    Rows in: the planes of all input bits, port after port, then of the registers' present values.
    Rows out: the planes of all output bits, then of the registers' next values; or of the
    ``watched`` nets.

    Parameters:
        netlist: What is evaluated.
        backend: ``"c"``, ``"numpy"``, or None for C where there is a compiler.
        watched: Nets whose values are wanted.

    Attributes:
        backend: The one that is used.
        note: Why it is not C, where None was asked for.

    Raises:
        ValueError: for another backend.
        KernelError: if C is asked for and cannot be had.
    """

    def __init__(
        self,
        netlist: GateNetlist,
        backend: str | None = None,
        watched: np.ndarray | None = None,
    ) -> None:
        if backend is not None and backend not in BACKENDS:
            raise ValueError(f"The backend must be one of {', '.join(BACKENDS)}, not '{backend}'")
        self.netlist = netlist
        self.note = ""
        self._kernel: ctypes.CDLL | None = None
        if backend == "c":
            self._kernel = kernel()
        elif backend is None:
            self._kernel, self.note = find_kernel()
        self.backend = "numpy" if self._kernel is None else "c"
        if watched is None:
            watched = np.concatenate([netlist.output_nets, netlist.next_state])
        self._program = program(netlist, np.asarray(watched, np.int32))
        if self._kernel is None:
            self._instructions = _instructions(self._program)
            self._scratch = np.empty((0, 0), np.uint64)
        else:
            self._scratch = aligned(self._program.places, self._kernel.block_words())

    def __call__(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Rows in to rows out, ``uint64 (rows, words)``; into ``out`` where it is given."""
        p = self._program
        if rows.dtype != np.uint64 or rows.ndim != 2 or len(rows) != len(p.inputs):
            raise ValueError(
                f"Planes must be a uint64 array of {len(p.inputs)} rows, "
                f"not {rows.dtype} {rows.shape}"
            )
        shape = (len(p.outputs), rows.shape[1])
        if out is None:
            out = np.empty(shape, np.uint64)
        elif out.shape != shape or out.dtype != np.uint64 or not out.flags.c_contiguous:
            raise ValueError(f"The results need a contiguous uint64 array of {shape}")
        if self._kernel is None:
            self._numpy(rows, out)
            return out
        rows = np.ascontiguousarray(rows)
        self._kernel.evaluate(
            pointer(p.op), pointer(p.operands), pointer(p.driven), number(len(p.op)),
            pointer(p.inputs), number(len(p.inputs)), pointer(p.outputs),
            number(len(p.outputs)), pointer(rows), pointer(out), number(rows.shape[1]),
            pointer(self._scratch),
        )  # fmt: skip
        return out

    def _numpy(self, rows: np.ndarray, out: np.ndarray) -> None:
        p = self._program
        words = min(rows.shape[1], _NUMPY_BLOCK)
        if self._scratch.shape[1] != words:
            self._scratch = np.zeros((p.places + 1, words), np.uint64)
            self._scratch[1] = ~np.uint64(0)
        for at in range(0, rows.shape[1], max(words, 1)):
            here = min(words, rows.shape[1] - at)
            values = self._scratch[:, :here]
            values[p.inputs] = rows[:, at : at + here]
            lines = list(values)
            spare = lines[-1]
            for op, a, b, s, y in self._instructions:
                evaluate_gate(op, lines[a], lines[b], lines[s], lines[y], spare)
            out[:, at : at + here] = values[p.outputs]


def _instructions(p: Program) -> list[tuple[int, int, int, int, int]]:
    return [
        (op, *operands, driven)
        for op, operands, driven in zip(
            p.op.tolist(), p.operands.tolist(), p.driven.tolist(), strict=True
        )
    ]


_PLAIN: dict[int, np.ufunc] = {
    Op.AND: np.bitwise_and, Op.OR: np.bitwise_or, Op.XOR: np.bitwise_xor
}  # fmt: skip
_INVERTED: dict[int, np.ufunc] = {
    Op.NAND: np.bitwise_and, Op.NOR: np.bitwise_or, Op.XNOR: np.bitwise_xor
}  # fmt: skip
_NOT_B: dict[int, np.ufunc] = {Op.ANDNOT: np.bitwise_and, Op.ORNOT: np.bitwise_or}


def evaluate_gate(op: int, a: Any, b: Any, s: Any, y: Any, spare: Any) -> None:
    """One gate; ``y`` is none of its inputs."""
    if op in _PLAIN:
        _PLAIN[op](a, b, y)
    elif op in _INVERTED:
        np.invert(_INVERTED[op](a, b, y), y)
    elif op in _NOT_B:
        _NOT_B[op](a, np.invert(b, spare), y)
    elif op == Op.MUX:
        np.bitwise_xor(np.bitwise_and(np.bitwise_xor(a, b, spare), s, spare), a, y)
    elif op == Op.NOT:
        np.invert(a, y)
    else:
        y[:] = a
