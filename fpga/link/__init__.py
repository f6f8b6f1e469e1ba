"""A unit behind a serial line: framing with checksums, a clear answer to every request."""

from .identity import identity
from .link import Link
from .protocol import BAUD, BUFFER

__all__ = ["BAUD", "BUFFER", "Link", "identity"]
