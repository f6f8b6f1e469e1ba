"""Ternary weights in bits: two bits each, or five of them in a byte."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..formats import IntegerFormat
from ..pipeline import wire

__all__ = ["TernaryCode", "code_layout", "decode_ternary"]

_TRITS = 5  # in a byte: 3**5 = 243


class TernaryCode(StrEnum):
    """How weights -1, 0 and 1 are written."""

    #: Two's complement of two bits; the code of -2 counts as 0.
    TWO_BITS = "two_bits"
    #: Five weights a byte: the number whose base-3 digits are the weights plus one, the first
    #: weight in the lowest digit. Numbers from 243 up count as five zeros.
    BASE3 = "base3"
    #: Five weights a byte, in the code for trits of ASTC textures (Khronos Data Format
    #: Specification 1.3, integer sequence encoding), trit 2 standing for -1. It was made to be
    #: decoded by few gates. All 256 bytes have a meaning.
    ASTC = "astc"


def code_layout(code: TernaryCode, lanes: int) -> ArrayLayout:
    """The field of all weights; in bytes, the last one filled up."""
    if code is TernaryCode.TWO_BITS:
        return ArrayLayout(IntegerFormat(2), lanes)
    return ArrayLayout(unsigned(8), -(-lanes // _TRITS))


def decode_ternary(m: Module, codes: Any, code: TernaryCode, lanes: int) -> tuple[Value, Value]:
    """A bit a lane where it is added, and a bit where it is subtracted."""
    parts = [Value.cast(codes[k]) for k in range(len(codes))]
    if code is TernaryCode.TWO_BITS:
        plus, minus = _two_bits(parts)
    else:
        read = _base3 if code is TernaryCode.BASE3 else _astc
        trits = [t for k, byte in enumerate(parts) for t in read(m, byte, f"b_byte{k}")]
        plus, minus = (Cat(side) for side in zip(*trits[:lanes], strict=True))
    return wire(m, "b_plus", plus), wire(m, "b_minus", minus)


def _two_bits(codes: Sequence[Value]) -> tuple[Value, Value]:
    nonzero, negative = (Cat(code[k] for code in codes) for k in (0, 1))
    return nonzero & ~negative, nonzero & negative


def _base3(m: Module, byte: Value, name: str) -> list[tuple[Value, Value]]:
    """Digits by a table of all bytes."""
    table = 0
    for number in range(1 << len(byte)):
        digits = [number // 3**k % 3 if number < 3**_TRITS else 1 for k in range(_TRITS)]
        for k, digit in enumerate(digits):
            table |= (0b10, 0b00, 0b01)[digit] << 2 * (_TRITS * number + k)
    size = 2 * _TRITS
    trits = wire(m, name, Const(table, size << len(byte)).word_select(byte, size))
    return [(trits[2 * k], trits[2 * k + 1]) for k in range(_TRITS)]


def _astc(m: Module, byte: Value, name: str) -> list[tuple[Value, Value]]:
    """A trit has two bits of its own, and its value 2 leaves bits that others take."""
    tops = wire(m, f"{name}_tops", byte[2:5].all())  # trits 3 and 4 are both 2
    middle = byte[5:7].all()
    trit4 = Mux(tops, 2, Mux(middle, 2, byte[7]))
    trit3 = Mux(tops, 2, Mux(middle, byte[7], byte[5:7]))
    low = wire(m, f"{name}_low", Mux(tops, Cat(byte[0:2], byte[5:8]), byte[0:5]))
    two, both = low[0:2].all(), low[2:4].all()
    trit2 = Mux(two | both, 2, low[4])
    trit1 = Mux(two, low[4], Mux(both, 2, low[2:4]))
    upper = Mux(two, low[3], low[1])
    lower = Mux(two, low[2] & ~low[3], low[0] & ~low[1])
    trit0 = Mux(both & ~two, low[0:2], Cat(lower, upper))
    trits = wire(m, name, Cat(Value.cast(t)[0:2] for t in (trit0, trit1, trit2, trit3, trit4)))
    return [(trits[2 * k], trits[2 * k + 1]) for k in range(_TRITS)]
