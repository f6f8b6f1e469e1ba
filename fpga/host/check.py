"""A unit on a board against its golden model: the regression's stimuli through the real thing."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...gen.generate import Generated
from ...verif.compare import SHOWN, Mismatch, Outcome, differences, example
from ...verif.stimuli import stimuli, stimuli_options
from ...verif.verify import golden
from ..link.identity import identity
from ..link.protocol import BAUD
from .errors import LinkError
from .port import Port
from .session import PATIENCE, BoardIdentity, DataFrame, Session
from .vectors import decode_results, encode_vectors, payload_bytes

__all__ = ["BoardCheck", "check_board"]

# The board's buffer holds so many frames, so that the line never waits for a reply.
_FRAMES_UNDER_WAY = 4
_OVERHEAD = 6  # bytes of a frame besides its vectors: two flags, request, sequence, checksum
_LEAST_BAUD, _MOST_BAUD = 300, 12_000_000


@dataclass(frozen=True)
class BoardCheck(Outcome):
    """The outcome of one test on a board.

    ``bytes_sent`` and ``bytes_received`` count what went over the line for the vectors, flags,
    escapes and checksums included; ``line_use`` is the busier of the two directions as a share of
    what the baud rate allows in ``seconds``.
    """

    unit: str
    parameters: dict[str, str]
    port: str
    baud: int
    identity: str
    stimuli: str
    seed: int
    vectors: int
    results: int
    mismatches: int
    examples: list[Mismatch] = field(default_factory=list)
    bytes_sent: int = 0
    bytes_received: int = 0
    seconds: float = 0.0
    vectors_per_second: float = 0.0
    line_use: float = 0.0
    command: str = ""


def check_board(
    generated: Generated,
    port: str,
    *,
    baud: int = BAUD,
    vectors: int | None = None,
    everything: bool = False,
    seed: int = 0,
    patience: float = PATIENCE,
    progress: Callable[[int, int], None] = lambda done, all_: None,
) -> BoardCheck:
    """Send stimuli to the unit on a board and compare every answer, as bits, with the golden model.

    The stimuli are those of `verify`. The board must hold this very unit: it says so by its
    identity before any vector is sent.

    Parameters:
        generated: The unit that the board must hold.
        port: The serial port's name.
        baud: Bits a second, as the board was built for.
        patience: Seconds of silence after which an answer counts as lost.
        progress: Called with the results received and all those expected.

    Raises:
        ValueError: if the vectors asked for cannot be made, or the baud rate is out of range.
        LinkError: if the port cannot be used, nothing or the wrong unit answers, or anything is
            lost or damaged on the way. Nothing then counts as right.
    """
    if not isinstance(baud, int) or not _LEAST_BAUD <= baud <= _MOST_BAUD:
        raise ValueError(
            f"The baud rate must be an integer from {_LEAST_BAUD} to {_MOST_BAUD}, not '{baud}'"
        )
    unit = generated.unit
    inputs, words = stimuli(unit, vectors, everything=everything, seed=seed)
    with Port(port, baud) as open_port:
        session = Session(open_port, patience=patience)
        board = session.start()
        own = identity(generated)
        _check_identity(generated, own, board)
        want = golden(generated.name, unit, inputs)
        count = len(next(iter(inputs.values())))
        expected = len(next(iter(want.values())))
        # Once more, now that all is computed: the board, and the bytes counted, start afresh.
        _check_identity(generated, own, session.start())
        sent, received, started = open_port.sent, open_port.received, time.monotonic()
        octets = bytearray()

        def take(results: bytes) -> None:
            octets.extend(results)
            progress(len(octets) // board.result_bytes, expected)

        session.exchange(_frames(unit, inputs, board), board, take)
        seconds = max(time.monotonic() - started, 1e-9)
        sent, received = open_port.sent - sent, open_port.received - received
    rows = np.frombuffer(bytes(octets), np.uint8).reshape(-1, board.result_bytes)
    if len(rows) != expected:
        raise LinkError(f"The board gave {len(rows):,} results, not {expected:,}")
    got = decode_results(unit.o.payload, rows)
    bad = differences(unit, got, want)
    return BoardCheck(
        unit=generated.name,
        parameters=generated.parameters,
        port=port,
        baud=baud,
        identity=own.hex(),
        stimuli=words,
        seed=seed,
        vectors=count,
        results=expected,
        mismatches=len(bad),
        examples=[example(unit, index, inputs, got, want) for index in bad[:SHOWN]],
        bytes_sent=sent,
        bytes_received=received,
        seconds=round(seconds, 3),
        vectors_per_second=round(count / seconds),
        line_use=round(10 * max(sent, received) / (baud * seconds), 4),
        command=f"bitwright board test {generated.name}{generated.options} --port {port} "
        f"--baud {baud}" + stimuli_options(vectors, everything, seed),
    )


def _check_identity(generated: Generated, own: bytes, board: BoardIdentity) -> None:
    if board.identity != own:
        raise LinkError(
            f"The board holds {board.identity.hex()}, not {generated.name}{generated.options} "
            f"({own.hex()}): build and flash that, or name the unit that the board holds"
        )
    sizes = (board.vector_bytes, board.result_bytes)
    payloads = (generated.unit.i.payload, generated.unit.o.payload)
    if sizes != tuple(payload_bytes(payload) for payload in payloads):
        raise LinkError(f"The board's vectors and results have {sizes} bytes, which is wrong")


def _frames(
    unit: Any, inputs: Mapping[str, np.ndarray], board: BoardIdentity
) -> Iterator[DataFrame]:
    """The vectors, as many to a frame as lets several frames be under way."""
    rows = encode_vectors(unit.i.payload, inputs)
    room = board.buffer // _FRAMES_UNDER_WAY - _OVERHEAD
    each = max(1, room // board.vector_bytes)
    last = inputs.get("last")
    for start in range(0, len(rows), each):
        part = rows[start : start + each]
        results = len(part) if last is None else int(np.count_nonzero(last[start : start + each]))
        yield DataFrame(part.tobytes(), results)
