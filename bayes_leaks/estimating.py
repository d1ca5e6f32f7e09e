"""`log_evidence`: the marginal likelihood of any PyMC model, with an honest error."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
from xarray import DataTree

from bayes_leaks.evidence import Evidence
from bayes_leaks.model_estimator import ModelEstimator
from bayes_leaks.settings import (
    NEED_DRAWS,
    Method,
    PotentialRole,
    check_method,
    check_settings,
)


def log_evidence(
    model: pm.Model,
    idata: DataTree | None = None,
    method: Method = "auto",
    mcse: float = 0.01,
    *,
    random_seed: int | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    max_draws: int = 16_000,
    potentials: PotentialRole | None = None,
    shared_improper: Sequence[str] = (),
    exchangeable: Sequence[str] | None = None,
    check_prior: bool = True,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate the log marginal likelihood of a PyMC model, with its error and a verdict.

    Parameters
    ----------
    model : pymc.Model
        With continuous free variables; discrete ones are summed out if pymc-extras can. Without
        any, the evidence is the likelihood.
    idata : xarray.DataTree, optional
        Posterior draws of this model from `pm.sample` or `nutpie.sample`; drawn here if not given.
    method : {"auto", "bridge", "importance", "smc", "quadrature", "nested"}, optional
        ``"auto"`` believes two independent estimators that agree. ``"quadrature"`` is exact, up to
        three dimensions; ``"nested"`` needs dynesty.
    mcse : float, optional
        Standard error to reach, in nats; more posterior draws are made until it is.
    random_seed : int, optional
        Covers sampling, prior draws and proposals.
    draws, tune, chains : int, optional
        NUTS draws kept and spent on adaptation in each chain; number of chains, at least 2.
    max_draws : int, optional
        Posterior draws to spend in all.
    potentials : {"likelihood", "prior"}, optional
        What the model's Potentials are; asked for if there are any.
    shared_improper : sequence of str, optional
        Variables with a Flat or HalfFlat prior that every compared model has too. The evidence then
        has an arbitrary constant, and only ratios among such models mean something.
    exchangeable : sequence of str, optional
        Variables whose last axis runs over interchangeable labels, such as the means, scales and
        weights of a mixture; found by itself if not given, not looked for if empty.
    check_prior : bool, optional
        Whether to check that the prior integrates to one.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats. ``log_ml`` is NaN and ``reasons`` say why if a check failed.

    Raises
    ------
    ParameterError
        If an argument or the model is not allowed; before anything is sampled.
    EvidenceError
        If nothing could be computed at all.

    Examples
    --------
    >>> import bayes_leaks as bl, pymc as pm
    >>> with pm.Model() as model:
    ...     p = pm.Beta("p", 1, 1)
    ...     y = pm.Binomial("y", n=10, p=p, observed=2)
    >>> bl.log_evidence(model, random_seed=1)  # exact: -log(11) = -2.3979 # doctest: +SKIP
    Evidence(-2.39790 ± 0.00001 nats, bridge, confirmed by importance)
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    check_method(method, mcse)
    estimator = ModelEstimator(
        model,
        potentials=potentials,
        shared_improper=shared_improper,
        exchangeable=exchangeable,
        check_prior=check_prior,
    )
    sampler_seed, own_seed = np.random.SeedSequence(random_seed).spawn(2)
    if idata is None and method in NEED_DRAWS and estimator.has_unknowns:
        seed = int(sampler_seed.generate_state(1)[0])
        idata = estimator.sample(draws=draws, tune=tune, chains=chains, random_seed=seed)
    return estimator.estimate(
        idata,
        method=method,
        mcse=mcse,
        max_draws=max_draws,
        random_seed=own_seed,
        allow_untrusted=allow_untrusted,
    )
