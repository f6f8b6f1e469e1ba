"""The scale of a tensor, a channel or a tile that streams by."""

from typing import Any

from amaranth.hdl import Module, Mux, Shape, unsigned
from amaranth.lib.data import ArrayLayout

from ..arithmetic.maximum import MaximumStructure
from ..formats import BlockFormat, FloatFormat, parse_block
from ..formats.scale_rules import BlockSpecials, ScaleOverflow, ScaleRule, ZeroBlock, check_block
from ..pipeline import Accumulation, Step, wire
from ..unit import Unit, check_positive
from .block_amax import BlockAmax

__all__ = ["BlockScale"]


class BlockScale(Unit):
    """Finds the one scale for the numbers of many beats.

    A beat has as many numbers as a block has elements in a row; ``first`` and ``last`` bound what
    shares a scale, and one scale leaves per ``last``. With ``block-quantizer`` and ``scale=given``
    this makes dynamic fixed point (a tensor's exponent), scales per channel, and two-dimensional
    blocks whose rows come one after the other. With rule ``max_abs`` and a scale in fp32 the result
    is the largest magnitude itself.

    Latency is ``stages`` cycles, and one more where beats are accumulated; throughput is one beat
    a cycle.

    Parameters
    ----------
    a
        Format of the numbers: fp32, bf16, fp16 or another in IEEE's manner.
    o
        Block format whose scale is found.
    beats
        The most beats that share a scale.
    rule
        Scale rule, as of ``block-quantizer``.
    specials
        ``scale_nan``: a NaN or infinity makes the scale NaN. ``ignore``: the scale is that of the
        finite numbers.
    zero_block
        The scale of zeros: the least one, or one.
    scale_overflow
        What a scale beyond the largest becomes: the largest, or infinity or NaN.
    ftz_in
        Subnormal numbers count as zero.
    structure
        How the largest number of a beat is found. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.first, i.last : bounds of what shares a scale, where ``beats`` is above 1
    i.a : numbers
    o.p_scale : their scale
    """

    reference = "OCP Microscaling Formats v1.0, 6.3; NVIDIA, arXiv 2509.25149 (NVFP4)"

    def __init__(
        self,
        *,
        a: FloatFormat = FloatFormat(8, 23, 127, name="fp32"),
        o: BlockFormat = parse_block("dfp16_16"),
        beats: int = 256,
        rule: ScaleRule = ScaleRule.AUTO,
        specials: BlockSpecials = BlockSpecials.SCALE_NAN,
        zero_block: ZeroBlock = ZeroBlock.LEAST,
        scale_overflow: ScaleOverflow = ScaleOverflow.SAT,
        ftz_in: bool = False,
        structure: MaximumStructure = MaximumStructure.TREE,
        stages: int = 0,
    ) -> None:
        check_positive("number of beats", beats, most=1 << 32)
        if rule.by_spread:
            raise ValueError(f"The scale rule must be one of the largest magnitude, not '{rule}'")
        check_block(a, o, rule, specials)
        self._amax = BlockAmax(self.parameters, flush=ftz_in, multiplied=False)
        inputs: dict[str, Any] = {}
        if beats > 1:
            inputs |= {"first": unsigned(1), "last": unsigned(1)}
        inputs["a"] = ArrayLayout(a, o.size)
        super().__init__(inputs, {"p_scale": o.scale}, stages=stages)

    def steps(self) -> list[Step]:
        steps = [Step("largest", self._find)]
        if self.parameters.beats > 1:
            shapes = {name: Shape(width) for name, width in self._amax.widths.items()}
            steps.append(Accumulation("so_far", self._accumulate, state=shapes))
        return [*steps, Step("scale", self._scale)]

    def _find(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        views = [values["a"][n] for n in range(self.parameters.o.size)]
        found = self._amax.find(m, views, self.parameters.structure)
        return {**{k: v for k, v in values.items() if k != "a"}, **found}

    def _accumulate(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        """The larger key; of the other bits those set in any beat."""
        so_far = values["so_far"]
        key, before = values["key"], so_far["key"]
        result = {"key": wire(m, "largest_so_far", Mux(key > before, key, before))}
        for name in self._amax.widths:
            if name != "key":
                result[name] = values[name] | so_far[name]
        return result

    def _scale(self, m: Module, values: dict[str, Any]) -> dict[str, Any]:
        return {"p_scale": self._amax.scale(m, values, None)}
