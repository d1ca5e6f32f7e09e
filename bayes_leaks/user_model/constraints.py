"""A constraint on the parameters of a model, written as a function of their values."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from bayes_leaks.errors import ParameterError

type Constraint = Callable[[Mapping[str, np.ndarray]], ArrayLike]


def meets(constraint: Constraint, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Say which draws meet a constraint.

    Parameters
    ----------
    constraint : callable
        From values to true or false for each draw.
    values : mapping of str to ndarray, shape (n, *shape of the variable)
        Draws of the free variables on their own scales.

    Returns
    -------
    ndarray of bool, shape (n,)

    Raises
    ------
    ParameterError
        If the constraint asks for another variable, or answers anything else.
    """
    size = len(next(iter(values.values())))
    try:
        answers = np.asarray(constraint(MappingProxyType(values)))
    except KeyError as error:
        there = ", ".join(map(repr, values))
        raise ParameterError(
            f"constraint: {error} is not a free variable; there are {there}."
        ) from error
    if answers.dtype != np.bool_ or answers.shape != (size,):
        raise ParameterError(
            f"constraint: for {size} draws it must return {size} times true or false, got "
            f"{answers.dtype} of shape {answers.shape}. Values have the draws along their first "
            "axis; combine conditions with & and the elements of a vector with .all(axis=1)."
        )
    return answers
