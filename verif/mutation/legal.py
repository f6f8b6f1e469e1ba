"""What a solver must keep to, and what counts as seen, for its answers to be a unit's."""

from collections.abc import Iterator

from ...hdl.formats import IntegerFormat
from ...hdl.unit import Unit
from ..compare import element
from ..netlist import GateNetlist
from ..netlist.clauses import literal
from ..netlist.detect import Seen

__all__ = ["legal_inputs", "seen_outputs"]


def legal_inputs(unit: Unit, netlist: GateNetlist) -> Iterator[list[int]]:
    """Clauses: offered operands have no code that must not occur, the least of a narrow integer.

    A unit without clock is offered one, and its result is taken.
    """
    (valid,), (ready,) = netlist.inputs["i_valid"], netlist.inputs["o_ready"]
    if not netlist.registers:
        yield [literal(valid)]
        yield [literal(ready)]
    for name, spec in unit.i.payload.shape():
        format, width, elements = element(spec.shape)
        if not (isinstance(format, IntegerFormat) and format.narrow):
            continue
        nets = netlist.inputs[f"i_{name}"]
        for lane in range(elements or 1):
            *low, sign = (literal(n) for n in nets[lane * width : (lane + 1) * width])
            yield [-literal(valid), -sign, *low]


def seen_outputs(netlist: GateNetlist) -> Seen:
    """Outputs count except in a cycle of reset, the result's fields where ``o_valid`` is 1; the
    registers' next values count always."""
    (valid,) = netlist.outputs["o_valid"]
    awake = [-literal(net) for net in netlist.inputs.get("rst", ())]
    seen: dict[int, list[list[int]]] = {}
    for port, nets in netlist.outputs.items():
        handshake = port in ("i_ready", "o_valid")
        for net in nets:
            seen.setdefault(net, []).append(awake if handshake else [*awake, literal(valid)])
    for net in netlist.next_state.tolist():
        seen[net] = [[]]
    return seen
