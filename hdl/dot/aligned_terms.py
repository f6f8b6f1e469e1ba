"""The terms of an aligned sum: magnitudes, and exponents that say how far they are cut."""

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.align import sign_and_magnitude
from ..arithmetic.exceptions import flags_of_any
from ..arithmetic.product import multiply
from ..arithmetic.raw import Raw, read
from ..arithmetic.significands import multiply_significands
from ..formats import FloatFormat, NumberFormat
from ..formats.dot_semantics import Run
from ..pipeline import wire
from .block_operands import BlockOperands, is_zero
from .inner_sum import InnerSum

__all__ = ["AlignedTerms", "Group", "Term", "mantissa_of"]


@dataclass(frozen=True)
class Term:
    """A magnitude with ``fraction`` bits below the unit of its exponent.

    That exponent is ``place`` and what the term's run adds to it; a zero term's place is 0, another
    one's ``least`` to ``most``.
    """

    magnitude: Value
    fraction: int
    place: Value
    least: int
    most: int
    negative: Value | None


@dataclass(frozen=True)
class Group:
    """The terms of a run. Their exponents are ``place + exponent + offset``."""

    terms: list[Term]
    exponent: Value | None
    offset: int
    low: int
    high: int

    @property
    def least(self) -> int:
        return self.terms[0].least + self.low + self.offset

    @property
    def most(self) -> int:
        return self.terms[0].most + self.high + self.offset


class AlignedTerms:
    """Makes the terms of runs: of single products, or of exact sums of a run's products.

    Parameters
    ----------
    parameters
        Of the unit.
    operands
        Its operands.
    group
        Products a term, as in :class:`Alignment`.
    runs
        All runs that there are.
    """

    def __init__(self, parameters: Any, operands: BlockOperands, group: int, runs: list[Run]):
        p = self._parameters = parameters
        self._operands = operands
        self._group = group
        self._inner: dict[int, InnerSum] = {}
        if group != 1:
            a, b = operands.elements["a"], operands.elements["b"]
            self._inner = {
                count: InnerSum(a, b, count=count, flush=p.projection.ftz_in, structure=p.structure)
                for count in {run.stop - run.start for run in runs}
            }

    def of_run(
        self, m: Module, values: dict[str, Any], run: Run, name: str
    ) -> tuple[Group, dict[str, Value]]:
        """The terms of a run and its exceptions. ``values`` hold the scales as read."""
        p = self._parameters
        scale = self._operands.scale(m, values["scales"], run)
        elements = tuple(self._operands.run_elements(m, values, s, run) for s in "ab")
        make = self._products if self._group == 1 else self._grouped
        terms, offset, found = make(m, elements, scale, run, name)
        offset += scale.offset + mantissa_of(p.a.scale) + mantissa_of(p.b.scale)
        low, high = 0, 0
        if scale.exponent is not None:
            low, high = scale.exponent_min, scale.exponent_max
        group = Group(terms, scale.exponent, offset, low, high)
        return group, self._operands.exceptions(m, scale, found, elements, name)

    def _products(
        self, m: Module, elements: Any, scale: Raw, run: Run, name: str
    ) -> tuple[list[Term], int, dict[str, Value]]:
        """One term a product, what to add to their exponents, and the products' exceptions."""
        p = self._parameters
        fraction = p.a.element.mantissa_width + p.b.element.mantissa_width
        terms, products, offset = [], [], 0
        for lane, pair in enumerate(zip(*elements, strict=True), start=run.start):
            x, y = (
                read(m, element, format, f"{side}{lane}", flush=p.projection.ftz_in)
                for side, element, format in zip(
                    "ab", pair, self._operands.elements.values(), strict=True
                )
            )
            significand = multiply_significands(
                m, x.significand, y.significand, p.structure, normalized=False
            )
            product = multiply(m, x, y, significand)
            products.append(product)
            exponent = product.exponent
            assert exponent is not None
            # Fields count from 1 where there is a zero: their sum is never 0 by itself.
            least = max(product.exponent_min, 1)
            exponent = exponent + (least - product.exponent_min)
            offset = product.offset + fraction - (least - product.exponent_min)
            most = product.exponent_max + least - product.exponent_min
            formats = self._operands.elements.values()
            zeros = [
                zero
                for raw, format in zip((x, y), formats, strict=True)
                if (zero := is_zero(raw, format)) is not None
            ]
            alive = Const(1, 1)
            if zeros:
                alive = wire(m, f"{name}{lane}_alive", ~Cat(*zeros).any())
            if scale.zero is not None:
                alive = alive & ~scale.zero
                significand = significand & (~scale.zero).replicate(len(significand))
            place_ = exponent[: most.bit_length()] & alive.replicate(most.bit_length())
            terms.append(
                Term(
                    wire(m, f"lane{lane}_magnitude", significand),
                    fraction,
                    wire(m, f"lane{lane}_place", place_),
                    least,
                    most,
                    product.negative,
                )
            )
        return terms, offset, flags_of_any(m, products, name)

    def _grouped(
        self, m: Module, elements: Any, scale: Raw, run: Run, name: str
    ) -> tuple[list[Term], int, dict[str, Value]]:
        """The exact sum of a run's products times its scales' significands, as one term."""
        p = self._parameters
        inner = self._inner[run.stop - run.start]
        total, flags = inner.total(m, *elements, adder=p.adder, name=name)
        negative, magnitude = sign_and_magnitude(m, total, name)
        magnitude = inner.scaled(m, magnitude, scale.significand, adder=p.adder, name=name)
        # A constant 1 stands for scales without mantissas.
        fraction = mantissa_of(p.a.scale) + mantissa_of(p.b.scale) - inner.sum_format.lsb_exponent
        if scale.negative is not None:
            sign: Value = Const(0, 1) if negative is None else negative
            negative = wire(m, f"{name}sign", sign ^ scale.negative)
        magnitude = Cat(magnitude, Const(0, max(fraction + 1 - len(magnitude), 0)))
        alive = wire(m, f"{name}alive", magnitude.any())
        return [Term(magnitude, fraction, alive, 1, 1, negative)], -1, flags


def mantissa_of(format: NumberFormat) -> int:
    """Bits of a number's significand below its exponent's unit."""
    return format.mantissa_width if isinstance(format, FloatFormat) else 0
