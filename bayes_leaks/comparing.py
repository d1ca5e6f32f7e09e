"""Compare hypotheses on one record: Bayes factors, posterior probabilities, and their errors."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pymc as pm
from xarray import DataTree

from bayes_leaks.comparison import Comparison
from bayes_leaks.comparison_storage import RESERVED_NAMES
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import Evidence
from bayes_leaks.fitting import MCSE, OnStage, fit_model
from bayes_leaks.hypotheses import (
    CommonCause,
    CompetingCauses,
    Hypothesis,
    ManufacturingDefect,
    RandomMicrometeoroid,
)
from bayes_leaks.prior_odds import scaled, share_weights
from bayes_leaks.provenance import provenance
from bayes_leaks.record import LeakHistory
from bayes_leaks.settings import PotentialRole, check_settings
from bayes_leaks.sweep import fit_all, seed_of
from bayes_leaks.user_model import data_digest

DEFAULT_HYPOTHESES = ("random", "defect", "common-shock", "common-period")


def make_hypotheses(
    names: Sequence[str] = DEFAULT_HYPOTHESES, *, models_dir: str | Path | None = None
) -> list[Hypothesis]:
    """Make hypotheses by name.

    Parameters
    ----------
    names : sequence of str, optional
        Any of ``random``, ``defect``, ``common-shock``, ``common-period``, ``competing``.
    models_dir : path, optional
        Folder with edited copies of the model files; the shipped ones by default.

    Returns
    -------
    list of Hypothesis

    Raises
    ------
    ParameterError
        If a name is not known.
    ModelFileError
        If a model file is missing or invalid.
    """
    known: dict[str, Callable[..., Hypothesis]] = {
        "random": RandomMicrometeoroid,
        "defect": ManufacturingDefect,
        "common-shock": lambda **keywords: CommonCause("shock", **keywords),
        "common-period": lambda **keywords: CommonCause("period", **keywords),
        "competing": CompetingCauses,
    }
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ParameterError(
            f"hypotheses: {', '.join(map(repr, unknown))} not known. Allowed are "
            f"{', '.join(known)}."
        )
    return [known[name](models_dir=models_dir) for name in names]


type Model = Hypothesis | pm.Model | Evidence


def compare(
    models: Sequence[Hypothesis] | Mapping[str, Model],
    history: LeakHistory | None = None,
    *,
    family_weights: Mapping[str, float] | None = None,
    prior_probability: Mapping[str, float] | None = None,
    families: Mapping[str, str] | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    n_jobs: int | None = None,
    on_stage: OnStage | None = None,
    mcse: float = MCSE,
    potentials: PotentialRole | None = None,
    shared_improper: Sequence[str] = (),
    exchangeable: Sequence[str] | None = None,
) -> Comparison:
    """Compare how well models predicted the same data.

    Parameters
    ----------
    models : sequence of Hypothesis, or mapping of str to Hypothesis, pymc.Model or Evidence
        At least two, with different names. Hypotheses are fitted to the history, plain models as
        they are; an evidence is taken as it is.
    history : LeakHistory, optional
        The record; needed if there are hypotheses.
    family_weights : mapping of str to float, optional
        Prior probability of each family (``random``, ``defect``, ``common``, ``competing``), shared
        equally by its members; normalised. Equal by default.
    prior_probability : mapping of str to float, optional
        Prior odds of the models, instead of `family_weights`.
    families : mapping of str to str, optional
        Families of plain models and evidences; by default each is its own.
    draws, tune, chains : int, optional
        NUTS draws kept and spent on adaptation in each chain; number of chains, at least 2.
    random_seed : int, optional
        Each model gets its own seed from this and its name, so that adding or removing another
        changes nothing.
    n_jobs : int, optional
        Processes to fit hypotheses in; by default one for each, up to the number of cores. 1 stays
        in this process, where compiled models are kept for the next comparison.
    on_stage : callable, optional
        Called with a name and a stage (``"compiling"``, ``"sampling"``, ``"evidence"``,
        ``"done"``) as the work proceeds.
    mcse, potentials, shared_improper, exchangeable
        For plain models, as in `log_evidence`.

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError
        If fewer than two models are given, a name comes twice, a weight is not allowed, or the
        models are not about the same data.
    UnsupportedRecordError
        If a hypothesis cannot be computed exactly on this record.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> result = bl.compare(bl.make_hypotheses(), bl.load_iss(), random_seed=1)  # doctest: +SKIP
    >>> print(result.text)  # doctest: +SKIP
    >>> result = bl.compare({"one": model, "other": other_model})  # doctest: +SKIP
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    named = _named(models, history)
    hypotheses = [model for model in named.values() if isinstance(model, Hypothesis)]
    family = {
        name: model.family if isinstance(model, Hypothesis) else (families or {}).get(name, name)
        for name, model in named.items()
    }
    if prior_probability is None:
        prior_probability = share_weights(family, family_weights)
    elif family_weights is not None:
        raise ParameterError("family_weights: give either this or prior_probability, not both.")
    else:
        prior_probability = scaled(list(named), prior_probability)
    seed = np.random.SeedSequence(random_seed)
    fits: dict[str, DataTree] = {}
    if hypotheses and history is not None:
        fits = fit_all(
            hypotheses,
            history,
            seed=seed,
            n_jobs=n_jobs,
            on_stage=on_stage,
            draws=draws,
            tune=tune,
            chains=chains,
        )
    for name, model in named.items():
        if isinstance(model, pm.Model):
            fits[name] = fit_model(
                model,
                name=name,
                draws=draws,
                tune=tune,
                chains=chains,
                mcse=mcse,
                potentials=potentials,
                shared_improper=shared_improper,
                exchangeable=exchangeable,
                random_seed=seed_of(seed, name),
                on_stage=on_stage,
            )
            if on_stage is not None:
                on_stage(name, "done")
        elif isinstance(model, Evidence):
            fits[name] = DataTree.from_dict({"evidence": model.to_dataset()}, name=name)
    evidence = {name: Evidence.from_dataset(fits[name]["evidence"].dataset) for name in named}
    _check_same_data(evidence)
    return Comparison(
        history=history if hypotheses else None,
        models={h.name: h.model for h in hypotheses},
        evidence=evidence,
        prior_probability=prior_probability,
        fits={name: fits[name] for name in named},
        provenance=provenance(
            record_digest=history.digest if history is not None else "",
            random_seed=seed.entropy,
            draws=draws,
            tune=tune,
            chains=chains,
        ),
        family_of=family,
    )


