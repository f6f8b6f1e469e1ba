"""The network's dot products through generated Verilog, bit by bit beside the golden model."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from network import Network

from bitwright.gen.cost import estimate
from bitwright.gen.generate import Generated, generate
from bitwright.hdl.formats import NumberFormat, parse_format
from bitwright.verif.golden.cast import cast
from bitwright.verif.verify import golden, run_on

__all__ = ["CASES", "LANES", "Case", "run_case"]

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


def run_case(case: Case, network: Network, folder: Any) -> dict[str, Any]:
    """Quantize, simulate, compare, cost: one row of the table."""
    started = time.perf_counter()
    made = case.unit(beats=network.weights[0].shape[0] // LANES)
    made.write(folder)
    format = made.unit.parameters.a
    compared = mismatches = 0
    simulator = ""
    values = network.images
    for weights, bias, peak in zip(network.weights, network.biases, network.peaks, strict=True):
        inputs, input_scale = _quantize(values, format, peak)
        codes, weight_scale = _quantize(weights, format, float(abs(weights).max()))
        layer = _Layer(inputs, codes)
        answers, simulation = run_on(made, layer.stimuli, layer.count)
        expected = golden(made.name, made.unit, layer.stimuli)
        mismatches += int((answers["p"].astype(np.int64) != expected["p"]).sum())
        compared += layer.count
        simulator = simulation.simulator
        scores = layer.results(answers["p"]) * np.float32(input_scale * weight_scale) + bias
        values = np.maximum(scores, 0)
    cost = estimate(made.rtlil, made.top, ["gates", "ecp5"])
    recipes = cost["gates"]["recipes"]
    return {
        "name": case.name,
        "format": case.format,
        "product": case.product,
        "accuracy_float32": network.accuracy(network.float32_scores()),
        "accuracy_rtl": network.accuracy(scores),
        "dot_products": compared,
        "mismatches": mismatches,
        "gates": recipes["area"]["area"],
        "fo4": recipes["speed"]["delay"],
        "ecp5_luts": cost["ecp5"]["lut"],
        "verilog": f"{made.top}.v",
        "simulator": simulator,
        "tools": cost["tools"] | made.manifest["tools"],
        "seconds": round(time.perf_counter() - started, 1),
    }
