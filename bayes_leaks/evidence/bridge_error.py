"""The error of two averaged, cross-fitted bridges."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from bayes_leaks.evidence.bridge_identity import BridgeTerms
from bayes_leaks.evidence.chains import mean_error

CHANCE_LEVEL = 0.99


@dataclass(frozen=True, slots=True)
class BridgeError:
    """Standard errors of the averaged log marginal likelihood, in nats.

    Parameters
    ----------
    draws : float
        From the finite chains, autocorrelation included.
    shared : float
        From using each half both to fit and to bridge.
    proposals : float
        From the finite number of proposals.
    between_chains : float
        From the spread of the chains alone; infinite for one chain.
    total : float
        All together, scaled so that 1.96 of it cover 95 %.
    """

    draws: float
    shared: float
    proposals: float
    between_chains: float
    total: float


def bridge_error(folds: tuple[BridgeTerms, BridgeTerms]) -> BridgeError:
    """Measure the standard error of the mean of two folds.

    Parameters
    ----------
    folds : tuple of two BridgeTerms
        Bridged to the second half of the chains (fitted to the first) and the other way round.

    Returns
    -------
    BridgeError

    Notes
    -----
    Let ``a`` be the bridge term under the ideal proposal and ``d1, d2`` the misfit of the two
    proposals, each fitted to the half that the other fold averages over. To first order the
    folds err by ``mean_2(a) + d1 M d2`` and ``mean_1(a) + d2 M d1``: the last term is shared,
    its variance ``C`` adds ``C / 2`` to the variance of the average of independent folds.
    At the same draw the terms under the two proposals differ by ``(d1 - d2) M psi(x)``, whose
    mean over half of the draws has variance ``2 C``. That variance is measured inside each
    half: between the halves, ``d1 - d2`` is itself the difference of the means of ``psi``.

    The spread of a few chain means is itself uncertain. Taking the larger of it and the pooled
    error every time would inflate the error of healthy chains, so it takes over only when it is
    larger beyond chance.
    """
    to_second, to_first = folds
    series = np.concatenate(
        [fold.at_draws[:, fold.bridged] for fold in (to_first, to_second)], axis=1
    )
    difference = to_first.at_draws - to_second.at_draws
    draws = mean_error(series)
    by_half = [mean_error(difference[:, f.bridged]) for f in folds]
    shared = float(np.sqrt(np.mean(np.square(by_half)) / 4.0))
    variances = [float(np.var(f.at_proposals, ddof=1)) / f.at_proposals.size / 4.0 for f in folds]
    proposals = float(np.sqrt(sum(variances)))

    n_chains = series.shape[0]
    between = float("inf")
    chains_part = draws
    if n_chains > 1:
        between = float(np.std(series.mean(axis=1), ddof=1)) / np.sqrt(n_chains)
        freedom = n_chains - 1
        if between**2 > draws**2 * stats.chi2.ppf(CHANCE_LEVEL, freedom) / freedom:
            chains_part = between * _student_factor(freedom)
    total = float(np.sqrt(chains_part**2 + shared**2 + proposals**2))
    if proposals > 0:
        # Welch-Satterthwaite: only the replicates are few enough to matter.
        freedom = total**4 / sum(
            v**2 / (f.at_proposals.size - 1) for v, f in zip(variances, folds, strict=True)
        )
        total *= _student_factor(freedom)
    return BridgeError(draws, shared, proposals, between, total)


def _student_factor(freedom: float) -> float:
    """How much wider a 95 % Student interval is than a normal one."""
    return float(stats.t.ppf(0.975, freedom) / stats.norm.ppf(0.975))
