"""A full disk, wherever it is noticed: by the command, by its tools, or at standard output."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from faults.commands import OUTPUT

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", OUTPUT)
def test_what_is_said_cannot_be_written(place, name):
    """Whoever redirects standard output to a file must not take it for whole."""
    place.bin.put("yosys")
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bitwright.cli", *OUTPUT[name]],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.stderr == "bitwright: Cannot write: No space left on device\n"
    assert done.returncode == 1
    place.nothing_left()


@pytest.mark.parametrize("closed", [1, 2])
def test_standard_output_or_error_is_closed(place, closed):
    """As by a service manager, or `>&-` in a shell."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" "$@" {closed}>&-', sys.executable, "-m", "bitwright.cli",
         "list"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if closed == 1:
        assert done.returncode == 1
        assert done.stderr == (
            "bitwright: Standard output must be open, to say what was done\n"
        )
    else:
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("float-converter\t")


# Bytes that a file can have: less than any script, less than a netlist, less than the Verilog.
@pytest.mark.parametrize("room", [0, 1500])
@pytest.mark.parametrize("name", ["generate"])
def test_no_file_can_grow(place, ready, name, room):
    """For the command and, unless the file is its own, for the tool too."""
    command = ready(name)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        [sys.executable, "-m", "bitwright.cli", *command.words],
        capture_output=True, text=True, check=False, preexec_fn=limit, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr.startswith("bitwright: ")
    assert "Traceback" not in done.stderr
    place.clean(command)
    place.succeeds(command)


# For each tool, room for none of its files, and for some of the largest.
@pytest.mark.parametrize(("name", "tool", "room"), [
    ("generate", "yosys", 0),
    ("generate", "yosys", 5000),
    ("estimate", "yosys", 20000),
    ("verify", "iverilog", 3000),
    ("verify", "vvp", 100),
    ("estimate a route", "nextpnr-ice40", 8000),
    ("build", "icepack", 50000),
])
def test_a_tool_finds_the_disk_full(place, ready, name, tool, room):
    """Its writes fail, as on a full disk; whether it tells us so is up to the tool."""
    command = ready(name)
    place.bin.put(tool, "full", room=room)
    place.fails(command)
    assert place.bin.began(tool).exists()
    place.bin.put(tool)
    place.succeeds(command)


def small_disk(size: int, folder: Path, command: list[str]) -> list[str]:
    """The command with the folder on a file system of this size; a name space of its own."""
    script = f'mount -t tmpfs -o size={size} none "$0" && exec "$@"'
    return ["unshare", "-rm", "sh", "-c", script, str(folder), *command]


@pytest.mark.parametrize("size", [4096, 32768])
def test_a_small_disk_for_all_temporary_files(place, ready, size):
    """Nothing but the true result, or a failure in words."""
    if subprocess.run(
        small_disk(4096, place.temporary, ["true"]), capture_output=True, check=False
    ).returncode:
        pytest.skip("no file system can be mounted here")
    command = ready("estimate")
    want = place.succeeds(command)
    done = subprocess.run(
        small_disk(size, place.temporary, [sys.executable, "-m", "bitwright.cli", *command.words]),
        capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("bitwright: ")
    else:
        assert done.stdout.strip() == json.dumps(want, indent=2)
