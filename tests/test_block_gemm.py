"""The example's matrix product in block formats, and the files it reads."""

import sys
from pathlib import Path

import block_scalar
import numpy as np
import pytest
from expect import refused

from bitwright.hdl.formats import Projection, parse_block, parse_format
from bitwright.verif.bench.process import SimulationError

safetensors = pytest.importorskip("safetensors.numpy")
sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "digits"))

import block_gemm  # noqa: E402
import gemm  # noqa: E402
from block_gemm import BlockGemm, Checked  # noqa: E402
from matrices import from_file  # noqa: E402

FP32 = parse_format("fp32")


def test_a_small_product_with_both_scales_of_nvfp4():
    """Numbers that the formats hold exactly: the result is that of real arithmetic."""
    a = np.array([[5376, 0, -2688, 896], [0, 768, 768, 0]], np.float32)
    b = np.array([[1, 0], [0.5, -1], [0, 0], [3, 6]], np.float32)
    checked = Checked()
    name = "e2m1fn_ue4m3_4_fp32"
    product = BlockGemm(name, "mxint8_e8m0fnu_4", o="fp32")
    result = product(a, b, checked)
    assert result.tolist() == (a.astype(float) @ b).tolist()
    assert checked.mismatches == 0
    units = {"block-quantizer": 4, "block-dot-product": 4, "float-multiplier": 4}
    assert checked.results == units


def test_matrices_of_a_file(tmp_path):
    path = tmp_path / "layer.safetensors"
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    inputs = np.arange(8, dtype=np.float16).reshape(2, 4)
    safetensors.save_file({"w": weights, "x": inputs, "bias": np.zeros(3, np.float32)}, path)
    left, right = from_file(path, "w", "x", 5, 2)
    assert left.tolist() == inputs.tolist()
    assert right.tolist() == weights[:2].T.tolist()
    left, right = from_file(path, None, None, 5, 3)
    assert (left.shape, right.shape) == ((5, 4), (4, 3))
    with refused("The tensor must be one of bias, w, x, not 'v'"):
        from_file(path, "v", None, 1, 1)
    with refused("The tensor 'bias' must be a matrix, not of shape [3]"):
        from_file(path, "bias", None, 1, 1)
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"no tensors")
    with pytest.raises(ValueError, match=r"must be in the safetensors format: "):
        from_file(bad, None, None, 1, 1)
    with refused(f"The file '{tmp_path / 'none'}' must be readable: No such file or directory"):
        from_file(tmp_path / "none", None, None, 1, 1)


def test_tiles_share_a_scale_and_transpose(rng):
    """Each tile as the scalar reference has it, and the same codes for the transposed matrix."""
    name = "e2m1fn_ue4m3_4x4"
    block = parse_block(name)
    product = BlockGemm(name, name, o="fp32")
    checked = Checked()
    matrix = rng.standard_normal((6, 7)).astype(np.float32)
    made = product.quantize(matrix, 0, checked)
    padded = np.zeros((8, 8), np.float32)
    padded[:6, :7] = matrix
    for row, column in np.ndindex(2, 2):
        rows, columns = slice(4 * row, 4 * row + 4), slice(4 * column, 4 * column + 4)
        tile = padded[rows, columns].view(np.uint32).ravel()
        want, scale = block_scalar.quantize(tile, FP32, block, "nearest", projection=Projection())
        real = made.codes[rows, columns]
        assert real.ravel().tolist() == want[: real.size]
        assert set(made.scales[rows, column]) == {scale}
    flipped = product.quantize(matrix.T, 1, checked)
    assert flipped.codes[:7, :6].tolist() == made.codes[:6, :7].T.tolist()
    assert checked.mismatches == 0
    assert checked.results == {"block-scale": 8, "block-quantizer": 2 * 8 * 2}


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], {"YOSYS": "no-such-yosys"}, "$YOSYS names 'no-such-yosys', which is not a program"),
        (["--file", "."], {}, "The file '.' must be readable: Is a directory"),
        (["--file", __file__], {}, "must be in the safetensors format"),
        (["-o", "int8"], {}, "The result's format must be a float, not 'int8'"),
        (["--rows", "0"], {}, "The number of rows must be at least 1, not 0"),
        (["--format", "mxfp5"], {}, "did you mean 'mxfp"),
    ],
)
def test_a_sentence_and_no_traceback(arguments, environment, message, monkeypatch, capsys):
    """Whatever cannot be: a tool, a file, a format."""
    monkeypatch.setattr(sys, "argv", ["gemm.py", "--format", "nvfp4", *arguments])
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert gemm.main() == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.splitlines()[-1].startswith("error: ")
    assert message in error


def test_a_failing_simulation_is_a_sentence(monkeypatch, capsys):
    def fails(*_, **__):
        raise SimulationError("The simulation took more than 1 s")

    monkeypatch.setattr(sys, "argv", ["gemm.py", "--format", "e2m1fn_e8m0fnu_4"])
    monkeypatch.setattr(block_gemm, "run_on", fails)
    assert gemm.main() == 2
    assert capsys.readouterr().err.endswith("error: The simulation took more than 1 s\n")


def test_numbers_that_are_not_finite(tmp_path):
    path = tmp_path / "layer.safetensors"
    safetensors.save_file({"w": np.array([[1, np.inf]], np.float32)}, path)
    with refused("The tensor 'w' must hold finite binary32 numbers alone"):
        from_file(path, None, None, 1, 1)
    safetensors.save_file({"w": np.array([[1e39, 0]])}, path)
    with refused("The tensor 'w' must hold finite binary32 numbers alone"):
        from_file(path, None, None, 1, 1)
