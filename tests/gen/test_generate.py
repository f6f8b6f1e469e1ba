"""Generated Verilog and its manifest: names, order, header, and the same bytes every time."""

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from expect import refused

from bitwright.gen import yosys
from bitwright.gen.catalogue import CATALOGUE
from bitwright.gen.generate import generate
from bitwright.gen.parameters import describe

KEYS = ["unit", "top", "parameters", "ports", "latency", "interval", "tools", "digests"]
TINY = {"a": "e2m1fn", "b": "e2m1fn", "o": "e3m2fn"}


@pytest.fixture(scope="module")
def made():
    return generate("float-multiplier", TINY)


def test_names(made):
    assert made.top == "float_multiplier_a_e2m1fn_b_e2m1fn_o_e3m2fn"
    assert generate("float-multiplier", TINY, "fp4_mul").top == "fp4_mul"
    assert generate("float-multiplier", {"a": "e4m3fn"}).top == "float_multiplier"  # the default
    odd = generate("integer-multiplier", {"a": "int4f-2"})
    assert odd.top == "integer_multiplier_a_int4f_2"


@pytest.mark.parametrize("top", ["", "4mul", "a b", "a-b", "a.v", "../a", "ä", "a\n", "a/b", "$x"])
def test_names_that_are_no_identifiers_are_refused(top):
    with refused(f"The module name must be a Verilog identifier, not '{top}'"):
        generate("float-multiplier", TINY, top)


@pytest.mark.parametrize("top", ["module", "reg", "small", "logic"])
def test_reserved_words_are_refused(top, tmp_path):
    with pytest.raises(ValueError, match=f"'{top}'"):
        generate("float-multiplier", TINY, top).write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_manifest(made):
    manifest = made.manifest
    assert list(manifest) == KEYS
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["unit"] == "float-multiplier"
    assert manifest["top"] == made.top
    assert manifest["parameters"] == made.parameters
    assert list(manifest["parameters"]) == [p.name for p in describe(type(made.unit))]
    assert [manifest["parameters"][n] for n in ("a", "b", "o", "stages")] == [*TINY.values(), "0"]
    assert (manifest["latency"], manifest["interval"]) == (0, 1)
    assert manifest["tools"] == {
        "bitwright": version("bitwright"), "amaranth": version("amaranth"),
        "yosys": yosys.version(),
    }
    digest = hashlib.sha256(made.verilog.encode()).hexdigest()
    assert manifest["digests"] == {"verilog": f"sha256:{digest}"}


def ports_of(verilog):
    """Name, direction and width, from the text of the module's head."""
    head = re.search(r"^module \w+ \(\n(.*?)\n\);", verilog, re.DOTALL | re.MULTILINE)[1]
    for row in head.split("\n"):
        found = re.fullmatch(r"\s*(input|output)\s+(?:wire|reg)?\s*(?:\[(\d+):0\])?\s*(\w+),?", row)
        assert found, row
        yield found[3], found[1].removesuffix("put"), int(found[2] or 0) + 1


@pytest.mark.parametrize(("name", "texts", "ports"), [
    ("float-multiplier", TINY, [
        ("i_valid", "in", 1), ("i_ready", "out", 1), ("i_a", "in", 4), ("i_b", "in", 4),
        ("o_valid", "out", 1), ("o_ready", "in", 1), ("o_p", "out", 6),
    ]),
    ("float-converter", {"a": "bf16", "rounding": "sra", "random_bits": "3", "stages": "1"}, [
        ("clk", "in", 1), ("rst", "in", 1), ("i_valid", "in", 1), ("i_ready", "out", 1),
        ("i_a", "in", 16), ("i_random", "in", 3), ("o_valid", "out", 1), ("o_ready", "in", 1),
        ("o_p", "out", 8),
    ]),
])
def test_ports_in_manifest_and_verilog(name, texts, ports):
    made = generate(name, texts)
    assert list(ports_of(made.verilog)) == ports
    listed = [(p["name"], p["direction"], p["width"]) for p in made.manifest["ports"]]
    assert listed == ports


def test_formats_of_ports(made):
    assert {p["name"]: p["format"] for p in made.manifest["ports"]} == {
        "i_valid": "bit", "i_ready": "bit", "i_a": "e2m1fn", "i_b": "e2m1fn",
        "o_valid": "bit", "o_ready": "bit", "o_p": "e3m2fn",
    }


def test_the_header_says_how_to_make_it_again(made):
    head = [row for row in made.verilog.splitlines() if row.startswith("//")]
    assert head[0].startswith(f"// {made.top}: ")
    assert head[1] == f"// combinational; ports and formats are in {made.top}.json."
    assert head[2] == (
        f"// bitwright {version('bitwright')}: bitwright generate float-multiplier "
        "-p a=e2m1fn -p b=e2m1fn -p o=e3m2fn"
    )
    clocked = generate("float-multiplier", TINY | {"stages": "2"}, "mul").verilog.splitlines()
    assert clocked[1] == "// latency 2, interval 1; ports and formats are in mul.json."
    assert clocked[2].endswith("-p stages=2 --name mul")


def test_the_verilog_says_nothing_of_this_machine(made, tmp_path):
    text = made.verilog
    assert text.isascii()
    assert text.endswith("endmodule\n")
    assert "\r" not in text
    assert "\t" not in text
    for private in (os.getcwd(), os.path.expanduser("~"), str(tmp_path), ".py"):
        assert private not in text


def test_files(made, tmp_path):
    verilog, manifest = made.write(tmp_path / "new" / "folder")
    assert verilog.read_text() == made.verilog
    assert json.loads(manifest.read_text()) == made.manifest
    assert sorted(p.name for p in verilog.parent.iterdir()) == [f"{made.top}.json", f"{made.top}.v"]


def test_the_parts_of_one_unit_are_made_once(made):
    assert made.verilog is made.verilog
    assert made.unit is made.unit


def test_the_same_bytes_wherever_objects_lie_in_memory():
    """Flags are outputs without a rank among the wires: their order once hung on addresses."""
    texts = {"a": "e5m2", "b": "e5m2", "o": "exact"}
    held, verilog = [], set()
    for _ in range(8):
        held.append(generate("float-multiplier", texts))
        verilog.add(held[-1].verilog)
    assert len(verilog) == 1


def test_the_same_bytes_whatever_the_hash_seed():
    """Digests of each unit's Verilog and manifest from two processes with other orders of sets."""
    program = (
        "import hashlib, json\n"
        "from bitwright.gen.catalogue import CATALOGUE\n"
        "from bitwright.gen.generate import generate\n"
        "for name in CATALOGUE:\n"
        "    made = generate(name, {'stages': '1'})\n"
        "    text = made.verilog + json.dumps(made.manifest)\n"
        "    print(name, hashlib.sha256(text.encode()).hexdigest())\n"
    )
    digests = []
    for seed in ("0", "7"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], check=False, text=True,
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        digests.append(done.stdout.splitlines())
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(CATALOGUE)
