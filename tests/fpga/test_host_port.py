"""Serial ports that cannot be used: each is a sentence."""

import importlib
import os
import pty
import sys

import pytest

from bitwright.fpga.host import LinkError
from bitwright.fpga.host.port import Port

BAUD = 1_000_000


@pytest.fixture
def terminal():
    """A pseudo-terminal's name, and its other side."""
    master, slave = pty.openpty()
    yield os.ttyname(slave), master
    os.close(slave)
    os.close(master)


def test_bytes_go_both_ways_unchanged(terminal):
    name, master = terminal
    octets = bytes(range(256))
    with Port(name, BAUD) as port:
        assert port.read() == b""
        port.write(octets)
        assert os.read(master, 1000) == octets
        os.write(master, octets)
        found = b""
        while len(found) < len(octets):
            found += port.read()
        assert found == octets
        assert (port.sent, port.received) == (256, 256)


@pytest.mark.parametrize(("name", "says"), [
    ("/dev/does-not-exist", "The port '/dev/does-not-exist' does not exist; there "),
    ("/dev/null", "The port '/dev/null' cannot be used as a serial port: "),
    ("/tmp", "The port '/tmp' cannot be used as a serial port: "),
])  # fmt: skip
def test_what_is_no_serial_port_is_refused(name, says):
    with pytest.raises(LinkError) as caught:
        Port(name, BAUD)
    assert str(caught.value).startswith(says)


def test_a_port_in_use_is_refused(terminal):
    name, _ = terminal
    with Port(name, BAUD), pytest.raises(LinkError) as caught:
        Port(name, BAUD)
    assert str(caught.value) == f"The port '{name}' is in use by another program"


def test_a_port_without_permission_is_refused(monkeypatch):
    serial = importlib.import_module("serial")

    def refuse(*_, **options):
        raise serial.SerialException(13, "could not open port")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(LinkError, match=r"may not be used: on Linux, `sudo usermod -a -G dialout"):
        Port("/dev/ttyUSB0", BAUD)


def test_pyserial_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(LinkError, match=r"^The package pyserial is missing: try `pip install '"):
        Port("/dev/ttyUSB0", BAUD)


def test_a_port_that_goes_away(terminal):
    name, master = terminal
    with Port(name, BAUD) as port:
        os.dup2(os.open(os.devnull, os.O_RDWR), master)
        for call in (port.read, lambda: port.write(b"x")):
            with pytest.raises(LinkError, match=rf"^The port '{name}' is gone: was the board unpl"):
                call()
