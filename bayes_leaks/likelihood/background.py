"""Random leaks: a homogeneous Poisson process with a rate proportional to each asset's weight."""

from typing import NamedTuple

import pytensor.tensor as pt
from pytensor.tensor import TensorVariable


class Observed(NamedTuple):
    """What the leak times say by themselves; scalar tensors.

    `n_events` is the number of leaks, `log_weight` the sum of the log weights of the assets that
    leaked, `time_at_risk` the weighted exposure up to leak or censoring in asset-years.
    """

    n_events: TensorVariable
    log_weight: TensorVariable
    time_at_risk: TensorVariable


def observe(
    leak_time: TensorVariable, start: TensorVariable, end: TensorVariable, weight: TensorVariable
) -> Observed:
    """Summarise leak times.

    Parameters
    ----------
    leak_time : tensor, shape (n_assets,)
        Time of leak in years, +inf for none.
    start, end : tensors, shape (n_assets,)
        Planned exposure in years.
    weight : tensor, shape (n_assets,)
        Relative vulnerable area.

    Returns
    -------
    Observed
    """
    leaked = pt.lt(leak_time, pt.inf)
    return Observed(
        leaked.sum(),
        pt.switch(leaked, pt.log(weight), 0.0).sum(),
        (weight * (pt.minimum(leak_time, end) - start)).sum(),
    )


def log_density(rate: TensorVariable, observed: Observed) -> TensorVariable:
    r"""Log density of the leaks under :math:`\lambda w_i` per asset-year.

    .. math:: \sum_k \log(\lambda w_{i_k}) - \lambda \sum_i w_i (c_i - a_i)

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year, positive.
    observed : Observed

    Returns
    -------
    scalar
    """
    return observed.n_events * pt.log(rate) + observed.log_weight - rate * observed.time_at_risk
