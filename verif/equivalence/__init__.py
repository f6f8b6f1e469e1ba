"""Equivalence by SAT: what the tools made of a unit is the unit."""

from .circuit import NetlistError
from .proof import PROVEN, REFUTED, UNDECIDED, Proof
from .prove import DEFAULT, EmptyProofError, prove
from .sides import KINDS

__all__ = [
    "DEFAULT", "KINDS", "PROVEN", "REFUTED", "UNDECIDED", "EmptyProofError", "NetlistError",
    "Proof", "prove",
]  # fmt: skip
