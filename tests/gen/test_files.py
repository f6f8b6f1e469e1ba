"""Files appear whole or not at all."""

import errno
import os
import stat

import pytest

from bitwright.gen import files
from bitwright.gen.files import write_all, write_whole


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "unit.v"
    write_whole(path, "module\nÄ\n")
    assert path.read_bytes() == "module\nÄ\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["unit.v"]


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_are_the_user_s_usual_ones(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "x", "")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("point", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("existing", [None, "old"])
def test_a_killed_write_leaves_what_was_there(tmp_path, monkeypatch, point, failure, existing):
    path = tmp_path / "unit.v"
    if existing is not None:
        path.write_text(existing)

    def die(*_):
        raise failure

    monkeypatch.setattr(files.os, point, die)
    with pytest.raises(failure):
        write_whole(path, "new")
    monkeypatch.undo()
    assert [p.read_text() for p in tmp_path.iterdir()] == ([] if existing is None else [existing])
    write_whole(path, "new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file" / "unit.v", "")


def test_several_files_appear_together(tmp_path, monkeypatch):
    old, new = tmp_path / "a.v", tmp_path / "b" / "b.bin"
    old.write_text("old")
    write_all({old: "text", new: b"\xff"})
    assert (old.read_text(), new.read_bytes()) == ("text", b"\xff")
    synced = []

    def full(handle):
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_all({old: "newer", new: b"newer"})
    assert caught.value.filename == str(new)
    assert (old.read_text(), new.read_bytes()) == ("text", b"\xff")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.v", "b", "b.bin"]
