"""What need not be built twice on one machine: files under the digest of all they depend on."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["LIMIT", "digest", "folder", "forget", "get", "link", "put"]

# Simulators weigh about a megabyte; a full regression needs some hundreds.
LIMIT = 1 << 30

# What was used or kept for a build, by its folder.
_used: dict[Path, set[Path]] = {}


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
    _used.setdefault(target.parent, set()).add(kept)
    with contextlib.suppress(OSError):
        os.utime(kept)  # the least recently used go first
    return True


def link(kind: str, name: str, target: Path) -> bool:
    """Make ``target`` point to the kept file; whether there was one.

    For what is too large to be copied and is only wanted while it is there: another process may
    remove the kept file at any time.
    """
    kept = folder() / kind / name
    try:
        os.utime(kept)
        target.symlink_to(kept.absolute())
    except OSError:
        return False
    _used.setdefault(target.parent, set()).add(kept)
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
            _used.setdefault(source.parent, set()).add(place / name)
        _trim(place)
    except OSError:
        pass


def forget(build: Path, *, good: bool) -> None:
    """End a build in that folder; unless it was good, nothing that it used is kept any longer.

    A compiler may leave half a file and call it a success: what is made of it must not stay.
    """
    used = _used.pop(build, set())
    for path in () if good else used:
        with contextlib.suppress(OSError):
            path.unlink()


def _trim(place: Path) -> None:
    files = [(entry.stat(), entry.path) for entry in os.scandir(place) if entry.is_file()]
    total = sum(status.st_size for status, _ in files)
    for status, path in sorted(files, key=lambda item: item[0].st_mtime):
        if total <= LIMIT:
            return
        os.unlink(path)
        total -= status.st_size
