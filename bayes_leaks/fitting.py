"""Where a model meets the engine and the estimators: one fit, stored whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pymc as pm
import xarray as xr
from arviz_base import dict_to_dataset
from xarray import DataTree

from bayes_leaks import engine
from bayes_leaks.engine import CompiledModel
from bayes_leaks.evidence import Evidence
from bayes_leaks.evidence.auto import Target, auto
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.hypotheses import Hypothesis, priors
from bayes_leaks.model_estimator import ModelEstimator
from bayes_leaks.provenance import provenance
from bayes_leaks.record import LeakHistory
from bayes_leaks.settings import PotentialRole, check_settings
from bayes_leaks.user_model import data_digest, unconstrained_draws

type Stage = Literal["compiling", "sampling", "evidence", "done"]
type OnStage = Callable[[str, Stage], None]

# The second estimator stops here, in nats; the bridge is better by itself.
MCSE = 0.01
# On the shipped record 2, 4 and 8 proposals per draw give the defect hypothesis errors of 0.0034,
# 0.0025 and 0.0016 nats; evaluating them is most of the work after compiling.
PROPOSALS_PER_DRAW = 4
# Draws from the prior kept with a fit, for prior-posterior plots.
PRIOR_DRAWS = 4000


def fit(
    hypothesis: Hypothesis,
    history: LeakHistory,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int | np.random.SeedSequence | None = None,
    on_stage: OnStage | None = None,
) -> DataTree:
    """Fit a hypothesis to a record and estimate its marginal likelihood.

    The model is compiled once for each hypothesis, set of priors and size of record in a process;
    further fits only swap the data.

    Parameters
    ----------
    hypothesis : Hypothesis
    history : LeakHistory
    draws, tune, chains : int
        NUTS draws kept and spent on adaptation in each chain; number of chains, at least 2.
    random_seed : int or SeedSequence, optional
        Covers sampling, prior draws and proposals.
    on_stage : callable, optional
        Called with the hypothesis name and ``"compiling"``, ``"sampling"`` or ``"evidence"`` when
        that stage begins.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``unconstrained_posterior``, ``sample_stats``, ``prior``,
        ``observed_data``, ``constant_data`` and ``evidence``; versions, seed and settings in the
        root attributes.

    Raises
    ------
    ParameterError
        If a setting is not allowed.
    UnsupportedRecordError
        If the exact likelihood cannot be computed on this record.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> tree = bl.fit(bl.RandomMicrometeoroid(), bl.load_iss(), random_seed=1)  # doctest: +SKIP
    >>> bl.Evidence.from_dataset(tree["evidence"].dataset)  # doctest: +SKIP
    Evidence(-9.6334 ± 0.0005 nats, bridge, confirmed by importance)
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    tell = on_stage or (lambda name, stage: None)
    root = (
        random_seed
        if isinstance(random_seed, np.random.SeedSequence)
        else np.random.SeedSequence(random_seed)
    )
    sampler_seed, prior_seed, proposal_seed = root.spawn(3)
    layout = hypothesis.layout(history)

    tell(hypothesis.name, "compiling")
    model = engine.compiled_model(
        _structure(hypothesis, layout.sizes), lambda: hypothesis.build(history), layout.arrays
    )
    model.compile()
    tell(hypothesis.name, "sampling")
    trace = model.sample(
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=int(sampler_seed.generate_state(1)[0]),
    )
    tell(hypothesis.name, "evidence")
    evidence = replace(
        _evidence(hypothesis, model, trace, proposal_seed), data_digest=data_digest(model.model)
    )
    attrs = provenance(
        hypothesis=hypothesis.name,
        record_digest=history.digest,
        random_seed=root.entropy,
        spawn_key=root.spawn_key,
        draws=draws,
        tune=tune,
        chains=chains,
    )
    return _tree(
        hypothesis, history, layout.arrays, layout.dims, trace, evidence, prior_seed, attrs
    )


