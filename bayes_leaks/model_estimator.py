"""A PyMC model checked and compiled once, whose evidence can be estimated many times."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import get_args

import numpy as np
import pymc as pm
from xarray import DataTree

from bayes_leaks import user_model
from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import Evidence, bridge, quadrature
from bayes_leaks.evidence.auto import IMPORTANCE_START, Draws, Target, auto, smc_size
from bayes_leaks.evidence.importance import importance
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.labels import LabelSymmetry
from bayes_leaks.evidence.nested import nested
from bayes_leaks.evidence.smc import smc
from bayes_leaks.settings import NEED_DRAWS, Method, PotentialRole

# Draws from the prior to check its mass and to look for symmetries.
_PRIOR_DRAWS = 1000
# Labels found by themselves are folded if they part the posterior this far.
_SEPARATE = 10.0


class ModelEstimator:
    """A PyMC model checked and compiled once, whose evidence can be estimated many times.

    Parameters
    ----------
    model : pymc.Model
        With continuous free variables, or discrete ones that can be summed out.
    potentials : {"likelihood", "prior"}, optional
        What the model's Potentials are; with those of the prior it must integrate to one.
    shared_improper : sequence of str, optional
        Variables with a Flat prior that every compared model has too.
    exchangeable : sequence of str, optional
        Variables whose last axis runs over interchangeable labels; found by itself if not given,
        not looked for if empty.
    check_prior : bool, optional
        Whether to check that the prior integrates to one.

    Raises
    ------
    ParameterError
        If the model is not supported; all reasons together.
    """

    def __init__(
        self,
        model: pm.Model,
        *,
        potentials: PotentialRole | None = None,
        shared_improper: Sequence[str] = (),
        exchangeable: Sequence[str] | None = None,
        check_prior: bool = True,
    ) -> None:
        if potentials not in (None, *get_args(PotentialRole.__value__)):
            raise ParameterError(
                f"potentials: {potentials!r} is not known. Give 'likelihood' or 'prior'."
            )
        self.data_digest = user_model.data_digest(model)
        model = user_model.sum_out_latent(model)
        user_model.check_supported(model, shared_improper=shared_improper)
        self.compiled = CompiledModel(model)
        self.shared_improper = tuple(shared_improper)
        self._potentials: PotentialRole | None = potentials
        self._exchangeable = exchangeable
        self._check_prior = check_prior

    def sample(self, *, draws: int, tune: int, chains: int, random_seed: int) -> DataTree:
        """Draw from the posterior with NUTS; see `CompiledModel.sample`."""
        return self.compiled.sample(draws=draws, tune=tune, chains=chains, random_seed=random_seed)

    def draw_prior(self, size: int, random_seed: int) -> Floats:
        """Draw points of the unconstrained space from the prior.

        Parameters
        ----------
        size : int
            Draws without an image in the unconstrained space are left out.
        random_seed : int

        Returns
        -------
        ndarray, shape (at most `size`, n_dim)
        """
        points = self.compiled.unconstrain(self.compiled.draw_prior(size, random_seed))
        return points[np.isfinite(points).all(axis=1)]

    @property
    def has_unknowns(self) -> bool:
        """Whether there is anything to sample; if not, the evidence is the likelihood."""
        return bool(self.compiled.model.free_RVs)

    @cached_property
    def _can_draw_prior(self) -> bool:
        if self.shared_improper:
            return False
        try:
            return len(self.draw_prior(_PRIOR_DRAWS, random_seed=0)) > 0
        except EvidenceError:
            return False

    @cached_property
    def prior_reasons(self) -> tuple[str, ...]:
        """Why the prior cannot be trusted to integrate to one; empty if it can."""
        if not self._check_prior:
            return ()
        return user_model.prior_mass(
            self.compiled, potentials=self._potentials, shared_improper=self.shared_improper
        ).reasons

    @cached_property
    def _permute(self) -> Callable[[Floats], Floats] | None:
        """All relabellings of points that leave the posterior as it is, if there are any."""
        names = self._exchangeable
        if names is None:
            names = user_model.find_exchangeable(self.compiled) if self._can_draw_prior else ()
        return user_model.label_permutations(self.compiled, names) if names else None

    def estimate(
        self,
        tree: DataTree | None,
        *,
        method: Method = "auto",
        mcse: float = 0.01,
        max_draws: int = 16_000,
        random_seed: int | np.random.SeedSequence | None = None,
        allow_untrusted: bool = False,
    ) -> Evidence:
        """Estimate the log evidence; see `log_evidence`.

        Parameters
        ----------
        tree : xarray.DataTree or None
            Posterior draws; methods that start from the prior need none.
        method, mcse, max_draws, random_seed, allow_untrusted
            As in `log_evidence`.

        Returns
        -------
        Evidence
        """
        if not self.has_unknowns:
            return self._known(allow_untrusted)
        root = (
            random_seed
            if isinstance(random_seed, np.random.SeedSequence)
            else np.random.SeedSequence(random_seed)
        )
        rng, prior_seed, more_seed = (np.random.default_rng(seed) for seed in root.spawn(3))
        draws = None if tree is None else user_model.unconstrained_draws(self.compiled, tree)
        if draws is None and method in NEED_DRAWS:
            raise ParameterError(f"method: {method!r} needs posterior draws; give them.")
        symmetry = self._symmetry(draws)
        target = self._target(prior_seed, symmetry)

        def more_draws(chains: int, length: int) -> Draws:
            seed = int(more_seed.integers(2**31))
            more = self.sample(draws=length, tune=1000, chains=chains, random_seed=seed)
            return _folded(user_model.unconstrained_draws(self.compiled, more), symmetry)

        if method == "auto" and draws is not None:
            found = auto(
                target,
                _folded(draws, symmetry),
                mcse=mcse,
                random_seed=rng,
                more_draws=more_draws,
                max_draws=max_draws,
                allow_untrusted=True,
            )
        else:
            folded = None if draws is None else _folded(draws, symmetry)
            found = self._single(method, target, folded, mcse, rng)
        return replace(
            found.distrusted(*self.prior_reasons, allow_untrusted=True)
            if self.prior_reasons
            else found,
            data_digest=self.data_digest,
            improper=self.shared_improper,
            allow_untrusted=allow_untrusted,
        )

    def _known(self, allow_untrusted: bool) -> Evidence:
        """Without unknowns the evidence is the likelihood."""
        value = self.compiled.log_density_without_unknowns
        reasons: tuple[str, ...] = ()
        if not np.isfinite(value):
            reasons = (f"non_finite_density: the log likelihood is {value}.",)
        return Evidence(
            log_ml=value,
            mcse=0.0,
            method="exact",
            n_evaluations=1,
            diagnostics={},
            trusted=not reasons,
            reasons=reasons,
            data_digest=self.data_digest,
            allow_untrusted=allow_untrusted,
        )

    def _symmetry(self, draws: Draws | None) -> LabelSymmetry | None:
        """Fold labels that were declared, or that part the posterior into separate copies."""
        if draws is None or self._permute is None:
            return None
        symmetry = LabelSymmetry(self._permute, draws.points.reshape(-1, draws.points.shape[2]))
        declared = self._exchangeable is not None
        return symmetry if declared or symmetry.separation > _SEPARATE else None

    def _target(self, rng: np.random.Generator, symmetry: LabelSymmetry | None) -> Target:
        compiled = self.compiled

        def log_likelihood(points: Floats) -> Floats:
            return compiled.log_likelihood(points) + compiled.log_potential(points)

        def draw_prior(size: int) -> Floats:
            points = self.draw_prior(size, random_seed=int(rng.integers(2**31)))
            return points if symmetry is None else symmetry.fold(points)

        density = compiled.log_density
        return Target(
            density if symmetry is None else symmetry.restrict(density),
            compiled.log_prior,
            log_likelihood,
            draw_prior if self._can_draw_prior else None,
        )

    def _single(
        self,
        method: Method,
        target: Target,
        draws: Draws | None,
        mcse: float,
        rng: np.random.Generator,
    ) -> Evidence:
        """Estimate by one method alone."""
        if method == "bridge" and draws is not None:
            return bridge(
                target.log_density,
                draws.points,
                None,
                random_seed=rng,
                diagnostics={"divergences": draws.divergences},
                allow_untrusted=True,
            )
        if method == "quadrature" and draws is not None:
            flat = draws.points.reshape(-1, draws.points.shape[2])
            return quadrature(target.log_density, flat.mean(axis=0), np.cov(flat, rowvar=False))
        if target.draw_prior is None:
            raise ParameterError(
                f"method: {method!r} starts from prior draws, and this prior cannot be drawn from; "
                "use 'auto' or 'bridge'."
            )
        if method == "importance":
            return importance(
                target.log_density,
                target.draw_prior(IMPORTANCE_START),
                mcse=mcse,
                random_seed=rng,
                allow_untrusted=True,
            )
        if method == "smc":
            size = smc_size(self.compiled.dimension)
            return smc(
                target.log_prior,
                target.log_likelihood,
                target.draw_prior(size),
                random_seed=rng,
                allow_untrusted=True,
            )
        return self._nested(rng)

    def _nested(self, rng: np.random.Generator) -> Evidence:
        prior = self.compiled.prior

        def log_likelihood(cube: Floats) -> Floats:
            points = self.compiled.unconstrain(prior.at_quantiles(cube))
            return self.compiled.log_likelihood(points) + self.compiled.log_potential(points)

        return nested(log_likelihood, prior.n_elements, random_seed=rng)


def _folded(draws: Draws, symmetry: LabelSymmetry | None) -> Draws:
    """Draws inside the region of one labelling; their log densities are to be found anew."""
    if symmetry is None:
        return draws
    return Draws(symmetry.fold(draws.points), None, draws.divergences)
