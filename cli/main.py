"""Entry point: parse, call, and turn every failure into a sentence and an exit status.

Status 0: done. 1: a check failed, or a tool did. 2: wrong usage. 130, 143, 129: ended by Ctrl-C,
SIGTERM, SIGHUP.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import NoReturn

from .arguments import parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if sys.stderr is None:  # closed by whoever started us
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        return _fail("Standard output must be open, to say what was done", 1)
    with _ending_signals():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _options(list(sys.argv[1:] if arguments is None else arguments))
        status = options.run(options)
        # Here, where a reader that has gone is no error yet; not when the interpreter ends.
        sys.stdout.flush()
        return status
    except ValueError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _forget_output()
        return 1
    except OSError as error:
        what = f"Cannot use the file '{error.filename}'" if error.filename else "Cannot write"
        status = _fail(f"{what}: {error.strerror or error}", 1)
        _forget_output()
        return status
    except RuntimeError as error:  # a tool is missing, failed, or ran out of time
        return _fail(str(error), 1)
    except MemoryError:
        return _fail("There is not enough memory for this; ask for fewer vectors", 1)
    except KeyboardInterrupt as interrupt:
        warnings.simplefilter("ignore")  # Amaranth's, of a unit that was being built
        number = interrupt.number if isinstance(interrupt, _Ended) else signal.SIGINT
        return _fail("interrupted; nothing half-written was left behind", 128 + number)


def _options(arguments: list[str]) -> argparse.Namespace:
    try:
        return parse(arguments)
    except SystemExit:  # after --help and --version
        sys.stdout.flush()
        raise


class _Ended(KeyboardInterrupt):
    """A signal that asks us to end, other than Ctrl-C, which it is then handled as."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def _ending_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP as exceptions, so that all that is under way is ended and removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise _Ended(number)

    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # Under nohup SIGHUP is ignored, and stays so.
    mine = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in mine:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def _forget_output() -> None:
    """What could not be written is not tried again, with complaints, when the interpreter ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, status: int) -> int:
    print(f"bitwright: {message}", file=sys.stderr)
    return status
