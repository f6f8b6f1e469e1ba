"""What came out of synthesis, on the bench: it passes, faults in it are found, and what cannot be
checked is refused."""

import dataclasses
import functools
import json
import random
import re
import shutil

import pytest

from bitwright.gen import yosys
from bitwright.gen.cost import estimate
from bitwright.gen.generate import generate
from bitwright.verif import verify as verification
from bitwright.verif.netlist import FAMILIES, NetlistError, ecp5_multiplier, map_unit, mapped
from bitwright.verif.netlist.models import cell_models
from bitwright.verif.regression import NETLISTS, case_name
from bitwright.verif.stimuli import exhaustive_bits
from bitwright.verif.verify import verify

SIMULATOR = "icarus" if shutil.which("iverilog") else "verilator"
SEED = 20261120
INIT = re.compile(r"(INIT\(16'h)([0-9a-f]{4})")


@functools.cache
def sound(unit, texts, family):
    """A unit and its netlist, made once for all simulators."""
    made = generate(unit, dict(texts), "unit")
    return made, map_unit(made, family)


def check(monkeypatch, unit, texts, family, change=lambda netlist: netlist, **options):
    """Verify a netlist, changed or not."""
    made, netlist = sound(unit, tuple(texts.items()), family)
    changed = dataclasses.replace(netlist, netlist=change(netlist.netlist))
    monkeypatch.setattr(verification, "map_unit", lambda *_: changed)
    return verify(made, netlist=family, **options)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("case", NETLISTS, ids=case_name)
def test_netlists(monkeypatch, case, family):
    """On Icarus too, where registers without a reset start at X, and cells pass X on."""
    made, _ = sound(case[0], tuple(case[1].items()), family)
    vectors = None if (exhaustive_bits(made.unit) or 99) <= 16 else 4096
    result = check(monkeypatch, *case, family, vectors=vectors)
    assert result.passed, result.examples
    assert result.netlist is not None
    assert result.netlist["number_of_cells"] == sum(result.netlist["cells"].values()) > 0
    assert result.command.endswith(f"--netlist {family}")
    assert json.loads(json.dumps(result.as_json()))["netlist"] == result.netlist
    if case[0] == "float-multiplier":
        assert result.vectors == result.results == 65536
    if shutil.which("iverilog"):
        again = check(monkeypatch, *case, family, simulator="icarus", vectors=512)
        assert again.passed, again.examples


@pytest.mark.parametrize("family", FAMILIES)
def test_the_netlist_checked_is_the_one_costed(family):
    made = generate("packed-multiplier", {"stages": "1"})
    checked = map_unit(made, family).as_json()
    costed = estimate(made.rtlil, made.top, (family,))[family]
    assert {k: checked[k] for k in costed if k in checked} == {
        k: v for k, v in costed.items() if k in checked
    }
    assert checked["dsp"] == 1


