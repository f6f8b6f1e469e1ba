"""A counterexample for people: what was put in and what came out, as bits and as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...gen.port import Port
from ...hdl.formats import parse_format

__all__ = ["Cycle", "cycle"]

_PLAIN = ("bits", "bit", "clock", "reset")


@dataclass(frozen=True)
class Cycle:
    """One clock cycle, or the one moment of a unit without clock: every field, on both sides."""

    inputs: dict[str, str]
    left: dict[str, str]
    right: dict[str, str]


def cycle(
    ports: Sequence[Port],
    inputs: Callable[[str], int],
    left: Mapping[str, int],
    right: Mapping[str, int],
) -> Cycle:
    """The cycle in which the bits have these values: of inputs, and of each side's outputs.

    Bits are named as ``i_a[3]``; fields lose the prefix that tells the streams apart.
    """
    told: tuple[dict[str, str], ...] = ({}, {}, {})
    for port in ports:
        if port.format == "clock":
            continue
        name = port.name if port.format == "reset" else port.name[2:]
        bits = [f"{port.name}[{n}]" for n in range(port.width)]
        if port.direction == "in":
            told[0][name] = _text(port, [inputs(bit) for bit in bits])
        else:
            told[1][name] = _text(port, [left[bit] for bit in bits])
            told[2][name] = _text(port, [right[bit] for bit in bits])
    return Cycle(*told)


def _text(port: Port, bits: Sequence[int]) -> str:
    width = port.width // port.elements
    texts: list[str] = []
    for first in range(0, port.width, width):
        code = sum(bit << n for n, bit in enumerate(bits[first : first + width]))
        number = "" if port.format in _PLAIN else f" = {parse_format(port.format).text(code)}"
        texts.append(f"0x{code:0{-(-width // 4)}x}{number}")
    return ", ".join(texts)
