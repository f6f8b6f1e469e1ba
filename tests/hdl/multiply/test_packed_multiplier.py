"""The packed multiplier: its products do not disturb each other, by proof; refusals; the block."""

import json

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, Value

from bitwright.gen import yosys
from bitwright.gen.cost import estimate
from bitwright.gen.flat import FlatTop
from bitwright.gen.generate import generate
from bitwright.hdl.formats import parse_format
from bitwright.hdl.multiply.packed_multiplier import PackedMultiplier
from bitwright.verif.golden.multiply.packed_multiplier import model


def make(unit=PackedMultiplier, *, a="int4", b="int4", lanes=2):
    return unit(a=parse_format(a), b=parse_format(b), lanes=lanes)


def separate(unit):
    """Verilog of the same products, each from a multiplication of its own."""
    p, width = unit.parameters, unit.product_format.width
    wide = p.a.width + p.b.width + 1

    def number(format, text):
        sign = f"{text}[{format.width - 1}]" if format.signed else "1'b0"
        return f"{{{{{wide - format.width}{{{sign}}}}}, {text}}}"

    lines = []
    for lane in range(p.lanes):
        lines += [
            f"wire [{p.a.width - 1}:0] a{lane} = i_a[{lane * p.a.width} +: {p.a.width}];",
            f"wire [{wide - 1}:0] p{lane} = {number(p.a, f'a{lane}')} * {number(p.b, 'i_b')};",
            f"assign o_p[{lane * width} +: {width}] = p{lane}[{width - 1}:0];",
        ]
    return (
        f"module separate(input [{p.lanes * p.a.width - 1}:0] i_a, input [{p.b.width - 1}:0] i_b,"
        f" output [{p.lanes * width - 1}:0] o_p);\n" + "\n".join(lines) + "\nendmodule\n"
    )


def proven(unit):
    """Whether a SAT solver finds the packed products equal to the separate ones."""
    top = FlatTop(unit)
    ports = [top.signals[port.name] for port in top.ports]
    files = {
        "packed.il": rtlil.convert(top, name="packed", ports=ports, emit_src=False),
        "separate.v": separate(unit),
    }
    script = (
        "read_rtlil packed.il\nhierarchy -top packed\nproc\nflatten\nopt_clean\n"
        "delete packed/i_valid packed/o_valid packed/i_ready packed/o_ready\ndesign -stash packed\n"
        "read_verilog separate.v\nproc\ndesign -stash separate\n"
        "design -copy-from packed packed\ndesign -copy-from separate separate\n"
        "miter -equiv -flatten -make_outputs separate packed miter\nhierarchy -top miter\n"
        "tee -q -o size.json stat -json\n"
        "techmap\nopt\ntee -q -o proof.txt sat -prove trigger 0 miter\n"
    )
    texts = yosys.run(script, files, ["size.json", "proof.txt"])
    cells = json.loads(texts["size.json"])["design"]["num_cells_by_type"]
    # One product of the packed unit and one a lane beside it: nothing was optimised away before.
    assert cells["$mul"] == unit.parameters.lanes + 1
    assert "proof finished" in texts["proof.txt"]
    return "SUCCESS" in texts["proof.txt"]


@pytest.mark.parametrize(
    ("a", "b", "lanes"),
    [
        ("int4", "int4", 2),
        ("uint4", "int4", 2),
        ("int4", "uint4", 2),
        ("uint4", "uint4", 2),
        ("int3", "int3", 3),
        ("int4", "int2", 3),
        ("int2", "uint1", 5),
        ("int1", "int1", 4),
    ],
)
def test_products_do_not_disturb_each_other(a, b, lanes):
    assert proven(make(a=a, b=b, lanes=lanes))


class NoBorrow(PackedMultiplier):
    """An operand's sign extension runs into the next operand."""

    def _pack(self, m, values):
        distance = self.product_format.width
        lanes = [Value.cast(values["a"][lane]) for lane in range(self.parameters.lanes)]
        fields = [Cat(lane, lane[-1].replicate(distance))[:distance] for lane in lanes[:-1]]
        return {**values, "packed": Cat(fields, lanes[-1]).as_signed()}


class NoCorrection(PackedMultiplier):
    """A product below zero is taken from the next one."""

    def _multiply(self, m, values):
        total = (values["packed"] * Value.cast(values["b"])).as_unsigned()
        return {"p": total[: self.parameters.lanes * self.product_format.width]}


@pytest.mark.parametrize("faulty", [NoBorrow, NoCorrection])
def test_the_proof_finds_products_that_do(faulty):
    assert not proven(make(faulty))


def test_all_operands_in_python():
    """The argument of the documentation, in integers: digits in base 2**k are unique."""
    unit = make(a="int4", b="int4")
    k = unit.product_format.width
    b, low, high = np.meshgrid(*[np.arange(-8, 8)] * 3, indexing="ij")
    digits = (low + (high << k)) * b + (1 << (k - 1))
    assert ((digits & ((1 << k) - 1)) - (1 << (k - 1)) == low * b).all()
    assert (digits >> k == high * b).all()


def test_golden_model_multiplies_each():
    unit = make(a="int4", b="uint4", lanes=3)
    products = model(unit.parameters, {"a": np.array([[15, 0, 7]]), "b": np.array([15])})
    assert products["p"].tolist() == [[-15, 0, 105]]


@pytest.mark.parametrize("family", ["ice40", "ecp5"])
def test_two_products_take_one_block(family):
    packed = generate("packed-multiplier", {})
    figures = estimate(packed.rtlil, packed.top, (family,))[family]
    alone = generate("integer-multiplier", {"a": "int4", "b": "int4", "structure": "booth"})
    logic = estimate(alone.rtlil, alone.top, (family,))[family]
    assert (figures["dsp"], logic["dsp"]) == (1, 0)
    assert figures["lut"] < logic["lut"]


def test_the_verilog_asks_for_the_block():
    assert '(* use_dsp = "yes", ' in generate("packed-multiplier", {}).verilog
    assert "(*" not in generate("packed-multiplier", {"structure": "booth"}).verilog


def test_refusals():
    with pytest.raises(ValueError, match=r"at most 27 bits, .* not 28"):
        make(a="int9", b="int9")
    with pytest.raises(ValueError, match=r"at most 27 bits, .* not 33"):
        make(a="int1", b="uint30")
    with pytest.raises(ValueError, match="number of lanes must be an integer from 2"):
        make(lanes=1)


def test_packed_width():
    assert make(a="int4", b="int4").packed_width == 13
    assert make(a="int5", b="int5").packed_width == 16
    assert make(a="int3", b="int3", lanes=3).packed_width == 16
    assert make(a="int4", b="int4", lanes=3).packed_width == 21
    assert make(a="uint4", b="uint4").packed_width == 12
