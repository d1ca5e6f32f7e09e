"""What every hypothesis can do: build a PyMC model, give its log likelihood, simulate a history."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks import engine
from bayes_leaks.errors import ParameterError
from bayes_leaks.hypotheses import priors
from bayes_leaks.hypotheses.layout import FLEET_DIMS, Layout, exposure_of, without_events
from bayes_leaks.hypotheses.model_file import ModelFile, find_model_file, read_model_file
from bayes_leaks.hypotheses.values import Values, check_values
from bayes_leaks.likelihood.exposure import Exposure, FloatArray
from bayes_leaks.record import LeakHistory

# Priors can ask for rates at which a hypothesis cannot exist; such draws are drawn again, and after
# this many the priors themselves are at fault.
MAX_PRIOR_REDRAWS = 1000


class Hypothesis:
    """A generative explanation of a leak history.

    Subclasses declare their parameters and implement `arrange`, `log_density` and
    `draw_leak_times`; everything else is derived.

    Parameters
    ----------
    models_dir : path, optional
        Folder with edited copies of the model files; the shipped ones by default.
    model : ModelFile, optional
        A model file already read, with priors changed in code.

    Raises
    ------
    ModelFileError
        If the model file is missing or invalid.
    ParameterError
        If both arguments are given.
    """

    name: ClassVar[str]
    """Name of the hypothesis and of its model file."""
    free: ClassVar[Mapping[str, str]]
    """Free parameters of the model file, and the support each needs."""
    accepts: ClassVar[Mapping[str, str]]
    """Parameters of the likelihood, and the kind of value each takes."""

    def __init__(
        self, *, models_dir: str | Path | None = None, model: ModelFile | None = None
    ) -> None:
        if model is not None and models_dir is not None:
            raise ParameterError(
                "model and models_dir: both were given. Pass the folder, or a model file already "
                "read, not both."
            )
        if model is None:
            model = read_model_file(find_model_file(self.name, models_dir), required=self.free)
        self.model = model

    def __repr__(self) -> str:
        prior_text = ", ".join(
            f"{name} ~ {prior.text}" for name, prior in self.model.parameters.items()
        )
        return f"<{type(self).__name__} {self.name!r}: {prior_text}>"

    @property
    def family(self) -> str:
        """The family whose prior weight this hypothesis shares."""
        return self.model.family

    def arrange(self, exposure: Exposure) -> Layout:
        """Arrange a record for the likelihood, beyond the arrays of the fleet itself.

        Parameters
        ----------
        exposure : Exposure

        Returns
        -------
        Layout

        Raises
        ------
        UnsupportedRecordError
            If the exact likelihood cannot be computed on this record.
        """
        raise NotImplementedError(f"{type(self).__name__} must define arrange")

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Exact log density of ``arrays["asset_leak_time"]``, in nats, times in years.

        Parameters
        ----------
        values : dict of str to tensor
            The parameters named in `accepts`.
        arrays : dict of str to tensor
            The arrays of `arrange`, and those of the fleet: ``asset_start``, ``asset_end``,
            ``asset_weight``, ``asset_batch`` and ``asset_leak_time``, each of shape (n_assets,).
        sizes : dict of str to int
            From `arrange`.

        Returns
        -------
        scalar
        """
        raise NotImplementedError(f"{type(self).__name__} must define log_density")

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Simulate one history over the planned exposures of a fleet.

        Parameters
        ----------
        rng : numpy.random.Generator
        fleet : Exposure
            Its events are not used.
        values : dict of str to ndarray

        Returns
        -------
        ndarray, shape (n_assets,)
            Time of the leak of each asset in years, +inf for none.
        """
        raise NotImplementedError(f"{type(self).__name__} must define draw_leak_times")

    def likelihood_values(self, free: dict[str, Any]) -> dict[str, Any]:
        """Parameters of the likelihood from the free parameters; arrays or tensors alike."""
        return dict(free)

    def find_impossible(self, fleet: Exposure, values: Values) -> str | None:
        """Say why no such process exists at these values, or None if it does."""
        return None

    def layout(self, history: LeakHistory) -> Layout:
        """Arrange a history: the data and fixed sizes of the model.

        Parameters
        ----------
        history : LeakHistory

        Returns
        -------
        Layout
            ``arrays`` swaps the data of a compiled model that has the same ``sizes``.
        """
        exposure = exposure_of(history)
        own = self.arrange(exposure)
        fleet = {
            "asset_start": exposure.start,
            "asset_end": exposure.end,
            "asset_weight": exposure.weight,
            "asset_batch": exposure.batch,
            "asset_leak_time": exposure.leak_time,
        }
        return Layout(fleet | own.arrays, FLEET_DIMS | own.dims, own.sizes)

    def build(self, history: LeakHistory) -> pm.Model:
        """Build the PyMC model of this hypothesis for a history.

        The observed variable ``leak_time`` has one entry per asset, +inf for no leak. It is a
        `pm.CustomDist` with its simulator, so PyMC's and ArviZ's own tools work on it. Its density
        holds for the observed leak times only (other arrays of the model are laid out for them)
        and is NaN for others: to change the record, set all arrays of `layout` at once.

        Parameters
        ----------
        history : LeakHistory

        Returns
        -------
        pymc.Model

        Raises
        ------
        UnsupportedRecordError
            If the exact likelihood cannot be computed on this record.
        """
        layout = self.layout(history)
        with pm.Model(coords={"asset": list(history.asset_id)}) as model:
            data = {
                name: pm.Data(name, array, dims=layout.dims[name], shape=layout.static_shape(name))
                for name, array in layout.arrays.items()
            }
            free = priors.add_priors(self.model)
            values = self.likelihood_values(free)
            for name in values.keys() - free.keys():
                values[name] = pm.Deterministic(name, values[name])
            self._add_leak_time(values, data, layout.sizes)
        return model

    def _add_leak_time(
        self,
        values: dict[str, TensorVariable],
        data: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> None:
        fleet = [name for name in FLEET_DIMS if name != "asset_leak_time"]

        def logp(value: TensorVariable, *arguments: TensorVariable) -> TensorVariable:
            given = dict(zip(values, arguments, strict=False))
            density = self.log_density(given, data | {"asset_leak_time": value}, sizes)
            as_laid_out = pt.all(pt.eq(value, data["asset_leak_time"]))
            return pt.switch(as_laid_out, density, np.nan)

        def random(
            *arguments: np.ndarray,
            rng: np.random.Generator | None = None,
            size: tuple[int, ...] | None = None,
        ) -> FloatArray:
            given = dict(zip(values, arguments, strict=False))
            start, end, weight, batch = arguments[len(values) :]
            planned = without_events(start, end, weight, batch)
            rng = np.random.default_rng(rng)
            if self.find_impossible(planned, given) is not None:
                return np.full((*(size or ()), len(start)), np.nan)
            repeats = int(np.prod(size or ()))
            times = [self.draw_leak_times(rng, planned, given) for _ in range(repeats)]
            return np.reshape(times, (*(size or ()), len(start)))

        cores = ["(cause)" if value.ndim else "()" for value in values.values()]
        pm.CustomDist(
            "leak_time",
            *values.values(),
            *(data[name] for name in fleet),
            logp=logp,
            random=random,
            signature=",".join(cores + ["(n)"] * len(fleet)) + "->(n)",
            observed=data["asset_leak_time"],
            dims="asset",
        )

    def log_likelihood(self, history: LeakHistory, **values: Any) -> float:
        """Exact log likelihood of a history at given parameter values.

        Parameters
        ----------
        history : LeakHistory
        **values : float or sequence of float
            Every parameter named in `accepts`.

        Returns
        -------
        float
            Nats; a density per asset and year of leak time. ``-inf`` where the hypothesis cannot
            produce the history.

        Raises
        ------
        ParameterError
            If a name is unknown or missing, or a value out of range.
        """
        checked = check_values(values, self.accepts, self.name, complete=True)
        layout = self.layout(history)
        key = (type(self), "log_likelihood", tuple(sorted(layout.sizes.items())))
        inputs = {**checked, **layout.arrays}
        types = {name: pt.TensorType("float64", value.shape) for name, value in checked.items()} | {
            name: pt.TensorType(value.dtype, layout.static_shape(name))
            for name, value in layout.arrays.items()
        }
        evaluate = engine.compiled_function(key, types, lambda v: self._graph(v, layout.sizes))
        return float(evaluate(inputs))

    def _graph(self, inputs: dict[str, TensorVariable], sizes: dict[str, int]) -> TensorVariable:
        values = {name: inputs[name] for name in self.accepts}
        return self.log_density(values, inputs, sizes)

    def simulate(
        self,
        history: LeakHistory,
        random_seed: int | np.random.Generator | np.random.SeedSequence | None = None,
        **values: Any,
    ) -> LeakHistory:
        """Simulate a history over the same fleet and window.

        Parameters
        ----------
        history : LeakHistory
            Its events are not used.
        random_seed : int, Generator or SeedSequence, optional
            Covers everything drawn: parameters and leaks.
        **values : float or sequence of float
            Parameters named in `accepts`; the others are drawn from the prior. A prior draw at
            which the hypothesis cannot exist is drawn again.

        Returns
        -------
        LeakHistory

        Raises
        ------
        ParameterError
            If a name is unknown, a value out of range, or no such process exists.
        """
        fixed = check_values(values, self.accepts, self.name, complete=False)
        rng = np.random.default_rng(random_seed)
        exposure = exposure_of(history)
        fleet = without_events(exposure.start, exposure.end, exposure.weight, exposure.batch)
        for _ in range(MAX_PRIOR_REDRAWS):
            drawn = fixed
            if fixed.keys() != self.accepts.keys():
                free = {name: draw[0] for name, draw in priors.draw(self.model, rng, 1).items()}
                drawn = self.likelihood_values(free) | fixed
            values_of_draw = {name: np.asarray(drawn[name]) for name in self.accepts}
            reason = self.find_impossible(fleet, values_of_draw)
            if reason is None:
                return history.with_leak_times(self.draw_leak_times(rng, fleet, values_of_draw))
            if drawn is fixed:
                break
        raise ParameterError(f"hypothesis {self.name!r}: {reason}")
