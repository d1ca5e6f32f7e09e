"""Random micrometeoroids and debris: leaks that know nothing of each other."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pytensor.tensor import TensorVariable

from bayes_leaks.hypotheses.base import Hypothesis
from bayes_leaks.hypotheses.layout import Layout
from bayes_leaks.hypotheses.leaks import background_leaks, first_leak
from bayes_leaks.hypotheses.values import Values
from bayes_leaks.likelihood import background
from bayes_leaks.likelihood.exposure import Exposure, FloatArray


class RandomMicrometeoroid(Hypothesis):
    """Leaks strike independently at a constant rate per asset-year.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> history = bl.load_iss()
    >>> round(bl.RandomMicrometeoroid().log_likelihood(history, leak_rate=0.02), 3)
    -9.051
    """

    name = "random"
    free: ClassVar[Mapping[str, str]] = {"leak_rate": "positive"}
    accepts: ClassVar[Mapping[str, str]] = {"leak_rate": "positive"}

    def arrange(self, exposure: Exposure) -> Layout:
        """Nothing beyond the fleet is needed."""
        return Layout({})

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Log density of a homogeneous Poisson process cut at each asset's leak."""
        return background.log_density(values["leak_rate"], observe_fleet(arrays))

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Draw exponential times to leak."""
        times = background_leaks(rng, fleet, float(values["leak_rate"]))
        return first_leak(times, end=fleet.end)


def observe_fleet(arrays: dict[str, TensorVariable]) -> background.Observed:
    """Summarise the leak times of the fleet's arrays."""
    return background.observe(
        arrays["asset_leak_time"],
        arrays["asset_start"],
        arrays["asset_end"],
        arrays["asset_weight"],
    )