def _named(
    models: Sequence[Hypothesis] | Mapping[str, Model], history: LeakHistory | None
) -> dict[str, Model]:
    """Names and models, checked before anything is compiled."""
    if isinstance(models, Mapping):
        named: dict[str, Model] = dict(models)
    else:
        _check_unique([hypothesis.name for hypothesis in models])
        named = {hypothesis.name: hypothesis for hypothesis in models}
    if len(named) < 2:
        raise ParameterError(
            f"models: {len(named)} given; a comparison needs at least 2. The default is "
            "make_hypotheses()."
        )
    problems = []
    for name, model in named.items():
        if not isinstance(name, str) or not name or "/" in name or name in RESERVED_NAMES:
            problems.append(
                f"{name!r} cannot be a name; give a text without '/', other than "
                f"{' or '.join(RESERVED_NAMES)}"
            )
        if not isinstance(model, Hypothesis | pm.Model | Evidence):
            problems.append(
                f"{name!r} is a {type(model).__name__}; give a Hypothesis, a pymc.Model or an "
                "Evidence"
            )
        elif isinstance(model, Hypothesis) and model.name != name:
            problems.append(f"the hypothesis {model.name!r} is named {name!r}; use its own name")
    hypotheses = [model for model in named.values() if isinstance(model, Hypothesis)]
    if hypotheses and history is None:
        problems.append(f"{hypotheses[0].name!r} is about a record; give history")
    if problems:
        raise ParameterError("models: " + "; ".join(problems) + ".")
    for hypothesis in hypotheses:
        if history is not None:
            hypothesis.layout(history)
    # Plain models are checked before the first one is sampled.
    digests = {n: data_digest(m) for n, m in named.items() if isinstance(m, pm.Model)}
    digests |= {n: m.data_digest for n, m in named.items() if isinstance(m, Evidence)}
    if hypotheses and history is not None and digests:
        digests[hypotheses[0].name] = data_digest(hypotheses[0].build(history))
    _check_digests(digests)
    return named


def _check_same_data(evidence: Mapping[str, Evidence]) -> None:
    """Refuse evidences about different data, or with different arbitrary constants."""
    _check_digests({name: found.data_digest for name, found in evidence.items()})
    improper = {name: found.improper for name, found in evidence.items()}
    if len(set(improper.values())) > 1:
        described = "; ".join(
            f"{name!r}: {', '.join(names) or 'none'}" for name, names in improper.items()
        )
        raise ParameterError(
            f"models: the improper priors differ ({described}). Their arbitrary constants cancel "
            "only if every model has the same ones."
        )


def _check_digests(digests: Mapping[str, str]) -> None:
    known = {name: digest for name, digest in digests.items() if digest}
    if len(set(known.values())) > 1:
        described = ", ".join(f"{name!r} {digest[:8]}" for name, digest in known.items())
        raise ParameterError(
            f"models: they are not about the same data (digests: {described}). An evidence is the "
            "probability of its data, so it says nothing about others. Give all models the same "
            "observed values, in the same units."
        )


def _check_unique(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(
            f"models: {', '.join(map(repr, twice))} given more than once. Give a variant with "
            "other priors its own subclass and name, or compare it in a run of its own."
        )
