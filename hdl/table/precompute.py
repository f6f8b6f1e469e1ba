"""Tables out of activations: signed sums that share their parts, and their quantization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Value

from ..arithmetic.adders import Adder, add
from ..arithmetic.align import align_signed, sign_and_magnitude
from ..arithmetic.maximum import maximum
from ..arithmetic.quotient import divide
from ..arithmetic.raw import decode, either
from ..arithmetic.significands import negated_if
from ..formats import FloatFormat, IntegerFormat
from ..pipeline import wire
from .aligned import RowExponent, cut_to_exponent
from .table_shape import QUANTIZED, TableShape

__all__ = ["Tables", "fixed_point", "given_tables", "precompute"]


@dataclass(frozen=True)
class Tables:
    """The tables of one row of activations.

    Parameters
    ----------
    entries
        Of every group, in the order of :attr:`TableShape.coefficients`.
    odd
        Of every group the last bit of all its entries, where they are stored without it.
    nan
        Whether an activation is no number; None where none can be.
    scale
        The largest magnitude of a table, where entries are quantized.
    total
        The sum of the activations, where entries are quantized.
    exponent
        The power of two that aligned entries count.
    risen
        By how much it is larger than in the beat before; None where sums are of one beat.
    """

    entries: Sequence[Sequence[Value]]
    odd: Sequence[Value] = ()
    nan: Value | None = None
    scale: Value | None = None
    total: Value | None = None
    exponent: Value | None = None
    risen: Value | None = None


def fixed_point(
    m: Module, activations: Sequence[Any], name: str, *, flush: bool, masked: bool
) -> tuple[list[Value], Value | None]:
    """The activations as integers in units of their format's step; whether one is no number.

    Where there is none the integer means nothing, or with ``masked`` is 0.
    """
    numbers: list[Value] = []
    special: Value | None = None
    for k, view in enumerate(activations):
        format = view.shape()
        if isinstance(format, IntegerFormat):
            numbers.append(Value.cast(view))
            continue
        assert isinstance(format, FloatFormat)
        term = f"{name}_{k}"
        raw = decode(m, view, term, normalize=False, flush=flush)
        significand, bad = raw.significand, either(raw.nan, raw.infinite)
        if masked and bad is not None:
            significand = significand & (~bad).replicate(len(significand))
        signed = Const(0, 1) if raw.negative is None else raw.negative
        significand = negated_if(m, significand, signed, term)
        # Its lowest exponent is that of the format's step: nothing is lost below.
        numbers.append(align_signed(m, raw, significand, term))
        special = either(special, bad)
    return numbers, None if special is None else wire(m, f"{name}_special", special)


def precompute(
    m: Module,
    shape: TableShape,
    activations: Sequence[Any],
    name: str,
    *,
    flush: bool = False,
    masked: bool = False,
    adder: Adder = Adder.SKLANSKY,
    exponent: RowExponent | None = None,
) -> Tables:
    """The tables of a row of activations, one for each group; aligned ones at an exponent."""
    shared: dict[str, Value | None] = {}
    if exponent is None:
        numbers, nan = fixed_point(m, activations, name, flush=flush, masked=masked)
    else:
        field, risen = exponent
        numbers, nan = cut_to_exponent(
            m, shape, activations, field, name, flush=flush, masked=masked
        )
        power = wire(m, f"{name}_power", field + shape.exponent_offset)
        shared = {"exponent": power[: shape.exponent_format.width], "risen": risen}
    size = shape.group
    groups = [numbers[k : k + size] for k in range(0, len(numbers), size)]
    tables = [
        _Sums(m, shape, group, f"{name}_group{g}", adder).table() for g, group in enumerate(groups)
    ]
    if shape.quantized:
        scale = _largest(m, shape, groups, name)
        entries = [
            [_quantized(m, entry, scale, f"{name}_code{g}_{e}") for e, entry in enumerate(table)]
            for g, table in enumerate(tables)
        ]
        width = shape.sum_format(len(groups)).width
        total = sum(numbers[1:], start=numbers[0])
        total = wire(m, f"{name}_total", total[:width].as_signed())
        return Tables(entries, (), nan, scale, total)
    if not shape.halved:
        return Tables(tables, (), nan, **shared)
    entries = [[entry[1:].as_signed() for entry in table] for table in tables]
    return Tables(entries, [table[0][0] for table in tables], nan, **shared)


def given_tables(shape: TableShape, values: Mapping[str, Any], row: int, groups: int) -> Tables:
    """One row's tables out of the fields that another unit's precompute filled."""

    def one(field: str) -> Value | None:
        return Value.cast(values[field][row]) if field in values else None

    entries = [
        [
            Value.cast(values["table"][(row * groups + g) * shape.entries + e])
            for e in range(shape.entries)
        ]
        for g in range(groups)
    ]
    odd = [values["odd"][row * groups + g] for g in range(groups) if "odd" in values]
    rest = (one(field) for field in ("nan", "scale", "total", "exponent", "risen"))
    return Tables(entries, odd, *rest)


class _Sums:
    """Signed sums of one group: the sum of its upper half plus or less that of its lower half.

    Both halves take few values, of which opposite ones are one adder: the eight entries of a signed
    table of four take 12 adders, where one by one they would take 24.
    """

    def __init__(
        self, m: Module, shape: TableShape, numbers: Sequence[Value], name: str, adder: Adder
    ):
        self._m, self._shape, self._numbers = m, shape, numbers
        self._name, self._adder = name, adder
        self._known: dict[tuple[int, ...], Value] = {}

    def table(self) -> list[Value]:
        """All entries, in one format."""
        width = self._shape.entry_format.width + self._shape.halved
        if self._shape.quantized:
            bounds = [self._shape.bounds(c) for c in self._shape.coefficients]
            lows, highs = zip(*bounds, strict=True)
            width = IntegerFormat.holding(min(*lows, -1), max(highs)).width
        entries = [self._sum(c, 0, len(c)) for c in self._shape.coefficients]
        return [_resized(entry, width).as_signed() for entry in entries]

    def _sum(self, coefficients: tuple[int, ...], start: int, stop: int) -> Value:
        """The sum of the activations from ``start`` to ``stop``, whose last nonzero coefficient is
        1; the others do not matter."""
        outside = (0,) * start, (0,) * (len(coefficients) - stop)
        wanted = (*outside[0], *coefficients[start:stop], *outside[1])
        if wanted not in self._known:
            self._known[wanted] = self._make(wanted, start, stop)
        return self._known[wanted]

    def _make(self, wanted: tuple[int, ...], start: int, stop: int) -> Value:
        if stop - start == 1:
            return self._numbers[start]
        middle = (start + stop) // 2
        low, high = wanted[start:middle], wanted[middle:stop]
        if not any(low):
            return self._sum(wanted, middle, stop)
        if not any(high):
            return self._sum(wanted, start, middle)
        negative = next(c for c in reversed(low) if c) < 0
        lower = tuple(-c for c in wanted) if negative else wanted
        x, y = self._sum(wanted, middle, stop), self._sum(lower, start, middle)
        least, most = self._shape.bounds(wanted)
        width = IntegerFormat.holding(least, most).width
        x, y = _resized(x, width), _resized(y, width)
        digits = "".join("n0p"[c + 1] for c in reversed(wanted))
        name = f"{self._name}_{digits}"
        # x - y is the complement of ~x + y: no carry has to enter.
        total = add(self._m, ~x if negative else x, y, adder=self._adder, name=name)
        total = wire(self._m, f"{name}_sum", ~total if negative else total)
        return total.as_signed() if least < 0 else total


def _resized(value: Value, width: int) -> Value:
    """The same number in ``width`` bits, which must hold it."""
    sign = value[-1] if value.shape().signed else Const(0, 1)
    return Cat(value, sign.replicate(max(width - len(value), 0)))[:width]


def _largest(m: Module, shape: TableShape, groups: Sequence[Sequence[Value]], name: str) -> Value:
    """The largest magnitude in any table. In each it is the sum of the magnitudes."""
    sums = []
    width = shape.scale_format.width
    for g, group in enumerate(groups):
        magnitudes = [
            sign_and_magnitude(m, number, f"{name}_magnitude{g}_{k}")[1]
            for k, number in enumerate(group)
        ]
        total = sum(magnitudes[1:], start=Value.cast(magnitudes[0]))
        sums.append(wire(m, f"{name}_magnitudes{g}", _resized(total, width)))
    return maximum(m, sums, f"{name}_largest")


def _quantized(m: Module, entry: Value, scale: Value, name: str) -> Value:
    """``127 * entry / scale`` to nearest, ties to even; zero where all entries are."""
    negative, magnitude = sign_and_magnitude(m, entry, name)
    assert negative is not None
    doubled = wire(m, f"{name}_dividend", (magnitude * (2 * QUANTIZED.max_integer)))
    dividend = _resized(doubled, len(scale) + 8)
    quotient, rest = divide(m, dividend, scale, 8, name)
    quotient = wire(m, f"{name}_quotient", quotient)
    up = quotient[0] & (rest | quotient[1])
    code = wire(m, f"{name}_rounded", (quotient[1:] + up)[:7] & scale.any().replicate(7))
    flipped = Cat(code, Const(0, 1)) ^ negative.replicate(8)
    return wire(m, f"{name}_code", (flipped + negative)[:8].as_signed())
