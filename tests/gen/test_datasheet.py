"""Datasheets: the committed pages are what the units are now, and what they show works."""

import re
import runpy
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from amaranth.hdl import Fragment, Value

from bitwright.gen.catalogue import CATALOGUE, unit_class
from bitwright.gen.cost import estimate
from bitwright.gen.datasheet import COSTS, cost_table, datasheet, table
from bitwright.gen.docstring import Docstring, markdown, member_notes
from bitwright.gen.generate import generate
from bitwright.gen.parameters import describe
from bitwright.hdl.formats import Rounding

DOCS = Path(__file__).parents[2] / "docs"
UNITS = DOCS / "units"

# Synthesis of another Yosys differs a little.
TOLERANCE = 0.05


@cache
def sheet(name):
    return datasheet(name)


def without_costs(page):
    return page.partition(COSTS)[0]


def block(page, language):
    return re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)[1]


def cost_rows(page):
    """Parameters, and smallest area, of each row of a page's table of costs."""
    for cells in re.findall(r"^\| (.*) \|$", page.partition(COSTS)[2], re.MULTILINE)[2:]:
        parameters, _, area = cells.split(" | ")[:3]
        words = shlex.split(parameters.strip("`"))
        yield dict(word.split("=") for word in words if "=" in word), float(area)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_page_is_what_the_unit_is(name):
    page = (UNITS / f"{name}.md").read_text()
    assert without_costs(page) == without_costs(sheet(name)), "run: docs/build.py --pages"


def test_every_unit_is_listed(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    # Not by import: there is a package of the same name.
    build = runpy.run_path(str(DOCS / "build.py"))
    assert build["units_index"]() == (UNITS / "index.md").read_text(), "run: docs/build.py --pages"
    pages = {page.stem for page in UNITS.glob("*.md")} - {"index"}
    assert pages == set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_costs_are_current(name):
    """The cheapest row of each page, measured again."""
    page = (UNITS / f"{name}.md").read_text()
    parameters, area = min(cost_rows(page), key=lambda row: row[1])
    made = generate(name, parameters)
    measured = estimate(made.rtlil, made.top)["gates"]["recipes"]["area"]["area"]
    assert measured == pytest.approx(area, rel=TOLERANCE, abs=1), (
        f"with {parameters}: run: python docs/build.py --units {name}"
    )


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_parameter_and_port_is_described(name):
    cls, doc = unit_class(name), Docstring.of(unit_class(name))
    assert doc.text.partition("\n")[0].endswith(".")
    page = sheet(name)
    undescribed = [p.name for p in describe(cls) if re.search(rf"\| `{p.name}` .*\|  \|\n", page)]
    assert not undescribed, f"the docstring of {cls.__name__} must describe these parameters"
    ports = [
        p.name for p in generate(name, {}).ports if re.search(rf"\| `{p.name}` .*\|  \|\n", page)
    ]
    assert not ports, f"the docstring of {cls.__name__} must describe these ports"


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_amaranth_example_is_a_design(name):
    namespace = {}
    exec(block(sheet(name), "python"), namespace)
    Fragment.get(namespace["m"], None)
    assert len(Value.cast(namespace["result"])) > 0


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus is not installed")
@pytest.mark.parametrize("name", ["integer-multiplier", "float-converter"])
def test_the_verilog_template_compiles(name, tmp_path):
    (tmp_path / "unit.v").write_text(generate(name, {}).verilog)
    template = block(sheet(name), "verilog")
    (tmp_path / "top.v").write_text(f"module top;\n{template}endmodule\n")
    command = ["iverilog", "-g2005", "-Wall", "-s", "top", "-o", "a.out", "top.v", "unit.v"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    # Any port that the template has not, or has too many, is an error or a warning.
    assert (done.returncode, done.stderr) == (0, "")


def test_costs_of_a_tiny_unit():
    text = cost_table("integer-multiplier", [{"a": "int2", "b": "uint2", "stages": "1"}])
    lines = text.splitlines()
    assert lines[2].startswith("| `-p a=int2 -p b=uint2 -p stages=1` | 1 | ")
    assert all(float(cell) > 0 for cell in lines[2].split(" | ")[2:-1])
    assert "yosys " in lines[-1]


def test_unknown_units_are_refused():
    with pytest.raises(ValueError, match="did you mean 'dot-product'"):
        datasheet("dot-produkt")


def test_tables_escape_bars():
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"


def test_roles_become_code():
    assert markdown("see :class:`~a.b.C` and ``d``") == "see `C` and `d`"


def test_notes_of_members():
    notes = member_notes(Rounding)
    assert list(notes) == [mode.value for mode in Rounding]
    assert notes["rtz"] == "Toward zero."
    assert all(notes.values())
