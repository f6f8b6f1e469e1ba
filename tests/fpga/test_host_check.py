"""The host against the simulated board: all well, and everything that can go wrong."""

import importlib
import json
import os
import pty
import threading
import tty

import numpy as np
import pytest

from bitwright.cli import main
from bitwright.fpga.host import LinkError, check_board, session
from bitwright.fpga.host.port import Port
from bitwright.fpga.host.session import Session
from bitwright.fpga.link import identity
from bitwright.fpga.simulated import SimulatedBoard
from bitwright.fpga.simulated import board as simulated
from bitwright.gen.catalogue import golden_module
from bitwright.gen.generate import generate

E4M3 = ("float-multiplier", {"a": "e4m3fn", "b": "e4m3fn", "o": "e4m3fn"})
MULTIPLIER = generate(*E4M3)
COMMAND = [E4M3[0], *(word for k, v in E4M3[1].items() for word in ("-p", f"{k}={v}"))]
VECTORS = 3000
DIVISOR = 4


@pytest.fixture(scope="module")
def board():
    with SimulatedBoard(MULTIPLIER, divisor=DIVISOR) as board:
        yield board


@pytest.fixture
def impatient(monkeypatch):
    """Silence is short where it is what a test waits for."""
    monkeypatch.setattr(session, "GREETING", 0.5)


def failing(*faults, made=MULTIPLIER, **options):
    """What the host says to a board with these faults."""
    with (
        SimulatedBoard(MULTIPLIER, divisor=DIVISOR, faults=faults) as board,
        pytest.raises(LinkError) as caught,
    ):
        check_board(made, board.port, vectors=VECTORS, **options)
    return str(caught.value)


def test_every_pair_of_operands(board):
    """All 65,536 through the pins."""
    result = check_board(MULTIPLIER, board.port)
    assert result.passed
    assert (result.vectors, result.results, result.mismatches) == (1 << 16, 1 << 16, 0)
    assert result.stimuli == "all 65,536 operand combinations"
    assert result.identity == identity(MULTIPLIER).hex()
    assert result.bytes_sent > 2 * result.vectors
    assert result.bytes_received > result.results
    assert result.line_use > 0


@pytest.mark.parametrize(("name", "texts", "vectors"), [
    # One byte in, four out: the line back is the busy one.
    ("float-multiplier", {"a": "e2m1fn", "b": "e2m1fn", "o": "fp32"}, 2000),
    # Sums that run over frames, fewer results than vectors, and a long way through the unit.
    ("dot-product", {"a": "int4", "b": "int4", "lanes": "3", "beats": "700", "o": "exact",
                     "stages": "9"}, 4000),
])  # fmt: skip
def test_other_shapes_of_units(name, texts, vectors):
    made = generate(name, texts)
    seen = []
    with SimulatedBoard(made, divisor=7, latency=2000, buffer=256) as board:
        result = check_board(
            made, board.port, vectors=vectors, progress=lambda done, all_: seen.append((done, all_))
        )
    assert result.passed
    assert result.vectors == vectors
    assert seen[-1] == (result.results, result.results)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert board.activity is not None
    assert board.activity.line_errors == 0
    assert 0 < board.activity.use <= 1


def test_a_session_cut_short_does_not_spoil_the_next(board):
    with Port(board.port, 1_000_000) as port:
        conversation = Session(port)
        conversation.start()
        port.write(b"~\x02\x00" + bytes(1501) + b"}")
    assert check_board(MULTIPLIER, board.port, vectors=VECTORS).passed


def test_a_unit_that_computes_wrong_is_caught(monkeypatch):
    """The board claims to round to nearest, and its gates round towards zero."""
    other = generate(E4M3[0], {**E4M3[1], "rounding": "rtz"})
    monkeypatch.setattr(simulated, "identity", lambda generated: identity(MULTIPLIER))
    with SimulatedBoard(other, divisor=DIVISOR) as board:
        result = check_board(MULTIPLIER, board.port)
    model = importlib.import_module(golden_module(E4M3[0])).model
    codes = np.arange(1 << 16)
    inputs = {"a": codes & 0xFF, "b": codes >> 8}
    right = model(MULTIPLIER.unit.parameters, inputs)["p"]
    wrong = np.flatnonzero(right != model(other.unit.parameters, inputs)["p"])
    assert not result.passed
    assert result.mismatches == len(wrong) > 1000
    assert [example.transaction for example in result.examples] == wrong[:5].tolist()
    shown, index = result.examples[0], wrong[0]
    assert shown.inputs["a"].startswith(f"0x{codes[index] & 0xFF:02x} = ")
    assert shown.want["p"].startswith(f"0x{right[index]:02x} = ")
    assert shown.got["p"] != shown.want["p"]


def test_another_bitstream_is_refused_before_any_vector():
    """And said by its identity."""
    other = generate(E4M3[0], {**E4M3[1], "rounding": "rtz"})
    assert failing(made=other) == (
        f"The board holds {identity(MULTIPLIER).hex()}, not float-multiplier -p rounding=rtz "
        f"({identity(other).hex()}): build and flash that, or name the unit that the board holds"
    )


