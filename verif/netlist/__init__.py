"""A unit's netlist: for the bench what an FPGA's synthesis made of it, and for evaluation of many
vectors at once what is left in simple gates."""

from .evaluate import BACKENDS, Evaluator
from .faults import Fault, Kind, all_faults, all_seen, first_seen, with_fault
from .gates import GateNetlist, Op
from .kernel import KernelError
from .machine import NoAnswerError
from .mapped import FAMILIES, MappedNetlist, NetlistError, map_unit
from .planes import all_planes, codes_of, lane_mask, planes_of
from .respond import Response, respond
from .synthesis import gate_netlist, read_gates

__all__ = [
    "BACKENDS",
    "FAMILIES",
    "Evaluator",
    "Fault",
    "GateNetlist",
    "KernelError",
    "Kind",
    "MappedNetlist",
    "NetlistError",
    "NoAnswerError",
    "Op",
    "Response",
    "all_faults",
    "all_planes",
    "all_seen",
    "codes_of",
    "first_seen",
    "gate_netlist",
    "lane_mask",
    "map_unit",
    "planes_of",
    "read_gates",
    "respond",
    "with_fault",
]
