"""What units are tried on, made of what their formats and operations say."""

from .corners import corners
from .vectors import exhaustive_bits, stimuli, stimuli_options, tries_everything

__all__ = ["corners", "exhaustive_bits", "stimuli", "stimuli_options", "tries_everything"]
