"""Random words made in hardware: the state of each 32-bit word one beat later.

The sequences are specified in :class:`..formats.scale_rules.RandomSource`, their seeds here:
word ``w`` starts from ``mix(seed + w * 0x9E3779B9)`` modulo ``2**32`` with the finalizer of
MurmurHash3 (A. Appleby), or from 1 where that is zero.
"""

from amaranth.hdl import Cat, Const, Module, Value

from ..formats.scale_rules import RandomSource
from ..pipeline import wire

__all__ = ["first_states", "next_state"]

_MASK = 0xFFFFFFFF
_TAPS = (31, 21, 1, 0)
_SHIFTS = ((13, True), (17, False), (5, True))


def first_states(seed: int, words: int) -> list[int]:
    """The first state of each word; no two are alike.

    Raises:
        ValueError: for one of the few seeds that would start two words alike.
    """
    states = []
    for word in range(words):
        h = seed + word * 0x9E3779B9 & _MASK
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            h = (h ^ h >> shift) * factor & _MASK
        states.append((h ^ h >> 16) or 1)
    if len(set(states)) < words:
        raise ValueError(f"The seed must be one that starts all words differently, not {seed}")
    return states


def next_state(m: Module, state: Value, source: RandomSource, name: str) -> Value:
    """The state of a 32-bit word after one beat."""
    if source is RandomSource.LFSR:
        bits = list(state)  # the newest bit first
        for place in range(32):
            fed = bits[_TAPS[0]]
            for tap in _TAPS[1:]:
                fed = fed ^ bits[tap]
            bits = [wire(m, f"{name}_bit{place}", fed), *bits[:-1]]
        return Cat(*bits)
    for number, (shift, left) in enumerate(_SHIFTS):
        moved = Cat(Const(0, shift), state)[:32] if left else state[shift:]
        state = wire(m, f"{name}_mixed{number}", state ^ moved)
    return state
