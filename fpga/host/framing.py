"""Frames in software: the twin of the gates in `link.framing`, after RFC 1662."""

from binascii import crc_hqx
from collections.abc import Iterator

from ..link.protocol import ESCAPE, FLAG, INVERTED

__all__ = ["FrameDecoder", "encode_frame"]

_FLAG, _ESCAPE = bytes([FLAG]), bytes([ESCAPE])
_ESCAPED_FLAG = bytes([ESCAPE, FLAG ^ INVERTED])
_ESCAPED_ESCAPE = bytes([ESCAPE, ESCAPE ^ INVERTED])
_CRC_START = 0xFFFF  # CRC-16/IBM-3740, whose polynomial is that of crc_hqx
_CRC_BYTES = 2


def encode_frame(content: bytes) -> bytes:
    """The bytes on the line for a frame with this content."""
    content += crc_hqx(content, _CRC_START).to_bytes(_CRC_BYTES, "big")
    escaped = content.replace(_ESCAPE, _ESCAPED_ESCAPE).replace(_FLAG, _ESCAPED_FLAG)
    return _FLAG + escaped + _FLAG


class FrameDecoder:
    """Contents of frames from the line's bytes, however those are divided."""

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def pending(self) -> int:
        """Bytes received of a frame that has not ended."""
        return len(self._rest)

    def feed(self, octets: bytes) -> Iterator[bytes | None]:
        """The frames that end in these bytes; None for one that is damaged."""
        *ended, rest = octets.split(_FLAG)
        for part in ended:
            escaped = bytes(self._rest + part)
            self._rest.clear()
            if escaped:
                yield _content(escaped)
        self._rest += rest


def _content(escaped: bytes) -> bytes | None:
    first, *others = escaped.split(_ESCAPE)
    if not all(others):  # an escape before a flag or another escape: no sender makes that
        return None
    content = first + b"".join(bytes([part[0] ^ INVERTED]) + part[1:] for part in others)
    if len(content) < _CRC_BYTES or crc_hqx(content, _CRC_START):
        return None
    return content[:-_CRC_BYTES]
