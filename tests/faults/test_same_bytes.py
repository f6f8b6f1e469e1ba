"""The same configuration gives the same bytes: for any hash seed and any Python from 3.11 on.

Here the units of the catalogue with one pipeline stage, by other Pythons; `nightly.py` has the
whole regression with several hash seeds.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import bitwright

DIGESTS = Path(__file__).with_name("digests.py")
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")


def printed(kept: Path, which: str, python: str = sys.executable, **variables: str) -> list[str]:
    """A line for each configuration, by that Python in that environment."""
    done = subprocess.run(
        [python, "-W", "error", str(DIGESTS), str(kept), sys.executable, which],
        env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def importable(folder: Path) -> str:
    """A folder from which any Python can import bitwright as it is here, and tell its version."""
    (folder / "bitwright").symlink_to(Path(bitwright.__file__).parent)
    facts = folder / f"bitwright-{version('bitwright')}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: bitwright\nVersion: {version('bitwright')}\n"
    )
    return str(folder)


def other_pythons() -> list[str]:
    """Those on the PATH or in `$BITWRIGHT_PYTHONS`, but not this one, with Amaranth and numpy."""
    named = os.environ.get("BITWRIGHT_PYTHONS", "").split(os.pathsep)
    found = []
    for name in (*filter(None, named), *PYTHONS):
        program = shutil.which(name)
        code = (
            "import sys, amaranth, numpy; from importlib.metadata import version;"
            "print(*sys.version_info[:2], version('amaranth'))"
        )
        if program is None:
            continue
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
        words = done.stdout.split()
        mine = [*map(str, sys.version_info[:2]), version("amaranth")]
        if done.returncode == 0 and words[2:] == mine[2:] and words[:2] != mine[:2]:
            found.append(program)
    return found


def same(kept: Path, which: str, seeds: tuple[str, ...]) -> None:
    """The lines of one process for each hash seed are all alike."""
    first = printed(kept, which, PYTHONHASHSEED=seeds[0])
    assert len(first) > 30
    for seed in seeds[1:]:
        assert printed(kept, which, PYTHONHASHSEED=seed) == first


def test_whatever_the_python(tmp_path):
    """Of an Amaranth of the same version; another may name things otherwise."""
    others = other_pythons()
    if not others:
        pytest.skip("there is no other Python with Amaranth and numpy")
    kept, path = tmp_path / "kept", tmp_path / "path"
    kept.mkdir()
    path.mkdir()
    first = printed(kept, "default")
    for program in others:
        here = importable(path) if not os.listdir(path) else str(path)
        assert printed(kept, "default", program, PYTHONPATH=here) == first, program
