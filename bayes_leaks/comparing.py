"""Compare hypotheses on one record: Bayes factors, posterior probabilities, and their errors."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from bayes_leaks.comparison import Comparison
from bayes_leaks.errors import ParameterError
from bayes_leaks.estimating import check_settings
from bayes_leaks.evidence import Evidence
from bayes_leaks.fitting import OnStage
from bayes_leaks.hypotheses import (
    CommonCause,
    CompetingCauses,
    Hypothesis,
    ManufacturingDefect,
    RandomMicrometeoroid,
)
from bayes_leaks.provenance import provenance
from bayes_leaks.record import LeakHistory
from bayes_leaks.sweep import fit_all

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


def compare(
    hypotheses: Sequence[Hypothesis],
    history: LeakHistory,
    *,
    family_weights: Mapping[str, float] | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int | None = None,
    n_jobs: int | None = None,
    on_stage: OnStage | None = None,
) -> Comparison:
    """Fit hypotheses to a record and compare how well each predicted it.

    Parameters
    ----------
    hypotheses : sequence of Hypothesis
        At least two, with different names.
    history : LeakHistory
    family_weights : mapping of str to float, optional
        Prior probability of each family (``random``, ``defect``, ``common``, ``competing``), shared
        equally by its members; normalised. Equal by default.
    draws, tune, chains : int, optional
        NUTS draws kept and spent on adaptation in each chain; number of chains, at least 2.
    random_seed : int, optional
        Each hypothesis gets its own seed from this and its name, so that adding or removing
        another changes nothing.
    n_jobs : int, optional
        Processes to work in; by default one for each hypothesis, up to the number of cores.
        1 stays in this process, where compiled models are kept for the next comparison.
    on_stage : callable, optional
        Called with a hypothesis name and a stage (``"compiling"``, ``"sampling"``,
        ``"evidence"``, ``"done"``) as the work proceeds.

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError
        If fewer than two hypotheses are given, a name comes twice, or a weight is not allowed.
    UnsupportedRecordError
        If a hypothesis cannot be computed exactly on this record.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> result = bl.compare(bl.make_hypotheses(), bl.load_iss(), random_seed=1)  # doctest: +SKIP
    >>> print(result.text)  # doctest: +SKIP
    """
    check_settings(draws=draws, tune=tune, chains=chains)
    names = _check_names(hypotheses)
    prior_probability = share_weights({h.name: h.family for h in hypotheses}, family_weights)
    for hypothesis in hypotheses:
        hypothesis.layout(history)
    seed = np.random.SeedSequence(random_seed)
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
    return Comparison(
        history=history,
        models={h.name: h.model for h in hypotheses},
        evidence={name: Evidence.from_dataset(fits[name]["evidence"].dataset) for name in names},
        prior_probability=prior_probability,
        fits=fits,
        provenance=provenance(
            record_digest=history.digest,
            random_seed=seed.entropy,
            draws=draws,
            tune=tune,
            chains=chains,
        ),
    )


def share_weights(
    families: Mapping[str, str], family_weights: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Prior probability of each hypothesis: its family's weight, shared by the family's members.

    Parameters
    ----------
    families : mapping of str to str
        Family of each hypothesis.
    family_weights : mapping of str to float, optional
        Weight of each family that is present, not negative; equal by default.

    Returns
    -------
    dict of str to float
        Sums to one.

    Raises
    ------
    ParameterError
        If a weight is missing, unknown or negative, or all are zero.
    """
    present = list(dict.fromkeys(families.values()))
    weights = dict.fromkeys(present, 1.0) if family_weights is None else dict(family_weights)
    problems = [f"{name!r} is missing" for name in present if name not in weights]
    problems += [f"{name!r} is not compared" for name in weights if name not in present]
    problems += [
        f"{name!r} is {weight!r}, not a number of at least 0"
        for name, weight in weights.items()
        if not 0 <= weight < np.inf
    ]
    if not problems and sum(weights.values()) == 0:
        problems.append("all are zero")
    if problems:
        raise ParameterError(
            f"family_weights: {'; '.join(problems)}. Give one weight for each of "
            f"{', '.join(present)}."
        )
    total = sum(weights.values())
    members = list(families.values())
    return {
        name: weights[family] / total / members.count(family) for name, family in families.items()
    }


def _check_names(hypotheses: Sequence[Hypothesis]) -> list[str]:
    names = [hypothesis.name for hypothesis in hypotheses]
    if len(names) < 2:
        raise ParameterError(
            f"hypotheses: {len(names)} given; a comparison needs at least 2. The default is "
            "make_hypotheses()."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(
            f"hypotheses: {', '.join(map(repr, twice))} given more than once. Give a variant with "
            "other priors its own subclass and name, or compare it in a run of its own."
        )
    return names
