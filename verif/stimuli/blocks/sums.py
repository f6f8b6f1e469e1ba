"""Where the vectors stand that block dot products get beyond all others: behind the middle, around
the sums at ends of ranges."""

import numpy as np

from ....hdl.formats.dot_semantics import DotSemantics
from ....hdl.unit import Unit
from .chains import block_chains
from .low_ends import low_ends
from .near_ties import near_ties
from .scales import takes_blocks
from .specials import block_specials
from .ties import block_ties

__all__ = ["block_sums"]

#: Of all vectors, 64 parts: where these begin and end, and how many have special scales, and are
#: nearly ties. The others are ties or chains; where there are none of these, they are at the low
#: end of the result's range, and so are those of a second place.
_START, _STOP, _SPECIAL, _NEAR = 44, 60, 2, 5
_LOW = (35, 40)


def block_sums(rng: np.random.Generator, unit: Unit, result: dict[str, np.ndarray]) -> int:
    """Write them over draws; how many."""
    p = unit.parameters
    if not takes_blocks(p) or "last" in result:
        return 0
    count = len(result["a"])
    start = at = count * _START // 64
    stop = count * _STOP // 64
    chain = p.semantics is DotSemantics.SEQUENTIAL
    for make, parts in (
        (block_specials, _SPECIAL),
        (near_ties, _NEAR),
        (block_chains if chain else block_ties, _STOP - _START),
    ):
        codes = make(rng, unit, result, min(count * parts // 64, stop - at))
        many = len(codes.get("a", ()))
        for name, column in codes.items():
            field = result[name][at : at + many]
            field[:] = column.reshape(field.shape)
        at += many
    written = at - start
    for first, last in ((at, stop), (count * part // 64 for part in _LOW)):
        written += low_ends(rng, unit, result, slice(first, last))
    return written
