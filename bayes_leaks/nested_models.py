"""Bayes factors of a PyMC model against restrictions of itself, from one fit."""

from collections.abc import Mapping, Sequence

import numpy as np
import pymc as pm
from numpy.typing import ArrayLike
from xarray import DataTree

from bayes_leaks import user_model
from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.evidence.encompassing import encompassing as from_shares
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.savage_dickey import savage_dickey as from_evidences
from bayes_leaks.model_estimator import ModelEstimator
from bayes_leaks.settings import PotentialRole, check_method, check_settings
from bayes_leaks.user_model.constraints import Constraint, meets
from bayes_leaks.user_model.points import point_label, restriction_at

_PRIOR_START = 2000
_MIN_PRIOR_DRAWS = 1000


def savage_dickey(
    model: pm.Model,
    point: Mapping[str, ArrayLike],
    idata: DataTree | None = None,
    *,
    mcse: float = 0.01,
    random_seed: int | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    potentials: PotentialRole | None = None,
    shared_improper: Sequence[str] = (),
    check_prior: bool = True,
    allow_untrusted: bool = False,
) -> LogBayesFactor:
    """Bayes factor of a point null against the model in which it is nested, without a second fit.

    The result refers to one null model: `model` with the named parameters made constants, as
    ``pymc.do(model, point)`` writes it, all other priors as they are. The Savage-Dickey ratio,
    posterior over prior density at the point, equals this Bayes factor under a condition: the
    prior of the other parameters in the null model is their prior in `model` given the point. It
    holds if the priors of the named parameters depend on no other free variable. Where it does not
    hold (``delta ~ Normal(0, tau)`` with `tau` unknown), the ratio is corrected for it, and the
    null model is still the one above.

    Parameters
    ----------
    model : pymc.Model
        With continuous free variables; discrete ones are summed out if pymc-extras can.
    point : mapping of str to array_like
        Free variables and the values they have in the null model, on their own scales and strictly
        inside their support. In a variable whose elements have priors of their own, NaN leaves an
        element free.
    idata : xarray.DataTree, optional
        Posterior draws of this model from `pm.sample` or `nutpie.sample`; drawn here if not given.
    mcse : float, optional
        Standard error that each of the two evidences aims at, in nats; positive.
    random_seed : int, optional
        Covers sampling, prior draws and proposals.
    draws, tune, chains : int, optional
        NUTS draws kept and spent on adaptation in each chain; number of chains, at least 2.
    potentials : {"likelihood", "prior"}, optional
        What the model's Potentials are; asked for if there are any.
    shared_improper : sequence of str, optional
        Variables with a Flat or HalfFlat prior; both models share them, so that their arbitrary
        constants cancel. The named parameters may not be among them.
    check_prior : bool, optional
        Whether to check that the prior integrates to one.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    LogBayesFactor
        Of the null model over `model`, in nats: negative where the data speak against the point.
        NaN, with reasons, if a check failed.

    Raises
    ------
    ParameterError
        If an argument or the model is not allowed; before anything is sampled.
    EvidenceError
        If nothing could be computed at all.

    Notes
    -----
    No density is smoothed: the null model's evidence is an integral over its own parameters at the
    point, so the answer holds at any distance from the draws. See
    `bayes_leaks.evidence.savage_dickey`.

    References
    ----------
    .. [1] Wagenmakers, E.-J., Lodewyckx, T., Kuriyal, H. and Grasman, R. (2010). Bayesian
       hypothesis testing for psychologists: a tutorial on the Savage-Dickey method. Cognitive
       Psychology 60, 158-189. https://doi.org/10.1016/j.cogpsych.2009.12.001
    .. [2] Verdinelli, I. and Wasserman, L. (1995). Computing Bayes factors using a generalization
       of the Savage-Dickey density ratio. Journal of the American Statistical Association 90,
       614-618. https://doi.org/10.1080/01621459.1995.10476554

    Examples
    --------
    >>> import bayes_leaks as bl, pymc as pm
    >>> with pm.Model() as model:
    ...     delta = pm.Normal("delta", 0, 1)
    ...     y = pm.Normal("y", delta, 1, observed=[1.2, 0.4, 2.0])
    >>> bl.savage_dickey(model, {"delta": 0.0}, random_seed=1)  # exact: -0.9269 # doctest: +SKIP
    <log Bayes factor of delta = 0 over delta free: -0.927 ± 0.000 nats>
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    check_method("auto", mcse)
    estimator = ModelEstimator(
        model, potentials=potentials, shared_improper=shared_improper, check_prior=check_prior
    )
    restriction = restriction_at(
        estimator.compiled, point, improper=shared_improper, potentials=potentials
    )
    sampler_seed, full_seed, start_seed, own_seed = np.random.SeedSequence(random_seed).spawn(4)
    if idata is None:
        idata = estimator.sample(
            draws=draws, tune=tune, chains=chains, random_seed=_number(sampler_seed)
        )
    full = estimator.estimate(idata, mcse=mcse, random_seed=full_seed)
    # Tails that only the bridge cannot cover are no reason to give up.
    known = full.trusted or not set(full.codes) <= {"unconfirmed", "high_k_hat"}
    return from_evidences(
        estimator.compiled.log_density,
        user_model.unconstrained_draws(estimator.compiled, idata).points,
        restriction,
        start=_prior_start(estimator, _number(start_seed)),
        evidence=full if known else None,
        mcse=mcse,
        favoured=point_label(point),
        against=f"{', '.join(point)} free",
        random_seed=own_seed,
        allow_untrusted=allow_untrusted,
    )


def encompassing(
    model: pm.Model,
    constraint: Constraint,
    idata: DataTree | None = None,
    *,
    prior_share: float | None = None,
    prior_draws: int = 20_000,
    favoured: str = "constrained",
    random_seed: int | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    potentials: PotentialRole | None = None,
    shared_improper: Sequence[str] = (),
    check_prior: bool = True,
    allow_untrusted: bool = False,
) -> LogBayesFactor:
    """Bayes factor of an inequality constraint against the model that encompasses it.

    The constrained model has the prior of `model`, cut off outside the constraint and normalised
    again. Their Bayes factor is the posterior over the prior probability of the constraint.

    Parameters
    ----------
    model : pymc.Model
        With continuous free variables; discrete ones are summed out if pymc-extras can.
    constraint : callable
        From a mapping of the free variables to their values on their own scales, each of shape
        (n, shape of the variable), to true or false for each of the n draws. It is given posterior
        and prior draws alike.
    idata : xarray.DataTree, optional
        Posterior draws of this model from `pm.sample` or `nutpie.sample`; drawn here if not given.
    prior_share : float, optional
        Prior probability of the constraint, above 0 and up to 1, where it is known exactly: 1/2 for
        the sign of a symmetric parameter, 1/k! for an order of k exchangeable ones. Counted among
        prior draws if not given.
    prior_draws : int, optional
        How many to count among, at least 1000.
    favoured : str, optional
        Name of the constrained model.
    random_seed, draws, tune, chains, potentials, shared_improper, check_prior, allow_untrusted
        As in `savage_dickey`.

    Returns
    -------
    LogBayesFactor
        Of the constrained model over `model`, in nats; at most minus the log of the prior share.
        NaN, with reasons, if a check failed.

    Raises
    ------
    ParameterError
        If an argument or the model is not allowed; before anything is sampled.
    EvidenceError
        If the prior cannot be drawn from and `prior_share` is not given.

    References
    ----------
    .. [1] Klugkist, I. and Hoijtink, H. (2007). The Bayes factor for inequality and about equality
       constrained models. Computational Statistics and Data Analysis 51, 6367-6379.
       https://doi.org/10.1016/j.csda.2007.01.004

    Examples
    --------
    >>> import bayes_leaks as bl, pymc as pm
    >>> with pm.Model() as model:
    ...     delta = pm.Normal("delta", 0, 1)
    ...     y = pm.Normal("y", delta, 1, observed=[1.2, 0.4, 2.0])
    >>> bl.encompassing(
    ...     model, lambda values: values["delta"] > 0, prior_share=0.5, random_seed=1
    ... )  # exact: 0.6566 # doctest: +SKIP
    <log Bayes factor of constrained over encompassing: 0.657 ± 0.003 nats>
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    estimator = ModelEstimator(
        model, potentials=potentials, shared_improper=shared_improper, check_prior=check_prior
    )
    compiled = estimator.compiled
    _check_shares(estimator, prior_share, prior_draws, potentials)
    sampler_seed, prior_seed, trial_seed = np.random.SeedSequence(random_seed).spawn(3)
    # Any points will do to see whether the constraint can be evaluated.
    trial = np.random.default_rng(trial_seed).normal(size=(3, compiled.dimension))
    meets(constraint, compiled.constrain(trial))
    prior_hits = None
    if prior_share is None:
        prior_hits = meets(constraint, compiled.draw_prior(prior_draws, _number(prior_seed)))
    if idata is None:
        idata = estimator.sample(
            draws=draws, tune=tune, chains=chains, random_seed=_number(sampler_seed)
        )
    points = user_model.unconstrained_draws(compiled, idata).points
    hits = meets(constraint, compiled.constrain(points.reshape(-1, compiled.dimension)))
    found = from_shares(
        hits.reshape(points.shape[:2]),
        points,
        prior_hits,
        prior_share=prior_share,
        favoured=favoured,
        allow_untrusted=True,
    )
    reasons = (*found.reasons, *estimator.prior_reasons)
    withheld = bool(reasons) and not allow_untrusted
    return LogBayesFactor(
        favoured,
        found.against,
        np.nan if withheld else found.value,
        np.nan if withheld else found.mcse,
        reasons,
    )


