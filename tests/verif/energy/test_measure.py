"""Measured energy against a scalar simulation of the same cells, and what must not be measured."""

import json

import numpy as np
import pytest

from bitwright.cli import main
from bitwright.cli.arguments import OPERANDS
from bitwright.gen.cost.cells import CELLS, COMBINATIONAL
from bitwright.gen.cost.gates import map_gates
from bitwright.gen.cost.netlist import read_netlist
from bitwright.gen.cost.timing import OUTPUT_LOAD
from bitwright.gen.generate import generate
from bitwright.verif.energy import BASELINE, KINDS, WrongNetlistError, energy
from bitwright.verif.energy.activity import run
from bitwright.verif.energy.costed import Part, costed
from bitwright.verif.energy.measure import Stream, netlists
from bitwright.verif.verify import golden

SMALL = ("integer-multiplier", {"a": "int3", "b": "int3"})
CLOCKED = ("dot-product", {"a": "int2", "b": "int2", "lanes": "2", "beats": "3", "stages": "1",
                           "o": "exact"})  # fmt: skip
SERIAL = ("bipolar-dot", {"a": "uint2", "b": "uint2", "schedule": "serial", "lanes": "2",
                          "beats": "2"})  # fmt: skip

BY_DATA = ("digit-serial-mac", {"a": "int4", "b": "int4", "group": "2", "beats": "3"})


def evaluate(netlist, values):
    """All nodes of all cells, by the texts that define them; ``values`` holds the inputs."""
    waiting = list(netlist.instances)
    inside = {}
    while waiting:
        rest = []
        for instance in waiting:
            nets = {pin: net for pin, net in instance.pins.items() if pin != "Y"}
            if any(net not in values for net in nets.values()):
                rest.append(instance)
                continue
            known = {pin: values[net] for pin, net in nets.items()}
            for node, text in COMBINATIONAL[CELLS[instance.cell].family][0].items():
                words = text.replace("*", " and ").replace("+", " or ")
                known[node] = not eval(words, {}, known)  # of the library's own text
                inside[instance.name, node] = known[node]
            values[instance.pins["Y"]] = known["Y"]
        assert len(rest) < len(waiting)
        waiting = rest
    return inside


def test_against_a_scalar_simulation():
    made = generate(*SMALL)
    texts = map_gates(made.rtlil, made.top)
    netlist = read_netlist(texts["area"], made.top, CELLS)
    rng = np.random.default_rng(5)
    inputs = {name: rng.integers(0, 8, 64 * 4) for name in "ab"}
    activity = run(
        costed(netlist, made.top).netlist, made.unit, inputs,
        golden(made.name, made.unit, inputs), 64, 1, 3,
    )  # fmt: skip
    loads = dict.fromkeys([*netlist.inputs.values()], 0.0)
    loads |= {i.pins["Y"]: 0.0 for i in netlist.instances}
    for instance in netlist.instances:
        for pin, capacitance in CELLS[instance.cell].pins.items():
            loads[instance.pins[pin]] += capacitance
    for net in netlist.outputs.values():
        loads[net] += OUTPUT_LOAD
    total = 0.0
    for machine in range(64):
        before = None
        for step in range(4):
            values = {"0": False, "1": True}
            for name, net in netlist.inputs.items():
                field, _, bit = name.rstrip("]").partition("[")
                code = int(inputs[field[2:]][machine * 4 + step]) if bit else 1
                values[net] = bool(code >> int(bit or 0) & 1)
            inside = evaluate(netlist, values)
            now = (values, inside)
            if before is not None:
                total += sum(c for net, c in loads.items() if values[net] != before[0][net])
                for instance in netlist.instances:
                    cell = CELLS[instance.cell]
                    for node in cell.stages:
                        if node != "Y" and inside[instance.name, node] != before[1][
                            instance.name, node
                        ]:
                            total += cell.loads[node]
            before = now
    weighed = costed(netlist, made.top)
    assert total > 1000
    assert (activity.toggles * weighed.capacitance).sum() == pytest.approx(total)


@pytest.mark.parametrize("unit", [CLOCKED, SERIAL, BY_DATA], ids=["clocked", "serial", "by data"])
def test_both_back_ends_count_the_same(unit):
    made = generate(*unit)
    stream = Stream(made, "uniform", 3)
    for netlist in netlists(made).values():
        slow, usual = (stream.run(netlist, backend) for backend in ("numpy", None))
        assert (slow.toggles == usual.toggles).all()
        assert (slow.beats, slow.results, slow.compared) == (
            usual.beats, usual.results, usual.compared,
        )  # fmt: skip
        assert usual.results > 0
        if made.unit.fixed_interval:  # at full rate: a beat in as many cycles as the unit says
            assert usual.beats == usual.cycles // made.unit.interval
            assert usual.results == usual.beats // made.unit.beats
        else:
            assert 64 * 64 < usual.beats < usual.cycles < 3 * usual.beats


