"""What units are tried on, made of what their formats and operations say."""

from .corners import corners
from .vectors import (
    EXHAUSTIVE_BITS,
    exhaustive_bits,
    stimuli,
    stimuli_options,
    tries_everything,
)

__all__ = ["EXHAUSTIVE_BITS", "corners", "exhaustive_bits", "stimuli", "stimuli_options",
           "tries_everything"]  # fmt: skip
