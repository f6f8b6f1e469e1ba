"""How the modules hang together: what may import what, read from the sources."""

import ast
import tomllib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("hdl", "gen", "verif", "fpga", "cli")
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
MOST_LINES = 300  # of one hardware description

#: From the ground up: each may import what stands before it, and its like.
LAYERS = (
    "hdl.formats", "hdl.pipeline", "hdl.arithmetic", "hdl.unit", "hdl", "gen", "verif", "fpga",
    "cli",
)


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def layer(module):
    """The longest layer name that the module's name begins with; families of units are `hdl`."""
    fits = [n for n, name in enumerate(LAYERS) if module == name or module.startswith(name + ".")]
    return max(fits, key=lambda n: len(LAYERS[n]))


def _statements(tree, lazy):
    """Import statements: all of them, or only those that run when the module is imported."""
    if lazy:
        yield from (n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom))
        return
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


@cache
def imports(module, lazy=True):
    """Our own modules that a module names in imports, as `hdl.formats.floats`."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in _statements(ast.parse(path.read_text()), lazy):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
            assert not any(n.split(".")[0] in ("bitwright", *FOLDERS) for n in names), (
                f"{module} must import its own package relatively, not {names}"
            )
            continue
        if node.level == 0:
            top = (node.module or "").split(".")[0]
            assert top not in ("bitwright", *FOLDERS), (
                f"{module} must import its own package relatively, not {node.module}"
            )
            continue
        parts = package.split(".")
        base = parts[: len(parts) - node.level + 1]
        stem = ".".join([*base, *(node.module or "").split(".")]).strip(".")
        for alias in node.names:
            deeper = f"{stem}.{alias.name}".strip(".")
            found.add(deeper if deeper in MODULES else stem)
    unknown = found - set(MODULES)
    assert not unknown, f"{module} imports {unknown}, which do not exist"
    return frozenset(found)


def reached(module):
    """Everything that importing a module imports of ours."""
    seen, open_ = set(), [module]
    while open_:
        for name in imports(open_.pop()) - seen:
            seen.add(name)
            open_.append(name)
    return seen


def outside(module):
    """Packages of others that a module imports."""
    tree = ast.parse(MODULES[module].read_text())
    found = set()
    for node in _statements(tree, lazy=True):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module):
    up = [name for name in imports(module) if layer(name) > layer(module)]
    assert not up, f"{module} ({LAYERS[layer(module)]}) imports {up} from above"


def test_no_circle():
    graph = {module: imports(module, lazy=False) for module in MODULES}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("verif.golden")])
def test_golden_models_share_only_formats_with_hardware(module):
    """What judges the hardware is not made of it."""
    foreign = [n for n in reached(module) if not n.startswith(("verif.golden", "hdl.formats"))]
    assert not foreign, f"{module} reaches {foreign}"
    assert "amaranth" not in outside(module)


@pytest.mark.parametrize("path", [p for p in FILES if p.is_relative_to(ROOT / "hdl")],
                         ids=name_of)
def test_hardware_fits_on_a_few_screens(path):
    lines = len(path.read_text().splitlines())
    assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_public_names_exist(module):
    tree = ast.parse(MODULES[module].read_text())
    defined, public = set(), []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {t.id for t in targets if isinstance(t, ast.Name)}
            if "__all__" in names:
                public = ast.literal_eval(node.value)
            defined |= names
    assert len(public) == len(set(public))
    assert set(public) <= defined


def test_the_project_lists_every_package():
    """Folders stand at the top level and install as one package, so they are listed by hand."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        listed = tomllib.load(file)["tool"]["setuptools"]["packages"]
    folders = [path.parent for path in FILES if path.name == "__init__.py"]
    found = ["bitwright", *(".".join(("bitwright", *f.relative_to(ROOT).parts)) for f in folders)]
    assert sorted(listed) == sorted(found)


def test_every_folder_of_code_is_a_package():
    assert {p.parent for p in FILES} == {p.parent for p in FILES if p.name == "__init__.py"}
