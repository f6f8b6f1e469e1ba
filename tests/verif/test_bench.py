"""The simulation bench: packing, transport, and that every broken handshake is found."""

import shutil
import subprocess

import numpy as np
import pytest

from bitwright.verif.bench import Port, SimulationError, cache, pack, simulate, unpack, verilator
from bitwright.verif.bench.wrapper import TOP

HANDSHAKE = [
    Port("i_valid", "in", 1),
    Port("i_ready", "out", 1),
    Port("o_valid", "out", 1),
    Port("o_ready", "in", 1),
]
CLOCK = [Port("clk", "in", 1), Port("rst", "in", 1)]
HEAD = (
    "module unit(input clk, input rst, input i_valid, output i_ready, input [7:0] i_a,"
    " output {reg}o_valid, input o_ready, output {reg}[7:0] o_p);\n"
)
PORTS = [*CLOCK, *HANDSHAKE, Port("i_a", "in", 8), Port("o_p", "out", 8)]

# o_p = i_a * i_b + 1, modulo 2^11, without a clock; a narrow field beside it for the padding.
COMBINATIONAL = """
module unit(input i_valid, output i_ready, input [5:0] i_a, input [4:0] i_b,
            output o_valid, input o_ready, output [10:0] o_p, output [2:0] o_low);
  assign o_valid = i_valid;
  assign i_ready = o_ready;
  assign o_p = i_a * i_b + 11'd1;
  assign o_low = i_a[2:0];
endmodule
"""
COMBINATIONAL_PORTS = [
    *HANDSHAKE,
    Port("i_a", "in", 6),
    Port("i_b", "in", 5),
    Port("o_p", "out", 11),
    Port("o_low", "out", 3),
]
# A register slice.
PIPELINED = (
    HEAD.format(reg="reg ")
    + """
  assign i_ready = o_ready | ~o_valid;
  always @(posedge clk)
    if (rst) o_valid <= 0;
    else if (i_ready) begin
      o_valid <= i_valid;
      if (i_valid) o_p <= i_a + 8'd3;
    end
endmodule
"""
)
# One output per `last`: the sum of what came since the one before.
ACCUMULATOR = """
module unit(input clk, input rst, input i_valid, output i_ready, input [7:0] i_a, input i_last,
            output reg o_valid, input o_ready, output reg [15:0] o_p);
  reg [15:0] sum;
  assign i_ready = o_ready | ~o_valid;
  always @(posedge clk)
    if (rst) begin o_valid <= 0; sum <= 0; end
    else if (i_ready) begin
      o_valid <= i_valid & i_last;
      if (i_valid) begin
        sum <= i_last ? 16'd0 : sum + i_a;
        o_p <= sum + i_a;
      end
    end
endmodule
"""


@pytest.fixture(params=["verilator", "icarus"])
def simulator(request):
    if request.param == "icarus" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    return request.param


@pytest.fixture
def icarus():
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    return "icarus"


@pytest.mark.parametrize("width", [1, 4, 6, 8, 13, 16, 19, 32, 63, 64])
@pytest.mark.parametrize("elements", [None, 1, 3, 32])
def test_pack_agrees_with_python_integers(width, elements):
    shape = (5,) if elements is None else (5, elements)
    codes = np.random.default_rng(0).integers(0, 2**width - 1, shape, np.uint64, endpoint=True)
    octets = pack(codes, width)
    for row, code in zip(octets, codes.reshape(5, -1).tolist(), strict=True):
        value = sum(element << k * width for k, element in enumerate(code))
        assert int.from_bytes(row.tobytes(), "little") == value
    assert np.array_equal(unpack(octets, width, elements), codes)


@pytest.mark.parametrize("elements", [None, 3])
def test_pack_takes_python_integers_beyond_64_bits(elements):
    codes = np.empty((2,) if elements is None else (2, elements), dtype=object)
    codes.reshape(-1)[:] = [(1 << 69) + k for k in range(codes.size)]
    octets = pack(codes, 70)
    assert octets.shape == (2, 9 if elements is None else 27)
    assert unpack(octets, 70, elements).tolist() == codes.tolist()


