"""What may be asked of an estimate; anything else is refused before anything is spent."""

from typing import Literal, get_args

import numpy as np

from bayes_leaks.errors import ParameterError

type Method = Literal["auto", "bridge", "importance", "smc", "quadrature", "nested"]
type PotentialRole = Literal["likelihood", "prior"]

METHODS: tuple[str, ...] = get_args(Method.__value__)
NEED_DRAWS = ("auto", "bridge", "quadrature")
MIN_DRAWS = 100


def check_settings(**settings: int) -> None:
    """Refuse settings of the sampler that cannot give an estimate; all problems together.

    Raises
    ------
    ParameterError
    """
    least = {"draws": MIN_DRAWS, "tune": MIN_DRAWS, "chains": 2}
    problems = [
        f"{name}: {value!r} is too few; give a whole number of at least {least[name]}"
        for name, value in settings.items()
        if not isinstance(value, int | np.integer) or value < least[name]
    ]
    if problems:
        raise ParameterError("; ".join(problems) + ".")


def check_method(method: str, mcse: float) -> None:
    """Refuse a method that there is not, or an error that cannot be reached.

    Raises
    ------
    ParameterError
    """
    problems = []
    if method not in METHODS:
        problems.append(f"method: {method!r} is not known; give one of {', '.join(METHODS)}")
    if not 0.0 < mcse < np.inf:
        problems.append(f"mcse: {mcse!r} is not a positive number of nats")
    if problems:
        raise ParameterError("; ".join(problems) + ".")
