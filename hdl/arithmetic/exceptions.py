"""NaN and infinities on their way through a sum, as flags that lanes and beats only have to OR."""

from collections.abc import Mapping, Sequence

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire
from .raw import Raw, either

__all__ = ["FLAGS", "exceptions", "flags_of", "flags_of_any", "merged"]

#: Flags of a sum. Where infinities can occur, so can NaN.
FLAGS = ("nan", "plus_infinity", "minus_infinity")


def flags_of(raw: Raw) -> dict[str, Value]:
    """The flags of one number; those that cannot be set are left out."""
    flags: dict[str, Value] = {}
    if raw.nan is not None:
        flags["nan"] = raw.nan
    if raw.infinite is not None:
        negative: Value = Const(0, 1) if raw.negative is None else raw.negative
        flags["plus_infinity"] = raw.infinite & ~negative
        flags["minus_infinity"] = raw.infinite & negative
    return flags


def flags_of_any(m: Module, terms: Sequence[Raw], name: str = "") -> dict[str, Value]:
    """The flags of many numbers; those that cannot be set are left out."""
    zero = Const(0, 1)
    flags: dict[str, Value] = {}
    nans = [x.nan for x in terms if x.nan is not None]
    if nans:
        flags["nan"] = wire(m, f"{name}any_nan", Cat(*nans).any())
    if any(x.infinite is not None for x in terms):
        infinite = Cat(*(zero if x.infinite is None else x.infinite for x in terms))
        minus = Cat(*(zero if x.negative is None else x.negative for x in terms))
        flags["plus_infinity"] = wire(m, f"{name}any_plus_infinity", (infinite & ~minus).any())
        flags["minus_infinity"] = wire(m, f"{name}any_minus_infinity", (infinite & minus).any())
    return flags


def merged(flags: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Each flag that is set anywhere."""
    found = {flag: either(*(x.get(flag) for x in flags)) for flag in FLAGS}
    return {flag: bit for flag, bit in found.items() if bit is not None}


def exceptions(
    m: Module, flags: Mapping[str, Value], negative: Value | None
) -> dict[str, Value | None]:
    """NaN, infinity and sign of a sum, as :class:`Raw` has them, given the sign of its finite
    value; infinities of both signs make NaN."""
    nan, infinite = flags.get("nan"), None
    if "plus_infinity" in flags:
        plus, minus = flags["plus_infinity"], flags["minus_infinity"]
        nan = either(nan, plus & minus)
        infinite = wire(m, "sum_infinite", plus | minus)
        negative = Mux(infinite, minus, Const(0, 1) if negative is None else negative)
    if nan is not None:
        nan = wire(m, "sum_nan", nan)
    return {"nan": nan, "infinite": infinite, "negative": negative}
