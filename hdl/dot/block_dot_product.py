"""Dot product of scaled blocks, in the semantics of choice."""

from typing import Any

from amaranth.hdl import unsigned

from ..arithmetic.adders import Adder
from ..arithmetic.bitheap import Structure
from ..formats import BlockFormat, NumberFormat, Projection, parse_block, parse_format
from ..formats.dot_semantics import DotPreset, DotSemantics, check_dot
from ..pipeline import Step
from ..unit import Unit, check_positive
from .block_aligned import AlignedSum
from .block_exact import ExactSum
from .block_operands import BlockOperands
from .block_sequential import SequentialSum

__all__ = ["BlockDotProduct"]


class BlockDotProduct(Unit):
    """Sums the products of the elements of scaled blocks, and an addend, into one number.

    ``p = c + sum over blocks of a_scale * b_scale * sum(a[k] * b[k])``, where a zero point is
    first subtracted from the elements that have one. What of it is rounded says ``semantics``:

    ``exact``
        The exact sum is rounded once. The result does not depend on the order of elements or
        blocks. An exact sum of zero is +0.
    ``aligned``
        As tensor cores do it: each product, and ``c``, is cut toward zero to ``fraction`` bits
        below the largest exponent among them, where a product's exponent is the sum of its
        factors' and a zero's is -126; the rest is summed exactly and rounded once. Products of
        integers, and those under scales that are no powers of two, are first summed exactly
        within their block. The order does not matter within one fused sum.
    ``sequential``
        A chain of fused multiply-adds in the order of the elements, from ``c`` or +0 on, each
        rounded to the result's format by the projection. A sum of zero has the sign of its
        addends where they agree, else + (- when rounding down).

    A NaN scale or element, infinity times zero, and infinities of both signs make NaN. A second
    scale of a whole tensor, as NVFP4 has, is one multiplication of the result and none of this
    unit's business.

    Presets set all that ``aligned`` leaves open, as MMA-Sim has found it for NVIDIA's tensor cores:
    F, how many products one fused sum takes (longer vectors are summed in order, each sum the next
    one's addend), rounding toward zero to FP32 (13 mantissa bits of it for some, to nearest for
    FP16 results), infinity beyond the largest number, and a NaN of all ones. Those of cores without
    scales take them as blackwell does: scales of one leave the published function. ``mxdotp``
    takes 8 pairs and an FP32 addend and is exact: so is the released RTL, but for a negative zero
    that it returns in places for an addend of -0, and for NaN scales, which it takes as 2**128.

    Latency is ``stages`` cycles, throughput one beat a cycle.

    Parameters
    ----------
    a, b
        Block formats of the two vectors. Their sizes may differ if one divides the other.
    blocks
        Pairs of blocks a beat; of the larger ones, where sizes differ.
    semantics
        What is rounded, and when.
    preset
        A published unit to repeat bit for bit; ``none`` leaves the choices to the other parameters.
    fraction
        Of aligned semantics without a preset: bits kept below the largest exponent, 1 to 64.
    c
        Format of an addend; None for none.
    o
        Format of the result; ``exact`` is the exact sum itself, as fixed point over all that scales
        can make of it, with flags for NaN and infinities where they can occur (the sum is then 0).
    projection
        Rounding mode and policies of the result.
    structure
        How products are summed, as in the dot product: ``compressor``, ``booth`` (integers only),
        ``plain``, or ``auto``. No result bit changes.
    adder
        How carry-save sums are resolved. No result bit changes.
    stages
        Pipeline registers.

    Members
    -------
    i.a, i.b : elements, block after block
    i.a_scale, i.b_scale : scales, one per block
    i.a_zero, i.b_zero : zero points, one per block, where a format has them
    i.c : addend, where there is one
    i.random : ``random_bits`` bits, in stochastic modes only
    o.p : result
    o.nan, o.plus_infinity, o.minus_infinity : flags of an exact result, where they can occur

    Raises
    ------
    ValueError
        If parameters contradict each other, or an exact sum would be too wide.
    """

    reference = (
        "IEEE P3109 interim report v4.0, BlockDotProduct; OCP MX v1.0, 6; MMA-Sim (Microsoft "
        "Research, 2025); MXDOTP (ASAP 2025); IEEE 754-2019, 5.4.1 and 6.3"
    )

    def __init__(
        self,
        *,
        a: BlockFormat = parse_block("mxfp4"),
        b: BlockFormat = parse_block("mxfp4"),
        blocks: int = 1,
        semantics: DotSemantics = DotSemantics.EXACT,
        preset: DotPreset = DotPreset.NONE,
        fraction: int = -1,
        c: NumberFormat | None = None,
        o: NumberFormat | None = parse_format("fp32"),
        projection: Projection = Projection(),
        structure: Structure = Structure.AUTO,
        adder: Adder = Adder.SKLANSKY,
        stages: int = 0,
    ) -> None:
        check_positive("number of blocks", blocks)
        p = self.parameters
        check_dot(p)
        operands = BlockOperands(p)
        kinds = {
            DotSemantics.EXACT: ExactSum,
            DotSemantics.ALIGNED: AlignedSum,
            DotSemantics.SEQUENTIAL: SequentialSum,
        }
        self._sum = kinds[semantics](p, operands)
        self.sum_format = self._sum.sum_format
        if o is not None:
            projection.check(o, nan_possible=bool(self._sum.special))
        inputs = dict(operands.fields)
        if c is not None:
            inputs["c"] = c
        if projection.random_bits:
            inputs["random"] = unsigned(projection.random_bits)
        outputs: dict[str, Any] = {"p": o or self.sum_format}
        if o is None:
            outputs |= {flag: unsigned(1) for flag in self._sum.special}
        super().__init__(inputs, outputs, stages=stages)

    def steps(self) -> list[Step]:
        return self._sum.steps()
