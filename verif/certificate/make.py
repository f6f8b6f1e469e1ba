"""Making a certificate: every statement is shown anew, two at a time."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...gen.crowd import side_by_side
from ...gen.generate import Generated
from . import statements
from .digests import file_digest, source_digests, tool_versions
from .statements import FAILED, Statement

__all__ = ["SCHEMA", "Certificate", "certify", "simulators_here", "text_of"]

SCHEMA = "bitwright certificate 1"
_AT_ONCE = 2


@dataclass(frozen=True)
class Certificate:
    """A unit's files and what is certified of them.

    Attributes:
        content: What stands in the file, its own digest included.
        generated: The unit.
        testbench: Verilog of its testbench.
    """

    content: dict[str, Any]
    generated: Generated
    testbench: str

    @property
    def failed(self) -> list[Statement]:
        """Statements that do not hold."""
        return [s for s in self.content["statements"] if s["verdict"] == FAILED]

    @property
    def passed(self) -> bool:
        return not self.failed

    def write(self, folder: Path) -> list[Path]:
        """Write ``TOP.v``, ``TOP.json``, ``TOP_tb.v`` and ``TOP.cert.json``, all or none.

        Raises:
            RuntimeError: if a statement does not hold: nothing is certified then.
        """
        if self.failed:
            raise RuntimeError(
                f"Nothing is certified, for this does not hold: {self.failed[0]['summary']}; "
                f"again: {self.failed[0]['command']}"
            )
        others = {"_tb.v": self.testbench, ".cert.json": text_of(self.content)}
        return self.generated.write(folder, others)


def simulators_here() -> list[str]:
    """Verilator, and Icarus where it is installed."""
    return ["verilator", *(["icarus"] if shutil.which("iverilog") else [])]


def certify(
    generated: Generated,
    *,
    simulators: Sequence[str] | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Certificate:
    """Show again all that can be shown of a unit.

    Simulated are the same vectors as by ``bitwright verify``, exhausted is the netlist where it has
    at most 20 bits of input, all its mutants are tried, and the Verilog and the netlists for
    standard cells, iCE40 and ECP5 are proven equal to what they were made from.

    Args:
        generated: The unit.
        simulators: Names; by default all that are installed.
        seed: Of all that is drawn.
        progress: Told what is being done.

    Raises:
        SimulationError, YosysError, NetlistError: if a tool is missing or fails.
        UnsoundError: if the netlist is not what the golden model says.
    """
    simulators = list(simulators if simulators is not None else simulators_here())
    # Made here, once: the threads only read them.
    _ = generated.verilog, generated.manifest
    benches = []

    def simulated(name: str) -> Callable[[], list[Statement]]:
        return lambda: [statements.simulation(generated, name, seed)]

    def mutated() -> list[Statement]:
        statement, bench = statements.mutation(generated, seed)
        benches.append(bench)
        return [statement]

    jobs: list[tuple[str, Callable[[], list[Statement]]]] = [
        *((f"simulating with {name}", simulated(name)) for name in simulators),
        ("trying all inputs", lambda: [statements.exhaustion(generated)]),
        ("trying every mutant", mutated),
        ("proving netlists", lambda: statements.proofs(generated, seed, lambda _: None)),
    ]

    def run(job: tuple[str, Callable[[], list[Statement]]]) -> list[Statement]:
        progress(job[0])
        return job[1]()

    # The longest begin first: compilation of the simulation, then the proofs.
    order = sorted(range(len(jobs)), key=lambda k: (k != 0, k != len(jobs) - 1, k))
    found = dict(zip(order, side_by_side(run, [jobs[k] for k in order], _AT_ONCE), strict=True))
    made = [statement for k in range(len(jobs)) for statement in found[k]]
    testbench = benches[0].verilog
    top = generated.top
    manifest = json.dumps(generated.manifest, indent=2) + "\n"
    content = {
        "schema": SCHEMA,
        "unit": generated.name,
        "top": top,
        "parameters": generated.parameters,
        "seed": seed,
        "simulators": simulators,
        "command": f"bitwright certify {generated.name}{generated.options}",
        "files": {
            f"{top}.v": file_digest(generated.verilog),
            f"{top}.json": file_digest(manifest),
            f"{top}_tb.v": file_digest(testbench),
        },
        "sources": source_digests(),
        "rtlil": file_digest(generated.rtlil),
        "tools": tool_versions(),
        "statements": made,
    }
    content["digest"] = file_digest(text_of(content))
    return Certificate(content, generated, testbench)


def text_of(content: dict[str, Any]) -> str:
    """The one way to write it down: a flipped bit anywhere is another text."""
    return json.dumps(content, indent=2) + "\n"
