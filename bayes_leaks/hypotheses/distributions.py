"""The prior distributions a model file may use, declared once.

Each entry of :data:`DISTRIBUTIONS` says what its arguments are called, what values they may take,
where the distribution has its mass, and how PyMC and SciPy spell it. The model-file reader, the
PyMC variables, the simulator and the tables of priors all read this one declaration. Nothing here
imports PyMC or SciPy, so that a model file can be checked without waiting for them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

CAUSES: Final = ("random", "defect", "common")
"""The three causes an event can have, in the order in which `shares` lists them."""

SIMPLEX: Final = "simplex"


@dataclass(frozen=True)
class Required:
    """What a parameter must be: the bounds of its values, and words for the messages."""

    bounds: tuple[float, float]
    words: str
    advice: str


SUPPORTS: Final[Mapping[str, Required]] = {
    "positive": Required(
        (0.0, math.inf),
        "must be positive",
        "use LogNormal, Gamma, InverseGamma, Weibull, Exponential, HalfNormal, or a Uniform or "
        "TruncatedNormal with lower >= 0",
    ),
    "unit interval": Required(
        (0.0, 1.0),
        "must lie between 0 and 1",
        "use Beta, or a Uniform or TruncatedNormal with lower >= 0 and upper <= 1",
    ),
    "real": Required(
        (-math.inf, math.inf), "must be a single number", "use any distribution but Dirichlet"
    ),
    SIMPLEX: Required((0.0, 1.0), "must be shares that sum to 1", "use Dirichlet"),
}
"""What a parameter can be required to be."""

type Value = float | tuple[float, ...]
type Arguments = Mapping[str, Value]


@dataclass(frozen=True)
class Constraint:
    """What a single argument may be: words for the messages and the test itself."""

    words: str
    allows: Callable[[float], bool]
    is_list: bool = False


_POSITIVE: Final = Constraint("a finite number above 0", lambda x: 0 < x < math.inf)
_REAL: Final = Constraint("a finite number", math.isfinite)
_BOUND: Final = Constraint("a number, -inf or inf", lambda x: not math.isnan(x))
_WEIGHTS: Final = Constraint(
    f"a list of {len(CAUSES)} finite numbers above 0, one per cause ({', '.join(CAUSES)})",
    lambda x: 0 < x < math.inf,
    is_list=True,
)


@dataclass(frozen=True)
class Distribution:
    """One allowed prior distribution.

    Parameters
    ----------
    name : str
        Its name in model files, which is also its name in PyMC.
    constraints : mapping of str to Constraint
        The arguments as a model file spells them.
    bounds : callable
        From the arguments to the ends of the interval that carries the mass.
    scipy_name : str
        Its name in `scipy.stats`.
    to_scipy, to_pymc : callable
        From the arguments to the keyword arguments of SciPy and of PyMC.
    ordered : bool
        Whether the arguments `lower` and `upper` must be in increasing order.
    """

    name: str
    constraints: Mapping[str, Constraint]
    bounds: Callable[[Mapping[str, Any]], tuple[float, float]]
    scipy_name: str
    to_scipy: Callable[[Mapping[str, Any]], dict[str, Any]]
    to_pymc: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    ordered: bool = False

    @property
    def is_simplex(self) -> bool:
        """Whether its values are shares that sum to 1, not single numbers."""
        return any(constraint.is_list for constraint in self.constraints.values())

    @property
    def signature(self) -> str:
        """How the distribution is written, e.g. ``LogNormal(median, sigma)``."""
        return f"{self.name}({', '.join(self.constraints)})"


_REAL_LINE: Final = SUPPORTS["real"].bounds
_HALF_LINE: Final = SUPPORTS["positive"].bounds
_UNIT: Final = SUPPORTS["unit interval"].bounds

DISTRIBUTIONS: Final[Mapping[str, Distribution]] = {
    entry.name: entry
    for entry in (
        Distribution(
            "LogNormal",
            {"median": _POSITIVE, "sigma": _POSITIVE},
            lambda a: _HALF_LINE,
            "lognorm",
            lambda a: {"s": a["sigma"], "scale": a["median"]},
            lambda a: {"mu": math.log(a["median"]), "sigma": a["sigma"]},
        ),
        Distribution(
            "Normal",
            {"mu": _REAL, "sigma": _POSITIVE},
            lambda a: _REAL_LINE,
            "norm",
            lambda a: {"loc": a["mu"], "scale": a["sigma"]},
        ),
        Distribution(
            "HalfNormal",
            {"sigma": _POSITIVE},
            lambda a: _HALF_LINE,
            "halfnorm",
            lambda a: {"scale": a["sigma"]},
        ),
        Distribution(
            "TruncatedNormal",
            {"mu": _REAL, "sigma": _POSITIVE, "lower": _BOUND, "upper": _BOUND},
            lambda a: (a["lower"], a["upper"]),
            "truncnorm",
            lambda a: {
                "a": (a["lower"] - a["mu"]) / a["sigma"],
                "b": (a["upper"] - a["mu"]) / a["sigma"],
                "loc": a["mu"],
                "scale": a["sigma"],
            },
            ordered=True,
        ),
        Distribution(
            "Exponential",
            {"scale": _POSITIVE},
            lambda a: _HALF_LINE,
            "expon",
            lambda a: {"scale": a["scale"]},
        ),
        Distribution(
            "Gamma",
            {"alpha": _POSITIVE, "beta": _POSITIVE},
            lambda a: _HALF_LINE,
            "gamma",
            lambda a: {"a": a["alpha"], "scale": 1 / a["beta"]},
        ),
        Distribution(
            "InverseGamma",
            {"alpha": _POSITIVE, "beta": _POSITIVE},
            lambda a: _HALF_LINE,
            "invgamma",
            lambda a: {"a": a["alpha"], "scale": a["beta"]},
        ),
        Distribution(
            "Weibull",
            {"alpha": _POSITIVE, "beta": _POSITIVE},
            lambda a: _HALF_LINE,
            "weibull_min",
            lambda a: {"c": a["alpha"], "scale": a["beta"]},
        ),
        Distribution(
            "Beta",
            {"alpha": _POSITIVE, "beta": _POSITIVE},
            lambda a: _UNIT,
            "beta",
            lambda a: {"a": a["alpha"], "b": a["beta"]},
        ),
        Distribution(
            "Uniform",
            {"lower": _REAL, "upper": _REAL},
            lambda a: (a["lower"], a["upper"]),
            "uniform",
            lambda a: {"loc": a["lower"], "scale": a["upper"] - a["lower"]},
            ordered=True,
        ),
        Distribution(
            "Dirichlet",
            {"a": _WEIGHTS},
            lambda a: _UNIT,
            "dirichlet",
            lambda a: {"alpha": a["a"]},
        ),
    )
}
"""The allowed distributions by name."""


def suggest(word: str, allowed: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the allowed word nearest to `word`, or nothing.

    Examples
    --------
    >>> suggest("lognormal", ["LogNormal", "Gamma"])
    " (did you mean 'LogNormal'?)"
    """
    by_folded = {candidate.casefold(): candidate for candidate in allowed}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f" (did you mean {by_folded[near[0]]!r}?)" if near else ""


