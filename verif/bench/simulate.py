"""One simulation of one module: arrays of input transactions in, arrays of outputs back."""

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...gen.port import Port
from .cache import forget
from .icarus import build as build_icarus
from .icarus import command as icarus_command
from .icarus import version as icarus_version
from .process import SimulationError, run
from .verilator import build as build_verilator
from .verilator import version as verilator_version
from .wrapper import TOP, Layout, wrapper

__all__ = ["Simulation", "simulate"]

_TRANSPORT = Path(__file__).with_name("transport.py")


@dataclass(frozen=True)
class Simulation:
    """What came out of a simulation.

    Attributes:
        outputs: Per output field, by port name, ``uint8 (outputs, ceil(width / 8))``:
            little-endian bytes of the port's value (see `unpack`).
        cycles: Clock cycles, or beats of a combinational unit, after reset.
        seconds: Time in the simulator's loop, without its build and start.
        build_seconds: Time until the simulator could be started.
        simulator: Its name and version, and cocotb's.
        log: What build and simulation printed.
    """

    outputs: dict[str, np.ndarray]
    cycles: int
    seconds: float
    build_seconds: float
    simulator: str
    log: str


def simulate(
    verilog: str,
    top: str,
    ports: Sequence[Port],
    stimuli: Mapping[str, np.ndarray],
    *,
    outputs: int,
    simulator: str = "verilator",
    lanes: int = 1,
    gaps: float = 0.0,
    stalls: float = 0.0,
    unknown: bool = False,
    interrupted: int = 0,
    seed: int = 0,
    waves: Path | None = None,
    folder: Path | None = None,
    timeout: float = 600.0,
    patience: int = 10_000,
) -> Simulation:
    """Send transactions through a module, watch its handshake, return what it answers.

    The module has the ports ``i_valid``, ``i_ready``, ``o_valid``, ``o_ready``, payload inputs
    ``i_...`` and outputs ``o_...`` of any width, and either both ``clk`` and ``rst`` (synchronous,
    active high) or neither, when it is combinational. The bench resets it, then offers the
    transactions in order; every rule of the handshake that the module breaks is an error.

    Parameters:
        verilog: Text with the module and all that it instantiates.
        top: Name of the module.
        ports: All of its ports.
        stimuli: Per payload input, by port name, ``uint8 (transactions, ceil(width / 8))``:
            little-endian bytes of the port's value (see `pack`). A module without payload inputs
            gets as many transactions as there shall be outputs.
        outputs: How many outputs must come, no more and no less.
        simulator: ``"verilator"`` or ``"icarus"``; the latter also finds unknown (X, Z) values.
        lanes: Copies of the module that work side by side, transaction ``t`` in copy
            ``t % lanes``. For modules without memory from one transaction to the next, whose
            outputs are as many as their inputs; 64 is a good number when there are thousands.
        gaps: Probability that the source offers nothing in a cycle, below 1.
        stalls: Probability that the sink takes nothing in a cycle, below 1. Where it is not zero,
            the first output is taken only after it has been offered to a sink that is not ready.
        unknown: Whether the payload is unknown (X) while nothing is offered, and during reset; in
            Icarus. What of it reaches a valid output, or the handshake, is an error.
        interrupted: Cycles for which inputs are sent, and outputs ignored, before a second reset
            that comes in the midst of them; the simulation proper begins after it.
        seed: Of the gaps and stalls.
        waves: File for the waveforms (VCD), written when the simulation has ended, well or not.
        folder: Where to build and run, to be kept; by default a temporary folder, removed.
        timeout: Seconds that the build, and then the simulation, may take.
        patience: Cycles without any transfer after which the outputs still missing are given up.

    Raises:
        ValueError: for arguments that contradict the ports or each other.
        SimulationError: for a missing tool, a failed build, a simulator that died or ran out of
            time, and every violation of the handshake, with its cycle and transaction.
    """
    layout = Layout.of(ports, lanes)
    _check(top, simulator, lanes, gaps, stalls, outputs, patience)
    if unknown and simulator != "icarus":
        raise ValueError(f"Simulator must be 'icarus' for unknown values, not {simulator!r}")
    rows, transactions = _rows(layout, stimuli, outputs)
    if lanes > 1 and transactions != outputs:
        raise ValueError(
            f"A module in {lanes} lanes must give one output per input, "
            f"not {outputs} outputs for {transactions} inputs"
        )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    place = (
        tempfile.TemporaryDirectory(prefix="bitwright-bench-", ignore_cleanup_errors=True)
        if folder is None
        else nullcontext(str(folder))
    )
    with place as path, _kept_if_good(Path(path).resolve()):
        here = Path(path).resolve()
        for stale in ("build.log", "simulation.log", "report.json", "outputs.bin", "waves.vcd"):
            (here / stale).unlink(missing_ok=True)
        start = time.perf_counter()
        command, environment, version = _build(
            here, verilog, top, layout, simulator, waves is not None, timeout
        )
        build_seconds = time.perf_counter() - start
        (here / "stimuli.bin").write_bytes(rows.tobytes())
        config = {
            "stimuli": str(here / "stimuli.bin"),
            "results": str(here / "outputs.bin"),
            "report": str(here / "report.json"),
            "beats": len(rows),
            "outputs": -(-outputs // lanes),
            "input_size": lanes * layout.input_size,
            "output_size": lanes * layout.output_size,
            "lane_size": layout.output_size,
            "lanes": lanes,
            "fields": [(field.name, field.start) for field in layout.outputs],
            "clocked": layout.clocked,
            "gaps": gaps,
            "stalls": stalls,
            "unknown": unknown,
            "interrupted": interrupted,
            "seed": seed,
            "patience": patience,
        }
        environment["BITWRIGHT_BENCH"] = json.dumps(config)
        try:
            run([command], cwd=here, log=here / "simulation.log", timeout=timeout,
                what="The simulation", environment=environment)  # fmt: skip
        finally:
            if waves is not None:
                _deliver(here / "waves.vcd", waves)
        logs = [here / "build.log", here / "simulation.log"]
        log = "".join(path.read_text(errors="replace") for path in logs if path.exists())
        report = _report(here / "report.json", log)
        words = _words(here / "outputs.bin", report["outputs"], lanes * layout.output_size, log)
    words = words.reshape(-1, layout.output_size)[:outputs]
    return Simulation(
        outputs={
            field.name: np.ascontiguousarray(words[:, field.start : field.start + field.size])
            for field in layout.outputs
        },
        cycles=report["cycles"],
        seconds=report["seconds"],
        build_seconds=build_seconds,
        simulator=version,
        log=log,
    )


@contextmanager
def _kept_if_good(here: Path) -> Iterator[None]:
    """What the cache has of a simulation stays there only if that gives a report."""
    good = True
    try:
        yield
    except SimulationError:
        good = (here / "report.json").exists()
        raise
    finally:
        forget(here, good=good)


def _check(
    top: str, simulator: str, lanes: int, gaps: float, stalls: float, outputs: int, patience: int
) -> None:
    if top == TOP:
        raise ValueError(f"The module must not be called {TOP!r}, which is the bench's own name")
    if simulator not in ("verilator", "icarus"):
        raise ValueError(f"Simulator must be 'verilator' or 'icarus', not {simulator!r}")
    for name, probability in (("Gaps", gaps), ("Stalls", stalls)):
        if not 0 <= probability < 1:
            raise ValueError(f"{name} must be a probability from 0 to below 1, not {probability!r}")
    numbers = (("Lanes", lanes, 1), ("Outputs", outputs, 0), ("Patience", patience, 1))
    for name, number, least in numbers:
        if number < least:
            raise ValueError(f"{name} must be at least {least}, not {number!r}")


def _rows(
    layout: Layout, stimuli: Mapping[str, np.ndarray], outputs: int
) -> tuple[np.ndarray, int]:
    """The beats' bytes, ``uint8 (beats, lanes * input_size)``, and the number of transactions."""
    names = [field.name for field in layout.inputs]
    if set(stimuli) != set(names):
        raise ValueError(f"Stimuli must be given for the ports {names}, not {sorted(stimuli)}")
    columns = [np.asarray(stimuli[name]) for name in names]
    transactions = len(columns[0]) if columns else outputs
    for field, column in zip(layout.inputs, columns, strict=True):
        if column.dtype != np.uint8 or column.shape != (transactions, field.size):
            raise ValueError(
                f"Stimuli of {field.name!r} must be uint8 ({transactions}, {field.size}), "
                f"not {column.dtype} {column.shape}"
            )
        spare = field.width % 8
        if spare and column.size and int(column[:, -1].max()) >> spare:
            raise ValueError(f"Stimuli of {field.name!r} must fit in {field.width} bits")
    beats = -(-transactions // layout.lanes)
    if not columns:
        return np.zeros((beats, 0), dtype=np.uint8), transactions
    rows = np.concatenate(columns, axis=1)
    # The last beat is filled up with its last transaction; what comes of that is dropped.
    if transactions:
        rows = np.pad(rows, ((0, beats * layout.lanes - transactions), (0, 0)), mode="edge")
    return rows.reshape(beats, layout.lanes * layout.input_size), transactions


def _build(
    here: Path, verilog: str, top: str, layout: Layout, simulator: str, waves: bool, timeout: float
) -> tuple[list[str], dict[str, str], str]:
    """Command and environment that run the simulation, and the tools' versions."""
    design, bench = here / "design.v", here / "bench.v"
    design.write_text(verilog)
    if simulator == "icarus":
        bench.write_text(wrapper(top, layout, dump="waves.vcd" if waves else None))
        version = icarus_version()
        command = icarus_command(build_icarus(design, bench, run_folder=here, timeout=timeout))
    else:
        bench.write_text(wrapper(top, layout))
        version = verilator_version()
        program = build_verilator(design, bench, waves=waves, run_folder=here, timeout=timeout)
        command = [str(program), *["--trace", "--trace-file", "waves.vcd"] * waves]
    # cocotb takes its test module from the path: alone there, it does not import this package.
    library = here / "library"
    library.mkdir(exist_ok=True)
    shutil.copy(_TRANSPORT, library / "bitwright_transport.py")
    environment = _environment(library, simulator)
    return command, environment, f"{version}, cocotb {importlib.metadata.version('cocotb')}"


def _environment(library: Path, simulator: str) -> dict[str, str]:
    """What cocotb wants to find; the caller's own settings for cocotb must not interfere."""
    from cocotb_tools import config
    from find_libpython import find_libpython

    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COCOTB_", "GPI_", "PYGPI_"))
    }
    libpython = find_libpython()
    if libpython is None:
        raise SimulationError(
            "cocotb needs Python's shared library (libpython), and this Python has none: "
            "use one built with --enable-shared, or try `apt install libpython3-dev`"
        )
    environment |= {
        "COCOTB_TEST_MODULES": "bitwright_transport",
        "COCOTB_TOPLEVEL": TOP,
        "COCOTB_RESULTS_FILE": "results.xml",
        "COCOTB_REWRITE_ASSERTION_FILES": "",  # saves the import of pytest
        "TOPLEVEL_LANG": "verilog",
        "PYGPI_PYTHON_BIN": sys.executable,
        "GPI_USERS": f"{libpython};{config.pygpi_entry_point()}",
        "PYTHONPATH": os.pathsep.join([str(library), *filter(None, sys.path)]),
    }
    if simulator == "verilator":
        environment["COCOTB_TRUST_INERTIAL_WRITES"] = "1"
    return environment


def _report(path: Path, log: str) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError):
        tail = "\n".join(log.strip().splitlines()[-30:])
        raise SimulationError(f"The simulation ended without a report:\n{tail}", log) from None
    if report["violation"] is not None:
        raise SimulationError(f"The handshake failed: {report['violation']}", log)
    return report


def _words(path: Path, outputs: int, size: int, log: str) -> np.ndarray:
    octets = path.read_bytes() if path.exists() else b""
    if len(octets) != outputs * size:
        raise SimulationError("The file of outputs is cut short: is the disk full?", log)
    return np.frombuffer(octets, dtype=np.uint8)


def _deliver(made: Path, wanted: Path) -> None:
    """Give the waveforms their final name at once, from whatever file system they are on."""
    if not made.exists():
        return
    wanted.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=wanted.parent, prefix=f".{wanted.name}-")
    os.close(handle)
    try:
        shutil.copyfile(made, partial)
        os.chmod(partial, 0o644)
        os.replace(partial, wanted)
    finally:
        Path(partial).unlink(missing_ok=True)
