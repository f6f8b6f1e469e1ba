"""Error messages, expected whole."""

import re

import pytest

__all__ = ["refused"]


def refused(message, kind=ValueError):
    """A context in which exactly this message must be raised."""
    return pytest.raises(kind, match=rf"\A{re.escape(message)}\Z")
