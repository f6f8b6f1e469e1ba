"""Integers of many bits to integers of fewer, chosen at run time."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.rounding_shift import shift_right_rounded
from ..formats import IntegerFormat
from ..formats.requantization import ShiftRounding, check_integers, check_rounding
from ..pipeline import Step, wire
from ..unit import Unit, check_positive

__all__ = ["BitSwitch"]


class BitSwitch(Unit):
    """Drops lower bits of integers, as many as asked for, with rounding and saturation.

    ``p = clip(round(a / 2**drop))`` to the range of as many bits as remain: from one store of
    8-bit weights come those of 6, 4 and 2 bits, and their scale is ``2**drop`` times the old one
    (Double Rounding). The result has the width of ``a``, and is sign-extended.

    Only rounding up can leave the range, and only where all bits that remain say the largest
    number: such numbers are not rounded up, and that is all of the saturation. By default the unit
    has 79 gates for area and 169 for speed; with half a unit added first, clamped and then shifted
    it has 90 and 215.

    The paper does not say which way ties go; ``half_up`` is one addition without more. ``floor``
    keeps the upper bits as they are (Bit-Mixer).

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the operands.
    lanes
        Numbers a beat.
    least
        The fewest bits that remain.
    rounding
        ``half_up``, ``rne``, ``rna`` (ties away from zero), ``floor`` or ``stochastic``.
    random_bits
        Random bits a number, 1 to 32, with stochastic rounding.
    stages
        Pipeline registers.

    Members
    -------
    i.a : operands
    i.drop : how many bits to drop; larger numbers count as all but ``least``
    i.random : random bits, with stochastic rounding: those of lane i from ``random_bits * i`` up
    o.p : results

    Raises
    ------
    ValueError
        If fewer bits than one, or all bits, are to remain.
    """

    reference = "Double Rounding quantization, bit switching of one weight store; Bit-Mixer"

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(8),
        lanes: int = 1,
        least: int = 2,
        rounding: ShiftRounding = ShiftRounding.HALF_UP,
        random_bits: int = 0,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_integers(a)
        if a.width < 2:
            raise ValueError(f"The operands must have at least 2 bits, not '{a}'")
        check_positive("least number of bits", least, most=a.width - 1)
        check_rounding(rounding, random_bits)
        self._most = a.width - least
        inputs: dict[str, Any] = {
            "a": ArrayLayout(a, lanes),
            "drop": IntegerFormat(self._most.bit_length(), False),
        }
        if random_bits:
            inputs["random"] = unsigned(random_bits * lanes)
        result = IntegerFormat(a.width, a.signed)
        super().__init__(inputs, {"p": ArrayLayout(result, lanes)}, stages=stages)

    def steps(self) -> list[Step]:
        return [Step("shift", self._shift), Step("round", self._round)]

    def _shift(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, bits = self.parameters, self.parameters.random_bits
        drop = Value.cast(values["drop"])
        if self._most + 1 < 1 << len(drop):
            drop = wire(m, "dropped", Mux(drop > self._most, self._most, drop)[: len(drop)])
        # For each bit above those that always remain, whether it is one too many.
        gone = wire(m, "gone", Cat(drop > k for k in range(self._most)))
        quotients = []
        for lane in range(p.lanes):
            number = Value.cast(values["a"][lane])
            random = values["random"][lane * bits : (lane + 1) * bits] if bits else None
            width = p.a.width + (not p.a.signed)
            quotients.append(
                shift_right_rounded(
                    m, number, drop, p.rounding, width=width, name=f"shift{lane}", random=random
                )
            )
        return {"quotients": quotients, "gone": gone}

    def _round(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p, gone = self.parameters, values["gone"]
        results = []
        for lane, quotient in enumerate(values["quotients"]):
            kept = quotient.kept.as_unsigned()[: p.a.width]
            if quotient.up is None:
                results.append(kept)
                continue
            # The largest number of the bits that remain: ones, up to the sign.
            ones = p.a.width - p.a.signed
            counted = kept[:ones] | Cat(Const(0, ones - self._most), gone[::-1])
            top = counted.all()
            if p.a.signed:
                top = top & ~kept[-1]
            up = wire(m, f"up{lane}", quotient.up & ~top)
            results.append(wire(m, f"result{lane}", (kept + up)[: p.a.width]))
        return {"p": Cat(results)}
