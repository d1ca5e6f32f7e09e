"""From MODULE:FUNCTION to what the user's function gives.

What goes wrong in the user's code is told with the user's own lines, without those of libraries.
"""

import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path
from traceback import extract_tb, format_exception_only, format_list
from types import ModuleType

from bayes_leaks.errors import ParameterError

_LIBRARIES = (
    "<frozen",
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)


def call_user_function(reference: str) -> object:
    """Import what a reference names, and call it.

    Parameters
    ----------
    reference : str
        ``MODULE:FUNCTION``. MODULE is the path of a Python file, or the dotted name of a module
        that can be imported, from the current folder among others. What the code prints goes to
        stderr.

    Returns
    -------
    object
        What the function returned; the thing itself if it cannot be called.

    Raises
    ------
    ParameterError
        If there is no such module or function, the function needs arguments, or the code failed.
    """
    place, _, name = reference.rpartition(":")
    file = _file(place)
    if not name.isidentifier() or not (file or all(map(str.isidentifier, place.split(".")))):
        raise ParameterError(
            f"{reference!r} is not MODULE:FUNCTION. Write a file or a module, a colon and the name "
            "of a function, such as coin.py:models or my_package.coins:models."
        )
    with redirect_stdout(sys.stderr), _first_on_path(file.parent if file else Path.cwd()):
        module = _run(place, file) if file else _imported(place)
        return _called(reference, _named(reference, module, name))


def _file(place: str) -> Path | None:
    """Return the file that is meant, or None if it is the name of a module."""
    path = Path(place)
    if path.suffix != ".py":
        if len(path.parts) > 1:
            raise ParameterError(
                f"{place!r} is neither a Python file nor the name of a module. Write the file with "
                f"its ending, {place}.py, or dots instead of slashes."
            )
        return None
    if not path.is_file():
        raise ParameterError(
            f"there is no file {place!r}; the current folder is {str(Path.cwd())!r}."
        )
    return path.resolve()


@contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    """Let the user's code import its neighbours."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))


def _run(place: str, file: Path) -> ModuleType:
    # A name of its own: a file called random.py must not replace the module of that name.
    spec = spec_from_file_location(f"_bayes_leaks_user_{file.stem}", file)
    assert spec is not None and spec.loader is not None, "the file ends in .py"
    module = module_from_spec(spec)
    # Data classes look their module up there.
    sys.modules[module.__name__] = module
    with _explained(f"{place} could not be imported:"):
        spec.loader.exec_module(module)
    return module


def _imported(place: str) -> ModuleType:
    with _explained(f"{place} could not be imported:"):
        try:
            return import_module(place)
        except ModuleNotFoundError as error:
            # Otherwise it is there, and something that it imports is not.
            if not f"{place}.".startswith(f"{error.name}."):
                raise
    raise ParameterError(
        f"there is no module {place!r}, neither in {str(Path.cwd())!r} nor among the installed "
        "ones. For a file, write its path with .py at the end."
    )


def _named(reference: str, module: ModuleType, name: str) -> object:
    if hasattr(module, name):
        return getattr(module, name)
    own = [
        known
        for known, thing in vars(module).items()
        if not known.startswith("_")
        and callable(thing)
        and getattr(thing, "__module__", "") == module.__name__
    ]
    raise ParameterError(
        f"{reference}: there is no {name!r} in {str(module.__file__)!r}. Its functions are: "
        f"{', '.join(own) or 'none'}."
    )


def _called(reference: str, thing: object) -> object:
    if not callable(thing):
        return thing
    if needed := _needed(thing):
        raise ParameterError(
            f"{reference} is called without arguments, but needs {', '.join(needed)}. Give them "
            "defaults, or name a function that calls it with them."
        )
    with _explained(f"{reference} raised an error:"):
        return thing()


def _needed(function: Callable[..., object]) -> list[str]:
    """Arguments without a default."""
    try:
        parameters = signature(function).parameters.values()
    except ValueError:
        return []
    return [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


@contextmanager
def _explained(heading: str) -> Iterator[None]:
    """Tell of an error in the user's code by the user's own lines."""
    try:
        yield
    except (Exception, SystemExit) as error:
        frames = [
            frame
            for frame in extract_tb(error.__traceback__)
            if not frame.filename.startswith(_LIBRARIES)
        ]
        lines = "".join([*format_list(frames), *format_exception_only(error)])
        raise ParameterError(f"{heading}\n{lines.rstrip()}") from error
