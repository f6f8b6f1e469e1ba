"""Files appear whole or not at all, and those that belong together appear together.

Two runs that write into one folder at once do it one after the other: what stands there then is
all of the one or all of the other. What a run that was killed meanwhile left is removed by the next
that writes the same.
"""

import contextlib
import errno
import glob
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from .process import signals_held

try:
    import fcntl
except ImportError:  # not POSIX: there nobody waits for anybody
    fcntl = None

__all__ = ["write_all", "write_whole"]

_PATIENCE = 60.0  # seconds that another run may take to write; milliseconds are usual
_PART = ".part"


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name, then rename it: a killed run leaves no half file.

    Raises:
        OSError: if the folder cannot be made or written.
    """
    write_all({path: content})


def write_all(files: Mapping[Path, str | bytes]) -> None:
    """Write several files; none of them gets its name before all are on the disk, in that order.

    Raises:
        OSError: if a folder cannot be made or written; nothing is changed then.
    """
    umask = os.umask(0)
    os.umask(umask)
    ready: list[tuple[str, Path]] = []
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _alone({path.parent for path in files}) as alone:
        if alone:
            _remove_parts(files)
        try:
            for path, content in files.items():
                handle, temporary = tempfile.mkstemp(_PART, f".{path.name}.", path.parent)
                ready.append((temporary, path))
                try:
                    with os.fdopen(handle, "wb") as file:
                        file.write(content.encode() if isinstance(content, str) else content)
                        file.flush()
                        os.fsync(file.fileno())
                except OSError as error:
                    error.filename = error.filename or str(path)
                    raise
                os.chmod(temporary, 0o666 & ~umask)
            with signals_held():
                for temporary, path in ready:
                    os.replace(temporary, path)
        finally:
            for temporary, _ in ready:
                Path(temporary).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folders: Iterable[Path]) -> Iterator[bool]:
    """Whether no other run writes into the folders during the block: so, where they have locks.

    The lock is on the folder itself: it needs no file, and goes with the process that has it.
    """
    with contextlib.ExitStack() as held:
        alone = fcntl is not None
        # In one order everywhere, lest two runs wait for each other.
        for folder in sorted({folder.resolve() for folder in folders}):
            alone = alone and _lock(folder, held)
        yield alone


def _lock(folder: Path, held: contextlib.ExitStack) -> bool:
    assert fcntl is not None
    handle = os.open(folder, os.O_RDONLY)
    held.callback(os.close, handle)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                says = f"another run has been writing there for {_PATIENCE:g} seconds"
                raise OSError(errno.EBUSY, says, str(folder)) from None
            time.sleep(0.01)
        except OSError:  # a file system without locks
            return False
        else:
            return True


def _remove_parts(files: Iterable[Path]) -> None:
    for path in files:
        for part in path.parent.glob(f".{glob.escape(path.name)}.*{_PART}"):
            part.unlink(missing_ok=True)
