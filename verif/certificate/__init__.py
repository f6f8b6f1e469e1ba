"""A certificate: what was shown of a unit, how, by what, so that anybody can show it again."""

from .checking import Check, check
from .make import Certificate, certify
from .statements import DECIDED, FAILED, HOLDS, OPEN

__all__ = ["DECIDED", "FAILED", "HOLDS", "OPEN", "Certificate", "Check", "certify", "check"]
