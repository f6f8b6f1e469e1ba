"""What was shown of each unit: the table of the page on proof, and the runs behind it."""

import json
import sys
from pathlib import Path
from typing import Any

from bitwright.gen.catalogue import CATALOGUE
from bitwright.gen.datasheet import table
from bitwright.gen.files import write_whole
from bitwright.gen.generate import generate
from bitwright.gen.yosys import version
from bitwright.verif.certificate.statements import HOLDS, exhaustion
from bitwright.verif.equivalence import DEFAULT, EmptyProofError, prove
from bitwright.verif.every_input import input_bits
from bitwright.verif.mutation import mutate
from bitwright.verif.regression import REGRESSION

__all__ = ["measure", "proof_table"]

_FIGURES = Path(__file__).parent / "units" / "proofs.json"
_SECONDS = 30.0


def _shown(name: str) -> dict[str, Any]:
    """Of the unit's first configuration in the regression."""
    texts = next(texts for unit, texts in REGRESSION if unit == name)
    made = generate(name, texts)
    tried = exhaustion(made)
    mutants = mutate(made)
    try:
        proofs = prove(made, DEFAULT, timeout=_SECONDS)
    except EmptyProofError:  # a unit of wires only
        proofs = []
    return {
        "options": made.options.strip(),
        "bits": input_bits(made.unit),
        "exhausted": tried.get("vectors", 0) if tried["verdict"] == HOLDS else 0,
        "gates": mutants.gates,
        "registers": mutants.registers,
        "mutants": mutants.mutants,
        "killed": mutants.killed,
        "equivalent": mutants.equivalent,
        "found": mutants.found,
        "undecided": mutants.undecided,
        "proofs": {proof.kind: proof.verdict for proof in proofs},
        "yosys": version(),
    }


def measure(names: list[str]) -> None:
    """Run all of it for the named units, or for all."""
    for name in names or CATALOGUE:
        print(f"proving {name}", file=sys.stderr)
        known = json.loads(_FIGURES.read_text()) if _FIGURES.exists() else {}
        known[name] = _shown(name)
        ordered = {unit: known[unit] for unit in CATALOGUE if unit in known}
        write_whole(_FIGURES, json.dumps(ordered, indent=1) + "\n")


def proof_table() -> str:
    """A row for each unit."""
    rows = []
    for name, found in json.loads(_FIGURES.read_text()).items():
        proven = sum(verdict == "proven" for verdict in found["proofs"].values())
        options = f" `{found['options']}`" if found["options"] else ""
        visible = found["mutants"] - found["equivalent"]
        rows.append(
            (
                f"[{name}](units/{name}.md){options}",
                str(found["bits"]),
                f"{found['exhausted']:,}" if found["exhausted"] else "-",
                f"{found['gates']:,}",
                f"{found['mutants']:,}",
                f"{100 * found['killed'] / visible:.2f} %" if visible else "-",
                f"{found['equivalent']:,}",
                f"{found['found']:,}",
                f"{found['undecided']:,}",
                f"{proven} of {len(found['proofs'])}" if found["proofs"] else "wires only",
            )
        )
    columns = ("unit", "bits of input", "inputs exhausted", "gates", "mutants", "killed",
               "equivalent", "found by SAT", "not decided", "proven equal")  # fmt: skip
    return table(columns, rows)
