"""Parameter values given by a caller, checked before they are used."""

from collections.abc import Mapping

import numpy as np

from bayes_leaks.errors import ParameterError
from bayes_leaks.hypotheses.distributions import suggest

type Values = dict[str, np.ndarray]

# What each support allows for a fixed value; limits are allowed, since limits are worth asking for.
_ALLOWED = {
    "positive": ("a number above 0", lambda x: x.ndim == 0 and 0 < x < np.inf),
    "unit interval": ("a number from 0 to 1", lambda x: x.ndim == 0 and 0 <= x <= 1),
    "probability": ("a number above 0 and at most 1", lambda x: x.ndim == 0 and 0 < x <= 1),
    "interior": ("a number between 0 and 1, exclusive", lambda x: x.ndim == 0 and 0 < x < 1),
    "at least one": ("a number of at least 1", lambda x: x.ndim == 0 and 1 <= x < np.inf),
    "simplex": (
        "three shares (random, defect, common) that are at least 0 and sum to 1",
        lambda x: x.shape == (3,) and (x >= 0).all() and abs(x.sum() - 1) < 1e-9,
    ),
}


def check_values(
    given: Mapping[str, object], allowed: Mapping[str, str], hypothesis: str, *, complete: bool
) -> Values:
    """Check the names and ranges of parameter values.

    Parameters
    ----------
    given : mapping of str to float or sequence of float
    allowed : mapping of str to str
        Parameters of the likelihood and the kind of value each takes.
    hypothesis : str
        Name for the messages.
    complete : bool
        Whether every parameter must be given.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ParameterError
        If a name is unknown or missing or a value is out of range; all problems together.
    """
    problems = [
        f"{name!r} is not a parameter of it{suggest(name, allowed)}; it has {', '.join(allowed)}"
        for name in given
        if name not in allowed
    ]
    values: Values = {}
    for name, kind in allowed.items():
        if name not in given:
            if complete:
                words, _ = _ALLOWED[kind]
                problems.append(f"{name} is missing; give {words}")
            continue
        words, is_allowed = _ALLOWED[kind]
        try:
            value = np.asarray(given[name], dtype=float)
        except (TypeError, ValueError):
            value = np.asarray(np.nan)
        if is_allowed(value):
            values[name] = value
        else:
            problems.append(f"{name} is {given[name]!r}; it must be {words}")
    if problems:
        raise ParameterError(f"hypothesis {hypothesis!r}: " + "; ".join(problems) + ".")
    return values
