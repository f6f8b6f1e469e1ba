"""An accumulator in carry-save form: no carry runs along its loop.

Where terms reach, every column holds a sum bit and a carry bit. Above them a term changes the sum
by a few units only, which are held in two or three bits and added one beat later: the upper part is
one row of bits, and its carries start at registers.
(Half-compressed accumulation is OPT1 of arXiv 2503.06342, with two rows of all columns; to defer
what goes up is U. Kulisch's accumulator of segments, "Computer Arithmetic and Validity", 2008, 8.)
"""

from collections.abc import Mapping

from amaranth.hdl import Cat, Const, Module, Shape, Signal, Value

from ..formats import IntegerFormat
from ..pipeline import wire
from .adders import Adder, add
from .bitheap import BitHeap

__all__ = ["CarrySaveAccumulator"]


class CarrySaveAccumulator:
    """A sum modulo ``2**width`` of terms from ``low`` to ``high``.

    Parameters
    ----------
    width
        Bits of the sum.
    low, high
        What a term can be.
    adder
        How the upper part adds, and how the sum is resolved.
    divided
        Whether to hold an upper part in one row where there is room for one; otherwise all columns
        are in carry-save form.
    one_row
        Terms come by :meth:`add_row`; else on a heap, by :meth:`add`.

    Attributes
    ----------
    state : dict of Shape
        The registers, as an :class:`~..pipeline.Accumulation` takes them.
    term_width : int
        Columns of a term: of its heap, or of its row.
    """

    def __init__(
        self,
        width: int,
        low: int,
        high: int,
        *,
        adder: Adder = Adder.SKLANSKY,
        divided: bool = True,
        one_row: bool = False,
    ):
        body = IntegerFormat.holding(min(low, -1), max(high, 0)).width
        # A row and its sum and carry bits go up by -1 to 1; two rows that hold any sum of a term
        # and those bits modulo their width, by -2 to 2.
        up = 2 if one_row else 3
        self._width, self._adder = width, adder
        self._divided = divided and width > body + up
        self._body = body if self._divided else width
        self.term_width = body if self._divided else width
        self.state = {"total": Shape(width), "carries": Shape(self._body)}
        if self._divided:
            self.state["up"] = Shape(up)
            self.term_width += 0 if one_row else up

    def add(
        self, m: Module, so_far: Mapping[str, Value], heap: BitHeap, *, name: str = ""
    ) -> dict[str, Value]:
        """The state after adding a term, which stands on a heap of :attr:`term_width` columns.

        Only the columns below the upper part go round; the heap's topmost bits are what goes up.
        """
        body = self._body
        heap.add(so_far["total"][:body])
        heap.add(so_far["carries"])
        first, second = heap.compress(m, name=f"{name}loop")
        up = add(m, first[body:], second[body:], adder=self._adder, name=f"{name}up_add")
        return self._state(m, so_far, first[:body], second[:body], up, name)

    def add_row(
        self, m: Module, so_far: Mapping[str, Value], row: Value, carry: Value, *, name: str = ""
    ) -> dict[str, Value]:
        """The state after adding ``row + carry``, a signed row and one bit: full adders once.

        The carry takes the place of the one that nothing sends to the lowest column.
        """
        body = self._body
        top = row[-1] if row.shape().signed else Const(0, 1)
        x = wire(m, f"{name}term", Cat(row, top.replicate(max(body - len(row), 0)))[:body])
        y, z = so_far["total"][:body], so_far["carries"]
        p = wire(m, f"{name}half_sum", x ^ y)
        c = Signal(body, name=f"{name}majority")
        m.d.comb += c.eq((p & z) | (~p & y))
        carries = Cat(carry, c[: body - 1])
        # A negative row's sign weighs -1 above the body, and as much as the adder took it for.
        up = Cat(c[-1] ^ x[-1], x[-1] & ~c[-1])
        return self._state(m, so_far, p ^ z, carries, up, name)

    def _state(
        self,
        m: Module,
        so_far: Mapping[str, Value],
        first: Value,
        second: Value,
        up: Value,
        name: str,
    ) -> dict[str, Value]:
        carries = wire(m, f"{name}carries", second)
        if not self._divided:
            return {"total": wire(m, f"{name}total", first), "carries": carries}
        upper = so_far["total"][self._body :]
        less = _signed(so_far["up"], len(upper))
        above = add(m, upper, less, adder=self._adder, name=f"{name}upper_add")
        return {
            "total": wire(m, f"{name}total", Cat(first, above)),
            "carries": carries,
            "up": wire(m, f"{name}up", up),
        }

    def rows(self, state: Mapping[str, Value]) -> tuple[Value, Value]:
        """Two rows whose sum modulo ``2**width`` is the sum."""
        if not self._divided:
            return state["total"], state["carries"]
        upper = _signed(state["up"], self._width - self._body)
        return state["total"], Cat(state["carries"], upper)

    def resolve(self, m: Module, state: Mapping[str, Value], *, name: str = "resolved") -> Value:
        """The sum as one integer."""
        first, second = self.rows(state)
        return wire(m, name, add(m, first, second, adder=self._adder, name=f"{name}_add"))


def _signed(bits: Value, width: int) -> Value:
    """A signed number in more bits."""
    return Cat(bits, bits[-1].replicate(width - len(bits)))
