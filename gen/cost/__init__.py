"""What a unit costs, by synthesis and before layout: gates, or the cells of an FPGA.

The unit comes as RTLIL, from ``amaranth.back.rtlil.convert(unit, name=top, emit_src=False)``.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .flow import Estimate
from .fpga import FPGAS, estimate_fpga
from .gates import estimate_gates
from .liberty_file import UserLibrary
from .user_library import estimate_user_library

__all__ = ["KIND", "TARGETS", "estimate"]

KIND = "estimate by synthesis, before layout"
"""What every figure here is."""

TARGETS = ("gates", *FPGAS)
"""Targets of an estimate."""


def estimate(
    rtlil: str,
    top: str,
    targets: Sequence[str] = ("gates",),
    *,
    liberty: Path | None = None,
    dsp: bool = False,
) -> dict[str, Any]:
    """Estimate the cost of module ``top`` on each target; the result is ready for JSON.

    ``gates`` gives area and delay for the recipes ``area`` (smallest) and ``speed`` (fastest): in
    gate equivalents and FO4 over the project's own cells or, with ``liberty``, over the cells of
    that file and in its units. The others give ``lut``, ``carry``, ``register``, ``dsp`` and
    ``ram``, with DSP blocks used only on request.

    Raises:
        ValueError: for an unknown target, an unusable Liberty file, or a unit that cannot be timed.
        YosysError: if Yosys fails.
    """
    if isinstance(targets, str) or not targets:
        raise ValueError(f"The targets must be a list of {', '.join(TARGETS)}, not {targets!r}")
    for target in targets:
        if target not in TARGETS:
            raise ValueError(f"The target must be one of {', '.join(TARGETS)}, not {target!r}")
    if liberty is not None and "gates" not in targets:
        raise ValueError("A Liberty file must go with the target gates, and it was not asked for")
    library = None if liberty is None else UserLibrary.read(Path(liberty))

    def one(target: str) -> Estimate:
        if target != "gates":
            return estimate_fpga(rtlil, top, target, dsp=dsp)
        if library is None:
            return estimate_gates(rtlil, top)
        return estimate_user_library(rtlil, top, library)

    result: dict[str, Any] = {"kind": KIND, "top": top}
    tools: dict[str, str | None] = {}
    wanted = list(dict.fromkeys(targets))
    # Threads only wait here: each target is a process of Yosys.
    with ThreadPoolExecutor(max_workers=min(len(wanted), os.cpu_count() or 1)) as pool:
        for target, (figures, used) in zip(wanted, pool.map(one, wanted), strict=True):
            result[target] = figures
            tools |= used
    return result | {"tools": tools}