@pytest.mark.parametrize("width", [6, 8, 70])
def test_pack_wraps_negative_codes(width):
    octets = pack(np.array([-1, -2]), width)
    assert unpack(octets, width).tolist() == [2**width - 1, 2**width - 2]


@pytest.mark.parametrize("kind", [np.int64, object])
def test_pack_refuses_what_does_not_fit(kind):
    for code in (64, -33):
        with pytest.raises(ValueError, match=r"^Codes must fit in 6 bits"):
            pack(np.array([code], dtype=kind), 6)


@pytest.mark.parametrize("gaps", [0.0, 0.5])
@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("lanes", [1, 5])
def test_combinational(simulator, gaps, stalls, lanes):
    index = np.arange(64 * 32)
    a, b = index % 64, index // 64
    result = simulate(
        COMBINATIONAL,
        "unit",
        COMBINATIONAL_PORTS,
        {"i_a": pack(a, 6), "i_b": pack(b, 5)},
        outputs=len(index),
        simulator=simulator,
        lanes=lanes,
        gaps=gaps,
        stalls=stalls,
    )
    assert np.array_equal(unpack(result.outputs["o_p"], 11), a * b + 1)
    assert np.array_equal(unpack(result.outputs["o_low"], 3), a % 8)


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5)])
def test_pipelined(simulator, gaps, stalls):
    a = np.arange(300) % 256
    result = simulate(
        PIPELINED, "unit", PORTS, {"i_a": pack(a, 8)},
        outputs=300, simulator=simulator, gaps=gaps, stalls=stalls,
    )  # fmt: skip
    assert np.array_equal(unpack(result.outputs["o_p"], 8), (a + 3) % 256)
    assert result.cycles >= 300
    assert simulator in result.simulator.lower()


@pytest.mark.parametrize(("gaps", "stalls"), [(0, 0), (0.3, 0.6)])
def test_accumulator_with_fewer_outputs_than_inputs(simulator, gaps, stalls):
    rng = np.random.default_rng(1)
    a, last = rng.integers(0, 256, 200), rng.integers(0, 4, 200) == 0
    ends = np.flatnonzero(last)
    sums = np.diff(np.cumsum(a)[ends], prepend=0)
    result = simulate(
        ACCUMULATOR,
        "unit",
        [*CLOCK, *HANDSHAKE, Port("i_a", "in", 8), Port("i_last", "in", 1), Port("o_p", "out", 16)],
        {"i_a": pack(a, 8), "i_last": pack(last, 1)},
        outputs=len(ends),
        simulator=simulator,
        gaps=gaps,
        stalls=stalls,
    )
    assert np.array_equal(unpack(result.outputs["o_p"], 16), sums)


def test_module_without_inputs_and_with_a_wide_output(simulator):
    verilog = """
    module unit(input clk, input rst, input i_valid, output i_ready,
                output o_valid, input o_ready, output reg [1999:0] o_p);
      assign o_valid = i_valid;
      assign i_ready = o_ready;
      always @(posedge clk) if (rst) o_p <= 1; else if (i_valid & o_ready) o_p <= o_p << 3;
    endmodule
    """
    ports = [*CLOCK, *HANDSHAKE, Port("o_p", "out", 2000)]
    result = simulate(verilog, "unit", ports, {}, outputs=50, simulator=simulator, gaps=0.2)
    assert unpack(result.outputs["o_p"], 2000).tolist() == [1 << 3 * k for k in range(50)]


def broken(body, reg=False):
    return HEAD.format(reg="reg " if reg else "") + body + "\nendmodule\n"


