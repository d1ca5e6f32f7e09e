"""Manufacturing defect: some batches hold defective assets, which leak at an age of their own."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.hypotheses.base import Hypothesis
from bayes_leaks.hypotheses.layout import Layout
from bayes_leaks.hypotheses.leaks import background_leaks, first_leak
from bayes_leaks.hypotheses.random import observe_fleet
from bayes_leaks.hypotheses.values import Values
from bayes_leaks.likelihood import batches, defect
from bayes_leaks.likelihood.exposure import Exposure, FloatArray


class ManufacturingDefect(Hypothesis):
    """Most leaks come from defective assets, which batches share; a random background remains.

    The verdict on this hypothesis turns on which assets are taken to share a batch.

    Examples
    --------
    >>> import bayes_leaks as bl
    >>> history = bl.load_iss()
    >>> value = bl.ManufacturingDefect().log_likelihood(
    ...     history, leak_rate=0.02, defect_share=0.8, weibull_shape=0.7, weibull_scale=0.4,
    ...     batch_correlation=0.1)
    """

    name = "defect"
    free: ClassVar[Mapping[str, str]] = {
        "leak_rate": "positive",
        "defect_share": "unit interval",
        "weibull_shape": "positive",
        "weibull_scale": "positive",
        "batch_correlation": "unit interval",
    }
    accepts: ClassVar[Mapping[str, str]] = {**free, "batch_correlation": "interior"}

    def arrange(self, exposure: Exposure) -> Layout:
        """Arrange the fleet by batch."""
        rows = batches.rows(exposure)
        return Layout(rows.arrays, batches.DIMS, {"batch_slot": rows.n_slots})

    def log_density(
        self,
        values: dict[str, TensorVariable],
        arrays: dict[str, TensorVariable],
        sizes: dict[str, int],
    ) -> TensorVariable:
        """Exact log density; -inf where the rate needs more defective assets than there are."""
        rate, share = values["leak_rate"], values["defect_share"]
        law = batch_law(values, arrays, share)
        return defect.log_density(
            rate, share, law, arrays, sizes["batch_slot"], observe_fleet(arrays)
        )

    def find_impossible(self, fleet: Exposure, values: Values) -> str | None:
        """Defects cannot cause more leaks than there are assets to leak."""
        return too_many_defects(fleet, values, float(values["defect_share"]))

    def draw_leak_times(
        self, rng: np.random.Generator, fleet: Exposure, values: Values
    ) -> FloatArray:
        """Draw each batch's share, the defective assets, and their ages at leak."""
        share = float(values["defect_share"])
        return first_leak(
            background_leaks(rng, fleet, (1 - share) * float(values["leak_rate"])),
            defect_leaks(rng, fleet, values, share),
            end=fleet.end,
        )


def batch_law(
    values: dict[str, TensorVariable], arrays: dict[str, TensorVariable], share: TensorVariable
) -> batches.BatchLaw:
    """Return the law of defects that causes a share of the leaks."""
    planned = arrays["asset_end"] - arrays["asset_start"]
    return batches.batch_law(
        values["leak_rate"],
        share,
        values["weibull_shape"],
        values["weibull_scale"],
        values["batch_correlation"],
        planned,
        pt.sum(arrays["asset_weight"] * planned),
    )


def mean_defective_share(fleet: Exposure, values: Values, share: float) -> float:
    """Mean share of defective assets, as in `batches.batch_law`; 1 or more is impossible."""
    relative_age = fleet.planned / values["weibull_scale"]
    expected = -np.expm1(-(relative_age ** values["weibull_shape"])).sum()
    return float(share * values["leak_rate"] * fleet.total / expected)


def too_many_defects(fleet: Exposure, values: Values, share: float) -> str | None:
    """Say so if more assets would have to be defective than there are."""
    mean = mean_defective_share(fleet, values, share)
    if mean < 1:
        return None
    return (
        f"leak_rate {float(values['leak_rate']):g} with {share:g} of the leaks from defects needs "
        f"a mean share of {mean:.3g} defective assets; it must be below 1. Lower leak_rate."
    )


def defect_leaks(
    rng: np.random.Generator, fleet: Exposure, values: Values, share: float
) -> FloatArray:
    """Leak times of defective assets, +inf for sound ones; shape (n_assets,)."""
    mean = mean_defective_share(fleet, values, share)
    if mean == 0:
        return np.full(fleet.n_assets, np.inf)
    strength = 1 / float(values["batch_correlation"]) - 1
    names, batch = np.unique(fleet.batch, return_inverse=True)
    defective_share = rng.beta(mean * strength, (1 - mean) * strength, size=len(names))
    is_defective = rng.random(fleet.n_assets) < defective_share[batch]
    age = values["weibull_scale"] * rng.weibull(float(values["weibull_shape"]), fleet.n_assets)
    return np.where(is_defective, fleet.start + age, np.inf)
