"""Orders in which pipelines get all operands, and products next to ties and long carries."""

import numpy as np

from bitwright.gen.generate import generate
from bitwright.gen.parameters import make_unit
from bitwright.hdl.formats import parse_format
from bitwright.verif.mutation.streams import streams
from bitwright.verif.netlist import gate_netlist
from bitwright.verif.netlist.faulty_machines import with_buffers
from bitwright.verif.stimuli import stimuli
from bitwright.verif.stimuli.subnormal_ties import subnormal_ties
from bitwright.verif.stimuli.sums.carried_scales import carried_scales
from bitwright.verif.verify import golden


def test_a_pipeline_gets_all_operands_in_several_orders():
    codes, words = stimuli(make_unit("float-converter", {"a": "e5m2", "o": "fp32", "stages": "1"}))
    assert words == "all 256 operand combinations, in 32 orders"
    orders = codes["a"].reshape(32, 256)
    assert np.array_equal(np.sort(orders), np.tile(np.arange(256), (32, 1)))
    assert len(np.unique(orders[:, 0])) > 8


def test_the_least_integer_comes_often():
    unit = make_unit("float-converter", {"a": "int16", "o": "e4m3fn", "stages": "2"})
    codes, _ = stimuli(unit)
    assert len(np.unique(codes["a"])) == 1 << 16
    assert np.count_nonzero(codes["a"] == 1 << 15) > 4


def test_what_a_segment_leaves_over_is_sent_again():
    made = generate("float-converter", {"a": "e5m2", "o": "fp32", "stages": "1"})
    netlist = with_buffers(gate_netlist(made))
    inputs, _ = stimuli(made.unit)
    trace, cycles = streams(made, netlist, inputs, golden(made.name, made.unit, inputs))
    taken = trace.outputs[:, netlist.rows("o_valid").start] == 1
    taken &= trace.inputs[:, netlist.rows("o_ready").start] == 1
    taken &= np.arange(len(trace)) % cycles > 0
    assert np.count_nonzero(taken) >= len(inputs["a"])


def test_products_are_all_but_ties_of_subnormal_results(rng):
    half = parse_format("fp16")
    unit = make_unit("float-multiplier", {"a": "fp16", "b": "fp16", "o": "fp16"})
    result = {side: np.zeros(1 << 16, np.int64) for side in "ab"}
    many = subnormal_ties(rng, unit, result)
    sides = [half.to_float(result[side][-many:]) for side in "ab"]
    halves = np.abs(np.prod(sides, axis=0)) * 2.0**25
    off = np.abs(halves % 2 - 1)
    near = (off > 0) & (off < 2**-5) & (halves < 1 << 11)
    assert np.count_nonzero(near) > many // 16
    assert np.any(off == 2**-10)


def test_scaled_sums_round_up_through_many_ones(rng):
    texts = {"lanes": "3", "beats": "2", "scale": "fp16", "o": "fp32"}
    unit = make_unit("shift-add-dot", texts)
    result, _ = stimuli(unit, 1 << 14)
    beats = carried_scales(rng, unit, result)
    codes = {name: values[-beats:] for name, values in result.items()}
    a = codes["a"].astype(np.uint8).view(np.int8).reshape(beats, 3).astype(np.int64)
    products = (a * (codes["b"] - codes["b_zero"][:, None])).sum(axis=1)
    sums = np.abs(products.reshape(-1, 2).sum(axis=1))
    exact = sums * ((codes["scale"][1::2] & 0x3FF) + 0x400)
    assert np.all(exact >> 24)
    assert np.all(exact & 1)
    carried = exact + 1
    assert (carried & -carried).max() >= 1 << 14
