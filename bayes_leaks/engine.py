"""The one place that compiles and samples.

Compiling costs seconds and running milliseconds, so everything compiled is kept and reused: a
model is compiled once per structure, and its data are swapped. Log densities at many points are
computed by one vectorised call that runs on NumPy, which needs no compiler.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import pytensor
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.mode import Mode
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor import TensorType, TensorVariable
from xarray import DataTree

type FloatArray = NDArray[np.float64]
type Inputs = Mapping[str, np.ndarray]

compilations: Counter[str] = Counter()
"""How often this process has compiled: ``gradient`` for the sampler, ``numpy`` for densities."""

# Without fusion every node runs as one NumPy call over all points, and nothing is compiled.
_NUMPY_MODE = Mode(linker="py", optimizer="fast_run").excluding("fusion", "inplace")

# Points are evaluated in chunks of about this many numbers per array, which stay in the cache.
_CHUNK = 2**19

_functions: dict[Hashable, Callable[[Inputs], np.ndarray]] = {}
_models: dict[Hashable, "CompiledModel"] = {}


def compiled_function(
    key: Hashable,
    types: Mapping[str, TensorType],
    build: Callable[[dict[str, TensorVariable]], TensorVariable],
) -> Callable[[Inputs], np.ndarray]:
    """Return a function of named arrays, compiled once for each key and kept.

    Parameters
    ----------
    key : hashable
        Everything that decides the graph besides the values of the inputs.
    types : mapping of str to TensorType
        The arrays that the function takes.
    build : callable
        Builds the graph from tensors of the same names.

    Returns
    -------
    callable
        From a mapping of arrays to the value.
    """
    if key not in _functions:
        tensors = {name: type_(name) for name, type_ in types.items()}
        function = _compile_numpy(list(tensors.values()), build(tensors))
        names = tuple(tensors)
        _functions[key] = lambda arrays: function(*(arrays[name] for name in names))
    return _functions[key]


def _compile_numpy(
    inputs: list[TensorVariable], output: TensorVariable
) -> Callable[..., np.ndarray]:
    compilations["numpy"] += 1
    return pytensor.function(inputs, output, mode=_NUMPY_MODE, on_unused_input="ignore")


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

    @cached_property
    def _sampler(self) -> Any:
        compilations["gradient"] += 1
        # With fast mathematics the order of operations depends on what was inlined, and that on
        # what was in the compile cache: the same seed would give other draws in the second run.
        with pytensor.config.change_flags(numba__fastmath=False):
            return nutpie.compile_pymc_model(self.model)

    @cached_property
    def _log_density(self) -> Callable[[FloatArray], FloatArray]:
        point = self.model.initial_point()
        (log_density,), joined = pm.pytensorf.join_nonshared_inputs(
            point, [self.model.logp()], self.model.value_vars, []
        )
        points = pt.matrix("points")
        batched = vectorize_graph(log_density, {joined: points})
        return _compile_numpy([points], batched)

    def compile(self) -> None:
        """Compile now what would otherwise be compiled at first use."""
        _ = self._sampler, self._log_density

    def log_density(self, points: FloatArray) -> FloatArray:
        """Log density of the unconstrained parameters, Jacobian included.

        Parameters
        ----------
        points : ndarray, shape (n_points, n_dim)

        Returns
        -------
        ndarray, shape (n_points,)
            Nats.
        """
        largest = max((value.size for value in self._data.values()), default=1)
        size = max(1, _CHUNK // max(largest, 1))
        chunks = [points[i : i + size] for i in range(0, len(points), size)]
        return np.concatenate([self._log_density(chunk) for chunk in chunks])

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
