"""Nested sampling by dynesty, an optional second opinion."""

from collections.abc import Callable

import numpy as np

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.inputs import Floats, RandomSeed
from bayes_leaks.evidence.result import Evidence

METHOD = "nested"
_REMAINING = 0.01


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
        functions, to log likelihoods (n,), in nats.
    dimension : int
        Number of coordinates of the cube.
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
        If dynesty is not installed or `n_live` is too small.

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
    if n_live <= 2 * dimension:
        raise ParameterError(
            f"n_live: {n_live} live points are too few for {dimension} dimensions; give more than "
            f"{2 * dimension}."
        )
    odd = 0

    def one(point: Floats) -> float:
        nonlocal odd
        # Quantiles of 0 and 1 may be infinite.
        inside = np.clip(point, 1e-15, 1.0 - 1e-15)
        value = float(log_likelihood(inside[None])[0])
        if np.isnan(value) or value == np.inf:
            odd += 1
            return -np.inf
        return value

    sampler = NestedSampler(
        one, lambda cube: cube, dimension, nlive=n_live, rstate=np.random.default_rng(random_seed)
    )
    sampler.run_nested(dlogz=_REMAINING, print_progress=False)
    results = sampler.results
    reasons = []
    if odd:
        reasons.append(
            f"non_finite_density: the log likelihood is +inf or NaN at {odd} points; it must be "
            "finite, or -inf."
        )
    return Evidence(
        log_ml=float(results.logz[-1]),
        mcse=float(results.logzerr[-1]),
        method=METHOD,
        n_evaluations=int(np.sum(results.ncall)),
        diagnostics={"iterations": float(results.niter)},
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )
