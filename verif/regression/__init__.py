"""The configurations that every change is verified on.

With operands of up to 16 bits together, all their combinations are tried; wider ones are tried on
every pairing of corners and on seeded draws.
"""

from .blocks import blocks
from .case import Case, case_name
from .multiplier_free import multiplier_free
from .products import products
from .sums import sums

__all__ = ["NETLISTS", "REGRESSION", "Case", "case_name"]

REGRESSION: tuple[Case, ...] = (*products(), *sums(), *blocks(), *multiplier_free())


#: Those whose netlists are simulated too, for each family of FPGAs with models of its cells.
NETLISTS: tuple[Case, ...] = (
    ("float-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"}),
    ("lmul-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"}),
    ("float-converter", {"a": "bf16", "o": "e4m3fn", "stages": "1"}),
    ("integer-multiplier", {"a": "int8", "b": "int8", "structure": "dsp"}),
    ("packed-multiplier", {"a": "int4", "b": "int4", "stages": "1"}),
    ("dot-product", {"a": "int8", "b": "int8", "lanes": "4", "o": "exact", "stages": "1"}),
    (
        "dot-product",
        {"a": "int8", "b": "int8", "lanes": "2", "o": "exact", "beats": "4", "structure": "dsp"},
    ),
)
