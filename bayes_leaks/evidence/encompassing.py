"""The Bayes factor of a constraint against the model without it, from two shares of draws."""

import math

import numpy as np
from numpy.typing import ArrayLike

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import checks
from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.evidence.chains import effective_draws, mean_error
from bayes_leaks.evidence.inputs import Floats, draws_problems

# Fewer effective draws than this inside the constraint do not measure its share.
MIN_HITS = 50.0


def encompassing(
    hits: ArrayLike,
    draws: ArrayLike,
    prior_hits: ArrayLike | None = None,
    *,
    prior_share: float | None = None,
    favoured: str = "constrained",
    against: str = "encompassing",
    allow_untrusted: bool = False,
) -> LogBayesFactor:
    """Estimate the Bayes factor of a constraint against the model that encompasses it.

    If the constrained model has the prior of the encompassing one, cut off outside the constraint,
    their Bayes factor is the posterior probability of the constraint over its prior probability.

    Parameters
    ----------
    hits : array_like of bool, shape (chains, draws)
        Which posterior draws meet the constraint.
    draws : array_like, shape (chains, draws, d)
        The posterior draws themselves: their mixing is judged.
    prior_hits : array_like of bool, shape (n,), optional
        Which of n independent prior draws meet the constraint.
    prior_share : float, optional
        Prior probability of the constraint, above 0 and up to 1, if it is known exactly: 1/2 for
        the sign of a symmetric parameter, 1/k! for an order of k exchangeable ones. Give either
        this or `prior_hits`.
    favoured, against : str, optional
        Names of the constrained and of the encompassing model.
    allow_untrusted : bool, optional
        Keep the number even if a check failed; infinite if no draw meets the constraint.

    Returns
    -------
    LogBayesFactor
        Nats, positive where the constraint helped to predict the data.

    Raises
    ------
    ParameterError
        If an argument is not allowed; all problems are reported together.

    Notes
    -----
    The error of the posterior share is the long-run one of its indicator along the chains, that of
    the prior share binomial, both on the log scale; neither is taken to be below one draw in the
    number of effective draws. Fewer than 50 effective draws inside the constraint are not trusted:
    a constraint that excludes nearly everything needs an estimate of its own evidence.

    References
    ----------
    .. [1] Klugkist, I. and Hoijtink, H. (2007). The Bayes factor for inequality and about equality
       constrained models. Computational Statistics and Data Analysis 51, 6367-6379.
       https://doi.org/10.1016/j.csda.2007.01.004

    Examples
    --------
    >>> import numpy as np
    >>> draws = 1.0 + np.random.default_rng(1).normal(size=(4, 1000, 1))
    >>> factor = encompassing(draws[..., 0] > 0.0, draws, prior_share=0.5)
    >>> bool(abs(factor.value - np.log(0.841345 / 0.5)) < 4 * factor.mcse)
    True
    """
    inside = np.asarray(hits)
    sample = np.asarray(draws, dtype=np.float64)
    prior = None if prior_hits is None else np.asarray(prior_hits)
    _check_arguments(inside, sample, prior, prior_share)
    value, error, reasons = _posterior(inside.astype(np.float64), sample)
    if prior is not None:
        prior_value, prior_error, more = _prior(prior)
        value, error, reasons = value - prior_value, math.hypot(error, prior_error), reasons + more
    elif prior_share is not None:
        value -= math.log(prior_share)
    if reasons and not allow_untrusted:
        value = error = math.nan
    return LogBayesFactor(favoured, against, value, error, tuple(reasons))


def _posterior(hits: Floats, draws: Floats) -> tuple[float, float, list[str]]:
    """Log posterior share, its error, and why it is not to be trusted."""
    along_chains = list(np.moveaxis(draws, 2, 0))
    mixing = min(effective_draws(series, "bulk") for series in along_chains)
    worst, limit = checks.worst_r_hat(along_chains)
    reasons = checks.chain_reasons(hits.shape[0], mixing, worst, limit)
    share = float(hits.mean())
    if share == 1.0:
        return 0.0, 1.0 / mixing, reasons
    effective = share * min(effective_draws(hits), hits.size)
    if share == 0.0 or not effective >= MIN_HITS:
        effective = 0.0 if share == 0.0 else effective
        reasons.append(
            f"few_effective_draws: the posterior draws that meet the constraint are worth only "
            f"{effective:.0f} independent ones, {MIN_HITS:.0f} are needed; run longer chains."
        )
    if share == 0.0:
        return -math.inf, math.inf, reasons
    return math.log(share), max(mean_error(hits) / share, 1.0 / mixing), reasons


def _prior(hits: np.ndarray) -> tuple[float, float, list[str]]:
    """Log prior share, its error, and why it is not to be trusted."""
    size, count = hits.size, int(hits.sum())
    reasons = []
    if count < MIN_HITS:
        reasons.append(
            f"few_effective_draws: only {count} of {size} prior draws meet the constraint, "
            f"{MIN_HITS:.0f} are needed; draw more, or give prior_share if it is known."
        )
    if count == 0:
        return -math.inf, math.inf, reasons
    share = count / size
    error = math.sqrt((1.0 - share) / count)
    return math.log(share), max(error, 1.0 / size), reasons


def _check_arguments(
    hits: np.ndarray, draws: Floats, prior_hits: np.ndarray | None, prior_share: float | None
) -> None:
    """Report all bad arguments together."""
    problems = draws_problems(draws)
    if hits.dtype != np.bool_ or hits.shape != draws.shape[:2]:
        problems.append(
            f"hits must be true or false for each of the {draws.shape[:2]} draws, got "
            f"{hits.dtype} of shape {hits.shape}"
        )
    if (prior_hits is None) == (prior_share is None):
        problems.append("give either prior_hits or prior_share, and not both")
    if prior_hits is not None and (
        prior_hits.dtype != np.bool_ or prior_hits.ndim != 1 or prior_hits.size == 0
    ):
        problems.append(
            f"prior_hits must be true or false for each prior draw, got {prior_hits.dtype} of "
            f"shape {prior_hits.shape}"
        )
    if prior_share is not None and not 0.0 < prior_share <= 1.0:
        problems.append(f"prior_share must be above 0 and up to 1, got {prior_share}")
    if problems:
        raise ParameterError("encompassing cannot start: " + "; ".join(problems))
