"""The testbench that goes with a unit's Verilog: small, and as sharp as all our vectors."""

from dataclasses import dataclass
from importlib.metadata import version

from ...gen.generate import Generated
from ...gen.testbench import write_testbench
from .campaign import Trial, trial
from .minimal import minimal_rows

__all__ = ["Testbench", "make_testbench"]


@dataclass(frozen=True)
class Testbench:
    """Verilog of ``TOP_tb``, and what it is worth.

    Attributes:
        verilog: The text.
        rows: Vectors, or clock cycles.
        mutants: How many there are of the unit's netlist.
        killed: How many of them the rows kill: all that any of the vectors tried kills.
    """

    verilog: str
    rows: int
    mutants: int
    killed: int

    # Not a test of ours.
    __test__ = False


def make_testbench(generated: Generated, done: Trial | None = None, *, seed: int = 0) -> Testbench:
    """A self-checking testbench in plain Verilog, for any simulator.

    Args:
        generated: The unit.
        done: All mutants on all vectors, where that has been done.
        seed: Of the vectors.

    Raises:
        YosysError, NetlistError: if synthesis fails, or gives no usable netlist.
    """
    done = done or trial(generated, seed=seed)
    rows, killed = minimal_rows(done, generated.ports, seed=seed)
    clocked = done.trace is not None
    kind = "clock cycles" if clocked else "vectors"
    tried = done.stimuli if done.exhaustive else f"{done.beats:,} beats of corners and draws"
    top = generated.top
    comment = [
        f"{top}_tb: checks {top} in {len(rows):,} {kind}.",
        "Prints PASS or FAIL at its end. Of its netlist's mutants (an output or input of a gate"
        + (", or a register," if clocked else ""),
        f"stuck at 0, stuck at 1 or inverted) it finds {killed:,} of {len(done.faults):,},",
        f"which are all that {tried} find.",
        f"bitwright {version('bitwright')}: "
        f"bitwright generate {generated.name}{generated.options} --testbench",
    ]
    return Testbench(
        write_testbench(top, generated.ports, rows, comment), len(rows), len(done.faults), killed
    )

