"""What a unit costs: by synthesis, in gates or an FPGA's cells, and there after place and route.

The unit comes as RTLIL, from ``amaranth.back.rtlil.convert(unit, name=top, emit_src=False)``.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import nextpnr
from ..crowd import side_by_side
from .flow import Estimate
from .fpga import FPGAS, synthesize
from .gates import estimate_gates
from .liberty_file import UserLibrary
from .route import Routing, check_seeds, chosen_devices, route
from .user_library import estimate_user_library

__all__ = ["KIND", "TARGETS", "estimate"]

KIND = "estimate by synthesis, before layout"
"""What every figure here is, but those under ``route``."""

TARGETS = ("gates", *FPGAS)
"""Targets of an estimate."""


def estimate(
    rtlil: str,
    top: str,
    targets: Sequence[str] = ("gates",),
    *,
    liberty: Path | None = None,
    dsp: bool = False,
    seeds: int | None = None,
    devices: Sequence[str] = (),
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Estimate the cost of module ``top`` on each target; the result is ready for JSON.

    ``gates`` gives area and delay for the recipes ``area`` (smallest) and ``speed`` (fastest): in
    gate equivalents and FO4 over the project's own cells or, with ``liberty``, over the cells of
    that file and in its units. The others give ``lut``, ``carry``, ``register``, ``dsp`` and
    ``ram``, with DSP blocks used only on request.

    With ``seeds``, the unit is placed and routed that many times on each FPGA, on the device of
    its family among ``devices`` or the usual one; the target's ``route`` has the figures of
    :func:`.route.route`. ``progress`` is told in words what is being waited for.

    Raises:
        ValueError: for an unknown target or device, an unusable Liberty file, a unit that cannot be
            timed, or one that does not fit.
        YosysError: if Yosys fails.
        NextpnrError: if nextpnr is missing or fails.
    """
    if isinstance(targets, str) or not targets:
        raise ValueError(f"The targets must be a list of {', '.join(TARGETS)}, not {targets!r}")
    for target in targets:
        if target not in TARGETS:
            raise ValueError(f"The target must be one of {', '.join(TARGETS)}, not {target!r}")
    if liberty is not None and "gates" not in targets:
        raise ValueError("A Liberty file must go with the target gates, and it was not asked for")
    library = None if liberty is None else UserLibrary.read(Path(liberty))
    wanted = list(dict.fromkeys(targets))
    if seeds is None and devices:
        raise ValueError("A device must go with place and route, and that was not asked for")
    parts = {} if seeds is None else chosen_devices(wanted, devices)
    if seeds is not None:
        check_seeds(seeds)
        for family in parts:
            nextpnr.command(nextpnr.FAMILIES[family])  # a missing one is better known at once
    say = progress or (lambda words: None)
    netlists: dict[str, str] = {}

    def one(target: str) -> Estimate:
        if target != "gates":
            figures, netlists[target] = synthesize(rtlil, top, target, dsp=dsp)
            return figures
        if library is None:
            return estimate_gates(rtlil, top)
        return estimate_user_library(rtlil, top, library)

    result: dict[str, Any] = {"kind": KIND, "top": top}
    tools: dict[str, str | None] = {}
    # Threads only wait here: each target is a process of Yosys.
    estimates = side_by_side(one, wanted, os.cpu_count() or 1)
    for target, (figures, used) in zip(wanted, estimates, strict=True):
        result[target] = figures
        tools |= used
    if seeds is not None:
        for family in parts:
            tool = nextpnr.FAMILIES[family]
            if not nextpnr.compiled(tool):
                say(f"first use of {tool}: compiling it")
                nextpnr.prepare(tool)
            tools[tool] = nextpnr.version(family)
        say("placing and routing")
        routed = route(
            [Routing(f, netlists[f], top, result[f], device) for f, device in parts.items()],
            seeds,
            progress=lambda n, of: say(f"placing and routing, {n} of {of} runs done"),
        )
        for family, figures in zip(parts, routed, strict=True):
            result[family] |= {"route": figures}
    return result | {"tools": tools}
