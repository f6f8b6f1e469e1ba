"""A folder, a `bin` of stand-ins, a cache and a temporary folder for each test, all its own."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

import pytest
from faults.commands import COMMANDS, TINY
from faults.tools import Bin, missing

from bitwright.cli import main
from bitwright.fpga import flash as flash_module
from bitwright.fpga import toolchain
from bitwright.gen import nextpnr, yosys
from bitwright.gen.cost import opensta
from bitwright.gen.cost.liberty_text import liberty_text
from bitwright.gen.cost.route import route
from bitwright.verif.bench import cache, icarus
from bitwright.verif.bench.simulate import simulate

LIMITED = (
    yosys.run, nextpnr.run, nextpnr.run_tool, nextpnr.run_all, route, simulate,
    toolchain.synthesize, flash_module.flash,
)  # fmt: skip


class Place:
    """Where a command runs, with all that it may touch."""

    def __init__(self, folder: Path, bin_: Bin, capsys) -> None:
        self.folder, self.bin, self._capsys = folder / "out", bin_, capsys
        self.temporary, self.cache = folder / "tmp", folder / "cache"
        for made in (self.folder, self.temporary, self.cache):
            made.mkdir()

    def give(self, names) -> None:
        for name in names:
            text = liberty_text() if name.endswith(".lib") else "content"
            (self.folder / name).write_text(text)

    def run(self, words) -> tuple[int, str, str]:
        status = main(list(words))
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    def succeeds(self, command) -> dict:
        """Run a command that must succeed, and leave what it must; its JSON."""
        status, out, err = self.run(command.words)
        assert (status, err) == (0, "")
        self.whole(command)
        return json.loads(out)

    def whole(self, command) -> None:
        """All that the command writes is there, whole, and nothing else."""
        assert self.listing() == sorted((*command.writes, *command.given))
        for name in command.writes:
            content = (self.folder / name).read_bytes()
            assert content
            if name.endswith(".json"):
                json.loads(content)
            if name.endswith(".v"):
                assert content.endswith(b"endmodule\n")
        self.nothing_left()

    def fails(self, command, says: str = "", status: int = 1) -> str:
        """Run a command that must fail, in words, and leave nothing; the words."""
        got, out, err = self.run(command.words)
        assert (got, out) == (status, ""), err
        assert err.startswith("bitwright: ")
        assert says in err
        self.clean(command)
        return err

    def compile_little(self, kept: Path) -> None:
        """Of Verilator's run-time library, which takes long, only the smallest is compiled here."""
        for file in (*kept.glob("runtime/*.o"), *kept.glob("headers/*")):
            if not file.name.startswith("verilated_threads"):
                target = self.cache / file.relative_to(kept)
                target.parent.mkdir(exist_ok=True)
                target.symlink_to(file)

    def clean(self, command) -> None:
        assert set(self.listing()) - {*command.logs} == {*command.given}
        self.nothing_left()

    def listing(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def nothing_left(self) -> None:
        assert not os.listdir(self.temporary)


@pytest.fixture(scope="session")
def records(tmp_path_factory) -> Path:
    """What tools made of each input: shared by all processes of the run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "records"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def kept() -> Path:
    """The cache that all other tests share, with what Verilator needs for any unit in it."""
    assert main(["verify", *TINY, "--vectors", "1"]) == 0
    return cache.folder()


@pytest.fixture
def place(tmp_path, records, capsys, monkeypatch) -> Place:
    made = Place(tmp_path, Bin(tmp_path / "bin", records, monkeypatch), capsys)
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("TMPDIR", str(made.temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(made.temporary))
    monkeypatch.setenv("BITWRIGHT_CACHE", str(made.cache))
    icarus.version.cache_clear()
    return made


@pytest.fixture
def impatience():
    """A context in which all tools have two seconds."""

    @contextlib.contextmanager
    def limits():
        with pytest.MonkeyPatch.context() as patch:
            for function in LIMITED:
                patch.setitem(function.__kwdefaults__, "timeout", 2.0)
            patch.setattr(opensta, "LIMIT", 2.0)
            yield

    return limits


@pytest.fixture
def ready(place):
    """A command by name, with stand-ins for its tools that do their work; not if one is missing."""

    def prepare(name: str):
        command = COMMANDS[name]
        for tool in command.tools:
            reason = missing(tool)
            if reason:
                pytest.skip(reason)
        if "icarus" in command.words and missing("iverilog"):
            pytest.skip(missing("iverilog"))
        for tool in {"yosys", *command.tools}:
            place.bin.put(tool)
        place.give(command.given)
        return command

    return prepare
