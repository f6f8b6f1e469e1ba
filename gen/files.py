"""Files appear whole or not at all."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_all", "write_whole"]


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
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
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
        for temporary, path in ready:
            os.replace(temporary, path)
    finally:
        for temporary, _ in ready:
            Path(temporary).unlink(missing_ok=True)
