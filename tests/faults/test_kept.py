"""What is kept for later runs: never what a failed run has used or made."""

import pytest

from bitwright.verif.bench import cache


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    builds = [tmp_path / name for name in ("one", "two")]
    for build in builds:
        build.mkdir()
        (build / "made").write_text("half a file")
    return builds


@pytest.mark.parametrize("good", [True, False])
def test_what_a_build_made(folders, good):
    one, two = folders
    cache.put("simulators", "name", one / "made")
    cache.forget(one, good=good)
    assert cache.get("simulators", "name", two / "copy") == good


@pytest.mark.parametrize("take", [cache.get, cache.link])
def test_what_a_build_took(folders, take):
    one, two = folders
    cache.put("simulators", "name", one / "made")
    cache.put("simulators", "other", one / "made")
    cache.forget(one, good=True)
    assert take("simulators", "name", two / "copy")
    cache.forget(two, good=False)
    assert not cache.get("simulators", "name", two / "again")
    assert cache.get("simulators", "other", two / "other")


def test_only_once(folders):
    """A folder's name may come again: what its first build used is not its second's."""
    one, two = folders
    cache.put("simulators", "name", one / "made")
    cache.forget(one, good=True)
    cache.forget(one, good=False)
    assert cache.get("simulators", "name", two / "copy")
