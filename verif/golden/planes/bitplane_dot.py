"""Golden model of the dot product from bit planes: by its definition, without any planes.

A sum of products less zero points, times a scale, is what the affine dot product computes as well.
"""

from ..dot.affine_dot_product import model

__all__ = ["model"]
