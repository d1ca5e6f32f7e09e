"""When an estimate is not to be trusted: the thresholds and the words for them."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from bayes_leaks.evidence.chains import effective_draws, r_hat
from bayes_leaks.evidence.inputs import Floats

MIN_CHAINS = 2
MIN_EFFECTIVE_DRAWS = 100.0
MAX_K_HAT = 0.7
MAX_K_HAT_WITH_DIVERGENCES = 0.6
MAX_R_HAT = 1.01
_R_HAT_FALSE_ALARM = 1e-3


def r_hat_limit(series: Floats, false_alarm: float = _R_HAT_FALSE_ALARM) -> float:
    """Find the largest R-hat that well-mixed chains of this length may show.

    R-hat of perfect chains exceeds 1 by noise, by about ``F / (2 ess)`` where ``ess`` is the
    effective size of half a chain and ``F`` follows a chi-square over its degrees of freedom.
    Long runs are held to 1.01; short or strongly autocorrelated ones to a high quantile of
    that noise. R-hat looks at ranks and at folded ranks, so the effective size is the smaller
    of theirs. It is measured inside halves of chains only: halves that disagree cannot widen
    their own limit.

    Parameters
    ----------
    series : ndarray, shape (chains, draws)
        The quantity that R-hat is computed of.
    false_alarm : float, optional
        Probability that perfect chains exceed a limit above 1.01.

    Returns
    -------
    float
        Limit for the split R-hat.
    """
    freedom = 2 * series.shape[0] - 1
    noise = stats.chi2.isf(false_alarm, freedom) / freedom
    folded = np.abs(series - np.median(series))
    within = min(
        np.mean([effective_draws(half[None], "bulk") for half in halves])
        for halves in (_halves(series), _halves(folded))
    )
    return float(max(MAX_R_HAT, np.sqrt(1.0 + noise / within)))


def _halves(series: Floats) -> list[Floats]:
    """First and second halves of all chains."""
    middle = series.shape[1] // 2
    return [*series[:, :middle], *series[:, -middle:]]


def worst_r_hat(all_series: Sequence[Floats]) -> tuple[float, float]:
    """Find the series that exceeds its R-hat limit most.

    Parameters
    ----------
    all_series : sequence of ndarray, each of shape (chains, draws)
        Quantities along the chains.

    Returns
    -------
    tuple of float
        R-hat and its limit, which perfect chains pass but for about 1 run in 1000.
    """
    pairs = []
    for series in all_series:
        value = r_hat(series)
        # The limit costs more than R-hat and is needed only by the few above 1.01.
        high = value > MAX_R_HAT
        limit = r_hat_limit(series, _R_HAT_FALSE_ALARM / len(all_series)) if high else MAX_R_HAT
        pairs.append((value, limit))
    return max(pairs, key=lambda pair: pair[0] - pair[1])


def chain_reasons(n_chains: int, ess: float, worst: float, limit: float) -> list[str]:
    """Reasons to distrust an average over Markov chains.

    Parameters
    ----------
    n_chains : int
        Number of chains.
    ess : float
        Effective sample size of the averaged series.
    worst, limit : float
        R-hat and what it may be, from `worst_r_hat`.

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
    if not ess >= MIN_EFFECTIVE_DRAWS:
        reasons.append(
            f"few_effective_draws: the draws are worth only {ess:.0f} independent "
            f"ones, {MIN_EFFECTIVE_DRAWS:.0f} are needed; run longer chains."
        )
    if not worst <= limit:
        reasons.append(
            f"high_r_hat: the chains or their halves disagree, R-hat is {worst:.3f} (limit "
            f"{limit:.3f}); run longer chains or look for several modes."
        )
    return reasons


def overlap_reasons(k_hat: float, divergences: float) -> list[str]:
    """Reasons to distrust a comparison between posterior and proposal.

    Parameters
    ----------
    k_hat : float
        Pareto shape of the importance weights at the proposals.
    divergences : float
        Divergent transitions of the sampler.

    Returns
    -------
    list of str
        ``"code: sentence"``; empty if all is well.
    """
    if not k_hat <= MAX_K_HAT:
        return [
            f"high_k_hat: the proposal misses part of the posterior, k-hat of its weights is "
            f"{k_hat:.2f} (limit {MAX_K_HAT}); the error bar may be too small."
        ]
    if divergences > 0 and k_hat > MAX_K_HAT_WITH_DIVERGENCES:
        return [
            f"divergences: {divergences:.0f} divergent transitions together with k-hat "
            f"{k_hat:.2f} (limit {MAX_K_HAT_WITH_DIVERGENCES} with divergences); part of "
            "the posterior may be missing."
        ]
    return []
