"""A product of two real matrices through block-scaled hardware, every answer checked.

Both matrices stream through a quantizer, block pairs through a dot product unit whose sums chain
from one group of blocks to the next, the results through the tensors' scales and an output
conversion. All of it is generated Verilog in simulation, compared bit by bit with the golden
models.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bitwright.gen.generate import Generated, generate
from bitwright.hdl.formats import BlockFormat, FloatFormat, NumberFormat, parse_block, parse_format
from bitwright.verif.compare import differences
from bitwright.verif.verify import golden, run_on

__all__ = ["BlockGemm", "Checked", "Quantized"]

FP32 = parse_format("fp32")


@dataclass
class Checked:
    """Answers of simulated units so far, and how many were not the golden model's."""

    results: dict[str, int] = field(default_factory=dict)
    mismatches: int = 0
    simulator: str = ""

    def run(
        self, unit: Generated, inputs: dict[str, np.ndarray], results: int | None = None
    ) -> dict[str, np.ndarray]:
        """What the simulated unit answers; one result a beat, if not said otherwise."""
        count = len(next(iter(inputs.values()))) if results is None else results
        want = golden(unit.name, unit.unit, inputs)
        got, simulation = run_on(unit, inputs, count)
        self.results[unit.name] = self.results.get(unit.name, 0) + count
        self.mismatches += len(differences(unit.unit, got, want))
        self.simulator = simulation.simulator
        return got


@dataclass(frozen=True)
class Quantized:
    """A matrix as rows of blocks: element codes, block scales, and the tensor's scale."""

    codes: np.ndarray
    scales: np.ndarray
    tensor_scale: np.float32


def _fp32_codes(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).view(np.uint32).astype(np.int64)


def _floats(codes: np.ndarray, format: NumberFormat) -> np.ndarray:
    return format.to_float(codes.astype(np.int64))


class _Quantizer:
    """The units that quantize a matrix row by row.

    Where rows share a scale, one unit finds it while a tile's rows stream by, and another quantizes
    the rows with the scale that it is given: neither is wider than a row of the tile.
    """

    def __init__(self, block: BlockFormat, rule: str):
        self.block = block
        self.row = block if block.rows == 1 else parse_block(str(replace(block, rows=1, name="")))
        self.scale: Generated | None = None
        texts = {"a": "fp32", "o": str(self.row), "rule": rule}
        if block.rows > 1:
            beats = {"beats": str(block.rows)}
            self.scale = generate("block-scale", {**texts, "o": str(block), **beats})
            texts["scale"] = "given"
        self.elements = generate("block-quantizer", texts)

    def __call__(self, numbers: np.ndarray, checked: Checked) -> tuple[np.ndarray, np.ndarray]:
        """Codes of elements and scales, a scale for each block of each row."""
        rows, size = self.block.rows, self.block.size
        high, wide = len(numbers) // rows, numbers.shape[1] // size
        inputs = {"a": numbers.reshape(-1, size)}
        if self.scale is not None:
            # Tile after tile, and of a tile row after row.
            tiles = numbers.reshape(high, rows, wide, size).swapaxes(1, 2).reshape(-1, size)
            place = np.arange(len(tiles)) % rows
            bounds = {"first": (place == 0) + 0, "last": (place == rows - 1) + 0}
            found = checked.run(self.scale, {**bounds, "a": tiles}, high * wide)["p_scale"]
            inputs["a_scale"] = np.repeat(found.reshape(high, wide), rows, axis=0).ravel()
        made = checked.run(self.elements, inputs)
        return (
            made["p"].astype(np.int64).reshape(len(numbers), -1),
            made["p_scale"].astype(np.int64).reshape(len(numbers), -1),
        )


