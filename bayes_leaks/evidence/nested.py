"""Nested sampling by dynesty, an optional second opinion."""

import warnings
from collections.abc import Callable

import numpy as np

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.inputs import CountedDensity, Floats, RandomSeed
from bayes_leaks.evidence.result import Evidence

METHOD = "nested"
_REMAINING = 0.01
# Quantiles of 0 and 1 may be infinite.
_EDGE = 1e-15
# What dynesty warns of when it ends too early; its other warnings are about speed.
_TOO_EARLY = ("plateau", "stopped short")


def nested(
    log_likelihood: Callable[[Floats], Floats],
    dimension: int,
    *,
    n_live: int = 500,
    random_seed: RandomSeed,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate a log marginal likelihood by nested sampling.

    Parameters
    ----------
    log_likelihood : callable
        From points of the unit cube (n, d), which stand for the prior through its quantile
        functions, to log likelihoods (n,), in nats. dynesty asks for one point at a time.
    dimension : int
        Number of coordinates of the cube, 1 or more.
    n_live : int, optional
        Live points, more than twice `dimension`. The error falls with their square root.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats; `mcse` is the error that dynesty reports, typically a tenth of a nat or more.

    Raises
    ------
    ParameterError
        If dynesty is not installed or an argument is not allowed.
    EvidenceError
        If dynesty gives up, such as when the likelihood is zero wherever it looks.

    References
    ----------
    .. [1] Speagle, J. S. (2020). dynesty: a dynamic nested sampling package for estimating
       Bayesian posteriors and evidences. MNRAS 493, 3132-3158.
       https://doi.org/10.1093/mnras/staa278
    """
    try:
        from dynesty import NestedSampler
    except ImportError as error:
        raise ParameterError(
            "method: 'nested' needs dynesty; pip install 'bayes-leaks[nested]'."
        ) from error
    _check_arguments(dimension, n_live)
    likelihood = _OnePoint(log_likelihood)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sampler = NestedSampler(
                likelihood,
                lambda cube: cube,
                dimension,
                nlive=n_live,
                rstate=np.random.default_rng(random_seed),
            )
            sampler.run_nested(dlogz=_REMAINING, print_progress=False)
    except (RuntimeError, ValueError) as error:
        raise EvidenceError(f"dynesty gave up: {error}") from error
    results = sampler.results
    reasons = _reasons(likelihood.odd, caught)
    return Evidence(
        log_ml=float(results.logz[-1]),
        mcse=float(results.logzerr[-1]),
        method=METHOD,
        n_evaluations=likelihood.n_evaluations,
        diagnostics={"iterations": float(results.niter)},
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )


class _OnePoint:
    """What dynesty calls: one point of the cube to a number that it can order."""

    def __init__(self, log_likelihood: Callable[[Floats], Floats]) -> None:
        self._density = CountedDensity(log_likelihood)
        self.odd = 0

    @property
    def n_evaluations(self) -> int:
        """Points evaluated, with those that dynesty threw away at the start."""
        return self._density.n_evaluations

    def __call__(self, point: Floats) -> float:
        value = float(self._density(np.clip(point, _EDGE, 1.0 - _EDGE)[None])[0])
        if np.isnan(value) or value == np.inf:
            self.odd += 1
            return -np.inf
        return value


def _reasons(odd: int, caught: list[warnings.WarningMessage]) -> list[str]:
    """Why the estimate is not to be trusted; warnings from elsewhere are passed on."""
    reasons = []
    if odd:
        reasons.append(
            f"non_finite_density: the log likelihood is +inf or NaN at {odd} points; it must be "
            "finite, or -inf."
        )
    for warning in caught:
        if "dynesty" not in warning.filename:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        elif any(words in str(warning.message) for words in _TOO_EARLY):
            reasons.append(f"not_converged: dynesty warns: {warning.message}.")
    return list(dict.fromkeys(reasons))


def _check_arguments(dimension: int, n_live: int) -> None:
    """Report all bad arguments together."""
    problems = []
    if dimension < 1:
        problems.append(f"dimension must be 1 or more, got {dimension}")
    if n_live <= 2 * dimension:
        problems.append(
            f"n_live must be more than {2 * dimension} in {dimension} dimensions, got {n_live}"
        )
    if problems:
        raise ParameterError("nested cannot start: " + "; ".join(problems))
