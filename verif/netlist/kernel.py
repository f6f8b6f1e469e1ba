"""The inner loops in C, compiled once on a machine, where it has a compiler."""

import ctypes
import functools
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np

from ...gen.guard import passing_folder
from ...gen.process import answer
from ..bench import cache
from ..bench.process import SimulationError, run

__all__ = ["KernelError", "aligned", "compiler", "find_kernel", "kernel", "number", "pointer"]

_SOURCE = Path(__file__).with_name("kernel.c")
_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-O3", "-march=native", "-fPIC", "-shared", "-w")
_SECONDS = 120


class KernelError(RuntimeError):
    """There is no C compiler, or what it made cannot be used."""


def kernel() -> ctypes.CDLL:
    """The compiled loops.

    Raises:
        KernelError: without a compiler, or with one that fails.
    """
    found, why = find_kernel()
    if found is None:
        raise KernelError(why)
    return found


def find_kernel() -> tuple[ctypes.CDLL | None, str]:
    """The loops, or None and why there are none; looked for once."""
    return _find(os.environ.get("CC", ""), os.environ.get("PATH", ""))


@functools.cache
def _find(chosen: str, path: str) -> tuple[ctypes.CDLL | None, str]:
    try:
        return _load(compiler(chosen, path)), ""
    except KernelError as error:
        return None, str(error)


def compiler(chosen: str, path: str) -> list[str]:
    """The command that ``$CC`` names, or the first C compiler on the path.

    Raises:
        KernelError: if there is none.
    """
    words = shlex.split(chosen)
    if words:
        if shutil.which(words[0], path=path) is None:
            raise KernelError(f"$CC names '{words[0]}', which is not a program on this machine")
        return words
    for name in _COMPILERS:
        found = shutil.which(name, path=path)
        if found:
            return [found]
    raise KernelError(f"There is no C compiler: none of {', '.join(_COMPILERS)} is found")


def _load(command: list[str]) -> ctypes.CDLL:
    """The kept library, or a new one."""
    kept = cache.digest([_SOURCE.read_text(), *command, *_FLAGS, _processor(command)])
    with passing_folder("bitwright-kernel-") as folder:
        library = folder / "kernel.so"
        if cache.get("kernels", kept, library):
            try:
                return ctypes.CDLL(str(library))
            except OSError:  # spoilt: made anew
                library.unlink()
        build = [*command, *_FLAGS, str(_SOURCE), "-o", str(library)]
        try:
            run([build], cwd=folder, log=folder / "log", timeout=_SECONDS, what="The C compiler")
            loaded = ctypes.CDLL(str(library))
        except (SimulationError, OSError) as error:
            raise KernelError(f"The netlist kernel could not be compiled: {error}") from None
        cache.put("kernels", kept, library)
        return loaded


def _processor(command: list[str]) -> str:
    """What the compiler knows of itself and of this processor: its predefined macros."""
    ask = [*command, "-march=native", "-dM", "-E", "-x", "c", os.devnull]
    try:
        status, said = answer(ask, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KernelError(f"The C compiler does not work: {error}") from None
    if status:
        raise KernelError(f"The C compiler does not work: {said.strip()[-500:]}")
    return said


def aligned(rows: int, words: int) -> np.ndarray:
    """Space for values, not cleared, that begins where a line of the cache does."""
    space = np.empty(rows * words + 8, np.uint64)
    start = -space.ctypes.data % 64 // 8
    return space[start : start + rows * words].reshape(rows, words)


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def number(value: int) -> ctypes.c_int64:
    return ctypes.c_int64(value)
