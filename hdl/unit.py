"""What every unit is: a component with one input stream, one output stream, and steps between."""

from collections.abc import Mapping, Sequence
from inspect import signature
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, get_args, get_type_hints

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from .formats import NumberFormat
from .pipeline import Accumulation, Step, pipelined, serial

__all__ = ["DotUse", "Unit", "check_positive"]

# Far beyond what any unit can use: from some number on, the stages only delay the result.
_MOST_STAGES = 32


def check_positive(what: str, value: Any, *, least: int = 1, most: int = 1024) -> int:
    """``value`` itself, if it is an integer in range.

    Raises:
        ValueError: naming what must be in which range.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"The {what} must be an integer from {least} to {most}, not {value!r}")
    return value


def _check_kinds(cls: type, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that are not of the kind the constructor's signature says.

    Raises:
        TypeError: naming the parameter and its kind.
    """
    hints = get_type_hints(cls.__init__)
    for name, value in arguments.items():
        kinds = get_args(hints.get(name)) or (hints.get(name, object),)
        if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
            continue
        named: dict[type, str] = {type(None): "None", int: "integer"}
        words = " or ".join(str(named.get(kind, kind.__name__)) for kind in kinds)
        article = "an" if words[0] in "aeiouAEIOU" else "a"
        hint = ""
        if isinstance(value, str) and any(issubclass(kind, NumberFormat) for kind in kinds):
            hint = f"; parse_format({value!r}) gives a format"
        raise TypeError(f"The parameter '{name}' must be {article} {words}, not {value!r}{hint}")


class DotUse(NamedTuple):
    """How a unit computes a dot product: its parameters, in how many beats, and how many at a time
    of the same activations; what is to be known where it does not take the very codes."""

    parameters: Mapping[str, str]
    beats: int = 1
    dots: int = 1
    note: str = ""


class Unit(wiring.Component):
    """An arithmetic unit.

    Subclasses take keyword-only parameters, hand their input and output fields to this constructor,
    and return the datapath from :meth:`steps`. The signature of the constructor is all that the
    command line, the manifest and sweeps know of it.

    Parameters
    ----------
    inputs, outputs
        Field names and shapes of the payloads, in the order of the ports.
    stages
        Registers in the datapath, 0 to 32. They cut it into ``stages + 1`` parts of about the same
        delay, on the understanding that inputs come from registers and outputs go to registers:
        the output is no register of its own until further stages would not shorten the longest
        path. 0 makes a combinational unit without clock, whose handshake passes straight through.

    Attributes
    ----------
    parameters : SimpleNamespace
        What the unit was made with, defaults included; a namespace of its own, because ``o`` is
        both the stream of results and, by custom, the parameter that names their format.
    reference : str
        Paper or standard that defines what is computed.
    latency : int
        Clock cycles from a beat taken to its result offered.
    interval : int
        Clock cycles between two beats taken, at the least. A serial unit sets it before it calls
        this constructor: its steps then see every beat so many times (see :func:`serial`).
    fixed_interval : bool
        Whether every beat takes that long; a unit whose work depends on the data takes longer.
    beats : int
        The most beats that one result depends on, where ``first`` and ``last`` bound it.
    wraps : bool
        Whether sums of more beats are right, too, modulo the range of the accumulator.
    beats_together : int
        Beats that make one transaction of a fixed length.
    stateless : bool
        Whether each result depends on one beat alone.

    Members
    -------
    i : ``In(stream.Signature(StructLayout(inputs)))``
    o : ``Out(stream.Signature(StructLayout(outputs)))``
    """

    # Units are also made just to be asked about: one that is never elaborated is no mistake.
    _MustUse__silence = True

    reference: ClassVar[str]
    interval: int = 1
    fixed_interval: bool = True
    beats: int = 1
    wraps: bool = False
    beats_together: int = 1
    parameters: SimpleNamespace
    # Made by the constructor from the payloads, which a checker of types cannot know. (Written so
    # that they are no annotations of ports, which would declare the signature.)
    if TYPE_CHECKING:
        i: Any
        o: Any

    def __new__(cls, *args: Any, **arguments: Any) -> Self:
        _check_kinds(cls, arguments)
        unit = super().__new__(cls, *args, **arguments)
        known = signature(cls.__init__).parameters
        defaults = {n: p.default for n, p in known.items() if p.default is not p.empty}
        unit.parameters = SimpleNamespace(**{**defaults, **arguments})
        unit.beats = getattr(unit.parameters, "beats", 1)
        return unit

    def __init__(
        self, inputs: Mapping[str, Any], outputs: Mapping[str, Any], *, stages: int = 0
    ) -> None:
        self._steps = list(self.steps())
        check_positive("number of pipeline stages", stages, least=0, most=_MOST_STAGES)
        self.stages = stages
        self._bounded = "last" in inputs
        super().__init__(
            {
                "i": In(stream.Signature(StructLayout(dict(inputs)))),
                "o": Out(stream.Signature(StructLayout(dict(outputs)))),
            }
        )

    def steps(self) -> Sequence[Step]:
        """The datapath. Its first step finds the input fields by name; its last one returns the
        output fields."""
        raise TypeError(f"{type(self).__name__} must define its steps")

    @property
    def latency(self) -> int:
        return self.stages + any(isinstance(step, Accumulation) for step in self._steps)

    @property
    def stateless(self) -> bool:
        return not self._bounded and self.beats_together == 1

    @classmethod
    def dot_uses(cls, a: NumberFormat, b: NumberFormat, terms: int) -> Sequence[DotUse]:
        """The ways in which the unit sums ``terms`` products of an activation in ``a`` and a weight
        in ``b`` exactly, for comparisons with other units; none where it cannot."""
        return ()

    def connect(
        self, m: Module, inputs: Mapping[str, Any], valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """The datapath between given signals, for whoever wants other ports than two streams.

        Takes the input fields, their ``valid`` and the output's ``ready``; returns the output
        fields, their ``valid`` and the input's ``ready``.
        """
        if self.interval == 1:
            return pipelined(m, self._steps, self.stages, dict(inputs), valid, ready)
        moves = Signal(name="moves")
        values, taken = serial(m, self.interval, inputs, valid, moves)
        outputs, offered, move = pipelined(m, self._steps, self.stages, values, valid, ready)
        m.d.comb += moves.eq(move)
        return outputs, offered, taken

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        inputs = {name: self.i.payload[name] for name, _ in self.i.payload.shape()}
        values, valid, ready = self.connect(m, inputs, self.i.valid, self.o.ready)
        m.d.comb += [self.i.ready.eq(ready), self.o.valid.eq(valid)]
        for name, _ in self.o.payload.shape():
            m.d.comb += self.o.payload[name].eq(values[name])
        return m