def fit_model(
    model: pm.Model,
    *,
    name: str = "model",
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    mcse: float = MCSE,
    potentials: PotentialRole | None = None,
    shared_improper: Sequence[str] = (),
    exchangeable: Sequence[str] | None = None,
    random_seed: int | np.random.SeedSequence | None = None,
    on_stage: OnStage | None = None,
) -> DataTree:
    """Fit any PyMC model and estimate its marginal likelihood.

    Parameters
    ----------
    model : pymc.Model
    name : str, optional
        What the tree is called, and what `on_stage` is told.
    draws, tune, chains, mcse, potentials, shared_improper, exchangeable
        As in `log_evidence`.
    random_seed : int or SeedSequence, optional
    on_stage : callable, optional
        As in `fit`.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior``, ``unconstrained_posterior``, ``sample_stats`` (none of them for a
        model without free variables) and ``evidence``; versions, seed and settings in the root
        attributes.

    Raises
    ------
    ParameterError
        If a setting or the model is not allowed.
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    tell = on_stage or (lambda name, stage: None)
    root = (
        random_seed
        if isinstance(random_seed, np.random.SeedSequence)
        else np.random.SeedSequence(random_seed)
    )
    sampler_seed, own_seed = root.spawn(2)
    estimator = ModelEstimator(
        model,
        potentials=potentials,
        shared_improper=shared_improper,
        exchangeable=exchangeable,
    )
    trace = DataTree()
    if estimator.has_unknowns:
        tell(name, "compiling")
        estimator.compiled.compile()
        tell(name, "sampling")
        trace = estimator.sample(
            draws=draws,
            tune=tune,
            chains=chains,
            random_seed=int(sampler_seed.generate_state(1)[0]),
        )
    tell(name, "evidence")
    evidence = estimator.estimate(trace, mcse=mcse, random_seed=own_seed)
    groups = {
        group: trace[group].dataset
        for group in ("posterior", "unconstrained_posterior", "sample_stats")
        if group in trace.children
    }
    tree = DataTree.from_dict({**groups, "evidence": evidence.to_dataset()}, name=name)
    tree.attrs |= provenance(
        model=name,
        record_digest=evidence.data_digest,
        random_seed=root.entropy,
        spawn_key=root.spawn_key,
        draws=draws,
        tune=tune,
        chains=chains,
    )
    return tree


def _evidence(
    hypothesis: Hypothesis, model: CompiledModel, trace: DataTree, seed: np.random.SeedSequence
) -> Evidence:
    """Estimate the evidence from posterior draws, and again from the prior."""
    estimate_seed, prior_seed = (np.random.default_rng(child) for child in seed.spawn(2))

    def draw_prior(size: int) -> Floats:
        return model.unconstrain(priors.draw(hypothesis.model, prior_seed, size))

    return auto(
        Target(model.log_density, model.log_prior, model.log_likelihood, draw_prior),
        unconstrained_draws(model, trace),
        mcse=MCSE,
        random_seed=estimate_seed,
        proposals_per_draw=PROPOSALS_PER_DRAW,
    )


def _structure(hypothesis: Hypothesis, sizes: dict[str, int]) -> tuple[object, ...]:
    """Everything that decides the compiled model besides its data."""
    priors_of = tuple(
        (name, prior.distribution, tuple(prior.arguments.items()))
        for name, prior in hypothesis.model.parameters.items()
    )
    return type(hypothesis), priors_of, tuple(sorted(sizes.items()))


def _tree(
    hypothesis: Hypothesis,
    history: LeakHistory,
    arrays: dict[str, np.ndarray],
    dims: dict[str, tuple[str, ...]],
    trace: DataTree,
    evidence: Evidence,
    prior_seed: np.random.SeedSequence,
    attrs: dict[str, str],
) -> DataTree:
    """Put everything known of a fit into one tree."""
    asset = list(history.asset_id)
    posterior = trace["posterior"].dataset
    drawn = priors.draw(hypothesis.model, np.random.default_rng(prior_seed), PRIOR_DRAWS)
    prior = dict_to_dataset(
        {name: np.asarray(value)[None] for name, value in drawn.items()},
        dims={name: [str(dim) for dim in list(posterior[name].dims)[2:]] for name in drawn},
        coords={"cause": posterior["cause"].to_numpy()} if "cause" in posterior.coords else {},
    )
    for dataset in (posterior, prior):
        for name, parameter in hypothesis.model.parameters.items():
            dataset[name].attrs["units"] = parameter.unit
    observed = xr.Dataset(
        {"leak_time": ("asset", arrays["asset_leak_time"], {"units": "years"})},
        coords={"asset": asset},
    )
    constant = xr.Dataset(
        {name: (dims[name], array) for name, array in arrays.items()}, coords={"asset": asset}
    ).drop_vars("asset_leak_time")
    groups = {
        "posterior": posterior,
        "unconstrained_posterior": trace["unconstrained_posterior"].dataset,
        "sample_stats": trace["sample_stats"].dataset,
        "prior": prior,
        "observed_data": observed,
        "constant_data": constant,
        "evidence": evidence.to_dataset(),
    }
    tree = DataTree.from_dict(groups, name=hypothesis.name)
    tree.attrs |= attrs
    return tree
