"""Competing causes: random leaks, defects and shocks at once, in unknown shares."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pytensor.tensor import TensorVariable

from bayes_leaks.hypotheses.base import Hypothesis
from bayes_leaks.hypotheses.common import CommonShock, shock_layout, shock_leaks, shock_terms
from bayes_leaks.hypotheses.defect import (
    ManufacturingDefect,
    batch_law,
    defect_leaks,
    too_many_defects,
)
from bayes_leaks.hypotheses.layout import Layout
from bayes_leaks.hypotheses.leaks import background_leaks, first_leak
from bayes_leaks.hypotheses.random import observe_fleet
from bayes_leaks.hypotheses.values import Values
from bayes_leaks.likelihood import batches, competing, groups
from bayes_leaks.likelihood.exposure import Exposure, FloatArray


class CompetingCauses(Hypothesis):
    """Every leak has one of three causes; the shares are unknown.

    `RandomMicrometeoroid`, `ManufacturingDefect` and ``CommonCause("shock")`` are its edges: with
    shares (1, 0, 0), (1 - x, x, 0) and (1 - x, 0, x) it gives their likelihoods.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> value = bl.CompetingCauses().log_likelihood(
    ...     bl.load_iss(), leak_rate=0.02, shares=(0.3, 0.3, 0.4), weibull_shape=0.7,
    ...     weibull_scale=0.4, batch_correlation=0.1, hit_probability=0.3, latency=0.15)
    """

    name = "competing"
    free: ClassVar[Mapping[str, str]] = {
        "leak_rate": "positive",
        "shares": "simplex",
        "weibull_shape": "positive",
        "weibull_scale": "positive",
        "batch_correlation": "unit interval",
        "hit_probability": "unit interval",
        "latency": "positive",
    }
    accepts: ClassVar[Mapping[str, str]] = {
        **free,
        "batch_correlation": ManufacturingDefect.accepts["batch_correlation"],
        "hit_probability": CommonShock.accepts["hit_probability"],
    }

    def arrange(self, exposure: Exposure) -> Layout:
        """Lay out shocks and batches for events that could share either."""
        related = groups.can_share_shock(exposure) | groups.share_batch(exposure)
        event_groups = groups.group_events(exposure, related, self.name)
        shocks = shock_layout(exposure, event_groups)
        rows = batches.assigned_rows(exposure, event_groups)
        return Layout(
            shocks.arrays | rows.arrays,
            shocks.dims | batches.DIMS,
            shocks.sizes | {"batch_slot": rows.n_slots},
        )

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Exact log density, summed over who caused what."""
        random_share, defect_share, common_share = (values["shares"][cause] for cause in range(3))
        rate = values["leak_rate"]
        shock_void, sums = shock_terms(values, common_share, random_share, arrays, sizes)
        law = batch_law(values, arrays, defect_share)
        log_free, assigned = competing.assignments(rate, law, arrays, sizes["batch_slot"])
        observed = observe_fleet(arrays)
        return competing.log_density(
            rate, random_share, log_free, assigned, sums, shock_void, observed, law
        )

    def find_impossible(self, fleet: Exposure, values: Values) -> str | None:
        """Defects cannot cause more leaks than there are assets to leak."""
        return too_many_defects(fleet, values, float(values["shares"][1]))

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Draw all three causes; the first to act makes the leak."""
        random_share, defect_share, common_share = np.asarray(values["shares"], dtype=float)
        return first_leak(
            background_leaks(rng, fleet, random_share * float(values["leak_rate"])),
            defect_leaks(rng, fleet, values, defect_share),
            shock_leaks(rng, fleet, values, common_share),
            end=fleet.end,
        )
