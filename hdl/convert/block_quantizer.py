"""Numbers to blocks of elements that share a scale."""

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.maximum import MaximumStructure
from ..arithmetic.random_stream import first_states, next_state
from ..formats import BlockFormat, FloatFormat, Projection, parse_block
from ..formats.scale_rules import (
    BlockSpecials,
    RandomSource,
    ScaleOverflow,
    Scaler,
    ScaleRule,
    ScaleSource,
    ZeroBlock,
    check_block,
    check_te,
)
from ..pipeline import Step, wire
from ..unit import Unit, check_positive
from .block_amax import EXPONENT, BlockAmax
from .block_elements import BlockElements
from .block_spread import BlockSpread
from .block_te import BlockTe

__all__ = ["BlockQuantizer"]

_FP32 = FloatFormat(8, 23, 127, name="fp32")


class BlockQuantizer(Unit):
    """Quantizes a block of floats to elements that share a scale.

    The scale follows from the block's largest magnitude by a named rule, or is given; each element
    is ``project(a[i] / scale)``, the exact quotient rounded once. Beside a scale that is zero,
    infinite or NaN all element codes are 0.

    A beat is one block: ``size`` numbers, or ``rows * size`` where rows share the scale. Subnormal
    numbers count for what they are, unless ``ftz_in`` takes them as zero. Of a tensor's second
    scale (NVFP4) the unit applies a power of two, with ``multiplied``; other factors are for
    whoever makes the numbers.

    What the richer rules cost with bf16 numbers, in gate equivalents and FO4 for area and for
    speed:

    ========================= ======= ====== ======= ======
    blocks                       area    FO4   speed    FO4
    ========================= ======= ====== ======= ======
    8 of E2M1, ``floor``        1,047     99   1,845     47
    the same, ``quest``         5,523    301  10,053    156
    nvfp4                       4,673    266   9,451    105
    the same, ``scaler=te``    27,105  3,737  43,445  1,025
    ========================= ======= ====== ======= ======

    Most of ``te`` is two binary32 reciprocals and four quotients, one after the other and once a
    block; with a multiplier and a rounder a lane in place of the quotients it has 37,093 gates for
    area.

    Latency is ``stages`` cycles, throughput one block a cycle.

    Parameters
    ----------
    a
        Format of the numbers: fp32, bf16, fp16 or another in IEEE's manner.
    o
        Block format.
    rule
        Scale rule: ``floor`` is OCP MX v1.0's and block floating point's, ``rceil`` the smallest
        power of two that saturates nothing, ``nearest`` NVFP4's and that of integers with a float
        scale; ``quest`` and ``quest_nearest`` go by the standard
        deviation, for E2M1; ``auto`` is ``floor`` where scales are powers of two, else ``nearest``.
    scale
        ``block``: found from the block. ``given``: an input, as for tensors and channels.
    specials
        ``scale_nan``: a NaN or infinity makes the block's scale NaN. ``ignore``: the scale is that
        of the finite numbers, NaN and infinities are projected by ``nan_to`` and ``inf_to``.
    zero_block
        The scale of a block of zeros: the least one, or one.
    scale_overflow
        What a scale beyond the largest becomes: the largest, or infinity or NaN.
    multiplied
        Adds the input ``exponent``: all numbers count as multiplied by two to this power.
    spread_bits
        Of ``quest`` and ``quest_nearest``: how many bits of each number count, from the leading one
        of the block's largest number down; 4 to 24. What is below is cut off.
    scaler
        ``exact``, or ``te``: rounded as TransformerEngine rounds NVFP4, bit for bit but for the
        signs of zeros, which are ``neg_zero``'s. Adds the input ``tensor_scale``: for a tensor
        with the largest magnitude amax TransformerEngine takes ``448 * 6 / amax``. Where it is no
        positive normal number the block's scale is NaN.
    projection
        Rounding mode and policies of the elements.
    random_source
        Of stochastic rounding: an input, or a generator in the unit, seeded with ``seed``.
    seed
        0 to 2**32 - 1.
    structure
        How the largest number is found. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a : numbers
    i.a_scale : scale, where it is given
    i.exponent : of a power of two, with ``multiplied``
    i.tensor_scale : in fp32, with ``scaler`` te
    i.random : ``random_bits`` bits an element, in stochastic modes with ``random_source`` input
    o.p : elements
    o.p_scale : their scale
    """

    reference = (
        "OCP Microscaling Formats v1.0, 6.3; NVIDIA, arXiv 2509.25149 (NVFP4); "
        "IEEE P3109 interim report v4.0, ConvertToBlockMaxAbsFinite"
    )

    def __init__(
        self,
        *,
        a: FloatFormat = _FP32,
        o: BlockFormat = parse_block("mxfp4"),
        rule: ScaleRule = ScaleRule.AUTO,
        scale: ScaleSource = ScaleSource.BLOCK,
        specials: BlockSpecials = BlockSpecials.SCALE_NAN,
        zero_block: ZeroBlock = ZeroBlock.LEAST,
        scale_overflow: ScaleOverflow = ScaleOverflow.SAT,
        multiplied: bool = False,
        spread_bits: int = 8,
        scaler: Scaler = Scaler.EXACT,
        projection: Projection = Projection(),
        random_source: RandomSource = RandomSource.INPUT,
        seed: int = 0,
        structure: MaximumStructure = MaximumStructure.TREE,
        stages: int = 0,
    ) -> None:
        check_block(a, o, rule, specials)
        if scaler is Scaler.TE:
            check_te(a, o, rule, scale, specials, zero_block, multiplied, projection)
        projection.check(o.element, nan_possible=specials is BlockSpecials.IGNORE)
        check_positive("number of spread bits", spread_bits, least=4, most=24)
        check_positive("seed", seed, least=0, most=(1 << 32) - 1)
        self._lanes = o.size * o.rows
        self._states: list[int] = []
        if random_source is not RandomSource.INPUT:
            if not projection.random_bits:
                raise ValueError(
                    "The rounding must be stochastic with a random source in the unit, "
                    f"not '{projection.rounding}'"
                )
            if stages == 0:
                raise ValueError(
                    "The number of pipeline stages must be at least 1 with a random source in the "
                    "unit, which needs a clock, not 0"
                )
            self._states = first_states(seed, -(-self._lanes * projection.random_bits // 32))
        self._given = scale is ScaleSource.GIVEN
        self._amax = BlockAmax(self.parameters, flush=projection.ftz_in, multiplied=multiplied)
        self._elements = BlockElements(self.parameters, self._amax)
        self._te = BlockTe(self.parameters)
        self._spread = BlockSpread(self.parameters) if rule.by_spread else None
        inputs: dict[str, Any] = {"a": ArrayLayout(a, self._lanes)}
        if self._given:
            inputs["a_scale"] = o.scale
        if multiplied:
            inputs["exponent"] = EXPONENT
        if scaler is Scaler.TE:
            inputs["tensor_scale"] = _FP32
        if projection.random_bits and not self._states:
            inputs["random"] = ArrayLayout(unsigned(projection.random_bits), self._lanes)
        outputs = {"p": ArrayLayout(o.element, self._lanes), "p_scale": o.scale}
        super().__init__(inputs, outputs, stages=stages)

    @property
    def stateless(self) -> bool:
        return not self._states

    def connect(
        self, m: Module, inputs: Any, valid: Value, ready: Value
    ) -> tuple[dict[str, Any], Value, Value]:
        """As any unit's, with the generator's words, which step on with every beat taken."""
        if not self._states:
            return super().connect(m, inputs, valid, ready)
        words = [
            Signal(32, init=init, name=f"random_word{n}") for n, init in enumerate(self._states)
        ]
        bits = self.parameters.projection.random_bits
        stream = Cat(*words)
        random = [stream[bits * lane :][:bits] for lane in range(self._lanes)]
        values, valid_out, ready_in = super().connect(m, {**inputs, "random": random}, valid, ready)
        following = [
            next_state(m, word, self.parameters.random_source, f"random_word{n}")
            for n, word in enumerate(words)
        ]
        with m.If(valid & ready_in):
            m.d.sync += [word.eq(after) for word, after in zip(words, following, strict=True)]
        return values, valid_out, ready_in

    def steps(self) -> list[Step]:
        if self.parameters.scaler is Scaler.TE:
            return [
                Step("scale", self._te.scale),
                Step("factor", self._te.factor),
                Step("encode", self._te.codes),
            ]
        first = Step("given", self._take) if self._given else Step("scale", self._find)
        return [first, Step("encode", self._encode)]

    def _take(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """A given scale, NaN where the block makes it so."""
        p = self.parameters
        scale = Value.cast(values["a_scale"])
        if p.specials is BlockSpecials.SCALE_NAN:
            special = Cat(values["a"][n].exponent.all() for n in range(self._lanes)).any()
            mask = special.replicate(len(scale))
            scale = wire(m, "scale", (scale & ~mask) | (mask & p.o.scale.nan_code))
        return {**values, "scale": scale}

    def _find(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        views = [values["a"][n] for n in range(self._lanes)]
        exponent = values.get("exponent")
        exponent = None if exponent is None else Value.cast(exponent).as_signed()
        if self._spread is not None:
            return {**values, "scale": self._spread.scale(m, views, exponent)}
        found = self._amax.find(m, views, self.parameters.structure)
        return {**values, "scale": self._amax.scale(m, found, exponent)}

    def _encode(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"p": Cat(*self._elements.codes(m, values)), "p_scale": values["scale"]}
