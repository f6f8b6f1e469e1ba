"""A program that stands in for a tool and goes wrong in one way: started as `stand_in.py SPEC ...`.

What it does right is the tool's own work: the tool is started once on each input, its files are
kept, and copied from then on. What it does wrong is done to these files, as a full disk or a
killed tool would leave them. It runs without Python's site packages, hence starts at once.
"""

import hashlib
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = os.getcwd()


def files() -> dict[str, bytes]:
    """All in the working folder, but what a log of ours is being written to."""
    found = {}
    for folder, _, names in os.walk(HERE):
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(HERE))] = path.read_bytes()
    return {name: content for name, content in found.items() if name not in LOGS}


LOGS = ("yosys.log", "tool.log", "build.log", "simulation.log", "sta.log")


def work(spec: dict, arguments: list[str]) -> int:
    """What the tool does, from the record where there is one; the tool's status."""
    command = [*spec["real"], *arguments]
    if not spec["records"]:
        return subprocess.run(command, check=False).returncode
    before = files()
    told = json.dumps([command, os.environ.get("BITWRIGHT_BENCH")])
    state = hashlib.sha256(told.replace(HERE, "@").encode())
    for name in sorted(before):
        state.update(name.encode() + b"\0" + before[name].replace(HERE.encode(), b"@") + b"\0")
    record = Path(spec["records"], state.hexdigest())
    if not record.exists():
        done = subprocess.run(command, check=False, capture_output=True)
        made = {n: content for n, content in files().items() if before.get(n) != content}
        modes = {name: Path(HERE, name).stat().st_mode for name in made}
        partial = record.with_suffix(f".{os.getpid()}")
        kept = (HERE, done.returncode, done.stdout, done.stderr, made, modes)
        partial.write_bytes(pickle.dumps(kept))
        partial.replace(record)
    there, status, out, err, made, modes = pickle.loads(record.read_bytes())
    for name, content in made.items():
        path = Path(HERE, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Only texts name the folder that they were made in.
        text = b"\0" not in content
        path.write_bytes(content.replace(there.encode(), HERE.encode()) if text else content)
        path.chmod(modes[name])
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    return status


def spoil(before: dict[str, bytes], keep: float) -> None:
    """Cut every file that is new."""
    for name, content in files().items():
        if before.get(name) != content:
            os.truncate(Path(HERE, name), int(len(content) * keep))


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text())
    arguments, fault = sys.argv[2:], spec["fault"]
    asked = any(word in ("-V", "-v", "-version", "--version", "--help") for word in arguments)
    if spec["strikes"] == ("version" if asked else "work"):
        Path(spec["began"]).touch()
    else:
        fault = None
    if fault == "hangs":
        time.sleep(1000)
    if fault == "fails":
        print("the disk is on fire")
        return 3
    if fault == "silent":
        return 0
    if fault == "full":  # each write beyond so many bytes fails, as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (spec["room"], spec["room"]))
        os.execvp(spec["real"][0], [*spec["real"], *arguments])
    if fault is None:
        return work(spec, arguments)
    before = files()
    status = work(spec, arguments)
    sys.stdout.flush()
    if fault == "hollow":
        for name, content in files().items():
            if before.get(name) != content:
                Path(HERE, name).write_text("{}\n")
        return status
    spoil(before, {"killed": 0.7, "cut": 0.5, "empty": 0.0}[fault])
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return status


sys.exit(main())
