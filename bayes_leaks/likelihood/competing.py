"""Random leaks, defects and shocks at once: the exact density, summed over who caused what."""

import pytensor.tensor as pt
from pytensor.tensor import TensorVariable

from bayes_leaks.likelihood import background, batches


def assignments(
    rate: TensorVariable, law: batches.BatchLaw, arrays: dict[str, TensorVariable], n_slots: int
) -> tuple[TensorVariable, TensorVariable]:
    """Weights of the defects: of the batches without events, and of every set of events.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year; the unit in which the densities of sets of events are given.
    law : batches.BatchLaw
    arrays : dict of str to tensor
        As in `batches.assigned_rows`.
    n_slots : int
        Number of assets of the largest batch.

    Returns
    -------
    log_free : scalar
        Log probability that no defect showed in the batches without events.
    assigned : tensor, shape (n_groups, 2**size)
        Weight of each set of events being those that defects caused; 0 for padding.
    """
    survival, density = batches.weibull(arrays["batch_age"], law)
    by_defect = pt.eq(arrays["batch_role"], batches.LEAKER)
    healthy = pt.switch(by_defect, 0.0, 1.0)
    defective = pt.switch(by_defect, density / rate, survival)
    per_row = batches.expectation(healthy, defective, law, arrays, n_slots)
    log_free = pt.switch(pt.gt(arrays["batch_is_free"], 0), pt.log(per_row), 0.0).sum()
    exists = arrays["batch_set_exists"]
    per_set = per_row[: exists.size].reshape(exists.shape)
    return log_free, (exists * per_set).prod(axis=-1)


def log_density(
    rate: TensorVariable,
    background_share: TensorVariable,
    log_free: TensorVariable,
    assigned: TensorVariable,
    partition_sums: TensorVariable,
    shock_void: TensorVariable,
    observed: background.Observed,
    law: batches.BatchLaw,
) -> TensorVariable:
    r"""Log density of the leaks when all three causes act.

    For every group of events, :math:`\sum_A D(A) Z(\bar A)`: defects caused the events in A,
    shocks or the background the others.

    Parameters
    ----------
    rate : scalar
        Leaks per asset-year.
    background_share : scalar
        Share of the leak rate that is background.
    log_free, assigned
        From `assignments`.
    partition_sums : tensor, shape (n_groups, 2**size)
        From `shock.partition_sums`.
    shock_void : scalar
        Expected number of shocks that would have led to a leak.
    observed : background.Observed
    law : batches.BatchLaw

    Returns
    -------
    scalar
    """
    # The complement of a set of events is the mirrored column of the table.
    per_group = (assigned * partition_sums[:, ::-1]).sum(axis=-1)
    log_density = (
        log_free
        + pt.log(per_group).sum()
        + observed.n_events * pt.log(rate)
        - shock_void
        - background_share * rate * observed.time_at_risk
    )
    return batches.impossible_as_zero(log_density, law)
