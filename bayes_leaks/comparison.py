"""What a comparison found: evidence, Bayes factors and probabilities, with their errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from xarray import DataTree

from bayes_leaks import comparison_storage, comparison_text
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import Evidence
from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.hypotheses.model_file import ModelFile
from bayes_leaks.prior_odds import scaled
from bayes_leaks.record import LeakHistory

# Draws of the log evidences from their errors, for the error of the posterior probabilities.
_ERROR_DRAWS = 20_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models compared on the same data; made by `compare` or `load`.

    Parameters
    ----------
    history : LeakHistory or None
        The record, if hypotheses about leaks are among the models.
    models : mapping of str to ModelFile
        Claim and priors of each hypothesis about leaks.
    evidence : mapping of str to Evidence
        Of every model.
    prior_probability : mapping of str to float
        Sums to one.
    fits : mapping of str to DataTree
        What is known of each model's fit; it holds its evidence at least.
    provenance : mapping of str to str
    family_of : mapping of str to str
        Families of models that are not hypotheses about leaks; each its own by default.
    """

    history: LeakHistory | None
    models: Mapping[str, ModelFile]
    evidence: Mapping[str, Evidence]
    prior_probability: Mapping[str, float]
    fits: Mapping[str, DataTree]
    provenance: Mapping[str, str] = field(default_factory=dict)
    family_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(self.evidence)

    def family(self, name: str) -> str:
        """Name the family that a model belongs to."""
        if name in self.models:
            return self.models[name].family
        return self.family_of.get(name, name)

    def title(self, name: str) -> str:
        """Say what a model claims, in a few words; its name if it has no words."""
        return self.models[name].title if name in self.models else name

    def with_prior(self, prior_probability: Mapping[str, float]) -> "Comparison":
        """Return the same evidence under other prior probabilities.

        Parameters
        ----------
        prior_probability : mapping of str to float
            One for each model, not negative; scaled to sum to one, so odds will do.

        Returns
        -------
        Comparison

        Raises
        ------
        ParameterError
            If a model is missing or unknown, or a number is not allowed.

        Examples
        --------
        >>> result.with_prior({"random": 10, "defect": 1}).probabilities  # doctest: +SKIP
        """
        return replace(self, prior_probability=scaled(self.names, prior_probability))

    @property
    def trusted(self) -> bool:
        """Whether every evidence is trusted."""
        return all(evidence.trusted for evidence in self.evidence.values())

    def log_bayes_factor(self, favoured: str, against: str) -> LogBayesFactor:
        """Log Bayes factor of one hypothesis over another.

        Parameters
        ----------
        favoured, against : str

        Returns
        -------
        LogBayesFactor

        Raises
        ------
        ParameterError
            If a hypothesis was not compared.
        """
        for argument, name in (("favoured", favoured), ("against", against)):
            if name not in self.evidence:
                raise ParameterError(
                    f"{argument}: {name!r} was not compared. Compared were {', '.join(self.names)}."
                )
        one, other = self.evidence[favoured], self.evidence[against]
        if favoured == against:
            return LogBayesFactor(favoured, against, 0.0, 0.0)
        return LogBayesFactor(
            favoured, against, one.log_ml - other.log_ml, float(np.hypot(one.mcse, other.mcse))
        )

    @cached_property
    def probabilities(self) -> pd.DataFrame:
        """Prior and posterior probability of each hypothesis, with the Monte Carlo error.

        Columns ``family``, ``prior``, ``posterior``, ``posterior_mcse``; index the names.
        """
        table = pd.DataFrame(
            {
                "family": [self.family(name) for name in self.names],
                "prior": [self.prior_probability[name] for name in self.names],
            },
            index=pd.Index(self.names, name="hypothesis"),
        )
        table["posterior"], draws = self._posterior()
        table["posterior_mcse"] = draws.std(axis=0)
        return table

    @cached_property
    def families(self) -> pd.DataFrame:
        """The same summed over families: ``prior``, ``posterior``, ``posterior_mcse``."""
        family = self.probabilities["family"]
        sums = self.probabilities.groupby(family, sort=False)[["prior", "posterior"]].sum(
            min_count=1
        )
        if np.isnan(self.probabilities["posterior"]).any():
            sums["posterior"] = np.nan
        _, draws = self._posterior()
        by_family = pd.DataFrame(draws.T, index=family.to_numpy()).groupby(level=0, sort=False)
        sums["posterior_mcse"] = by_family.sum(min_count=1).std(axis=1, ddof=0)
        return sums

    def _posterior(self) -> tuple[np.ndarray, np.ndarray]:
        """Posterior probabilities, and draws of them over the error of the evidences."""
        with np.errstate(divide="ignore"):
            log_prior = np.log([self.prior_probability[name] for name in self.names])
        log_ml = np.array([self.evidence[name].log_ml for name in self.names])
        mcse = np.array([self.evidence[name].mcse for name in self.names])
        rng = np.random.default_rng(0)
        noise = mcse * rng.standard_normal((_ERROR_DRAWS, len(self.names)))
        return softmax(log_prior + log_ml), softmax(log_prior + log_ml + noise, axis=1)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per hypothesis: evidence, Bayes factor over the first, and probabilities."""
        reference = self.names[0]
        factors = [self.log_bayes_factor(name, reference) for name in self.names]
        frame = pd.DataFrame(
            {
                "log_evidence": [self.evidence[name].log_ml for name in self.names],
                "log_evidence_mcse": [self.evidence[name].mcse for name in self.names],
                f"log_bf_over_{reference}": [factor.value for factor in factors],
                f"log_bf_over_{reference}_mcse": [factor.mcse for factor in factors],
                f"bf_over_{reference}": [factor.factor for factor in factors],
                f"log10_bf_over_{reference}": [factor.log10 for factor in factors],
                "words": [factor.words for factor in factors],
                "trusted": [self.evidence[name].trusted for name in self.names],
            },
            index=pd.Index(self.names, name="hypothesis"),
        )
        return self.probabilities.join(frame)

    @cached_property
    def text(self) -> str:
        """The result in words and tables, for people."""
        return comparison_text.describe(self)

    def __repr__(self) -> str:
        on = "" if self.history is None else f" on {self.history.name!r}"
        return f"<Comparison of {', '.join(self.names)}{on}>"

    def _repr_html_(self) -> str:
        return comparison_text.to_html(self)

    def to_datatree(self) -> DataTree:
        """Everything in one tree.

        Returns
        -------
        xarray.DataTree
            Group ``comparison`` (dims ``model``, ``model_a``, ``model_b``), group ``record`` if
            there is one, and a group per model with its fit; provenance in the root attributes.
        """
        return comparison_storage.to_datatree(self)

    def save(self, path: str | Path) -> None:
        """Write everything to a zarr store; an existing one at this path is replaced at the end.

        Parameters
        ----------
        path : path
            Usually ends in ``.zarr``.

        Raises
        ------
        StoredResultError
            If the path holds something that is not a stored comparison.
        """
        comparison_storage.save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> "Comparison":
        """Read a comparison written by `save`.

        Parameters
        ----------
        path : path

        Returns
        -------
        Comparison

        Raises
        ------
        StoredResultError
            If there is none at this path, or it was written by another version of the format.
        """
        return cls(**comparison_storage.load(Path(path)))
