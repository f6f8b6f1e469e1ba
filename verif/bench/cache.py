"""What need not be built twice on one machine: files under the digest of all they depend on."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["LIMIT", "digest", "folder", "get", "put"]

# Simulators weigh about a megabyte; a full regression needs some hundreds.
LIMIT = 1 << 30


def folder() -> Path:
    """``$BITWRIGHT_CACHE``, else ``bitwright`` in ``$XDG_CACHE_HOME``, else in ``~/.cache``."""
    chosen = os.environ.get("BITWRIGHT_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bitwright"


def digest(parts: Iterable[str]) -> str:
    """A name for the result of these texts; different divisions give different names."""
    state = hashlib.sha256()
    for part in parts:
        octets = part.encode()
        state.update(b"%d:" % len(octets) + octets)
    return state.hexdigest()[:40]


def get(kind: str, name: str, target: Path) -> bool:
    """Copy the kept file to ``target``; whether there was one.

    A copy, so that another process may remove or replace the kept file at any time.
    """
    kept = folder() / kind / name
    try:
        shutil.copy2(kept, target)
    except OSError:
        target.unlink(missing_ok=True)
        return False
    with contextlib.suppress(OSError):
        os.utime(kept)  # the least recently used go first
    return True


def put(kind: str, name: str, source: Path) -> None:
    """Keep a copy of ``source``, and drop what has not been used for longest beyond `LIMIT`.

    Two processes may keep the same at once: a file appears whole under its name, and the later
    one replaces its equal. A cache that cannot be written costs time, never the result.
    """
    place = folder() / kind
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".new-") as new:
            partial = Path(new, name)
            shutil.copy2(source, partial)
            os.utime(partial)
            partial.replace(place / name)
        _trim(place)
    except OSError:
        pass


def _trim(place: Path) -> None:
    files = [(entry.stat(), entry.path) for entry in os.scandir(place) if entry.is_file()]
    total = sum(status.st_size for status, _ in files)
    for status, path in sorted(files, key=lambda item: item[0].st_mtime):
        if total <= LIMIT:
            return
        os.unlink(path)
        total -= status.st_size
