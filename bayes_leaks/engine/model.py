"""A PyMC model compiled once: its data are swapped, it is sampled and evaluated many times."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.logprob.utils import local_check_parameter_to_ninf_switch
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant
from pytensor.graph.replace import graph_replace
from pytensor.graph.rewriting.basic import in2out
from pytensor.graph.rewriting.utils import rewrite_graph
from pytensor.graph.traversal import ancestors
from pytensor.tensor import TensorVariable
from xarray import DataTree

from bayes_leaks.engine.functions import (
    FloatArray,
    Inputs,
    compilations,
    compile_numpy,
    compile_rows,
    running_on_numpy,
)
from bayes_leaks.engine.prior import PriorSampler

type Rows = Callable[[FloatArray], list[FloatArray]]

# Points are evaluated in chunks of about this many numbers per array, which stay in the cache.
_CHUNK = 2**19

_NO_RAISE = in2out(local_check_parameter_to_ninf_switch)

_models: dict[Hashable, "CompiledModel"] = {}


def compiled_model(key: Hashable, build: Callable[[], pm.Model], data: Inputs) -> "CompiledModel":
    """Return a compiled model holding the given data, compiled once for each key and kept.

    Parameters
    ----------
    key : hashable
        Everything that decides the model besides its data.
    build : callable
        Builds the model; called only if no model with this key was compiled.
    data : mapping of str to ndarray
        Values of the model's `pm.Data`.

    Returns
    -------
    CompiledModel
    """
    if key not in _models:
        _models[key] = CompiledModel(build())
    _models[key].swap(data)
    return _models[key]


class CompiledModel:
    """A PyMC model ready to be sampled and evaluated many times.

    Every part is compiled when it is first used. Points are rows of the unconstrained space, in
    the order of the model's value variables; log densities are in nats.

    Parameters
    ----------
    model : pymc.Model
        With continuous free variables only.
    """

    def __init__(self, model: pm.Model) -> None:
        self.model = model
        self._data: dict[str, np.ndarray] = {}

    def swap(self, data: Inputs) -> None:
        """Replace values of the model's `pm.Data`; new lengths are allowed."""
        self._data = {
            name: np.asarray(value, dtype=self.model[name].type.dtype)
            for name, value in data.items()
        }
        for name, value in self._data.items():
            self.model[name].set_value(value)

    def compile(self) -> None:
        """Compile now what sampling and log densities would otherwise compile at first use."""
        _ = self._sampler, self._log_density

    @cached_property
    def _sampler(self) -> Any:
        compilations["gradient"] += 1
        # With fast mathematics the order of operations depends on what was inlined, and that on
        # what was in the compile cache: the same seed would give other draws in the second run.
        with pytensor.config.change_flags(numba__fastmath=False):
            return nutpie.compile_pymc_model(self.model)

    @cached_property
    def _point(self) -> dict[str, np.ndarray]:
        """Any point of the unconstrained space, for its names and shapes."""
        with running_on_numpy():
            return dict(self.model.initial_point())

    @cached_property
    def coordinates(self) -> dict[str, slice]:
        """Columns of each free variable in the rows of points."""
        parts, start = {}, 0
        for rv in self.model.free_RVs:
            size = self._point[self.model.rvs_to_values[rv].name].size
            parts[rv.name] = slice(start, start + size)
            start += size
        return parts

    @property
    def dimension(self) -> int:
        """Number of unconstrained parameters."""
        return sum(part.stop - part.start for part in self.coordinates.values())

    def log_density(self, points: FloatArray) -> FloatArray:
        """Log density of the unconstrained parameters: prior, Jacobian, likelihood, potentials.

        Parameters
        ----------
        points : ndarray, shape (n_points, n_dim)

        Returns
        -------
        ndarray, shape (n_points,)
        """
        return self._log_density(points)[0]

    @cached_property
    def log_density_without_unknowns(self) -> float:
        """Log density of a model that has no free variables, in nats."""
        return float(compile_numpy([], self.model.logp())())

    def log_prior(self, points: FloatArray) -> FloatArray:
        """Log density of the free variables, Jacobian included, potentials not."""
        return self._log_prior(points)[0]

    def log_likelihood(self, points: FloatArray) -> FloatArray:
        """Log density of the observed variables; zero if there are none."""
        return self._log_likelihood(points)[0]

    def log_potential(self, points: FloatArray) -> FloatArray:
        """Sum of all potentials; zero if there are none."""
        return self._log_potential(points)[0]

    def log_jacobian(self, points: FloatArray) -> FloatArray:
        """Log of the volume of the parameters' own space per volume of the unconstrained one."""
        return self._log_jacobian(points)[0]

    def prior_terms(self, points: FloatArray) -> dict[str, FloatArray]:
        """Log density of each free variable given its parents, Jacobian included.

        Parameters
        ----------
        points : ndarray, shape (n_points, n_dim)

        Returns
        -------
        dict of str to ndarray, shape (n_points, n_terms)
            One term per element, or a single one if the distribution or its transform is not
            elementwise.
        """
        terms = self._prior_terms(points)
        names = self.coordinates
        return {
            name: term.reshape(len(points), -1) for name, term in zip(names, terms, strict=True)
        }

    @cached_property
    def _log_density(self) -> Rows:
        return self._compile_rows([self.model.logp()])

    @cached_property
    def _log_prior(self) -> Rows:
        return self._compile_rows([self.model.logp(vars=self.model.free_RVs)])

    @cached_property
    def _log_likelihood(self) -> Rows:
        return self._compile_rows([self._log_density_of(self.model.observed_RVs)])

    @cached_property
    def _log_potential(self) -> Rows:
        return self._compile_rows([self._log_density_of(self.model.potentials)])

    @cached_property
    def _log_jacobian(self) -> Rows:
        free = self.model.free_RVs
        without = self.model.logp(vars=free, jacobian=False)
        return self._compile_rows([self.model.logp(vars=free) - without])

    @cached_property
    def _prior_terms(self) -> Rows:
        return self._compile_rows(self.model.logp(vars=self.model.free_RVs, sum=False))

    def _log_density_of(self, variables: Sequence[TensorVariable]) -> TensorVariable:
        # PyMC takes an empty list for "all variables".
        return self.model.logp(vars=list(variables)) if variables else pt.constant(0.0)

    def _compile_rows(self, outputs: list[TensorVariable]) -> Rows:
        """Compile graphs of the value variables to a function of points, evaluated in chunks."""
        # PyMC raises where a parameter leaves its range: among many points, that one is impossible.
        mended = rewrite_graph(outputs, include=(), custom_rewrite=_NO_RAISE, clone=True)
        graphs, joined = pm.pytensorf.join_nonshared_inputs(
            self._point, mended, self.model.value_vars, []
        )
        function = compile_rows([joined], graphs)
        nodes = list(ancestors(graphs))
        fixed = max((np.size(n.data) for n in nodes if isinstance(n, Constant)), default=1)
        shared = [node for node in nodes if isinstance(node, SharedVariable)]

        def evaluate(points: FloatArray) -> list[FloatArray]:
            sizes = (np.size(node.get_value(borrow=True)) for node in shared)
            size = max(1, _CHUNK // max(fixed, points.shape[1], *sizes))
            chunks = [function(points[i : i + size]) for i in range(0, len(points), size)]
            return [np.concatenate(parts) for parts in zip(*chunks, strict=True)]

        return evaluate

    @cached_property
    def _constrain(self) -> Rows:
        return self._compile_rows(self.model.replace_rvs_by_values(self.model.free_RVs))

    @cached_property
    def _unconstrain(self) -> Callable[..., list[FloatArray]]:
        natural = {rv: rv.type() for rv in self.model.free_RVs}
        images = []
        for rv, value in natural.items():
            transform = self.model.rvs_to_transforms[rv]
            image = transform.forward(value, *rv.owner.inputs) if transform else value
            images.append(image.astype(self.model.rvs_to_values[rv].type.dtype))
        # Bounds of one variable may depend on others.
        images = graph_replace(images, natural, strict=False)
        return compile_rows(list(natural.values()), images)

    def constrain(self, points: FloatArray) -> dict[str, FloatArray]:
        """Values of the free variables on their own scales.

        Parameters
        ----------
        points : ndarray, shape (n_points, n_dim)

        Returns
        -------
        dict of str to ndarray, shape (n_points, *shape of the variable)
        """
        return dict(zip(self.coordinates, self._constrain(points), strict=True))

    def unconstrain(self, values: Mapping[str, np.ndarray]) -> FloatArray:
        """Map values on their own scales to points, by the model's forward transforms.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n_points, *shape of the variable)
            Every free variable; further names are ignored.

        Returns
        -------
        ndarray, shape (n_points, n_dim)
            NaN or infinite where a value has no image, such as an unordered one of an ordered
            variable.
        """
        inputs = [np.asarray(values[rv.name], dtype=rv.type.dtype) for rv in self.model.free_RVs]
        with np.errstate(all="ignore"):
            images = self._unconstrain(*inputs)
        return np.concatenate([image.reshape(len(image), -1) for image in images], axis=1)

    @cached_property
    def prior(self) -> PriorSampler:
        """The prior of the free variables, as a sampler; potentials play no part in it."""
        return PriorSampler(self.model.free_RVs)

    def draw_prior(self, size: int, random_seed: int) -> dict[str, np.ndarray]:
        """Draw the free variables from their prior; see `PriorSampler.draw`."""
        return self.prior.draw(size, random_seed)

    def sample(
        self, *, draws: int, tune: int, chains: int, random_seed: int, **sampler_options: Any
    ) -> DataTree:
        """Draw from the posterior with NUTS.

        Parameters
        ----------
        draws, tune, chains : int
            Per chain: draws kept, draws for adaptation; and the number of chains.
        random_seed : int
        **sampler_options
            Passed to `nutpie.sample`.

        Returns
        -------
        xarray.DataTree
            With ``unconstrained_draw`` and ``logp`` in its group ``sample_stats``.
        """
        # Data that only the simulators use are not part of the density, and nutpie refuses them.
        in_density = {variable.name for variable in self._sampler.shared_var_keys}
        known = {name: value for name, value in self._data.items() if name in in_density}
        sampler = nutpie.sample(
            self._sampler.with_data(**known),
            draws=draws,
            tune=tune,
            chains=chains,
            seed=random_seed,
            store_unconstrained=True,
            save_warmup=False,
            progress_bar=False,
            blocking=False,
            **sampler_options,
        )
        # Waiting in nutpie would turn an interrupt into a trace of however many draws there are.
        try:
            return sampler.wait()
        except KeyboardInterrupt:
            sampler.abort()
            raise
