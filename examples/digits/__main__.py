"""Handwritten digits through low-bit hardware: train, quantize, simulate, cost, build, report.

    python examples/digits [-o FOLDER]

Writes Verilog and manifests of every unit, ``digits.json``, ``digits.html`` and ``digits.svg``, and
a bitstream of one unit for a small FPGA board.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import report
from bitstream import build_bitstream
from hardware import BLOCK_CASES, CASES, LANES, run_case
from rich.console import Console
from rich.table import Table

from bitwright.gen import yosys
from bitwright.gen.files import write_whole
from bitwright.verif.digits import train


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-o", dest="folder", type=Path, default=Path("build"))
    folder = parser.parse_args().folder
    console = Console(stderr=True)
    started = time.perf_counter()

    def say(text: str) -> None:
        seconds = time.perf_counter() - started
        console.print(f"[{seconds:5.0f} s] {text}", markup=False, soft_wrap=True)

    say("starting Yosys (its first start on a machine compiles it: up to a minute)")
    say(f"Yosys {yosys.version()} is ready")
    network = train()
    cases = (*CASES, *BLOCK_CASES)
    say(
        f"trained: {network.accuracy(network.float32_scores()):.1%} of {len(network.images)} "
        "test images right in float32"
    )
    results = {}
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        beats = network.weights[0].shape[0] // LANES
        # The wide units for blocks take longest.
        longest_first = (*BLOCK_CASES, *CASES)
        waiting = {pool.submit(run_case, case, network, folder): case for case in longest_first}
        building = pool.submit(build_bitstream, beats, folder)
        for future in as_completed(waiting):
            row = results[waiting[future].name] = future.result()
            say(
                f"{len(results)}/{len(cases)} {row['name']}: {row['dot_products']:,} dot products, "
                f"{row['mismatches']} mismatches, {row['accuracy_rtl']:.1%}, "
                f"{row['gates']:,.0f} gates"
            )
        say("building a bitstream (the first use of place and route compiles it: some seconds)")
        built = building.result()
    ordered = [results[case.name] for case in cases]
    document = {
        "command": "make run",
        "images": len(network.images),
        "lanes": LANES,
        "beats": beats,
        "simulator": ordered[0]["simulator"],
        "tools": ordered[0]["tools"],
        "results": ordered,
        "bitstream": built,
    }
    write_whole(folder / "digits.json", json.dumps(document, indent=2) + "\n")
    write_whole(folder / "digits.html", report.page(document))
    write_whole(folder / "digits.svg", report.picture(ordered) + "\n")
    show(ordered)
    say(
        f"{built['bitstream']} for {built['board']}: "
        + ", ".join(f"{n['used']} of {n['available']} {k}" for k, n in built["utilisation"].items())
        + f"; Fmax {built['fmax_mhz']:.1f} MHz at a clock of {built['clock_mhz']:g} MHz"
    )
    say(f"wrote {folder}/digits.html, digits.json, digits.svg and the Verilog of each unit")
    return 1 if any(row["mismatches"] for row in ordered) else 0


def show(results: list[dict]) -> None:
    """The one table: drawn on a terminal, Markdown in a pipe."""
    if not sys.stdout.isatty():
        print("| " + " | ".join(report.columns) + " |")
        print("|---" + "|---:" * (len(report.columns) - 1) + "|")
        for row in report.rows(results):
            print("| " + " | ".join(row) + " |")
        return
    table = Table(box=None, header_style="bold")
    for index, column in enumerate(report.columns):
        table.add_column(column, justify="right" if index else "left")
    for row in report.rows(results):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
