"""Real operands: images of digits, and the weights that a small classifier multiplies them with.

The classifier is that of the example, with 64 pixels and 32 hidden units. What streams is its first
layer: the pixels of images that it has not seen, and the weights of the hidden units. A unit reads
them in the order of a matrix product: image after image, for each of them hidden unit after hidden
unit, for each of these as many of the 64 terms a beat as the unit has lanes.
"""

import numpy as np

from ..digits import train
from .tile import Tile

__all__ = ["TERMS", "layer", "stream"]

TERMS = 64
"""Products of one dot product."""


def layer() -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 64), and weights (32, 64).

    Raises:
        ValueError: if scikit-learn is not installed.
    """
    network = train()
    return network.images, network.weights[0].T


def stream(tile: Tile, lanes: int, beats: int) -> dict[str, np.ndarray]:
    """Activations and weights of so many beats for each of the machines, one after the other.

    Each machine begins with a dot product of its own, as far from the others' as can be. Terms
    begin again with the first where the lanes do not divide them.
    """
    images, weights = layer()
    chunks = -(-TERMS // tile.lanes)
    terms = np.arange(chunks * tile.lanes) % TERMS
    left = images[:, terms].reshape(len(images), chunks, tile.lanes)
    right = weights[:, terms].reshape(len(weights), chunks, tile.lanes)
    high, wide = -(-len(images) // tile.rows), -(-len(weights) // tile.columns)
    first = np.arange(lanes)[:, None] * (high * wide) // lanes
    number, chunk = (first + np.arange(beats) // chunks).ravel(), np.arange(lanes * beats) % beats
    chunk %= chunks
    rows = number[:, None] // wide % high * tile.rows + np.arange(tile.rows)
    columns = number[:, None] % wide * tile.columns + np.arange(tile.columns)
    return {
        "a": left[rows % len(images), chunk[:, None]].reshape(lanes * beats, -1),
        "b": right[columns % len(weights), chunk[:, None]].reshape(lanes * beats, -1),
    }
