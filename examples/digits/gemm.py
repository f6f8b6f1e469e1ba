"""A matrix product in block formats through generated hardware, and its error against float64.

    python examples/digits/gemm.py [--format A[:B]]... [--file FILE.safetensors] ...

Prints a row per format: answers compared with the golden models, and the relative error of the
result (Frobenius norms). ``A:B`` gives activations and weights different formats. Ends with 1 where
an answer differs from the golden model's, with 2 and a sentence where there is none.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from block_gemm import BlockGemm, Checked
from matrices import from_digits, from_file
from rich.console import Console
from rich.table import Table

from bitwright.gen.yosys import YosysError
from bitwright.verif.bench.process import SimulationError

FORMATS = (
    "mxfp8_e4m3",
    "mxfp6_e2m3",
    "mxfp4",
    "nvfp4",
    "nvfp4:nvfp4_2d",
    "mxint8",
    "bfp6_32",
    "mxfp8_e4m3:mxfp4",
)
COLUMNS = ("format", "bits/element", "answers compared", "mismatches", "error")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--format", action="append", metavar="A[:B]", help="block formats by name")
    parser.add_argument("--file", type=Path, help="a safetensors file; default: the digits")
    parser.add_argument("--weights", help="name of the weights in the file; default: the first")
    parser.add_argument("--activations", help="name of the activations; default: Gaussian numbers")
    parser.add_argument("--rows", type=int, default=64, help="rows of activations (64)")
    parser.add_argument("--columns", type=int, default=32, help="columns of weights (32)")
    parser.add_argument("--rule", default="auto", help="scale rule of the quantizers (auto)")
    parser.add_argument("-o", dest="o", default="bf16", help="format of the result (bf16)")
    options = parser.parse_args()
    try:
        for what, value in (("rows", options.rows), ("columns", options.columns)):
            if value < 1:
                raise ValueError(f"The number of {what} must be at least 1, not {value}")
        gemms = {name: _gemm(name, options) for name in options.format or FORMATS}
        if options.file is None:
            a, b = from_digits(options.rows, options.columns)
        else:
            a, b = from_file(
                options.file, options.weights, options.activations, options.rows, options.columns
            )
        exact = a.astype(np.float64) @ b.astype(np.float64)
        if not exact.any():
            raise ValueError("The product must have a number that is not zero; it has none")
        rows, wrong = _measure(gemms, a, b, exact)
    except (ValueError, YosysError, SimulationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    _show(rows)
    return 1 if wrong else 0


def _measure(
    gemms: dict[str, BlockGemm], a: np.ndarray, b: np.ndarray, exact: np.ndarray
) -> tuple[list[tuple[str, ...]], int]:
    """A row of the table for each format, and how many answers were wrong."""
    rows, wrong = [], 0
    console = Console(stderr=True)
    for name, gemm in gemms.items():
        console.print(f"{name} ...", markup=False)
        checked = Checked()
        error = np.linalg.norm(gemm(a, b, checked) - exact) / np.linalg.norm(exact)
        bits = " / ".join(f"{f.bits_per_element:.4g}" for f in dict.fromkeys(gemm.formats))
        answers = f"{sum(checked.results.values()):,}"
        rows.append((name, bits, answers, str(checked.mismatches), f"{error:.2e}"))
        wrong += checked.mismatches
    return rows, wrong


def _gemm(name: str, options: argparse.Namespace) -> BlockGemm:
    a, _, b = name.partition(":")
    return BlockGemm(a, b or a, o=options.o, rule=options.rule)


def _show(rows: list[tuple[str, ...]]) -> None:
    """The table: drawn on a terminal, Markdown in a pipe."""
    if not sys.stdout.isatty():
        print("| " + " | ".join(COLUMNS) + " |")
        print("|---" + "|---:" * (len(COLUMNS) - 1) + "|")
        for row in rows:
            print("| " + " | ".join(row) + " |")
        return
    table = Table(box=None, header_style="bold")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
