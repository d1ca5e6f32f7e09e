"""When an estimate is not to be trusted: diagnostics, thresholds and the words for them."""

import numpy as np
from arviz_stats.base import array_stats
from scipy import stats

from bayes_leaks.evidence.inputs import Floats

MIN_CHAINS = 2
MIN_EFFECTIVE_DRAWS = 100.0
MAX_K_HAT = 0.7
MAX_K_HAT_WITH_DIVERGENCES = 0.6
MAX_R_HAT = 1.01
MAX_FOLD_Z = 4.0
_R_HAT_NOISE_LEVEL = 0.999


def k_hat(log_weights: Floats) -> float:
    """Pareto shape of the right tail of importance weights.

    Parameters
    ----------
    log_weights : ndarray
        Log weights in nats; -inf is a weight of zero.

    Returns
    -------
    float
        Above 0.7 the weights have no usable variance; -inf when they are all equal.

    References
    ----------
    .. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed
       importance sampling. JMLR 25(72). https://doi.org/10.48550/arXiv.1507.02646
    """
    weights = np.ravel(log_weights)
    if np.ptp(np.sort(weights)[-max(weights.size // 5, 5) :]) == 0.0:
        return -np.inf
    # arviz_stats takes the log likelihood of a left-out point, which is minus a log weight.
    return float(array_stats.psislw(-weights)[1])


def r_hat_limit(series: Floats) -> float:
    """Largest R-hat that well-mixed chains of this length may show.

    R-hat of perfect chains exceeds 1 by noise, by about ``F / (2 * ess)`` where ``ess`` is the
    effective size of half a chain and ``F`` follows a chi-square over its degrees of freedom.
    Long runs are held to 1.01; short or strongly autocorrelated ones to the 99.9 % quantile
    of that noise. The effective size is measured inside chains only, so that chains which
    disagree cannot widen their own limit.

    Parameters
    ----------
    series : ndarray, shape (chains, draws)
        The quantity that R-hat is computed of.

    Returns
    -------
    float
        Limit for the split R-hat.
    """
    freedom = 2 * series.shape[0] - 1
    noise = stats.chi2.ppf(_R_HAT_NOISE_LEVEL, freedom) / freedom
    within = np.mean([array_stats.ess(chain[None], method="mean") for chain in series])
    return float(max(MAX_R_HAT, np.sqrt(1.0 + noise / (within / 2.0))))


def chain_reasons(n_chains: int, effective_draws: float, r_hat: float, limit: float) -> list[str]:
    """Reasons to distrust an average over Markov chains.

    Parameters
    ----------
    n_chains : int
        Number of chains.
    effective_draws : float
        Effective sample size of the averaged series.
    r_hat : float
        Its R-hat.
    limit : float
        What R-hat may be, from `r_hat_limit`.

    Returns
    -------
    list of str
        ``"code: sentence"``; empty if all is well.
    """
    reasons = []
    if n_chains < MIN_CHAINS:
        reasons.append(
            f"few_chains: {n_chains} chain cannot show whether the sampler found the whole "
            f"posterior; run at least {MIN_CHAINS}, better 4."
        )
    if not effective_draws >= MIN_EFFECTIVE_DRAWS:
        reasons.append(
            f"few_effective_draws: the draws are worth only {effective_draws:.0f} independent "
            f"ones, {MIN_EFFECTIVE_DRAWS:.0f} are needed; run longer chains."
        )
    if not r_hat <= limit:
        reasons.append(
            f"high_r_hat: the chains disagree, R-hat of the bridge term is {r_hat:.3f} (limit "
            f"{limit:.3f}); run longer chains or look for several modes."
        )
    return reasons


def overlap_reasons(k_hat_value: float, divergences: float) -> list[str]:
    """Reasons to distrust a comparison between posterior and proposal.

    Parameters
    ----------
    k_hat_value : float
        Pareto shape of the importance weights at the proposals.
    divergences : float
        Divergent transitions of the sampler.

    Returns
    -------
    list of str
        ``"code: sentence"``; empty if all is well.
    """
    if not k_hat_value <= MAX_K_HAT:
        return [
            f"high_k_hat: the proposal misses part of the posterior, k-hat of its weights is "
            f"{k_hat_value:.2f} (limit {MAX_K_HAT}); the error bar may be too small."
        ]
    if divergences > 0 and k_hat_value > MAX_K_HAT_WITH_DIVERGENCES:
        return [
            f"divergences: {divergences:.0f} divergent transitions together with k-hat "
            f"{k_hat_value:.2f} (limit {MAX_K_HAT_WITH_DIVERGENCES} with divergences); part of "
            "the posterior may be missing."
        ]
    return []
