"""What users import: there, quick, typed and documented."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bayes_leaks as bl

PACKAGE = Path(__file__).parents[2] / "bayes_leaks"
MODULES = sorted(PACKAGE.rglob("*.py"))
FUNCTIONS = [name for name in bl.__all__ if inspect.isfunction(getattr(bl, name))]
CLASSES = [name for name in bl.__all__ if inspect.isclass(getattr(bl, name))]


def test_every_name_is_a_function_or_a_class() -> None:
    assert sorted(bl.__all__) == sorted(FUNCTIONS + CLASSES)
    assert len(set(bl.__all__)) == len(bl.__all__)
    assert set(bl.__all__) <= set(dir(bl))


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        f"{node.module}.{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {f"bayes_leaks.{module}.{name}" for name, module in bl._HOME.items()}
    assert set(bl.__all__) == set(bl._HOME)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'bayes_leaks' has no attribute 'fitt'"):
        _ = bl.fitt


def test_no_module_hides_a_name() -> None:
    """Importing a module sets it as an attribute of the package."""
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules & set(bl.__all__) == set()


def test_import_is_lazy() -> None:
    heavy = ("numpy", "pandas", "scipy", "xarray", "pymc", "arviz_base", "matplotlib", "typer")
    code = f"import sys, bayes_leaks\nprint([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def documented(function: Any) -> list[str]:
    """Sections that the docstring of a function lacks."""
    signature = inspect.signature(function)
    text = inspect.getdoc(function) or ""
    parameters = [name for name in signature.parameters if name not in ("self", "cls")]
    returns = signature.return_annotation not in (None, "None")
    lacking = [] if text else ["a docstring"]
    lacking += ["Parameters"] if parameters and "Parameters\n---" not in text else []
    lacking += ["Returns"] if returns and "Returns\n---" not in text else []
    body = text.partition("Parameters\n---")[2]
    return lacking + [name for name in parameters if parameters and name not in body]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_documented(name: str) -> None:
    assert documented(getattr(bl, name)) == []


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_documented(name: str) -> None:
    thing = getattr(bl, name)
    assert inspect.getdoc(thing)
    lacking = [
        attribute
        for attribute, value in vars(thing).items()
        if not attribute.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property | classmethod))
        and not inspect.getdoc(getattr(thing, attribute))
    ]
    assert lacking == []


@pytest.mark.parametrize("name", ["fit", "compare", "load_iss", "LeakHistory", "Evidence"])
def test_main_entry_points_have_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(getattr(bl, name)) or "")


def unannotated(source: str) -> list[str]:
    lacking = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [a for a in (node.args.vararg, node.args.kwarg) if a is not None]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        if bare or node.returns is None:
            lacking.append(f"line {node.lineno}: {node.name}")
    return lacking


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_function_is_annotated(path: Path) -> None:
    assert unannotated(path.read_text(encoding="utf-8")) == []


def test_a_missing_annotation_is_seen() -> None:
    assert unannotated("def f(x: int, *, y) -> None: ...") == ["line 1: f"]
    assert unannotated("def f(x: int): ...") == ["line 1: f"]


def test_package_is_marked_as_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