@pytest.mark.parametrize(("fault", "says"), [
    ("drop@2000", "a frame reached the board damaged (its checksum is wrong)"),
    ("flip@2000", "a frame reached the board damaged (its checksum is wrong)"),
    ("stop@2000", "there was noise on the line to the board (a byte without its stop bit)"),
    ("restart@2000", "the board was restarted during the session: check its power and cable"),
    ("answer-drop@1500", "A reply from the board was damaged on the line"),
    ("answer-flip@1500", "A reply from the board was damaged on the line"),
    ("unplug@2000", "is gone: was the board unplugged?"),
])  # fmt: skip
def test_what_goes_wrong_half_way_is_said(fault, says):
    message = failing(fault)
    assert says in message
    assert message.endswith(" results had come well before")


def test_silence_half_way(impatient):
    assert failing("mute@1500", patience=1).startswith("The board stopped answering:")


def test_the_end_of_the_last_frame_is_lost(impatient, monkeypatch):
    """Nobody else ends it. A greeting with the number 0 takes 8 bytes."""
    monkeypatch.setattr(session.secrets, "randbelow", lambda most: 0)
    with SimulatedBoard(MULTIPLIER, divisor=DIVISOR) as board:
        sent = check_board(MULTIPLIER, board.port, vectors=VECTORS).bytes_sent
    message = failing(f"drop@{16 + sent}", patience=1)
    assert message.startswith("A frame or its reply was lost on the line; the board itself still")


@pytest.mark.parametrize("fault", ["spike@1000", "drop@4", "flip@4", "answer-flip@5"])
def test_what_does_no_harm_is_no_failure(fault, impatient):
    """A spike; and whatever strikes the greeting, which is repeated."""
    with SimulatedBoard(MULTIPLIER, divisor=DIVISOR, faults=[fault]) as board:
        assert check_board(MULTIPLIER, board.port, vectors=VECTORS).passed


def test_nobody_answers(impatient):
    """Also what a wrong port looks like, and a board without power."""
    message = failing("mute@1")
    assert message.startswith("Nothing answers on the port '/dev/")
    assert "at 1,000,000 baud: is this the board's port, is the board powered" in message


def test_somebody_else_answers(impatient, monkeypatch):
    """A device that talks all the time, or a board at another rate."""
    monkeypatch.setattr(session, "BABBLE", 0.3)
    master, slave = pty.openpty()
    tty.setraw(slave)
    done = threading.Event()

    def babble():
        while not done.wait(0.01):
            os.write(master, b"$GPGGA,123519,4807.038,N,01131.000,E~\r\n")

    thread = threading.Thread(target=babble)
    thread.start()
    try:
        with pytest.raises(LinkError, match=r"cannot be understood \([\d,]+ bytes, in damaged fr"):
            check_board(MULTIPLIER, os.ttyname(slave), vectors=10)
    finally:
        done.set()
        thread.join()
        os.close(slave)
        os.close(master)


@pytest.fixture
def run(capsys):
    def call(*arguments):
        status = main(["board", "test", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return call


def test_the_command_passes(run, board):
    status, out, err = run(*COMMAND, "--port", board.port, "--vectors", "500", "--seed", "3")
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith(f"passed: float-multiplier on {board.port}, 500 vectors (")
    assert first.endswith("), 0 mismatches")
    assert second.startswith(f"identity {identity(MULTIPLIER).hex()}; seed 3; ")
    assert second.endswith("of 1,000,000 baud")


def test_the_command_shows_mismatches(run, board, monkeypatch):
    """The model is made to be wrong about the eighth vector."""
    module = importlib.import_module(golden_module(E4M3[0]))
    right = module.model

    def wrong(parameters, inputs):
        codes = right(parameters, inputs)["p"]
        return {"p": codes ^ (np.arange(len(codes)) == 7)}

    monkeypatch.setattr(module, "model", wrong)
    arguments = (*COMMAND, "--port", board.port, "--vectors", "20")
    status, out, err = run(*arguments)
    assert (status, err) == (1, "")
    rows = [row.strip() for row in out.splitlines()]
    assert rows[0].startswith("FAILED: ")
    assert rows[2] == "transaction 7:"
    assert [row.partition(":")[0] for row in rows[3:-1]] == [
        "input a", "input b", "got   p", "want  p",
    ]
    got, want = (int(row.split()[2], 16) for row in rows[5:7])
    assert got ^ want == 1
    assert rows[-1].startswith("again: bitwright board test float-multiplier ")
    status, out, _ = run(*arguments, "--json")
    result = json.loads(out)
    assert (status, result["passed"], result["mismatches"]) == (1, False, 1)


@pytest.mark.parametrize(("arguments", "says"), [
    (("--port", "/dev/does-not-exist"), "The port '/dev/does-not-exist' does not exist"),
    (("--port", "x", "--baud", "12"),
     "The baud rate must be an integer from 300 to 12000000, not '12'"),
    (("--port", "x", "--baud", "fast"),
     "argument --baud: The baud rate must be an integer, such as 1000000, not 'fast'"),
    (("--port", "x", "--vectors", "0"),
     "argument --vectors: A number of vectors must be a positive integer or 'all', not '0'"),
    ((), "the following arguments are required: --port"),
])  # fmt: skip
def test_the_command_refuses(run, arguments, says):
    status, out, err = run(*COMMAND, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"bitwright: {says}")
