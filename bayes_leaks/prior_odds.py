"""Prior probabilities of models: from odds, or from weights of their families."""

from collections.abc import Mapping, Sequence

import numpy as np

from bayes_leaks.errors import ParameterError


def scaled(names: Sequence[str], prior_probability: Mapping[str, float]) -> dict[str, float]:
    """Scale prior odds to probabilities.

    Parameters
    ----------
    names : sequence of str
        The models.
    prior_probability : mapping of str to float
        One number for each model, not negative.

    Returns
    -------
    dict of str to float
        In the order of `names`; sums to one.

    Raises
    ------
    ParameterError
        If a model is missing or unknown, a number is negative, or all are zero.
    """
    problems = [f"{name!r} is missing" for name in names if name not in prior_probability]
    problems += [f"{name!r} is not compared" for name in prior_probability if name not in names]
    problems += [
        f"{name!r} is {value!r}, not a number of at least 0"
        for name, value in prior_probability.items()
        if not 0 <= value < np.inf
    ]
    total = sum(prior_probability.values())
    if not problems and total == 0:
        problems.append("all are zero")
    if problems:
        raise ParameterError(
            f"prior_probability: {'; '.join(problems)}. Give one number for each of "
            f"{', '.join(names)}."
        )
    return {name: prior_probability[name] / total for name in names}


def share_weights(
    families: Mapping[str, str], family_weights: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Prior probability of each hypothesis: its family's weight, shared by the family's members.

    Parameters
    ----------
    families : mapping of str to str
        Family of each hypothesis.
    family_weights : mapping of str to float, optional
        Weight of each family that is present, not negative; equal by default.

    Returns
    -------
    dict of str to float
        Sums to one.

    Raises
    ------
    ParameterError
        If a weight is missing, unknown or negative, or all are zero.
    """
    present = list(dict.fromkeys(families.values()))
    weights = dict.fromkeys(present, 1.0) if family_weights is None else dict(family_weights)
    problems = [f"{name!r} is missing" for name in present if name not in weights]
    problems += [f"{name!r} is not compared" for name in weights if name not in present]
    problems += [
        f"{name!r} is {weight!r}, not a number of at least 0"
        for name, weight in weights.items()
        if not 0 <= weight < np.inf
    ]
    if not problems and sum(weights.values()) == 0:
        problems.append("all are zero")
    if problems:
        raise ParameterError(
            f"family_weights: {'; '.join(problems)}. Give one weight for each of "
            f"{', '.join(present)}."
        )
    total = sum(weights.values())
    members = list(families.values())
    return {
        name: weights[family] / total / members.count(family) for name, family in families.items()
    }
