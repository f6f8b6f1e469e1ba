"""Two real matrices: of the digits' network, or of a file in the safetensors format."""

from pathlib import Path

import numpy as np

from bitwright.verif.digits import train

__all__ = ["from_digits", "from_file"]

_KINDS = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


def from_digits(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Test images, and the weights of the layer that takes them in."""
    network = train()
    return network.images[:rows], network.weights[0][:, :columns]


def from_file(
    path: Path, weights: str | None, activations: str | None, rows: int, columns: int
) -> tuple[np.ndarray, np.ndarray]:
    """Activations of shape (rows, K), and weights (K, columns) out of a tensor of shape (N, K), as
    linear layers store it.

    Without a tensor of activations, seeded Gaussian numbers stand in for them.

    Raises:
        ValueError: if the file is no safetensors file or a tensor is not in it, does not fit, or
            has numbers that are not finite.
    """
    try:
        import safetensors
    except ImportError:
        raise ValueError(
            "A file needs the package 'safetensors': `pip install safetensors`"
        ) from None
    try:
        tensors = dict(safetensors.deserialize(path.read_bytes()))
    except OSError as error:
        raise ValueError(f"The file '{path}' must be readable: {error.strerror}") from None
    except safetensors.SafetensorError as error:
        raise ValueError(f"The file '{path}' must be in the safetensors format: {error}") from None

    def matrix(name: str) -> np.ndarray:
        if name not in tensors:
            known = ", ".join(sorted(tensors))
            raise ValueError(f"The tensor must be one of {known}, not '{name}'")
        tensor = tensors[name]
        kind, shape = tensor["dtype"], tensor["shape"]
        if kind == "BF16":
            words = np.frombuffer(tensor["data"], "<u2").astype(np.uint32) << 16
            values = words.view(np.float32)
        elif kind in _KINDS:
            values = np.frombuffer(tensor["data"], np.dtype(_KINDS[kind]).newbyteorder("<"))
        else:
            raise ValueError(f"The tensor '{name}' must be of floats, not {kind}")
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"The tensor '{name}' must be a matrix, not of shape {shape}")
        with np.errstate(over="ignore"):
            numbers = values.reshape(shape).astype(np.float32)
        if not np.isfinite(numbers).all():
            raise ValueError(f"The tensor '{name}' must hold finite binary32 numbers alone")
        return numbers

    if weights is None:
        matrices = [name for name, t in tensors.items() if len(t["shape"]) == 2]
        if not matrices:
            raise ValueError(f"The file '{path}' must hold a matrix; it has none")
        weights = min(matrices)
    right = matrix(weights)[:columns].T
    if activations is None:
        left = np.random.default_rng(0).standard_normal((rows, len(right))).astype(np.float32)
    else:
        left = matrix(activations)[:rows]
    if left.shape[1] != len(right):
        raise ValueError(
            f"The tensor '{activations}' must have {len(right)} columns, as '{weights}' has, "
            f"not {left.shape[1]}"
        )
    return left, right