def _prior_start(estimator: ModelEstimator, random_seed: int) -> Floats | None:
    """Points of the prior, if it can be drawn from."""
    if estimator.shared_improper:
        return None
    try:
        points = estimator.draw_prior(_PRIOR_START, random_seed)
    except EvidenceError:
        return None
    return points if len(points) > _PRIOR_START // 2 else None


def _check_shares(
    estimator: ModelEstimator,
    prior_share: float | None,
    prior_draws: int,
    potentials: PotentialRole | None,
) -> None:
    """Refuse a prior share that is none, or that cannot be counted; all problems together."""
    problems = []
    if not estimator.has_unknowns:
        problems.append("model: it has no free variables that could be constrained")
    if prior_share is not None and not 0.0 < prior_share <= 1.0:
        problems.append(f"prior_share: {prior_share!r} is not above 0 and up to 1")
    if not isinstance(prior_draws, int | np.integer) or prior_draws < _MIN_PRIOR_DRAWS:
        problems.append(
            f"prior_draws: {prior_draws!r} is too few; give a whole number of at least "
            f"{_MIN_PRIOR_DRAWS}"
        )
    if prior_share is None and estimator.shared_improper:
        names = ", ".join(map(repr, estimator.shared_improper))
        problems.append(
            f"prior_share: {names} has an improper prior, among whose "
            "draws nothing can be counted; give the prior probability of the constraint"
        )
    if prior_share is None and potentials == "prior" and estimator.compiled.model.potentials:
        problems.append(
            "prior_share: draws from the prior know nothing of a Potential; give the prior "
            "probability of the constraint"
        )
    if problems:
        raise ParameterError("; ".join(problems) + ".")


def _number(seed: np.random.SeedSequence) -> int:
    return int(seed.generate_state(1)[0])
