"""Builds the documentation: HTML, or the parts of its pages that are made from the code.

``python docs/build.py -o FOLDER`` builds HTML; a warning is an error.
``python docs/build.py --pages`` renews what is made from the code, except measured costs.
``python docs/build.py --units [NAME ...]`` measures costs too: seconds to minutes a unit.
``python docs/build.py --proofs [NAME ...]`` exhausts, mutates and proves units: minutes a unit.
"""

import argparse
import re
import sys
import tempfile
import tomllib
from pathlib import Path

import format_tables
import proof_table

from bitwright.gen.catalogue import CATALOGUE, summary, unit_class
from bitwright.gen.datasheet import COSTS, cost_table, datasheet, table
from bitwright.gen.files import write_whole
from bitwright.gen.parameters import describe

DOCS = Path(__file__).parent
UNITS = DOCS / "units"


def configurations(name: str) -> list[dict[str, str]]:
    """The parameters to measure: those in ``costs.toml``, else the defaults and each structure."""
    chosen = tomllib.loads((UNITS / "costs.toml").read_text()).get(name)
    if chosen is None:
        structures = [
            {"structure": choice}
            for p in describe(unit_class(name))
            if p.name == "structure"
            for choice in p.choices
            if choice not in (p.default, "auto")
        ]
        return [{}, *structures]
    return [dict(option.split("=") for option in row.split()) for row in chosen]


def write_units(names: list[str]) -> None:
    """Write the datasheets of the named units, or of all, with new costs."""
    for name in names or CATALOGUE:
        print(f"measuring {name}", file=sys.stderr)
        costs = cost_table(name, configurations(name))
        write_whole(UNITS / f"{name}.md", datasheet(name, costs))
    write_pages()


def units_index() -> str:
    """The page that lists the units."""
    rows = [(f"[{name}]({name}.md)", re.sub("``", "`", summary(name))) for name in CATALOGUE]
    listed = "\n".join(CATALOGUE)
    return (
        "# Units\n\nA datasheet each, made from the unit by `python docs/build.py`.\n\n"
        f"{table(('unit', 'what it computes'), rows)}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )


def write_pages() -> None:
    """Renew the list of units, every datasheet but its costs, and the tables of formats."""
    write_whole(UNITS / "index.md", units_index())
    for name in CATALOGUE:
        page = UNITS / f"{name}.md"
        costs = page.read_text().partition(COSTS)[2].strip() if page.exists() else ""
        write_whole(page, datasheet(name, costs))
    for name in ("formats.md", "block-formats.md", "proof.md"):
        write_whole(DOCS / name, format_tables.filled((DOCS / name).read_text()))


def build(folder: Path) -> int:
    """HTML into a folder; returns Sphinx's exit status."""
    from sphinx.cmd.build import main as sphinx

    with tempfile.TemporaryDirectory(prefix="bitwright-docs-") as cache:
        options = ["-q", "-W", "--keep-going", "-b", "html", "-d", cache]
        return sphinx([*options, str(DOCS), str(folder)])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("-o", dest="folder", metavar="FOLDER", type=Path, help="build HTML there")
    task.add_argument("--units", nargs="*", metavar="NAME", help="also measure; default: all")
    task.add_argument("--proofs", nargs="*", metavar="NAME", help="show again; default: all")
    task.add_argument("--pages", action="store_true", help="renew all but measured costs")
    options = parser.parse_args()
    if options.folder is not None:
        return build(options.folder)
    if options.pages:
        write_pages()
    elif options.proofs is not None:
        proof_table.measure(options.proofs)
        write_pages()
    else:
        write_units(options.units)
    return 0


if __name__ == "__main__":
    sys.exit(main())
