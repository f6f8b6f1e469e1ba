"""The one door to the solver: ABC's combinational equivalence checker, inside Yosys.

``&cec`` sweeps a miter: simulation guesses which nodes of the two sides are equal, SAT proves the
guesses from the inputs on, and each proven pair becomes one node. (A. Mishchenko, S. Chatterjee,
R. Brayton and N. Een, "Improvements to Combinational Equivalence Checking", ICCAD 2006.) It comes
with the Yosys that this project cannot do without, as a wheel or as ``$YOSYS``. A solver as a
wheel of its own would see one large formula without such inner equal points.

The miter must have a single output: given several, ``&cec -m`` silently answers another question,
and calls different circuits equal.
"""

import re
from dataclasses import dataclass

from ...gen import yosys

__all__ = ["NAME", "Answer", "solve"]

NAME = "ABC &cec"
_CONFLICTS = 1_000_000
# Seconds that Yosys may take around the solver. The solver looks at its clock between questions to
# SAT only; one that takes too long is ended by ending Yosys.
_ALLOWANCE = 5.0
_SCRIPT = """\
strash
write_blif kept.blif
read_blif function.blif
strash
&get
&cec -m -T {seconds} -C {conflicts}
write_status status.txt
read_blif kept.blif
"""
# ABC works on a design of Yosys's, which must be there and must come back.
_DESIGN = "module anything(input a, b, output y); assign y = a & b; endmodule\n"


@dataclass(frozen=True)
class Answer:
    """``differ`` is whether the function can be 1, ``None`` where that was not decided.

    ``inputs`` is then one value a bit for each of the inputs, in their order.
    """

    differ: bool | None
    inputs: tuple[int, ...] = ()
    reason: str = ""


def solve(function: str, inputs: int, timeout: float) -> Answer:
    """Whether a function of one output, as BLIF, can be 1, answered within ``timeout`` seconds.

    Raises:
        YosysError: if Yosys is missing or fails, or leaves something else than an answer.
    """
    script = _SCRIPT.format(seconds=max(1, round(timeout)), conflicts=_CONFLICTS)
    files = {"design.v": _DESIGN, "function.blif": function, "cec.abc": script}
    try:
        text = yosys.run(
            "read_verilog design.v\ntechmap\nabc -script cec.abc\n",
            files,
            ["status.txt"],
            timeout=timeout + _ALLOWANCE,
        )["status.txt"]
    except yosys.YosysTimeoutError:
        return Answer(None, reason=_too_long(timeout))
    words = text.split()
    if words[:1] == ["snl_UNSAT"]:
        return Answer(False)
    if words[:1] == ["snl_UNK"]:
        return Answer(None, reason=_too_long(timeout))
    if words[:1] == ["snl_SAT"] and re.fullmatch(r"[01]+", words[-1]) and len(words) > 5:
        bits = tuple(map(int, words[-1]))
        if len(bits) == inputs:
            return Answer(True, bits)
    raise yosys.YosysError(f"ABC left no answer that is understood: {text[:200]!r}")


def _too_long(timeout: float) -> str:
    return f"the solver came to no end within {timeout:g} seconds"
