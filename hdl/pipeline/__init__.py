"""From combinational steps to a datapath with any number of register stages.

A unit only says what it computes. Where registers go is decided here, as a scheduler of high-level
synthesis does it: every operator gets an estimated delay, the stages are cut where the longest path
between registers becomes shortest, and whatever crosses a cut is registered.
"""

from .pipelined import pipelined
from .serial import serial
from .step import Accumulation, Step, wire

__all__ = ["Accumulation", "Step", "pipelined", "serial", "wire"]
