"""The wheel: holds all modules, installs, and runs where a user has folders of the same names."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("hdl", "gen", "verif", "fpga", "cli")


def run(*command, folder, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=clean | environment, check=False,
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that nothing is left in the working tree."""
    source = tmp_path_factory.mktemp("source") / "bitwright"
    leave = shutil.ignore_patterns(
        ".*", "__pycache__", "build", "dist", "*.egg-info", "tests", "docs"
    )
    shutil.copytree(ROOT, source, ignore=leave)
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ".",
        folder=source)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An empty environment that sees our dependencies, but not the package we test from."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
        "--no-index", "--disable-pip-version-check", wheel, folder=home)
    # A plain path: .pth files below it, such as an editable install's, are not read.
    (site,) = home.glob("lib/python*/site-packages")
    paths = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    (site / "dependencies.pth").write_text("".join(f"{path}\n" for path in sorted(paths)))
    return home / "bin"


@pytest.fixture
def trapped(tmp_path):
    """A folder with packages of our folders' names, that must never be imported."""
    for name in FOLDERS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError\n")
    return tmp_path


def test_the_wheel_holds_every_module(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    modules = [p.relative_to(ROOT) for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")]
    expected = {f"bitwright/{path.as_posix()}" for path in modules}
    expected |= {"bitwright/__init__.py", "bitwright/py.typed"}
    expected.add("bitwright/fpga/simulated/board.cpp")
    expected.add("bitwright/verif/netlist/kernel.c")
    assert {n for n in names if not n.split("/")[0].endswith(".dist-info")} == expected
    assert any(n.endswith("licenses/LICENSE") for n in names)


def test_the_command_runs_beside_folders_of_the_same_names(installed, trapped):
    text = run(installed / "bitwright", "list", folder=trapped)
    assert text.startswith("float-converter\t")
    text = run(installed / "python", "-m", "bitwright.cli", "--version", folder=trapped)
    assert text.strip()


def test_every_unit_and_golden_model_imports_where_installed(installed, trapped):
    program = (
        "import importlib, bitwright\n"
        "from bitwright.gen.catalogue import CATALOGUE, golden_module, unit_class\n"
        "for name in CATALOGUE:\n"
        "    unit_class(name); importlib.import_module(golden_module(name))\n"
        "print(bitwright.__file__)\n"
    )
    where = run(installed / "python", "-W", "error", "-c", program, folder=trapped).strip()
    assert Path(where).is_relative_to(installed.parent)


def test_it_generates_where_installed(installed, trapped):
    run(installed / "bitwright", "generate", "integer-multiplier", "-p", "a=int4", "-p", "b=int4",
        "-o", "out", "--name", "tiny", folder=trapped)
    assert sorted(p.name for p in (trapped / "out").iterdir()) == ["tiny.json", "tiny.v"]
