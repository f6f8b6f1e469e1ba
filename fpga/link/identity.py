"""The digest by which host and board know that they speak of the same unit."""

import hashlib
import json
from typing import TYPE_CHECKING

from .protocol import IDENTITY_BYTES, VERSION

if TYPE_CHECKING:
    from ...gen.generate import Generated

__all__ = ["identity"]


def identity(generated: "Generated") -> bytes:
    """16 bytes that stand for a unit, all its parameters, and the Verilog made of it.

    The first bytes of the SHA-256 digest of the unit's manifest as canonical JSON, without the
    tools' versions and with the version of the link's protocol.

    Raises:
        YosysError: if the Verilog cannot be written.
    """
    manifest = generated.manifest
    names = ("unit", "parameters", "ports", "latency", "interval", "digests")
    content = {name: manifest[name] for name in names} | {"protocol": VERSION}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:IDENTITY_BYTES]
