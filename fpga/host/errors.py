"""What goes wrong between host and board."""

__all__ = ["LinkError"]


class LinkError(RuntimeError):
    """The board cannot be reached, is not the one expected, or an answer of it is lost or damaged.

    Nothing that was received in the session counts as right.
    """
