"""The door to Yosys: where its data files are."""

import pytest

from bitwright.gen import yosys


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A Yosys of its own in a folder, which ``$YOSYS`` names; returns that folder."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "yosys"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(program))
    return tmp_path


def test_data_of_the_wheel(monkeypatch):
    monkeypatch.delenv("YOSYS", raising=False)
    assert (yosys.share() / "ice40" / "cells_sim.v").is_file()


def test_data_as_the_installation_says(installed):
    (installed / "elsewhere").mkdir()
    config = installed / "bin" / "yosys-config"
    config.write_text(f"#!/bin/sh\n[ $1 = --datdir ] && echo {installed}/elsewhere\n")
    config.chmod(0o755)
    assert yosys.share() == installed / "elsewhere"


def test_data_beside_the_program(installed):
    (installed / "share" / "yosys").mkdir(parents=True)
    assert yosys.share() == installed / "share" / "yosys"


def test_no_data(installed):
    with pytest.raises(yosys.YosysError, match="whose data folder is not at"):
        yosys.share()


def test_version_of_a_wheel_that_prepares_itself(monkeypatch, tmp_path):
    program = tmp_path / "yosys"
    program.write_text("#!/bin/sh\necho 'Preparing to run. This might take a while...' >&2\n"
                       "echo 'Yosys 0.70 (git sha1 0)'\n")  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(program))
    assert yosys.version() == "0.70"