SLICE = """
  reg valid; reg [7:0] data; reg [7:0] age;
  assign i_ready = o_ready | ~valid;
  always @(posedge clk) begin
    if (rst) begin valid <= 0; age <= 0; end
    else begin
      age <= age + 1;
      if (i_ready) begin valid <= i_valid; data <= i_a; end
    end
  end
"""
VIOLATIONS = {
    "drop": (
        SLICE + "assign o_valid = valid & (age[1:0] != 2); assign o_p = data;",
        "o_valid dropped before the output was taken",
    ),
    "change": (
        SLICE + "assign o_valid = valid; assign o_p = data ^ age[2];",
        "o_p changed while o_valid waited for o_ready",
    ),
    "shy": (
        SLICE + "assign o_valid = valid & o_ready; assign o_p = data;",
        "o_valid must not wait for o_ready",
    ),
    "reset": (
        "assign o_valid = 1; assign i_ready = o_ready; assign o_p = i_a;",
        "o_valid is high without any input after reset",
    ),
    "silent": (
        SLICE + "assign o_valid = valid & ~data[3]; assign o_p = data;",
        "too few outputs",
    ),
    "late": (
        SLICE + "assign o_valid = valid | (age == 90); assign o_p = data;",
        "more outputs than expected",
    ),
    "deaf": ("assign o_valid = 0; assign i_ready = 0; assign o_p = 0;", "nothing moved"),
}  # fmt: skip


@pytest.mark.parametrize("fault", VIOLATIONS)
def test_violation_is_detected(fault):
    # The rules are checked by the same code with either simulator; Icarus builds in no time.
    simulator = "icarus" if shutil.which("iverilog") else "verilator"
    body, message = VIOLATIONS[fault]
    stalls = 0.6 if fault in ("drop", "change", "shy") else 0.0
    with pytest.raises(SimulationError, match=message):
        simulate(
            broken(body), "unit", PORTS, {"i_a": pack(np.arange(64), 8)},
            outputs=64, simulator=simulator, stalls=stalls, patience=200,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("assign o_valid = 1'bx; assign i_ready = 1; assign o_p = 0;", "o_valid is unknown"),
        ("assign o_valid = 0; assign i_ready = 1'bz; assign o_p = 0;", "i_ready is unknown"),
        (
            "assign o_valid = i_valid; assign i_ready = o_ready; assign o_p = {i_a[7:1], 1'bx};",
            "o_p is unknown",
        ),
    ],
)
def test_unknown_values_are_detected(icarus, body, message):
    with pytest.raises(SimulationError, match=message):
        simulate(
            broken(body), "unit", PORTS, {"i_a": pack(np.arange(9), 8)},
            outputs=9, simulator=icarus,
        )  # fmt: skip


def test_lanes_that_disagree_are_detected(icarus):
    # Lane k is valid or not by its own data.
    body = "assign o_valid = i_valid & (i_a != 5); assign i_ready = o_ready; assign o_p = i_a;"
    with pytest.raises(SimulationError, match="the lanes disagree about o_valid"):
        simulate(
            broken(body), "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
            outputs=8, lanes=4, simulator=icarus,
        )  # fmt: skip


def test_a_simulator_that_hangs_is_stopped(icarus):
    body = """
      assign o_valid = 0; assign i_ready = 1; assign o_p = 0;
      reg x; always @(posedge clk) if (i_valid) begin x = 1; while (x) x = i_a[0] | 1; end
    """
    with pytest.raises(SimulationError, match="did not finish within 3 seconds and was stopped"):
        simulate(
            broken(body), "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
            outputs=8, simulator=icarus, timeout=3,
        )  # fmt: skip


def test_a_simulator_that_stops_early_is_noticed(icarus):
    body = """
      assign o_valid = 0; assign i_ready = 1; assign o_p = 0;
      always @(posedge clk) if (i_valid) $finish;
    """
    with pytest.raises(SimulationError, match=r"ended (without a report|with code)"):
        simulate(
            broken(body), "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
            outputs=8, simulator=icarus,
        )  # fmt: skip


