"""A unit behind flat ports: one plain vector per field, in a fixed order."""

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module, Shape, Signal, Value
from amaranth.lib.data import ArrayLayout

from ..hdl.formats import NumberFormat
from ..hdl.unit import Unit
from .port import Port

__all__ = ["FlatTop"]


def _port(name: str, direction: str, shape: Any) -> Port:
    elements, element = 1, shape
    if isinstance(shape, ArrayLayout):
        elements, element = shape.length, shape.elem_shape
    width = Shape.cast(element).width
    if isinstance(element, NumberFormat):
        kind = element.name
    else:
        kind = "bit" if width == 1 and elements == 1 else "bits"
    return Port(name, direction, width * elements, kind, elements)


class FlatTop(Elaboratable):
    """The module that is emitted: ``clk``, ``rst``, then the input stream, then the output stream.

    A combinational unit has no clock and no reset.
    """

    # Made also for its list of ports alone.
    _MustUse__silence = True

    def __init__(self, unit: Unit):
        self._unit = unit
        clocked = unit.latency > 0
        self.ports = [
            *([Port("clk", "in", 1, "clock"), Port("rst", "in", 1, "reset")] if clocked else []),
            Port("i_valid", "in", 1, "bit"),
            Port("i_ready", "out", 1, "bit"),
            *(_port(f"i_{name}", "in", field.shape) for name, field in unit.i.payload.shape()),
            Port("o_valid", "out", 1, "bit"),
            Port("o_ready", "in", 1, "bit"),
            *(_port(f"o_{name}", "out", field.shape) for name, field in unit.o.payload.shape()),
        ]
        self.signals = {port.name: Signal(port.width, name=port.name) for port in self.ports}

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        signals = self.signals
        if "clk" in signals:
            domain: Any = ClockDomain("sync", local=True)
            domain.clk, domain.rst = signals["clk"], signals["rst"]
            m.domains += domain
        inputs = {
            name: _typed(field.shape, signals[f"i_{name}"])
            for name, field in self._unit.i.payload.shape()
        }
        outputs, valid, ready = self._unit.connect(
            m, inputs, signals["i_valid"], signals["o_ready"]
        )
        m.d.comb += [signals["o_valid"].eq(valid), signals["i_ready"].eq(ready)]
        for name, _ in self._unit.o.payload.shape():
            m.d.comb += signals[f"o_{name}"].eq(Value.cast(outputs[name]))
        return m


def _typed(shape: Any, signal: Signal) -> Any:
    """The signal seen as what it carries."""
    return signal if isinstance(shape, Shape | int) else shape(signal)
