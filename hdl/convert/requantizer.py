"""Requantization: integer accumulators to integers of few bits."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import BitHeap, Structure
from ..arithmetic.partial_products import add_products
from ..arithmetic.rounding_shift import RoundedShift, shift_right_rounded
from ..arithmetic.shift import shift_left
from ..formats import IntegerFormat
from ..formats.requantization import ClampTo, Scheme, ShiftRounding, check_integers, check_rounding
from ..pipeline import Step, wire
from ..unit import Unit, check_positive

__all__ = ["Requantizer"]


class Requantizer(Unit):
    """Scales integer accumulators by a factor given at run time, rounds and clamps them.

    ``p = clamp(zero + round((a + bias) * factor))``, with the sums and the product exact: nothing
    wraps. ``scheme`` says what the factor is and where it is rounded.

    - ``dyadic``: ``multiplier / 2**shift``, rounded once as ``rounding`` says. HAWQ-V3's factors
      have 31 bits; 16 make a unit of 0.56 of the gates, 8 one of 0.31. With ``half_up`` and a shift
      of 31 more it is TensorFlow Lite's single rounding, too.
    - ``tflite``: gemmlowp's two steps. First ``floor((a + bias) * 2**left * multiplier /
      2**multiplier_width + 1/2)``, the saturating rounding doubling high multiplication, whose one
      case of saturation cannot occur, as the multiplier is not negative; then that over
      ``2**shift``, to nearest, ties away from zero. Where gemmlowp's shift to the left would
      overflow, nothing is lost here. About two results in a thousand differ from ``dyadic``'s.
    - ``power_of_two``: ``1 / 2**shift``, the conversion of dynamic fixed point.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a
        Format of the accumulators.
    o
        Format of the results.
    lanes
        Numbers a beat.
    scheme
        ``dyadic``, ``tflite`` or ``power_of_two``.
    multiplier_width
        Bits of the multiplier, which is unsigned.
    shift_width
        Bits of the shift count.
    left_width
        With ``tflite``, bits of the count of places that operands are shifted up by before the
        multiplication, for factors of one and more; 0 where they are not.
    rounding
        ``half_up``, ``rne``, ``rna`` (ties away from zero), ``floor`` or ``stochastic``. The two of
        ``tflite`` cannot be chosen.
    random_bits
        Random bits a number, 1 to 32, with stochastic rounding.
    bias
        Whether a bias, of the accumulators' format, is added first.
    zero
        Whether a zero point, of the results' format, is added last.
    clamp
        ``format``, ``relu`` (nothing below the zero point), or ``range``: between two inputs.
    per_channel
        Whether each lane has its own multiplier, shift and bias, or all share one.
    structure
        How the product is made. ``auto`` is ``booth``. No result bit changes.
    adder
        How the product's last two rows are added. ``plain`` is the choice for FPGAs. No result bit
        changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : accumulators
    i.bias : bias, with ``bias``
    i.multiplier : multiplier, but with scheme ``power_of_two``
    i.shift : places to the right
    i.left : places to the left, with a ``left_width``
    i.zero : zero point, with ``zero``
    i.low, i.high : bounds of the results, with ``clamp`` set to ``range``; ``high`` is looked at
        first
    i.random : random bits, with stochastic rounding: those of lane i from ``random_bits * i`` up
    o.p : results
    """

    reference = (
        "HAWQ-V3 (arXiv 2011.10680); gemmlowp and TensorFlow Lite, quantized multiplication; "
        "Jacob et al. (arXiv 1712.05877); Das et al. (arXiv 1802.00930)"
    )

    def __init__(
        self,
        *,
        a: IntegerFormat = IntegerFormat(32),
        o: IntegerFormat = IntegerFormat(8),
        lanes: int = 1,
        scheme: Scheme = Scheme.DYADIC,
        multiplier_width: int = 31,
        shift_width: int = 6,
        left_width: int = 0,
        rounding: ShiftRounding = ShiftRounding.HALF_UP,
        random_bits: int = 0,
        bias: bool = False,
        zero: bool = False,
        clamp: ClampTo = ClampTo.FORMAT,
        per_channel: bool = False,
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of lanes", lanes)
        check_positive("multiplier width", multiplier_width, most=64)
        check_positive("shift width", shift_width, most=8)
        check_positive("width of the shift to the left", left_width, least=0, most=5)
        check_rounding(rounding, random_bits)
        check_integers(a, o)
        if scheme is Scheme.TFLITE and rounding is not ShiftRounding.HALF_UP:
            raise ValueError(
                f"With scheme 'tflite' the rounding must be left at 'half_up', not '{rounding}': "
                "the scheme has two of its own"
            )
        if scheme is not Scheme.TFLITE and left_width:
            raise ValueError(
                f"The width of the shift to the left must be 0 with scheme '{scheme}', not "
                f"{left_width}: only 'tflite' has one"
            )
        sets = lanes if per_channel else 1
        inputs: dict[str, Any] = {"a": ArrayLayout(a, lanes)}
        if bias:
            inputs["bias"] = ArrayLayout(a, sets)
        if scheme is not Scheme.POWER_OF_TWO:
            inputs["multiplier"] = ArrayLayout(IntegerFormat(multiplier_width, False), sets)
        inputs["shift"] = ArrayLayout(IntegerFormat(shift_width, False), sets)
        if left_width:
            inputs["left"] = ArrayLayout(IntegerFormat(left_width, False), sets)
        if zero:
            inputs["zero"] = o
        if clamp is ClampTo.RANGE:
            inputs |= {"low": o, "high": o}
        if random_bits:
            inputs["random"] = unsigned(random_bits * lanes)
        super().__init__(inputs, {"p": ArrayLayout(o, lanes)}, stages=stages)

    def steps(self) -> list[Step]:
        multiplied = self.parameters.scheme is not Scheme.POWER_OF_TWO
        return [
            Step("offset", self._offset),
            *([Step("multiply", self._multiply)] if multiplied else []),
            Step("shift", self._shift),
            Step("clamp", self._clamp),
        ]

    def _set(self, values: dict[str, Any], field: str, lane: int) -> Value:
        """A lane's own bias, multiplier or shift, or the one of all lanes."""
        return Value.cast(values[field][lane if self.parameters.per_channel else 0])

    def _offset(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The accumulators with their bias, moved up."""
        p = self.parameters
        numbers: list[Value] = []
        for lane in range(p.lanes):
            number = Value.cast(values["a"][lane])
            if p.bias:
                number = wire(m, f"biased{lane}", number + self._set(values, "bias", lane))
            if p.left_width:
                signed = number.shape().signed
                fill = number[-1] if signed else Const(0, 1)
                frame = Cat(number, fill.replicate((1 << p.left_width) - 1))
                left = self._set(values, "left", lane)
                up = shift_left(m, frame, left, f"left{lane}", width=len(frame))
                number = up.as_signed() if signed else up
            numbers.append(number)
        return {**values, "a": numbers}

    def _multiply(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        structure = Structure.BOOTH if p.structure is Structure.AUTO else p.structure
        products: list[Value] = []
        for lane, number in enumerate(values["a"]):
            heap = BitHeap(len(number) + p.multiplier_width)
            factor = self._set(values, "multiplier", lane)
            name = f"product{lane}"
            add_products(m, heap, [number], [factor], structure=structure, name=name)
            if p.scheme is Scheme.TFLITE:
                heap.add_constant(1 << p.multiplier_width - 1)  # the upper half, to nearest
            product: Value = heap.sum(m, name=name, structure=structure, adder=p.adder)
            if p.scheme is Scheme.TFLITE:
                product = product[p.multiplier_width :]
            products.append(product.as_signed() if number.shape().signed else product)
        return {**values, "a": products}

    def _shift(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        p = self.parameters
        rounding = ShiftRounding.RNA if p.scheme is Scheme.TFLITE else p.rounding
        # One bit more than the result's: beyond that, no zero point brings a number back.
        width = p.o.width + (p.zero or not p.o.signed)
        bits = p.random_bits
        quotients = []
        for lane, number in enumerate(values["a"]):
            random = values["random"][lane * bits : (lane + 1) * bits] if bits else None
            amount = self._set(values, "shift", lane)
            quotients.append(
                shift_right_rounded(
                    m, number, amount, rounding, width=width, name=f"shift{lane}", random=random
                )
            )
        kept = {name: values[name] for name in ("zero", "low", "high") if name in values}
        return {**kept, "quotients": quotients}

    def _clamp(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        results = [
            self._clamped(m, quotient, values, f"result{lane}")
            for lane, quotient in enumerate(values["quotients"])
        ]
        return {"p": Cat(results)}

    def _clamped(
        self, m: Module, quotient: RoundedShift, values: dict[str, Any], name: str
    ) -> Value:
        """Zero point and rounding bit in one addition; then the bounds."""
        p = self.parameters
        up: Value = Const(0, 1) if quotient.up is None else quotient.up
        zero = Value.cast(values["zero"]) if p.zero else None
        total = quotient.kept + up if zero is None else quotient.kept + zero + up
        total = wire(m, f"{name}_total", total[: p.o.width + 2].as_signed())
        above, below = _outside(total, p.o)
        low: Value = Const(p.o.min_integer, p.o.as_shape())
        high: Value = Const(p.o.max_integer, p.o.as_shape())
        if p.clamp is ClampTo.RANGE:
            low, high = Value.cast(values["low"]), Value.cast(values["high"])
            above, below = total > high, total < low
        elif p.clamp is ClampTo.RELU:
            below = quotient.kept[-1] & ~(quotient.kept.as_unsigned().all() & up)
            low = Const(0, p.o.width) if zero is None else zero
        above = wire(m, f"{name}_above", quotient.above | (above & ~quotient.below))
        below = wire(m, f"{name}_below", quotient.below | below)
        bounded = Mux(below, low.as_unsigned(), total.as_unsigned()[: p.o.width])
        return wire(m, name, Mux(above, high.as_unsigned(), bounded)[: p.o.width])


def _outside(total: Value, format: IntegerFormat) -> tuple[Value, Value]:
    """Whether a signed number is beyond a format's largest, and its smallest, number."""
    negative, width = total[-1], format.width
    if not format.signed:
        return ~negative & total[width:-1].any(), negative
    above = ~negative & total[width - 1 : -1].any()
    below = negative & ~total[width - 1 : -1].all()
    if format.narrow:
        below = below | (negative & ~total[: width - 1].any())
    return above, below
