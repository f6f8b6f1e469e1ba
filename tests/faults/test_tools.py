"""A tool that fails, is killed, hangs, or leaves nothing, little or half: never a success.

And with the tool in order again, the same command works in the same place.
"""

from contextlib import nullcontext

import pytest
from faults.commands import CERTIFY, COMMANDS
from faults.tools import FAULTS, TOOLS

CASES = [
    (name, tool, fault)
    for name, command in COMMANDS.items()
    for tool in command.tools
    for fault in FAULTS
    # openFPGALoader leaves no files here to be cut; compilers take long: `nightly.py`.
    if tool != "c++" and (tool != "openFPGALoader" or fault in ("fails", "killed", "hangs"))
]

# Of each command's tool another fault; `nightly.py` has all.
_FEW = [case for n, case in enumerate(CASES) if n % 7 == 0]


@pytest.mark.parametrize(("name", "tool", "fault"), _FEW)
def test_a_tool_goes_wrong(place, ready, impatience, name, tool, fault):
    goes_wrong(place, ready, impatience, name, tool, fault)


def goes_wrong(place, ready, impatience, name, tool, fault):
    command = ready(name)
    place.bin.put(tool, fault)
    with impatience() if fault == "hangs" else nullcontext():
        said = place.fails(command, FAULTS[fault])
    assert place.bin.began(tool).exists(), "the fault did not come about"
    # What is not there, or not all, may be noticed by who reads it.
    assert TOOLS[tool].says in said or fault in ("silent", "empty", "cut")
    place.bin.put(tool)
    place.succeeds(command)


@pytest.mark.parametrize("fault", ["fails", "killed", "silent"])
def test_a_tool_does_not_tell_its_version(place, ready, fault):
    """The manifest says by which Yosys: there is none without."""
    command = ready("generate")
    place.bin.put("yosys", fault, strikes="version")
    place.fails(command, "Yosys")
    place.bin.put("yosys")
    place.succeeds(command)


@pytest.mark.parametrize(("name", "says"), [
    ("generate", "with nothing in it"),
    ("estimate", "with nothing in it"),
    ("prove", "with nothing in it"),
    ("exhaust", "with nothing in it"),
    ("mutate", "with nothing in it"),
])
def test_a_result_with_nothing_in_it(place, ready, name, says):
    """Nothing is proven of nothing, and no fault survives where there is no gate."""
    command = ready(name)
    place.bin.put("yosys", "hollow")
    place.fails(command, says)
    place.bin.put("yosys")
    place.succeeds(command)


@pytest.mark.parametrize("fault", ["killed", "hollow"])
def test_no_certificate_without_its_tools(place, fault):
    """Neither it nor the Verilog that it would be of; `nightly.py` makes it afterwards."""
    place.bin.put("yosys", fault)
    place.fails(CERTIFY)
    assert place.bin.began("yosys").exists()
