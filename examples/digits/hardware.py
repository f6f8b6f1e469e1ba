"""The network's dot products through generated Verilog, bit by bit beside the golden model."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from block_gemm import BlockGemm, Checked

from bitwright.gen.cost import estimate
from bitwright.gen.generate import Generated, generate
from bitwright.hdl.formats import NumberFormat, parse_format
from bitwright.verif.digits import Network
from bitwright.verif.golden.cast import cast

__all__ = ["BLOCK_CASES", "CASES", "LANES", "BlockCase", "Case", "run_case"]

LANES = 8
FP32 = parse_format("fp32")


@dataclass(frozen=True)
class Case:
    """One number system: a format, and how its elements are multiplied."""

    name: str
    format: str
    product: str = "exact"

    def unit(self, beats: int) -> Generated:
        """The dot product unit; every case rounds its exact sum once, to float32."""
        return generate(
            "dot-product",
            {
                "a": self.format,
                "b": self.format,
                "o": "fp32",
                "product": self.product,
                "lanes": str(LANES),
                "beats": str(beats),
            },
            top=f"dot_{self.name.replace('-', '_')}",
        )


CASES = (
    Case("int8", "int8n"),
    Case("e4m3fn", "e4m3fn"),
    Case("e5m2", "e5m2"),
    Case("e3m2fn", "e3m2fn"),
    Case("e2m1fn", "e2m1fn"),
    Case("lmul-e4m3fn", "e4m3fn", "lmul"),
    Case("lmul-e3m4", "e3m4", "lmul"),
)


@dataclass(frozen=True)
class BlockCase:
    """A block format for weights and activations: the unit takes one pair of blocks a beat, adds
    the exact sum to the FP32 sum of the blocks before, and rounds once."""

    name: str
    format: str
    product: str = "block"


BLOCK_CASES = (
    BlockCase("mxfp8", "mxfp8_e4m3"),
    BlockCase("mxfp6", "mxfp6_e2m3"),
    BlockCase("mxfp4", "mxfp4"),
    BlockCase("nvfp4", "nvfp4"),
    BlockCase("bfp6", "bfp6_32"),
)


def _quantize(values: np.ndarray, format: NumberFormat, peak: float) -> tuple[np.ndarray, float]:
    """Codes, and the tensor's scale, which brings its peak to the format's largest number."""
    largest = float(format.max_integer) * 2.0**format.lsb_exponent
    scale = np.float32(peak / largest)
    scaled = (values.astype(np.float32) / scale).astype(np.float32)
    return cast(scaled.view(np.uint32), FP32, format), float(scale)


class _Layer:
    """All dot products of one layer over all test images, as beats of the unit."""

    def __init__(self, inputs: np.ndarray, weights: np.ndarray):
        self.images, self.outputs = len(inputs), weights.shape[1]
        beats = inputs.shape[1] // LANES
        count = self.images * self.outputs
        a = np.repeat(inputs.reshape(self.images, 1, beats, LANES), self.outputs, axis=1)
        b = np.broadcast_to(weights.T.reshape(1, self.outputs, beats, LANES), a.shape)
        place = np.tile(np.arange(beats), count)
        self.stimuli = {
            "first": (place == 0).astype(np.int64),
            "last": (place == beats - 1).astype(np.int64),
            "a": a.reshape(-1, LANES).astype(np.int64),
            "b": b.reshape(-1, LANES).astype(np.int64),
        }
        self.count = count

    def results(self, codes: np.ndarray) -> np.ndarray:
        return FP32.to_float(codes).astype(np.float32).reshape(self.images, self.outputs)


def _through_lanes(made: Generated, network: Network, checked: Checked) -> np.ndarray:
    """Scores of the test images, with one scale a tensor."""
    format = made.unit.parameters.a
    values = network.images
    for weights, bias, peak in zip(network.weights, network.biases, network.peaks, strict=True):
        inputs, input_scale = _quantize(values, format, peak)
        codes, weight_scale = _quantize(weights, format, float(abs(weights).max()))
        layer = _Layer(inputs, codes)
        answers = checked.run(made, layer.stimuli, layer.count)
        scores = layer.results(answers["p"]) * np.float32(input_scale * weight_scale) + bias
        values = np.maximum(scores, 0)
    return scores


def _through_blocks(gemm: BlockGemm, network: Network, checked: Checked) -> np.ndarray:
    """Scores of the test images, quantized block by block in hardware, too."""
    values = network.images
    for weights, bias in zip(network.weights, network.biases, strict=True):
        scores = (gemm(values, weights, checked) + bias).astype(np.float32)
        values = np.maximum(scores, 0)
    return scores


def run_case(case: Case | BlockCase, network: Network, folder: Any) -> dict[str, Any]:
    """Quantize, simulate, compare, cost: one row of the table."""
    started = time.perf_counter()
    checked = Checked()
    if isinstance(case, BlockCase):
        gemm = BlockGemm(case.format, case.format, o="fp32")
        made, lanes = gemm.dot, gemm.lanes
        scores = _through_blocks(gemm, network, checked)
    else:
        made, lanes = case.unit(beats=network.weights[0].shape[0] // LANES), LANES
        scores = _through_lanes(made, network, checked)
    made.write(folder)
    # LUT mapping of the wide units for blocks would take minutes each.
    block = isinstance(case, BlockCase)
    cost = estimate(made.rtlil, made.top, ["gates"] if block else ["gates", "ecp5"])
    recipes = cost["gates"]["recipes"]
    return {
        "name": case.name,
        "format": case.format,
        "product": case.product,
        "lanes": lanes,
        "accuracy_float32": network.accuracy(network.float32_scores()),
        "accuracy_rtl": network.accuracy(scores),
        "dot_products": checked.results[made.name],
        "mismatches": checked.mismatches,
        "gates": recipes["area"]["area"],
        "fo4": recipes["speed"]["delay"],
        "ecp5_luts": None if block else cost["ecp5"]["lut"],
        "verilog": f"{made.top}.v",
        "simulator": checked.simulator,
        "tools": cost["tools"] | made.manifest["tools"],
        "seconds": round(time.perf_counter() - started, 1),
    }
