"""Another netlist of the same function: what a unit is compared with where golden is too slow."""

from dataclasses import dataclass

from ..gen.generate import Generated, generate
from ..gen.parameters import describe
from .compare import differences
from .netlist.gates import GateNetlist
from .netlist.machine import NoAnswerError
from .netlist.mapped import NetlistError
from .netlist.respond import respond
from .netlist.synthesis import gate_netlist
from .stimuli import stimuli
from .verify import golden

__all__ = ["Reference", "find_reference"]

#: Parameters that by the house's rules change what a unit costs and no bit of its results. A
#: reference is checked all the same.
_COST_ONLY = ("structure", "adder", "reduction", "select", "generation")


@dataclass(frozen=True, eq=False)
class Reference:
    """A netlist that agrees with the golden model on the stimuli of a verification.

    Attributes:
        generated: The unit with other parameters.
        netlist: It.
        words: Which it is and what it was checked on.
    """

    generated: Generated
    netlist: GateNetlist
    words: str


def find_reference(generated: Generated, netlist: GateNetlist) -> Reference | None:
    """The unit with another structure, and without stages where it has any; None if there is none.

    A candidate is none if it has as many gates of each operation, for it may be the same netlist;
    nor if the golden model contradicts it.
    """
    unstaged = {"stages": "0"} if generated.parameters.get("stages", "0") != "0" else {}
    same = netlist
    if unstaged:  # of the same stages as a candidate has
        try:
            same = gate_netlist(generate(generated.name, {**generated.given, **unstaged}))
        except (ValueError, NetlistError):
            unstaged = {}
    for changes in _candidates(generated):
        changes = changes | unstaged
        texts = {**generated.given, **changes}
        try:
            other = generate(generated.name, texts)
        except ValueError:  # not with these formats
            continue
        try:
            made = gate_netlist(other)
        except NetlistError:
            continue
        if made.counts() == same.counts():
            continue
        checked = _agrees(other, made)
        if checked:
            what = ", ".join(f"{name}={value}" for name, value in changes.items())
            words = (
                f"a netlist of {made.gates:,} other gates ({what}), which agrees with the golden "
                f"model on {checked:,} vectors"
            )
            return Reference(other, made, words)
    return None


def _candidates(generated: Generated) -> list[dict[str, str]]:
    """One parameter to change, in the order of the signature."""
    return [
        {parameter.name: choice}
        for parameter in describe(type(generated.unit))
        if parameter.name in _COST_ONLY
        for choice in parameter.choices
        if choice != generated.parameters[parameter.name]
    ]


def _agrees(generated: Generated, netlist: GateNetlist) -> int:
    """On how many vectors it agrees with the golden model; 0 if it does not."""
    inputs, _ = stimuli(generated.unit)
    want = golden(generated.name, generated.unit, inputs)
    try:
        got = respond(generated, netlist, inputs, len(next(iter(want.values()))))
    except NoAnswerError:
        return 0
    bad = differences(generated.unit, got.outputs, want)
    return 0 if len(bad) else len(next(iter(inputs.values())))
