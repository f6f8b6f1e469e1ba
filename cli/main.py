"""Entry point: parse, call, and turn every failure into a sentence and an exit status.

Status 0: done. 1: a check failed, or a tool did. 2: wrong usage. 130: interrupted.
"""

import os
import sys
import warnings
from collections.abc import Sequence

from .arguments import parse

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        options = parse(list(sys.argv[1:] if arguments is None else arguments))
        status = options.run(options)
        # Here, where a reader that has gone is no error yet; not when the interpreter ends.
        sys.stdout.flush()
        return status
    except ValueError as error:
        return _fail(str(error), 2)
    except BrokenPipeError:
        # Whoever read our output has seen enough; let the interpreter close quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f" '{error.filename}'" if error.filename else ""
        return _fail(f"Cannot use the file{where}: {error.strerror or error}", 1)
    except RuntimeError as error:  # a tool is missing, failed, or ran out of time
        return _fail(str(error), 1)
    except MemoryError:
        return _fail("There is not enough memory for this; ask for fewer vectors", 1)
    except KeyboardInterrupt:
        warnings.simplefilter("ignore")  # Amaranth's, of a unit that was being built
        return _fail("interrupted; nothing half-written was left behind", 130)


def _fail(message: str, status: int) -> int:
    print(f"bitwright: {message}", file=sys.stderr)
    return status
