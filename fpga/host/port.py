"""A serial port whose every failure is a sentence, and none of whose calls waits for ever."""

import contextlib
import errno
import importlib
from types import TracebackType
from typing import Any, Self

from .errors import LinkError

try:
    import termios
except ImportError:  # Windows
    termios = None

__all__ = ["Port"]

# What pyserial lets through: its own errors are OSErrors, those of the terminal are not.
_TROUBLE = (OSError, ValueError, TypeError, *([termios.error] if termios else []))
# Seconds that one read waits for its first byte; deadlines are the caller's.
_POLL = 0.02
# Seconds for a write of less than a second's worth of bytes: only a port that is stuck needs more.
_WRITE = 5.0


class Port:
    """A serial port, 8N1, ours alone while it is open; a context manager.

    Parameters
    ----------
    name
        As the system calls it: ``/dev/ttyUSB1``, ``COM3``, a pseudo-terminal.
    baud
        Bits a second.

    Raises
    ------
    LinkError
        If pyserial is missing, or the port does not exist, may not be used, is in use, or is not
        a serial port of that rate.
    """

    def __init__(self, name: str, baud: int) -> None:
        self.name, self.baud = name, baud
        self.sent = self.received = 0
        try:
            self._serial: Any = importlib.import_module("serial")
        except ImportError:
            raise LinkError(
                "The package pyserial is missing: try `pip install 'bitwright[fpga]'`"
            ) from None
        try:
            self._port = self._serial.Serial(
                name, baud, timeout=_POLL, write_timeout=_WRITE, exclusive=True
            )
        except _TROUBLE as error:  # SerialException is an OSError
            raise LinkError(self._refusal(error)) from None
        # Where the driver can: an FTDI bridge then hands bytes on within 1 ms instead of 16.
        with contextlib.suppress(AttributeError, *_TROUBLE):
            self._port.set_low_latency_mode(True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            self._port.close()
        except _TROUBLE:
            if error is None:
                raise LinkError(f"The port '{self.name}' could not be closed") from None

    def read(self) -> bytes:
        """What has arrived; waits a few milliseconds for a first byte, then returns without one.

        Raises:
            LinkError: if the port has gone.
        """
        try:
            octets = self._port.read(max(1, self._port.in_waiting))
        except _TROUBLE as error:
            raise LinkError(self._gone(error)) from None
        self.received += len(octets)
        return octets

    def write(self, octets: bytes) -> None:
        """Send bytes, or at least leave them to the system.

        Raises:
            LinkError: if the port has gone or is stuck.
        """
        try:
            self._port.write(octets)
        except self._serial.SerialTimeoutException:
            raise LinkError(
                f"The port '{self.name}' took no bytes for {_WRITE:g} seconds: is it stuck?"
            ) from None
        except _TROUBLE as error:
            raise LinkError(self._gone(error)) from None
        self.sent += len(octets)

    def _gone(self, error: Exception) -> str:
        return (
            f"The port '{self.name}' is gone: was the board unplugged? "
            f"(the system says: {str(error).strip()})"
        )

    def _refusal(self, error: Exception) -> str:
        number = getattr(error, "errno", None)
        if number == errno.ENOENT:
            return f"The port '{self.name}' does not exist; {self._others()}"
        if number in (errno.EACCES, errno.EPERM):
            return (
                f"The port '{self.name}' may not be used: on Linux, "
                "`sudo usermod -a -G dialout $USER` and a new login give the right"
            )
        if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
            return f"The port '{self.name}' is in use by another program"
        if isinstance(error, ValueError):
            return f"The port '{self.name}' cannot work at {self.baud:,} baud"
        return f"The port '{self.name}' cannot be used as a serial port: {str(error).strip()}"

    def _others(self) -> str:
        from serial.tools import list_ports

        names = sorted(port.device for port in list_ports.comports())
        return f"there are {', '.join(names)}" if names else "there is no serial port here"