def show(value: object) -> str:
    """Return a value for a message, with its type where that is likely to be the mistake."""
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    return repr(value)


def find_problems(
    distribution: object, arguments: Mapping[str, object], *, other_keys: Iterable[str] = ()
) -> list[tuple[str, str]]:
    """Return what is wrong with a distribution and its arguments.

    Parameters
    ----------
    distribution : object
        What was given as the name.
    arguments : mapping of str to object
        What was given as the arguments, unchecked.
    other_keys : iterable of str
        Words that may have been meant by an unknown argument, besides the arguments.

    Returns
    -------
    list of (str, str)
        The key each problem belongs to (an argument, or ``"distribution"``) and a sentence on
        what was found, what is allowed and how to mend it. Empty when all is well.
    """
    if not isinstance(distribution, str) or distribution not in DISTRIBUTIONS:
        near = suggest(distribution, DISTRIBUTIONS) if isinstance(distribution, str) else ""
        return [
            (
                "distribution",
                f"{distribution!r} is not an allowed distribution{near}; "
                f"use one of {', '.join(DISTRIBUTIONS)}",
            )
        ]
    entry = DISTRIBUTIONS[distribution]
    problems = [
        (
            key,
            f"is not an argument of {entry.signature}"
            f"{suggest(key, (*entry.constraints, *other_keys))}; remove or rename it",
        )
        for key in arguments
        if key not in entry.constraints
    ]
    for key, constraint in entry.constraints.items():
        if key not in arguments:
            problems.append(
                ("distribution", f"{entry.signature} needs {key!r}; add {key} = {constraint.words}")
            )
        elif not _allowed(arguments[key], constraint):
            problems.append((key, f"must be {constraint.words}, found {show(arguments[key])}"))
    if not problems and entry.ordered:
        lower, upper = arguments["lower"], arguments["upper"]
        if not lower < upper:  # type: ignore[operator]  # both were found to be numbers above
            problems.append(
                ("upper", f"must be above lower, found lower = {lower} and upper = {upper}")
            )
    return problems


def misfit(distribution: str, arguments: Arguments, required: str) -> str | None:
    """Return why a valid prior cannot serve a parameter, or None when it can.

    Parameters
    ----------
    distribution : str
        A name of :data:`DISTRIBUTIONS`.
    arguments : mapping of str to float or tuple of float
        Its arguments, already found to be valid.
    required : str
        What the parameter must be: one of :data:`SUPPORTS`.
    """
    entry, wanted = DISTRIBUTIONS[distribution], SUPPORTS[required]
    lower, upper = entry.bounds(arguments)
    if entry.is_simplex != (required == SIMPLEX):
        found = "shares that sum to 1" if entry.is_simplex else "a single number"
    elif lower < wanted.bounds[0] or upper > wanted.bounds[1]:
        found = f"values from {lower:g} to {upper:g}"
    else:
        return None
    return f"{wanted.words}, but {distribution} gives {found}; {wanted.advice}"


def coerce(arguments: Mapping[str, Any]) -> dict[str, Value]:
    """Return valid arguments as floats and tuples of floats."""
    return {
        key: tuple(map(float, value)) if isinstance(value, list | tuple) else float(value)
        for key, value in arguments.items()
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _allowed(value: Any, constraint: Constraint) -> bool:
    if constraint.is_list:
        return (
            isinstance(value, list | tuple)
            and len(value) == len(CAUSES)
            and all(_is_number(item) and constraint.allows(item) for item in value)
        )
    return _is_number(value) and constraint.allows(value)
