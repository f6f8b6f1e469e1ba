"""Loading a bitstream with a stand-in for openFPGALoader: what it is told, and what goes wrong."""

import hashlib
import json
import stat

import pytest

from bitwright.cli import main
from bitwright.fpga.flash import FlashError, flash, loader


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program of that name that notes its arguments; give its status and what it prints."""
    folder = tmp_path / "bin"
    folder.mkdir()
    noted = tmp_path / "arguments"
    monkeypatch.delenv("OPENFPGALOADER", raising=False)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def install(status=0, says="", name="openFPGALoader"):
        path = folder / name
        path.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {noted}\nprintf "{says}"\nexit {status}\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    install.noted = lambda: noted.read_text().splitlines()
    return install


@pytest.fixture
def built(tmp_path):
    """A bitstream as a build leaves it."""

    def make(board="icebreaker", suffix=".bin", content=b"\x7e\xaa"):
        file = tmp_path / f"unit-{board}{suffix}"
        file.write_bytes(content)
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        manifest = {"board": board, "digests": {"bitstream": digest}}
        file.with_suffix(".build.json").write_text(json.dumps(manifest))
        return file

    return make


@pytest.mark.parametrize(
    ("name", "suffix", "theirs"),
    [
        ("icebreaker", ".bin", "ice40_generic"),
        ("ulx3s-85f", ".bit", "ulx3s"),
        ("tang-nano-9k", ".fs", "tangnano9k"),
    ],
)
def test_the_board_is_the_one_it_was_built_for(program, built, name, suffix, theirs):
    program()
    file = built(name, suffix)
    assert flash(file).name == name
    assert program.noted() == ["-b", theirs, str(file)]
    assert flash(file, name, permanent=True).name == name
    # An iCE40 is always loaded by way of its flash memory.
    kept = [] if name == "icebreaker" else ["-f"]
    assert program.noted() == ["-b", theirs, *kept, str(file)]


def test_a_bitstream_alone_needs_the_board_s_name(program, tmp_path):
    program()
    file = tmp_path / "other.bin"
    file.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"^The board must be named with --board, for there is no "
                                         r"'other.build.json' beside 'other.bin'$"):
        flash(file)
    assert flash(file, "icebreaker").name == "icebreaker"
    with pytest.raises(ValueError, match=r"for ulx3s-85f must be a \.bit file, not 'other.bin'$"):
        flash(file, "ulx3s-85f")


def test_a_bitstream_that_is_not_the_one_built(program, built):
    program()
    file = built()
    file.write_bytes(b"half")
    with pytest.raises(ValueError, match=r"^The bitstream must be the one that "
                                         r"unit-icebreaker.build.json describes, not '.*'; build"):
        flash(file)
    file = built()
    with pytest.raises(ValueError, match=r"^The board must be icebreaker, as "
                                         r"unit-icebreaker.build.json says, not ulx3s-85f$"):
        flash(file, "ulx3s-85f")
    file.with_suffix(".build.json").write_text('{"board": ')
    with pytest.raises(ValueError, match=r"must be the JSON that build writes"):
        flash(file)


def test_a_file_that_is_not_there(program, tmp_path):
    program()
    with pytest.raises(ValueError, match=r"^The bitstream must be a file that there is, not '.*'$"):
        flash(tmp_path / "none.bin", "icebreaker")


def test_without_the_program(program, built, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(FlashError, match=r"^openFPGALoader is not installed; get it with: apt "):
        flash(built())
    monkeypatch.setenv("OPENFPGALOADER", "nobody")
    with pytest.raises(FlashError, match=r"^\$OPENFPGALOADER names 'nobody', which is not a prog"):
        loader()


def test_the_environment_names_another_program(program, built, monkeypatch):
    monkeypatch.setenv("OPENFPGALOADER", str(program(name="mine")))
    flash(built())
    assert program.noted()[:2] == ["-b", "ice40_generic"]


def test_a_failure_is_told_with_the_program_s_own_words(program, built):
    program(status=1, says="Open\\nunable to open ftdi device: -3 (device not found)\\n")
    with pytest.raises(FlashError) as caught:
        flash(built())
    text = str(caught.value)
    assert text.startswith("openFPGALoader ended with code 1; is the board plugged in")
    assert text.endswith("device not found)")


def test_one_that_hangs_is_stopped(program, built):
    path = program()
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(FlashError, match=r"^openFPGALoader did not finish within 0.5 seconds$"):
        flash(built(), timeout=0.5)


def test_the_command(program, built, capsys):
    program()
    file = built("ulx3s-85f", ".bit")
    assert main(["board", "flash", str(file)]) == 0
    assert capsys.readouterr().out == (
        f"ULX3S with LFE5U-85F holds {file.name} until it is switched off\n"
    )
    assert main(["board", "flash", str(file), "--permanent", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "board": "ulx3s-85f", "bitstream": str(file), "permanent": True,
    }  # fmt: skip
    assert main(["board", "flash", "none.bin", "--board", "icebreaker"]) == 2
    program(status=2)
    assert main(["board", "flash", str(file)]) == 1
    assert "Traceback" not in capsys.readouterr().err