def test_verilog_that_is_refused_is_shown(simulator):
    with pytest.raises(SimulationError, match="nowhere"):
        simulate(
            broken("nowhere n();"), "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
            outputs=8, simulator=simulator,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("simulator", "message"),
    [("verilator", r"C\+\+ compiler"), ("icarus", "apt install iverilog")],
)
def test_missing_tools_are_named(monkeypatch, tmp_path, simulator, message):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    from bitwright.verif.bench import icarus

    icarus.version.cache_clear()
    with pytest.raises(SimulationError, match=message):
        simulate(
            PIPELINED, "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
            outputs=8, simulator=simulator,
        )  # fmt: skip


def test_what_is_large_is_kept_once(monkeypatch, tmp_path):
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "made").write_text("large")
    assert not cache.link("headers", "one", tmp_path / "early")
    cache.put("headers", "one", tmp_path / "made")
    assert cache.link("headers", "one", tmp_path / "there")
    assert (tmp_path / "there").is_symlink()
    assert (tmp_path / "there").read_text() == "large"


def test_headers_are_compiled_once(monkeypatch, tmp_path):
    compiler, version = verilator._compiler()
    if "Free Software Foundation" not in version:
        pytest.skip("only GCC's compiled headers are used")
    monkeypatch.setenv("BITWRIGHT_CACHE", str(tmp_path / "cache"))
    for n in range(2):
        folder = tmp_path / str(n)
        folder.mkdir()
        options = verilator._prelude([compiler], version, ("cstddef",), folder, 60)
        assert (folder / "prelude.h.gch").is_symlink() == bool(n)
        (folder / "unit.cpp").write_text("std::size_t number;\n")
        command = [compiler, verilator._DESIGN, *options, "-H", "-c", "unit.cpp"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        # What GCC says of a compiled header that it takes.
        assert f"! {folder / 'prelude.h.gch'}" in done.stderr
    # Removed by another process, it is only slower.
    cache.folder().joinpath("headers").rename(tmp_path / "gone")
    subprocess.run([*command[:-3], "-c", "unit.cpp"], cwd=folder, check=True)
    assert verilator._prelude([compiler], version, (), folder, 60) == []


def test_waves_and_folder_are_kept(simulator, tmp_path):
    waves, folder = tmp_path / "deep" / "unit.vcd", tmp_path / "run"
    simulate(
        PIPELINED, "unit", PORTS, {"i_a": pack(np.arange(8), 8)},
        outputs=8, simulator=simulator, waves=waves, folder=folder,
    )  # fmt: skip
    text = waves.read_text()
    assert "$enddefinitions" in text
    assert "o_valid" in text
    assert [path.name for path in waves.parent.iterdir()] == ["unit.vcd"]
    assert (folder / "simulation.log").exists()


def test_arguments_are_checked():
    stimuli = {"i_a": pack(np.arange(8), 8)}

    def call(ports=PORTS, stimuli=stimuli, top="unit", outputs=8, **options):
        simulate(PIPELINED, top, ports, stimuli, outputs=outputs, **options)

    for message, options in [
        (r"^Stimuli must be given for the ports \['i_a'\], not \[\]", {"stimuli": {}}),
        ("^Stimuli of 'i_a' must be uint8", {"stimuli": {"i_a": np.zeros((8, 2), np.uint8)}}),
        ("^Gaps must be a probability from 0 to below 1, not 1", {"gaps": 1}),
        ("^Lanes must be at least 1, not 0", {"lanes": 0}),
        ("^Simulator must be 'verilator' or 'icarus', not 'x'", {"simulator": "x"}),
        ("^The module must have a port 'i_valid'", {"ports": PORTS[:2] + PORTS[3:]}),
        ("^The module must have both 'clk' and 'rst'", {"ports": PORTS[1:]}),
        ("one output per input, not 7 outputs for 8 inputs", {"lanes": 2, "outputs": 7}),
        ("^The module must not be called", {"top": TOP}),
    ]:
        with pytest.raises(ValueError, match=message):
            call(**options)