def harmless(family, netlist, changed, models):
    """Whether a proof finds the two netlists equal."""
    files = {"models.v": models, "sound.v": netlist, "faulty.v": changed}
    script = ""
    for name in ("sound", "faulty"):
        script += (
            f"read_verilog models.v {name}.v\nhierarchy -top unit\nproc\nflatten\nopt_clean\n"
            f"design -stash {name}\n"
        )
    script += (
        "design -copy-from sound -as sound unit\ndesign -copy-from faulty -as faulty unit\n"
        "miter -equiv -flatten -make_outputs sound faulty miter\nhierarchy -top miter\n"
        "tee -q -o size.json stat -json\ntee -q -o proof.txt sat -prove trigger 0 miter\n"
    )
    texts = yosys.run(script, files, ["size.json", "proof.txt"])
    assert json.loads(texts["size.json"])["design"]["num_cells"] > 50
    assert "proof finished" in texts["proof.txt"]
    return "SUCCESS" in texts["proof.txt"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_flipped_bit_of_a_table_is_found(monkeypatch, family):
    """Or it is proven to make no difference: not every entry of every table is ever read."""
    unit, texts = "integer-multiplier", {"a": "int4", "b": "int4", "structure": "booth"}
    _, netlist = sound(unit, tuple(texts.items()), family)
    rng = random.Random(SEED)
    found = 0
    for table in rng.sample(list(INIT.finditer(netlist.netlist)), 15):
        bits = int(table[2], 16) ^ (1 << rng.randrange(16))
        changed = netlist.netlist[: table.start(2)] + f"{bits:04x}"
        changed += netlist.netlist[table.end(2) :]
        result = check(
            monkeypatch, unit, texts, family, lambda _, text=changed: text, simulator=SIMULATOR
        )
        assert result.vectors == 256
        if result.passed:
            assert harmless(family, netlist.netlist, changed, netlist.models), table[0]
        else:
            assert result.examples[0].got != result.examples[0].want
            found += 1
        if found == 3:
            return
    pytest.fail(f"seed {SEED}: of 15 flipped bits only {found} are found")


def test_an_empty_netlist_is_refused():
    # A conversion to the same format is wires.
    made = generate("float-converter", {"a": "int8", "o": "int8"})
    with pytest.raises(NetlistError, match="must have at least one cell, and it has none"):
        verify(made, netlist="ice40")


def test_cells_of_another_kind_are_refused():
    module = {"modules": {"unit": {"cells": {"c": {"type": "$add"}}}}}
    with pytest.raises(NetlistError, match=r"must consist of cells of Lattice iCE40, .* \$add"):
        mapped._cells(json.dumps(module), "unit", "ice40")


def test_a_netlist_that_is_cut_short_is_refused(monkeypatch):
    made = generate("lmul-multiplier", {})
    real = yosys.run

    def run(*arguments, **options):
        return {name: text[: len(text) // 2] for name, text in real(*arguments, **options).items()}

    _ = made.rtlil
    monkeypatch.setattr(mapped.yosys, "run", run)
    with pytest.raises(NetlistError, match="cut short"):
        map_unit(made, "ecp5")


def test_unknown_families_and_cells_are_refused():
    with pytest.raises(ValueError, match=r"^The netlist must be one of ice40, ecp5, not 'gowin'"):
        map_unit(generate("lmul-multiplier", {}), "gowin")
    with pytest.raises(yosys.YosysError, match="no model of the cell ALU54B"):
        cell_models("ecp5", ["ALU54B"])


def instance(**connections):
    sound = {"SIGNEDA": ["1"], "SIGNEDB": ["1"], "SOURCEA": ["0"], "SOURCEB": ["0"], "CLK0": []}
    return ecp5_multiplier.unsupported({}, sound | connections)


def test_uses_of_the_ecp5_multiplier_without_model_are_refused():
    assert not instance(A0=[5], P35=[6])
    assert "must not use the port CLK0" in instance(CLK0=[4])
    assert "its SOURCEA is not 0" in instance(SOURCEA=["1"])
    assert "its SOURCEB is not 0" in instance(SOURCEB=[17])
    registered = ecp5_multiplier.unsupported({"REG_OUTPUT_CLK": "CLK0"}, {})
    assert registered == "must have no registers, and its REG_OUTPUT_CLK is CLK0"
    assert "bypassed" in ecp5_multiplier.unsupported({"MULT_BYPASS": "ENABLED"}, {})


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("a", "b"), [("int9", "uint9"), ("uint16", "int16"), ("int18", "int18")])
def test_dsp_blocks_with_operands_of_any_sign(family, a, b):
    made = generate("integer-multiplier", {"a": a, "b": b, "structure": "dsp"})
    result = verify(made, netlist=family, simulator=SIMULATOR, vectors=2048)
    assert result.passed, result.examples
    assert result.netlist is not None
    assert result.netlist["dsp"] >= 1
