"""The example's matrix product in block formats, and the files it reads."""

import sys
from pathlib import Path

import numpy as np
import pytest
from expect import refused

safetensors = pytest.importorskip("safetensors.numpy")
sys.path.insert(0, str(Path(__file__).parents[1] / "examples" / "digits"))

from block_gemm import BlockGemm, Checked  # noqa: E402
from matrices import from_file  # noqa: E402


def test_a_small_product_with_both_scales_of_nvfp4():
    """Numbers that the formats hold exactly: the result is that of real arithmetic."""
    a = np.array([[5376, 0, -2688, 896], [0, 768, 768, 0]], np.float32)
    b = np.array([[1, 0], [0.5, -1], [0, 0], [3, 6]], np.float32)
    checked = Checked()
    name = "e2m1fn_ue4m3_4_fp32"
    gemm = BlockGemm(name, "mxint8_e8m0fnu_4", o="fp32")
    result = gemm(a, b, checked)
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
