"""The end of an exact sum: handed out as it is, with flags, or rounded once to a format."""

from dataclasses import replace
from typing import Any

from amaranth.hdl import Cat, Module, Shape, Value, unsigned

from ..formats import FloatFormat, IntegerFormat, NumberFormat, Projection
from ..pipeline import Accumulation, Step, wire
from .adders import Adder
from .bitheap import Structure
from .exceptions import exceptions
from .integer import project_integer
from .long_place import place_long, suits_long
from .long_shift import chunk_of
from .place import place
from .project import signed_raw
from .raw import Raw
from .rows import add_rows
from .settle import settle

__all__ = ["Result"]

_LONG = 64  # below this width a sum is rounded as any other: no chunk of it is looked for first


class Result:
    """The steps behind a sum, and the fields that it adds to a unit's streams.

    The steps find the sum as ``values["total"]``, the flags that can be set by their names, and the
    random bits of stochastic modes as ``values["random"]``. A sum that is a number with an exponent
    of its own stands in ``values["number"]`` instead, as a :class:`Raw` without exceptions.

    Parameters
    ----------
    format
        Fixed point that holds the sum; None where it is a number.
    special
        Flags that can be set: ``nan``, and ``plus_infinity`` with ``minus_infinity``.
    o
        Format of the result; None for the sum itself with those flags, 0 where one is set.
    projection
        Rounding mode and policies.
    smallest, odd
        What the sum is never below, in units of its last place, and whether it always is odd. Not
        every rounder makes use of that.

    Attributes
    ----------
    inputs, outputs : dict
        Fields of the unit's streams.
    kept : dict
        Shapes of the inputs among them, of which those of a sum's last beat count.
    state : dict
        Shapes of what a sum over several beats keeps for these steps, apart from the sum: flags of
        any beat, and what is ``kept``.

    Raises:
        ValueError: if NaN can occur, was asked to be an error, and the result has none.
    """

    def __init__(
        self,
        format: IntegerFormat | None,
        special: tuple[str, ...],
        o: NumberFormat | None,
        projection: Projection,
        *,
        smallest: int = 0,
        odd: bool = False,
    ):
        self._smallest, self._odd = smallest, odd
        self._format, self._special, self._o, self._projection = format, special, o, projection
        if o is not None:
            projection.check(o, nan_possible=bool(special))
        bits = projection.random_bits
        self.inputs: dict[str, Any] = {"random": unsigned(bits)} if bits else {}
        self.outputs: dict[str, Any] = {"p": o or format}
        if o is None:
            self.outputs |= {flag: unsigned(1) for flag in special}

    @property
    def kept(self) -> dict[str, Shape]:
        return {name: Shape(Shape.cast(shape).width) for name, shape in self.inputs.items()}

    @property
    def state(self) -> dict[str, Shape]:
        return {flag: Shape(1) for flag in self._special} | self.kept

    def gather(self, values: dict[str, Any]) -> dict[str, Any]:
        """What :attr:`state` is after this beat."""
        so_far = values.get("so_far", {})
        flags = {f: values[f] | so_far[f] if f in so_far else values[f] for f in self._special}
        return flags | {name: values[name] for name in self.inputs}

    def sum_step(
        self,
        beats: int,
        *,
        structure: Structure = Structure.COMPRESSOR,
        adder: Adder = Adder.SKLANSKY,
    ) -> Step:
        """The step before :meth:`steps`: ``values["rows"]``, and the sum so far where there are
        several beats, in one carry-propagating addition."""
        format = self._format
        assert format is not None

        def add(m: Module, values: dict[str, Any]) -> dict[str, Any]:
            rows = list(values["rows"])
            so_far = values.get("so_far", {})
            if "total" in so_far:
                rows.append(so_far["total"])
            total = add_rows(m, rows, format.width, structure=structure, adder=adder)
            return {"total": wire(m, "total", total), **self.gather(values)}

        if beats == 1:
            return Step("add", add)
        return Accumulation("add", add, state={"total": Shape(format.width), **self.state})

    def steps(self) -> list[Step]:
        if self._o is None:
            return [Step("finish", self._finish)]
        if isinstance(self._o, IntegerFormat):
            return [Step("round", self._to_integer)]
        return [Step("place", self._place), Step("settle", self._settle)]

    # The datapath.

    def _flags(self, values: dict[str, Any]) -> dict[str, Value]:
        return {flag: values[flag] for flag in self._special}

    def _total(self, values: dict[str, Any]) -> Value:
        assert self._format is not None
        total = Value.cast(values["total"])
        return total.as_signed() if self._format.signed else total.as_unsigned()

    def _finish(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        total = Value.cast(values["total"]).as_unsigned()
        if not self._special:
            return {"p": total}
        flags = self._flags(values)
        special = wire(m, "special", Cat(*flags.values()).any())
        nan = exceptions(m, flags, None)["nan"]
        assert nan is not None
        flags = {f: nan if f == "nan" else bit & ~nan for f, bit in flags.items()}
        return {"p": total & (~special).replicate(len(total)), **flags}

    def _raw(self, m: Module, values: dict[str, Any]) -> Raw:
        """The sum as sign and magnitude, with its exceptions."""
        if "number" in values:
            raw: Raw = values["number"]
        else:
            assert self._format is not None
            raw = signed_raw(m, Value.cast(values["total"]), self._format, "sum")
        return replace(raw, **exceptions(m, self._flags(values), raw.negative))

    def _place(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(self._o, FloatFormat)
        kept = {"random": values["random"]} if "random" in values else {}
        o, projection, format = self._o, self._projection, self._format
        if (
            "number" in values or format is None or format.width <= _LONG
            or not suits_long(format.width, format.lsb_exponent, o)
        ):  # fmt: skip
            return {"number": place(m, self._raw(m, values), o, projection), **kept}
        total = self._total(values)
        found = exceptions(m, self._flags(values), total[-1] if format.signed else None)
        if found["infinite"] is None:
            del found["negative"]  # the sum's own
        lsb, chunk = format.lsb_exponent, chunk_of(format.width)
        number = place_long(
            m, total, lsb, o, projection, chunk=chunk, smallest=self._smallest, odd=self._odd,
            **found,
        )  # fmt: skip
        return {"number": number, **kept}

    def _settle(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(self._o, FloatFormat)
        number, random = values["number"], values.get("random")
        return {"p": settle(m, number, self._o, self._projection, random)}

    def _to_integer(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        assert isinstance(self._o, IntegerFormat)
        raw, random = self._raw(m, values), values.get("random")
        return {"p": project_integer(m, raw, self._o, self._projection, random)}
