"""The host's side of the link: vectors to a board, answers back, compared as bits."""

from .check import BoardCheck, check_board
from .errors import LinkError

__all__ = ["BoardCheck", "LinkError", "check_board"]
