"""The shifter of gradual underflow: down where the exponent has no room, one up where it has.

A normalised significand with headroom stays, or moves one place up where its uncertain top bit is
zero. Without headroom the result is subnormal: it moves down by as much as is missing, and what
falls out is sticky.
"""

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Value

from ..pipeline import wire
from .raw import Raw, either
from .shift import shift_right_sticky

__all__ = ["Moved", "shift_down"]

# Up to this many places, shifting right by one AND-OR per place is smaller and faster than a
# logarithmic shifter: it needs no shift amount, only a comparison per place, and it masks for free.
_ONE_HOT_PLACES = 6


@dataclass(frozen=True)
class Moved:
    """A significand at the target's ulp.

    Parameters
    ----------
    window
        Kept bits above fraction bits; all zero for a zero.
    sticky
        Whether a set bit lies below the window.
    normal
        Whether the hidden bit's place is not below that of the smallest normal number.
    """

    window: Value
    sticky: Value
    normal: Value


@dataclass(frozen=True)
class _Shift:
    """What both shifters know: the significand with a zero more at the bottom for one place up and
    zeros at the top for the deepest move; where the window begins; and which way to go."""

    padded: Value
    below: int  # bits under the window of a significand that stays
    window: int
    deepest: int  # further down only the sticky bit is left
    places: int  # lower bits of the headroom that tell the distances apart
    headroom: Value
    normal: Value
    down: Value  # down, and something of it stays in the window
    up: Value | None  # None where the top bit is certain


def shift_down(m: Module, raw: Raw, headroom: Value, lowest: int, window: int) -> Moved:
    """Move ``raw``'s significand by its headroom, which is ``lowest`` at least."""
    significand = Cat(Const(0, max(window - len(raw.significand), 0)), raw.significand)
    dead = either(raw.zero, raw.negligible)
    alive = Const(1, 1) if dead is None else wire(m, "alive", ~dead)
    normal = wire(m, "normal", ~headroom[-1] & alive)
    up = None
    if raw.slack:
        up = wire(m, "up1", normal & headroom[:-1].any() & ~significand[-1])
    # All distances that leave a bit in the window begin with the same bits: one comparison finds
    # them, and only the lower bits tell them apart.
    deepest = max(min(-lowest, window - 1), 0)
    places = max(deepest - 1, 0).bit_length()
    shift = _Shift(
        padded=Cat(Const(0, 1), significand, Const(0, deepest)),
        below=len(significand) - window,
        window=window,
        deepest=deepest,
        places=places,
        headroom=headroom,
        normal=normal,
        down=wire(m, "down", headroom[places:].all() & alive),
        up=up,
    )
    shifter = _one_hot if deepest <= _ONE_HOT_PLACES else _logarithmic
    bits, sticky = shifter(m, shift)
    return Moved(wire(m, "window", bits), wire(m, "sticky", sticky), normal)


def _one_hot(m: Module, s: _Shift) -> tuple[Value, Value]:
    """Moves as one AND-OR per distance; they are all zero for a zero, which masks for free."""
    moves = {
        r: wire(m, f"down{r}", (s.headroom[: s.places] == -r % (1 << s.places)) & s.down)
        for r in range(1, s.deepest + 1)
    }
    sticky = s.padded[: s.below + 1].any()
    stay = s.normal
    if s.up is not None:
        # Not ``normal & ~up``: this does not wait for it.
        top = s.padded[s.below + s.window]
        stay = wire(m, "stay", s.normal & (top | ~s.headroom[:-1].any()))
        sticky = s.padded[: s.below].any() | (s.padded[s.below] & ~s.up)
    # Each bit above is sticky from some distance on: below zero, and none of the nearer ones.
    lost: Value = s.headroom[-1]
    for r in range(1, s.deepest + 1):
        sticky = sticky | (s.padded[s.below + r] & lost)
        lost = lost & ~moves[r]
    if s.deepest == s.window - 1:
        sticky = sticky | (s.padded[s.below + s.window] & lost)
    moves |= {0: stay} if s.up is None else {0: stay, -1: s.up}
    bits: Value = Const(0, s.window)
    for r, here in moves.items():
        bits = bits | (s.padded[s.below + r + 1 :][: s.window] & here.replicate(s.window))
    return bits, sticky


def _logarithmic(m: Module, s: _Shift) -> tuple[Value, Value]:
    """Multiplexers by powers of two, then one that knows the top bit, the last to arrive.

    The distance is the complement of the headroom, which the first shifts look at, plus one, which
    the last multiplexer adds.
    """
    below_zero = s.headroom[-1]
    amount = wire(m, "shift", ~s.headroom[: s.places] & below_zero.replicate(s.places))
    moved, lost = shift_right_sticky(m, s.padded, amount, "placed")
    raised, stay, one_more = (moved[s.below + k :][: s.window] for k in range(3))
    sticky = lost | moved[: s.below].any() | (below_zero & (moved[s.below + 1] | ~s.down))
    if s.up is None:
        sticky = sticky | moved[s.below]
        bits: Value = Mux(below_zero, one_more, stay)
    else:
        sticky = sticky | (moved[s.below] & ~s.up)
        bits = Mux(below_zero, one_more, Mux(s.up, raised, stay))
    return bits & (s.normal | s.down).replicate(s.window), sticky
