"""Arrival times against sums done by hand."""

import json

import pytest

from bitwright.gen.cost.netlist import Instance, Netlist, read_netlist
from bitwright.gen.cost.timing import OUTPUT_LOAD, worst_paths


def netlist(inputs, outputs, *cells):
    """Nets are their own names."""
    bits = {bit for _, pins in cells for bit in pins.values()}
    instances = tuple(Instance(f"u{i}", cell, pins) for i, (cell, pins) in enumerate(cells))
    return Netlist(
        {bit: bit for bit in inputs}, {bit: bit for bit in outputs}, instances,
        {bit: bit for bit in bits},
    )


def test_a_chain_of_inverters():
    paths = worst_paths(netlist(
        ["a"], ["y"],
        ("INV_X1", {"A": "a", "Y": "n"}), ("INV_X4", {"A": "n", "Y": "y"}),
    ))
    path = paths["input_to_output"]
    # Driver 1/2 * 1, then 1 + 1 * 4, then 1 + 1/4 * 4.
    assert [step.arrival for step in path.steps] == pytest.approx([5.5, 7.5])
    assert [(s.cell, s.net) for s in path.steps] == [("INV_X1", "n"), ("INV_X4", "y")]
    assert (path.start, path.end, path.fo4) == ("a", "y", pytest.approx(1.5))


def test_fan_out_and_the_slower_of_two_ways():
    paths = worst_paths(netlist(
        ["a", "b"], ["y", "z"],
        ("INV_X1", {"A": "a", "Y": "n"}),
        ("NAND2_X1", {"A": "n", "B": "b", "Y": "y"}),
        ("NOR2_X1", {"A": "n", "B": "b", "Y": "z"}),
    ))
    path = paths["input_to_output"]
    # Driver 1/2, inverter 1 + 2, NOR2 2 + 5/3 * 4.
    assert path.delay == pytest.approx(0.5 + 3 + 2 + 5 / 3 * OUTPUT_LOAD)
    assert (path.start, path.end) == ("a", "z")


def test_paths_of_registers_by_group():
    paths = worst_paths(netlist(
        ["clk", "d"], ["y"],
        ("DFF_X1", {"C": "clk", "D": "d", "Q": "p"}),
        ("INV_X1", {"A": "p", "Y": "n"}),
        ("DFF_X1", {"C": "clk", "D": "n", "Q": "q"}),
        ("INV_X1", {"A": "q", "Y": "y"}),
    ))
    # Clock to output 15 + load, inverter 1 + load, setup 7; the input's driver 1/2.
    assert paths["input_to_register"].delay == pytest.approx(0.5 + 7)
    assert set(paths) == {"input_to_register", "register_to_register", "register_to_output"}
    assert paths["register_to_register"].delay == pytest.approx(15 + 1 + 1 + 1 + 7)
    assert paths["register_to_output"].delay == pytest.approx(15 + 1 + 1 + 4)
    step = paths["register_to_register"].steps
    assert [(s.cell, s.net) for s in step] == [("DFF_X1", "p"), ("INV_X1", "n")]
    assert (paths["register_to_register"].start, paths["register_to_register"].end) == ("p", "q")


def test_a_wire_from_input_to_output_is_a_path_without_steps():
    path = worst_paths(netlist(["a"], ["a"]))["input_to_output"]
    assert (path.delay, path.steps) == (0.5 * OUTPUT_LOAD, ())


def test_constants_start_no_path():
    assert worst_paths(netlist([], ["y"], ("INV_X1", {"A": "0", "Y": "y"}))) == {}


def test_a_loop_is_refused_by_name():
    loop = netlist(
        [], ["y"], ("INV_X1", {"A": "y", "Y": "n"}), ("INV_X1", {"A": "n", "Y": "y"})
    )
    with pytest.raises(ValueError, match=r"^The unit must be free of combinational loops, not "):
        worst_paths(loop)


def module(cell):
    return json.dumps({"modules": {"top": {
        "ports": {
            "a": {"direction": "input", "bits": [2, 3]},
            "y": {"direction": "output", "bits": [4]},
        },
        "cells": {"g": {"type": cell, "connections": {"A": [3], "Y": [4]}}},
        "netnames": {
            "inner": {"hide_name": 0, "bits": [4]}, "y": {"hide_name": 0, "bits": [4]},
            "a": {"hide_name": 0, "bits": [2, 3]},
        },
    }}})


def test_ports_and_port_names_are_read():
    read = read_netlist(module("INV_X1"), "top", {"INV_X1"})
    assert read.inputs == {"a[0]": 2, "a[1]": 3}
    assert read.name(4) == "y"
    assert worst_paths(read)["input_to_output"].start == "a[1]"


def test_foreign_cells_and_missing_modules_are_refused():
    with pytest.raises(ValueError, match=r"library cells only, not \['\$_NOT_'\]$"):
        read_netlist(module("$_NOT_"), "top", {"INV_X1"})
    with pytest.raises(ValueError, match=r"^The netlist must hold the module 'other', not "):
        read_netlist(module("INV_X1"), "other", {"INV_X1"})
