"""The documentation: examples run, generated parts are current, the tutorial works as printed."""

import doctest
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import format_tables  # noqa: E402
import page_blocks  # noqa: E402

PAGES = sorted(DOCS.rglob("*.md"))


def run(command, folder):
    """Run in a folder whose ``bitwright`` is the copy that stands there."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    "page", [p for p in PAGES if ">>> " in p.read_text()], ids=lambda page: page.name
)
def test_examples_print_what_the_page_says(page):
    # A closing fence would be read as output.
    text = page.read_text().replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    report: list[str] = []
    assert test.examples
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", ["formats.md", "block-formats.md"])
def test_tables_of_formats_are_current(name):
    page = (DOCS / name).read_text()
    assert format_tables.filled(page) == page, "run: docs/build.py --pages"


def test_html_builds_without_warnings(tmp_path):
    pytest.importorskip("sphinx", reason="the docs extra is not installed")
    # In a process of its own: Sphinx changes the interpreter's settings for good.
    command = [sys.executable, str(DOCS / "build.py"), "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "units" / "integer-multiplier.html").exists()


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """The package's folders with the unit of the tutorial added."""
    folder = tmp_path_factory.mktemp("tutorial")
    copy = folder / "bitwright"
    for part in ("hdl", "gen", "verif", "cli"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "__init__.py", copy)
    found = page_blocks.blocks((DOCS / "adding-a-unit.md").read_text())
    assert len(found) == 4
    for block in found:
        page_blocks.apply(block, folder if block.file.startswith("tests/") else copy)
    where = run([sys.executable, "-c", "import bitwright.gen as x; print(*x.__path__)"], folder)
    assert where.strip() == str(copy / "gen")
    return folder


def test_tutorial_commands(tutorial):
    simulator = "icarus" if shutil.which("iverilog") else "verilator"
    outputs = {}
    for line in page_blocks.commands((DOCS / "adding-a-unit.md").read_text()):
        words = shlex.split(line)
        assert words[0] == "bitwright"
        command = [sys.executable, "-m", "bitwright.cli", *words[1:]]
        if words[1] == "verify":
            command += ["--simulator", simulator]
        outputs[words[1], words[2] if len(words) > 2 else ""] = run(command, tutorial)
    assert "integer-squarer\tSquares" in outputs["list", ""]
    assert "o_p\tout\t15\tuint15\t1" in outputs["show", "integer-squarer"]
    verified = "passed: integer-squarer, 256 vectors (all 256 operand combinations), 0 mismatches"
    assert verified in outputs["verify", "integer-squarer"]
    assert (tutorial / "build" / "integer_squarer_stages_1.v").exists()
    square, product = (
        float(outputs["estimate", f"integer-{kind}"].split("area\t")[1].split("\t")[0])
        for kind in ("squarer", "multiplier")
    )
    assert square < 0.6 * product


def test_tutorial_test(tutorial):
    if not shutil.which("iverilog"):
        pytest.skip("the test of the tutorial simulates with Icarus")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    assert "passed" in run(command, tutorial)


def test_tutorial_datasheet(tutorial):
    script = "from bitwright.gen.datasheet import datasheet; print(datasheet('integer-squarer'))"
    page = run([sys.executable, "-c", script], tutorial)
    assert "| `i_a` | in | 8 | int8 | operand |" in page
    assert "| 32 | 32 | 1 |" in page