class BlockGemm:
    """``a @ b`` with the rows of ``a`` and the columns of ``b`` in blocks.

    Blocks may be two-dimensional, too (``nvfp4_2d``): a scale is then shared by as many rows of
    ``a``, or columns of ``b``, and the transposed matrix has the same codes.

    Parameters
    ----------
    a, b
        Names of block formats, of the left and of the right matrix.
    o
        Name of the results' float format.
    blocks
        Pairs of blocks that one beat of the dot product unit takes.
    rule
        Scale rule of the quantizers.
    dot
        Further parameters of the dot product unit, as on the command line. Its addend is the sum of
        the groups of blocks before.
    """

    def __init__(
        self,
        a: str,
        b: str,
        *,
        o: str = "bf16",
        blocks: int = 1,
        rule: str = "auto",
        dot: dict[str, str] | None = None,
    ):
        self.formats = parse_block(a), parse_block(b)
        self.o = parse_format(o)
        if not isinstance(self.o, FloatFormat):
            raise ValueError(f"The result's format must be a float, not '{o}'")
        self.quantizers = [_Quantizer(block, rule) for block in self.formats]
        left, right = (str(quantizer.row) for quantizer in self.quantizers)
        self.dot = generate(
            "block-dot-product",
            {"a": left, "b": right, "blocks": str(blocks), "c": "fp32", "o": "fp32", **(dot or {})},
            top=f"block_dot_{a}" if a == b else f"block_dot_{a}_{b}",
        )
        self.lanes = blocks * max(block.size for block in self.formats)
        self.multiplier = generate("float-multiplier", {"a": "fp32", "b": "fp32", "o": "fp32"})
        self.converter = generate("float-converter", {"a": "fp32", "o": o})

    def quantize(self, matrix: np.ndarray, side: int, checked: Checked) -> Quantized:
        """The rows of a matrix, padded with zeros to whole blocks and groups of them."""
        block = self.formats[side]
        rows, columns = matrix.shape
        padded = -(-rows // block.rows) * block.rows, -(-columns // self.lanes) * self.lanes
        numbers = np.zeros(padded, np.float32)
        numbers[:rows, :columns] = matrix
        scale = _tensor_scale(block, numbers)
        codes, scales = self.quantizers[side](_fp32_codes(numbers * scale), checked)
        return Quantized(codes[:rows], scales[:rows], scale)

    def multiply(self, a: Quantized, b: Quantized, checked: Checked) -> np.ndarray:
        """Codes of the FP32 sums, chained over the groups of blocks, before the tensors' scales."""
        m, n = len(a.codes), len(b.codes)
        left, right = (x.ravel() for x in np.meshgrid(np.arange(m), np.arange(n), indexing="ij"))
        sums = np.zeros(m * n, np.int64)
        for start in range(0, a.codes.shape[1], self.lanes):
            inputs: dict[str, np.ndarray] = {}
            for name, pick, x, block in (
                ("a", left, a, self.formats[0]),
                ("b", right, b, self.formats[1]),
            ):
                inputs[name] = x.codes[pick, start : start + self.lanes]
                first, count = start // block.size, self.lanes // block.size
                scales = x.scales[pick, first : first + count]
                inputs[f"{name}_scale"] = scales if count > 1 else scales[:, 0]
            sums = checked.run(self.dot, {**inputs, "c": sums})["p"].astype(np.int64)
        return sums

    def __call__(self, a: np.ndarray, b: np.ndarray, checked: Checked) -> np.ndarray:
        """``a @ b`` as float64 that hold numbers of the result's format exactly."""
        left, right = self.quantize(a, 0, checked), self.quantize(b.T, 1, checked)
        sums = self.multiply(left, right, checked)
        scale = np.float32(1) / (left.tensor_scale * right.tensor_scale)
        if scale != 1:
            factors = np.full_like(sums, _fp32_codes(np.array([scale]))[0])
            made = checked.run(self.multiplier, {"a": sums, "b": factors})
            sums = made["p"].astype(np.int64)
        result = checked.run(self.converter, {"a": sums})["p"] if self.o != FP32 else sums
        return _floats(result, self.o).reshape(len(a), b.shape[1])


def _tensor_scale(block: BlockFormat, numbers: np.ndarray) -> np.float32:
    """The factor that brings the tensor's peak to the largest scale times the largest element
    (NVIDIA, arXiv 2509.25149, for NVFP4); 1 where the format has no second scale."""
    peak = abs(numbers).max()
    if block.tensor_scale is None or peak == 0:
        return np.float32(1)
    assert isinstance(block.scale, FloatFormat)
    top: Any = block.element.max_integer * 2.0**block.element.lsb_exponent
    return np.float32(top * float(block.scale.max_value)) / np.float32(peak)
