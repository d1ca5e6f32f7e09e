"""Statistics of series along Markov chains, by ArviZ."""

from typing import Any

import numpy as np
from arviz_stats.base.array import array_stats
from scipy.special import logsumexp

from bayes_leaks.evidence.inputs import Floats

# ArviZ ships no types for these methods.
_stats: Any = array_stats


def effective_draws(series: Floats, method: str = "mean") -> float:
    """Count the independent draws that a series is worth.

    Parameters
    ----------
    series : ndarray, shape (chains, draws)
        Any quantity along the chains.
    method : str, optional
        As in `arviz_stats.ess`: ``"mean"`` for an average, ``"bulk"`` if tails may be heavy.

    Returns
    -------
    float
        Effective sample size.
    """
    return float(_stats.ess(series, method=method))


def mean_error(series: Floats) -> float:
    """Measure the error of the mean of a series, autocorrelation and spread of chains included.

    Parameters
    ----------
    series : ndarray, shape (chains, draws)
        Any quantity along the chains.

    Returns
    -------
    float
        In the unit of `series`.
    """
    return float(_stats.mcse(series, method="mean"))


def r_hat(series: Floats) -> float:
    """Compare chains and their halves by the rank-normalised split R-hat.

    Parameters
    ----------
    series : ndarray, shape (chains, draws)
        Any quantity along the chains.

    Returns
    -------
    float
        1 when all chains and their halves agree.

    References
    ----------
    .. [1] Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021).
       Rank-normalization, folding, and localization: an improved R-hat. Bayesian Analysis 16,
       667-718. https://doi.org/10.1214/20-BA1221
    """
    if np.ptp(series) == 0.0:
        return 1.0
    return float(_stats.rhat(series))


# A weight up to this many times the mean is no threat to an average of hundreds of weights.
BOUNDED_WEIGHT = 10.0


def k_hat(log_weights: Floats) -> float:
    """Fit the Pareto shape of the right tail of importance weights.

    Parameters
    ----------
    log_weights : ndarray
        Log weights in nats; -inf is a weight of zero.

    Returns
    -------
    float
        Above 0.7 the weights have no usable variance; -inf when no weight exceeds ten times the
        mean. Such weights are bounded for every practical purpose, and their largest values form a
        plateau or several: a Pareto tail fitted to these says nothing about the estimate.

    References
    ----------
    .. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed
       importance sampling. Journal of Machine Learning Research 25(72).
       https://doi.org/10.48550/arXiv.1507.02646
    """
    weights = np.ravel(log_weights)
    log_mean = logsumexp(weights) - np.log(weights.size)
    if weights.max() - log_mean < np.log(BOUNDED_WEIGHT):
        return -np.inf
    # ArviZ takes the log likelihood of a left-out point, which is minus a log weight.
    return float(_stats.psislw(-weights)[1])


def smooth_weights(log_weights: Floats) -> Floats:
    """Replace the largest importance weights by quantiles of a Pareto fitted to them.

    Parameters
    ----------
    log_weights : ndarray
        Log weights in nats; -inf is a weight of zero.

    Returns
    -------
    ndarray
        Same shape and scale. Weights that `k_hat` calls bounded are kept as they are.

    References
    ----------
    .. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed
       importance sampling. Journal of Machine Learning Research 25(72).
       https://doi.org/10.48550/arXiv.1507.02646
    """
    flat = np.array(log_weights, dtype=np.float64).ravel()
    if np.isfinite(k_hat(flat)):
        positive = np.isfinite(flat)
        smoothed = _stats.psislw(-flat[positive])[0]
        # ArviZ normalises; weights below the tail keep their ratios and so give the scale back.
        below = np.argsort(flat[positive])[positive.sum() // 2]
        flat[positive] = smoothed + (flat[positive][below] - smoothed[below])
    return flat.reshape(np.shape(log_weights))