def test_constant_operands_switch_only_the_clock():
    made = generate("integer-multiplier", {"a": "int2", "b": "int2", "stages": "1"})
    inputs = {"a": np.full(64 * 20, 1), "b": np.full(64 * 20, 2)}
    want = golden(made.name, made.unit, inputs)
    netlist = netlists(made)["area"]
    activity = run(netlist.netlist, made.unit, inputs, want, 64, 4, 12)
    assert activity.beats == activity.cycles == 64 * 12
    assert not activity.toggles.any()
    parts = Stream(made, "uniform", 0).parts(netlist, activity)
    assert parts["clock"] == 12.0 * netlist.netlist.registers > 0
    assert sum(parts.values()) == parts["clock"]


def test_a_netlist_that_is_wrong_is_not_measured():
    made = generate(*CLOCKED)
    netlist = netlists(made)["area"]
    stream = Stream(made, "uniform", 0)
    want = {"p": stream.want["p"].copy()}
    each = len(stream.inputs["a"]) // 64
    want["p"][5 * each // 3 + 1] ^= 1  # the sixth machine's second result
    with pytest.raises(WrongNetlistError, match="does not compute what its golden model says"):
        run(netlist.netlist, made.unit, stream.inputs, want, 64, 4, 12)


def test_the_measure():
    made = generate(*CLOCKED)
    found = energy(made, "gaussian", seed=4)
    assert (found.per, found.seed, found.sum_beats) == ("product", 4, 3)
    assert found.operations == 2 * found.cycles
    assert list(found.recipes) == ["area", "speed"]
    for recipe, row in found.recipes.items():
        parts = [row[part.name.lower()] for part in Part] + [row["clock"]]
        assert min(parts) > 0
        assert sum(parts) == pytest.approx(row["operation"], abs=0.01)
        reference = found.baseline["recipes"][recipe]
        assert row["relative"] == pytest.approx(row["operation"] / reference, abs=1e-3)
        assert 0 < row["relative"] < 1  # two products of two bits against one of eight
    assert found == energy(made, "gaussian", seed=4)


def test_the_baseline_is_one():
    found = energy(generate(BASELINE[0], dict(BASELINE[1])))
    assert [row["relative"] for row in found.recipes.values()] == [1.0, 1.0]
    assert found.sum_beats == 256


UNIT = ("integer-multiplier", "-p", "a=int3", "-p", "b=int3")


def test_the_command(capsys):
    assert OPERANDS == KINDS
    words = ["estimate", *UNIT, "--energy", "--operands", "gaussian"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["energy"]
    assert (found["operands"], found["per"]) == ("gaussian", "product")
    assert main(words) == 0
    rows = capsys.readouterr().out.splitlines()
    at = next(n for n, row in enumerate(rows) if row.startswith("switched capacitance per product"))
    assert rows[at].endswith("; operands gaussian, seed 0")
    for row, (recipe, figures) in zip(rows[at + 1 :], found["recipes"].items(), strict=False):
        whole, relative = f"{figures['operation']:.1f}", f"{figures['relative']:.3f}"
        assert row.split("\t")[:3] == [recipe, whole, relative]
    assert rows[at + 3].startswith("int8 MAC: carry-save-mac -p accumulation=plain -p width=32, ")
    assert "glitches" in rows[at + 4]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--operands", "digits"], "--operands must go with --energy"),
        (["--energy", "--target", "ice40"], "--energy must go with the target gates"),
        (["--energy", "--liberty", "x.lib"], "and its own cells, not --liberty"),
        (["--energy", "--operands", "noise"], "must be one of uniform, gaussian, digits"),
    ],
)
def test_what_the_command_refuses(capsys, words, sentence):
    assert main(["estimate", *UNIT, *words]) == 2
    assert sentence in capsys.readouterr().err


def test_the_command_refuses_a_unit_at_once(capsys):
    assert main(["estimate", "bit-switch", "--energy", "--operands", "gaussian"]) == 2
    assert "uniform for a unit with the field 'drop', not 'gaussian'" in capsys.readouterr().err
