"""What the two sides of the link agree on: framing bytes, requests, replies, and their numbers.

Bytes travel as 8N1 at a fixed rate. A frame is bounded by flags and carries no length, as in
PPP in HDLC-like framing (RFC 1662): a flag or escape byte inside it is sent as an escape byte and
the byte with bit 5 inverted. Its last two bytes are the CRC-16/IBM-3740 of the others, high byte
first. The board answers every frame with one frame, in order::

    RESET nonce                    IDENTITY nonce version identity input output buffer
    DATA sequence vectors...       RESULT sequence results... status

``input`` and ``output`` are the bytes of one vector and of one result, ``buffer`` is how many
bytes of requests without a reply, flags and escapes counted, the board can hold for certain; two
bytes each, low byte first. A vector is the unit's input payload as one number, low byte first; a
result likewise. The results of a frame count only if its checksum holds and its status is `OK`. A
`RESULT` carries the sequence number that the board expected, from 0 after a `RESET`; everything
that is not a good ``RESET`` or the ``DATA`` expected is answered with a `RESULT` without results.

After power-up, and after any status but `OK`, the board takes no ``DATA`` until a ``RESET``, which
resets the unit too: nothing computed from a damaged frame, or after one, passes as right.
"""

from enum import IntEnum

__all__ = [
    "BAUD",
    "BUFFER",
    "ESCAPE",
    "FLAG",
    "IDENTITY_BYTES",
    "INVERTED",
    "VERSION",
    "Reply",
    "Request",
    "Status",
]

#: Raised whenever the two sides would misunderstand each other otherwise.
VERSION = 1

#: Bits a second, unless chosen otherwise: what the USB bridges of all supported boards reach.
BAUD = 1_000_000

#: Bytes of requests that the board holds, unless chosen otherwise: 20 ms of the line at `BAUD`,
#: more than a USB round trip, in four block RAMs of an iCE40 or one of an ECP5.
BUFFER = 2048

FLAG = 0x7E
ESCAPE = 0x7D
INVERTED = 0x20

IDENTITY_BYTES = 16


class Request(IntEnum):
    """First byte of a frame to the board."""

    RESET = 0x01
    DATA = 0x02


class Reply(IntEnum):
    """First byte of a frame from the board."""

    IDENTITY = 0x81
    RESULT = 0x82


class Status(IntEnum):
    """Last byte of a `Reply.RESULT`: whether its results count, or why they do not."""

    OK = 0
    CHECKSUM = 1
    UNKNOWN = 2
    SEQUENCE = 3
    NOISE = 4
    PARTIAL = 5
    OVERFLOW = 6
    NOT_READY = 7
