"""Which module may use which, who may compile, and that the map of the house is complete."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bayes_leaks"
MODULES = sorted(PACKAGE.rglob("*.py"))

# From the top down: a module may use its own part and parts further down.
LAYERS = (
    ("cli",),
    ("report",),
    ("plots",),
    ("questions",),
    ("comparing", "nested_models"),
    ("comparison", "sweep"),
    ("comparison_storage", "comparison_text", "estimating", "fitting"),
    ("model_estimator",),
    ("hypotheses", "user_model"),
    ("engine", "evidence"),
    ("likelihood", "environment", "record"),
    ("prior_odds", "settings"),
    ("errors", "provenance"),
)
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}

COMPILING = {
    "pytensor": {"function", "compile"},
    "pymc": {
        "draw",
        "sample",
        "sample_smc",
        "sample_prior_predictive",
        "sample_posterior_predictive",
        "compute_log_likelihood",
        "compile",
    },
}
COMPILING_METHODS = {"compile_fn", "compile_logp", "compile_dlogp", "compile_d2logp"}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def label(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(tree: ast.AST) -> Iterator[str]:
    """Full names of everything imported at run time, at the top or inside functions."""
    for child in ast.iter_child_nodes(tree):
        if is_for_types_only(child):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0 and child.module, "imports are absolute"
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        yield from imported(child)


def wrong_imports(part: str, source: str) -> list[str]:
    wrong = []
    for name in imported(ast.parse(source)):
        package, _, rest = name.partition(".")
        if package != "bayes_leaks":
            continue
        if not rest:
            # The table of contents is for users, and the program is one.
            wrong += [name] if part != "cli" else []
        elif (used := rest.split(".")[0]) != part and RANK[used] <= RANK[part]:
            wrong.append(name)
    return wrong


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.parent != PACKAGE or p.stem != "__init__"], ids=label
)
def test_imports_go_one_way(path: Path) -> None:
    assert wrong_imports(part_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source", "wrong"),
    [
        ("record", "from bayes_leaks.fitting import fit", ["bayes_leaks.fitting.fit"]),
        ("sweep", "def f():\n    import bayes_leaks.comparison", ["bayes_leaks.comparison"]),
        ("plots", "import bayes_leaks as bl", ["bayes_leaks"]),
        ("cli", "import bayes_leaks as bl\nfrom bayes_leaks.plots import save_plot", []),
        ("record", "if TYPE_CHECKING:\n    from bayes_leaks.fitting import fit", []),
    ],
)
def test_a_wrong_import_is_seen(part: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(part, source) == wrong


def aliases(tree: ast.AST) -> dict[str, str]:
    """Names under which whole packages are known in a module."""
    return {
        alias.asname or alias.name.split(".")[0]: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def compiling(source: str) -> list[str]:
    """Everything in a module that compiles or samples."""
    tree = ast.parse(source)
    known = aliases(tree)
    found = [name for name in imported(tree) if name.split(".")[0] == "nutpie"]
    for name in imported(tree):
        package, _, rest = name.partition(".")
        if rest.split(".")[-1] in COMPILING.get(package, ()):
            found.append(name)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = known.get(ast.unparse(node.value), "")
        if node.attr in COMPILING.get(owner, ()) or node.attr in COMPILING_METHODS:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_only_the_engine_compiles_and_samples(path: Path) -> None:
    found = compiling(path.read_text(encoding="utf-8"))
    if part_of(path) != "engine":
        assert found == []


def test_the_engine_does_compile_and_sample() -> None:
    engine = (PACKAGE / "engine").glob("*.py")
    found = {name for path in engine for name in compiling(path.read_text(encoding="utf-8"))}
    assert {"nutpie", "pytensor.function"} <= found


@pytest.mark.parametrize(
    "source",
    [
        "import pymc as pm\npm.sample()",
        "from pymc import sample_smc",
        "import pytensor\nf = pytensor.function([], x)",
        "model.compile_logp()",
        "def f():\n    import nutpie",
    ],
)
def test_compiling_is_seen(source: str) -> None:
    assert compiling(source)


@pytest.mark.parametrize("part", ["evidence", "record", "errors", "cli.main"])
def test_parts_that_know_no_pymc(part: str) -> None:
    code = f"import sys, bayes_leaks.{part}\nprint({{'pymc', 'pytensor'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def named_modules(text: str) -> set[str]:
    """Modules in the first column of the tables, below the folder that the heading names."""
    named, folder = set(), ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = re.search(r"`(?:bayes_leaks/)?([\w/]*)`", line)
            folder = heading[1] if heading else ""
        elif line.startswith("| `"):
            named |= {folder + name for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    return named


def test_the_map_names_every_module_and_no_other() -> None:
    named = named_modules((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    there = {
        label(path).removesuffix(".py")
        for path in MODULES
        if path.stem != "__init__" or path.parent == PACKAGE
    }
    assert there - named == set(), "not in ARCHITECTURE.md"
    assert named - there == set(), "in ARCHITECTURE.md, but not there"


def test_every_part_has_a_layer() -> None:
    assert {part_of(path) for path in MODULES} - {"__init__"} <= set(RANK)


@pytest.mark.parametrize("path", MODULES, ids=label)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
