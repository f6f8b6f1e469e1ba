"""Bits on a simulated serial line, and frames on a real port, for the tests of the link."""

import time

from bitwright.fpga.host.framing import FrameDecoder, encode_frame
from bitwright.fpga.host.port import Port
from bitwright.fpga.link.protocol import Request

__all__ = ["RawHost", "frame", "levels_of", "octets_of"]


def levels_of(octets, divisor, *, stop=1, stretch=1.0):
    """The level in each clock cycle; ``stretch`` makes each bit longer than the divisor."""
    levels, time = [], 0.0
    for octet in octets:
        for bit in (0, *(octet >> n & 1 for n in range(8)), stop):
            time += divisor * stretch
            levels += [bit] * (round(time) - len(levels))
    return levels


def octets_of(levels, divisor):
    """The bytes in a record of a line, sampled in the middle of the bits; the stop bits must be
    good."""
    octets, at = [], 0
    while 0 in levels[at:]:
        at = levels.index(0, at)
        bits = [levels[at + divisor // 2 + n * divisor] for n in range(10)]
        assert (bits[0], bits[9]) == (0, 1)
        octets.append(sum(bit << n for n, bit in enumerate(bits[1:9])))
        at += 9 * divisor + divisor // 2
    return bytes(octets)


class RawHost:
    """A host that sends what it is told to, and takes whatever comes."""

    def __init__(self, name):
        self.port = Port(name, 1_000_000)
        self._decoder = FrameDecoder()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.port.__exit__(None, None, None)

    def reset(self, nonce=0):
        (reply,) = self.ask(frame(Request.RESET, nonce))
        return reply

    def ask(self, octets, replies=1, seconds=5.0):
        """The contents of the next frames after sending these bytes; None for a damaged one."""
        self.port.write(octets)
        found, deadline = [], time.monotonic() + seconds
        while len(found) < replies and time.monotonic() < deadline:
            found += self._decoder.feed(self.port.read())
        return found


def frame(*content):
    """A frame from its bytes."""
    return encode_frame(bytes(content))
