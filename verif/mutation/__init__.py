"""What vectors are worth: mutants of a unit's netlist, and the fewest vectors that kill them."""

from .campaign import MOST_EXHAUSTIVE_BITS, trial
from .minimal import minimal_rows
from .record import EmptyMutationError, Mutation, mutate, mutation_of, named
from .testbench import Testbench, make_testbench

__all__ = [
    "MOST_EXHAUSTIVE_BITS",
    "EmptyMutationError",
    "Mutation",
    "Testbench",
    "make_testbench",
    "minimal_rows",
    "mutate",
    "mutation_of",
    "named",
    "trial",
]
