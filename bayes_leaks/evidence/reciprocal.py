"""Truncated reciprocal importance sampling: a free alarm for gross errors."""

import math

import numpy as np
from numpy.typing import ArrayLike

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.chains import k_hat, mean_error
from bayes_leaks.evidence.checks import MIN_CHAINS
from bayes_leaks.evidence.inputs import Floats, draws_problems
from bayes_leaks.evidence.proposals import NormalProposal
from bayes_leaks.evidence.result import Evidence

METHOD = "reciprocal"
_MIN_INSIDE = 100
_MAX_ERROR = 0.3
# Above this shape the terms have no variance, and their error says nothing.
_MAX_K_HAT = 0.5


def reciprocal(
    log_density_at_draws: ArrayLike, draws: ArrayLike, *, allow_untrusted: bool = False
) -> Evidence:
    """Estimate a log marginal likelihood from posterior draws alone.

    The reciprocal of the marginal likelihood is the posterior mean of ``g / f`` for any normalised
    density ``g``. Here it is uniform on an ellipsoid around one half of the draws, evaluated on
    the other half, and the other way round. Nothing is evaluated anew.

    Parameters
    ----------
    log_density_at_draws : array_like, shape (chains, draws)
        Unnormalised log posterior at the draws, in nats.
    draws : array_like, shape (chains, draws, d)
        Unconstrained posterior draws.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats. Where the ellipsoid holds points of low density, as between two modes, the largest
        terms are missing and the estimate is too high; the Pareto shape of the terms shows most
        of that. Where it leaves the support nothing here can see it: use it as an alarm, not as
        an answer.

    Raises
    ------
    ParameterError
        If an argument is not allowed.
    EvidenceError
        If no ellipsoid can be fitted.

    References
    ----------
    .. [1] Metodiev, M., Perrot-Dockès, M., Ouadah, S., Irons, N. J., Latouche, P. and Raftery,
       A. E. (2024). Easily computed marginal likelihoods from posterior simulation using the THAMES
       estimator. Bayesian Analysis. https://doi.org/10.1214/24-BA1422

    Examples
    --------
    >>> import numpy as np
    >>> draws = np.random.default_rng(1).normal(size=(4, 1000, 2))
    >>> estimate = reciprocal(-0.5 * (draws**2).sum(axis=2), draws)
    >>> bool(abs(estimate.log_ml - np.log(2 * np.pi)) < 4 * estimate.mcse)
    True
    """
    sample = np.asarray(draws, dtype=np.float64)
    known = np.asarray(log_density_at_draws, dtype=np.float64)
    problems = draws_problems(sample)
    if known.shape != sample.shape[:2]:
        problems.append(
            f"log_density_at_draws must have the shape (chains, draws) of draws, "
            f"{sample.shape[:2]}; got {known.shape}"
        )
    if problems:
        raise ParameterError("reciprocal cannot start: " + "; ".join(problems))
    half = sample.shape[1] // 2
    if not np.isfinite(known).all():
        reason = "non_finite_draws: the log density is infinite or NaN at posterior draws."
        return _evidence(np.nan, np.nan, {}, [reason], allow_untrusted)
    log_terms = np.concatenate(
        [
            _log_terms(sample[:, :half], sample[:, half:], known[:, half:]),
            _log_terms(sample[:, half:], sample[:, :half], known[:, :half]),
        ],
        axis=1,
    )
    inside = int(np.isfinite(log_terms).sum())
    numbers = {"inside": float(inside)}
    if inside < _MIN_INSIDE:
        reason = (
            f"few_inside: only {inside} draws lie in the ellipsoid, {_MIN_INSIDE} are needed; the "
            "posterior has no elliptic middle."
        )
        return _evidence(np.nan, np.nan, numbers, [reason], allow_untrusted)
    # Relative to the largest, so that nothing overflows.
    highest = float(log_terms.max())
    terms = np.exp(log_terms - highest)
    error = mean_error(terms) / float(terms.mean())
    numbers["k_hat"] = k_hat(log_terms)
    reasons = []
    if sample.shape[0] < MIN_CHAINS:
        reasons.append("few_chains: one chain cannot show whether the whole posterior was found.")
    if not error <= _MAX_ERROR:
        reasons.append(f"large_error: the standard error is {error:.2f} nats.")
    if not numbers["k_hat"] <= _MAX_K_HAT:
        reasons.append(
            f"high_k_hat: the largest terms decide, k-hat is {numbers['k_hat']:.2f} (limit "
            f"{_MAX_K_HAT}); the estimate may be too high."
        )
    log_ml = -highest - math.log(terms.mean())
    return _evidence(log_ml, error, numbers, reasons, allow_untrusted)


def _log_terms(fitted: Floats, evaluated: Floats, log_density: Floats) -> Floats:
    """Log of ``g / f`` at draws (chains, n, d), for the ellipsoid around other draws."""
    dimension = fitted.shape[2]
    normal = NormalProposal.fit(fitted.reshape(-1, dimension))
    squares = normal.squares(evaluated.reshape(-1, dimension)).reshape(log_density.shape)
    # The radius sqrt(d + 1) is the best one for a normal posterior.
    radius = math.sqrt(dimension + 1.0)
    log_volume = (
        0.5 * dimension * math.log(math.pi)
        - math.lgamma(0.5 * dimension + 1.0)
        + dimension * math.log(radius)
        + float(np.log(np.diag(normal.factor)).sum())
    )
    return np.where(squares < radius**2, -log_volume - log_density, -np.inf)


def _evidence(
    log_ml: float,
    mcse: float,
    numbers: dict[str, float],
    reasons: list[str],
    allow_untrusted: bool,
) -> Evidence:
    return Evidence(
        log_ml=log_ml,
        mcse=mcse,
        method=METHOD,
        n_evaluations=0,
        diagnostics=numbers,
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )
