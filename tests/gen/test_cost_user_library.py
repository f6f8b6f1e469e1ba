"""A user's Liberty file, for which our own stands in; and OpenSTA against our own arrival times."""

import dataclasses
import shutil

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from bitwright.gen import yosys
from bitwright.gen.cost import estimate
from bitwright.gen.cost.cells import CELLS, FLIP_FLOPS, FO4
from bitwright.gen.cost.gates import map_gates
from bitwright.gen.cost.liberty_file import LibraryCell, UserLibrary
from bitwright.gen.cost.liberty_text import LIBRARY, NS_PER_TAU, liberty_text
from bitwright.gen.cost.netlist import read_netlist
from bitwright.gen.cost.opensta import delays
from bitwright.gen.cost.timing import DRIVER, worst_paths

needs_sta = pytest.mark.skipif(
    shutil.which("sta") is None, reason="OpenSTA's sta is not installed (apt install opensta)"
)


class Accumulate(wiring.Component):
    a: In(signed(5))
    b: In(signed(5))
    en: In(1)
    sum: Out(signed(6))
    total: Out(signed(14))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.sum.eq(self.a + self.b)
        with m.If(self.en):
            m.d.sync += self.total.eq(self.total + self.a * self.b)
        return m


UNIT = rtlil.convert(Accumulate(), name="unit", emit_src=False)


@pytest.fixture
def liberty(tmp_path):
    path = tmp_path / "user.lib"
    path.write_text(liberty_text())
    return path


@needs_sta
def test_areas_and_delays_in_the_units_of_the_file(liberty):
    result = estimate(UNIT, "unit", liberty=liberty)
    gates = result["gates"]
    assert gates["library"]["name"] == LIBRARY
    assert gates["library"]["file"] == "user.lib"
    assert gates["units"]["delay"] == "1ns"
    for figures in gates["recipes"].values():
        cells = figures["cells"]
        area = sum((CELLS.get(c) or FLIP_FLOPS[c]).area * n for c, n in cells.items())
        assert figures["area"] == pytest.approx(area, abs=0.01)
        assert all(delay > 0 for delay in figures["delays"].values())
        assert figures["delay"] == max(figures["delays"].values())
    assert set(result["tools"]) == {"yosys", "opensta"}


def test_without_opensta_there_is_area_and_a_note(liberty, monkeypatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "sta" else which(name))
    result = estimate(UNIT, "unit", liberty=liberty)
    assert "apt install opensta" in result["gates"]["note"]
    assert result["gates"]["recipes"]["area"]["delay"] is None
    assert result["gates"]["recipes"]["area"]["area"] > 100
    assert result["tools"]["opensta"] is None


@needs_sta
@pytest.mark.parametrize("recipe", ["area", "speed"])
def test_opensta_agrees_with_our_arrival_times(liberty, recipe):
    mapped = map_gates(UNIT, "unit")[recipe]
    verilog = yosys.run(
        "read_json n.json\nwrite_verilog -noattr -noexpr n.v\n", {"n.json": mapped}, ["n.v"]
    )["n.v"]
    driver = LibraryCell(DRIVER, CELLS[DRIVER].area, CELLS[DRIVER].pins["A"])
    library = dataclasses.replace(UserLibrary.read(liberty), buffer=driver)
    theirs = delays(verilog, "unit", ["clk"], library)["delays"]
    ours = worst_paths(read_netlist(mapped, "unit", {*CELLS, *FLIP_FLOPS}))
    assert set(ours) == set(theirs)
    for group, path in ours.items():
        assert path.fo4 * FO4 * NS_PER_TAU == pytest.approx(theirs[group], rel=0.01), group


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with library"),
        ("module m; endmodule", "must begin with library"),
        ("library (x) { cell (INV) { area : 1;", "must be whole"),
        ("library (x) { }", "must hold a usable inverter, and it holds none"),
    ],
)
def test_files_that_are_no_library_are_refused(tmp_path, text, message):
    path = tmp_path / "user.lib"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"^The Liberty file '.*user\.lib' {message}"):
        estimate(UNIT, "unit", liberty=path)


def test_a_library_without_a_buffer_is_refused(tmp_path):
    path = tmp_path / "user.lib"
    path.write_text(liberty_text().replace('"!(!(A))"', '"!(A)"'))
    with pytest.raises(ValueError, match=r"must hold a usable buffer, and it holds none$"):
        UserLibrary.read(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path, reason in ((tmp_path / "none.lib", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ValueError, match=rf"cannot be read: {reason}"):
            estimate(UNIT, "unit", liberty=path)


def test_a_library_for_no_gates_is_refused(liberty):
    with pytest.raises(ValueError, match=r"^A Liberty file must go with the target gates"):
        estimate(UNIT, "unit", ["ice40"], liberty=liberty)


def test_the_smallest_inverter_and_buffer_are_chosen(liberty):
    library = UserLibrary.read(liberty)
    assert (library.inverter.name, library.buffer.name) == ("INV_X1", "BUF_X1")
    assert (library.load, library.femtofarads) == (4.0, 1.0)


def test_a_library_without_flip_flops_cannot_hold_registers(tmp_path):
    path = tmp_path / "user.lib"
    text = liberty_text()
    path.write_text(text[: text.index("  cell (DFF_X2)")] + "}\n")
    with pytest.raises(yosys.YosysError, match="D flip-flops are not supported"):
        estimate(UNIT, "unit", liberty=path)
