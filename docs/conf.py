"""Sphinx configuration; build with ``python docs/build.py -o FOLDER``."""

from importlib.metadata import version as installed
from typing import Any

project = "bitwright"
author = "The bitwright authors"
version = release = installed("bitwright")
copyright = "the bitwright authors"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"bitwright {release}"

# Docstrings say what a constructor takes; types are in its signature.
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
# What a format inherits from Amaranth is described there, in roles that only its manual knows.
autodoc_inherit_docstrings = False
autodoc_typehints = "signature"
napoleon_custom_sections = [("Members", "params_style")]


def _keep_colons(
    app: Any, what: str, name: str, object: Any, options: Any, lines: list[str]
) -> None:
    """Napoleon takes what stands before a colon in a property's first line for its type."""
    if what == "property":
        lines.insert(0, "\\ ")


def setup(app: Any) -> None:
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # Napoleon has 500
